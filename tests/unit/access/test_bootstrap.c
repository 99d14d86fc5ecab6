/* The first administrator's key: made once, followed when it changes, not made again when it was
 * taken away. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/load.h"
#include "base/compiler.h"
#include "config/load.h"

struct scene {
    char folder[64], path[96];
    struct sl_store *store;
    struct sl_access_bootstrap admin;
    struct sl_err err;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    const struct sl_store_options options = {.data_dir = s->folder};
    snprintf(s->folder, sizeof(s->folder), "/tmp/sluice-admin-XXXXXX");
    if (!mkdtemp(s->folder) || sl_store_open(&options, &s->store, &s->err))
        return 1;
    snprintf(s->path, sizeof(s->path), "%s/admin.key", s->folder);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    static const char *const names[] = {"sluice.db", "sluice.db-wal", "sluice.db-shm", "admin.key"};
    sl_store_close(s->store);
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    int failed = rmdir(s->folder); /* nothing else may be left behind */
    free(s);
    return failed;
}

static void start(struct scene *s)
{
    if (sl_access_bootstrap(s->folder, s->store, &s->admin, &s->err))
        fail_msg("%s", s->err.text);
}

static void read_key(const struct scene *s, char key[256])
{
    FILE *f = fopen(s->path, "r");
    assert_non_null(f);
    key[fread(key, 1, 255, f)] = '\0';
    fclose(f);
    key[strcspn(key, "\n")] = '\0';
}

static void write_key(const struct scene *s, const char *text)
{
    FILE *f = fopen(s->path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The principal that the key leads to, after a start with the store; false where there is none. */
static bool gets_in(struct scene *s, const char *key)
{
    struct sl_config *c = NULL;
    struct sl_access *a = NULL;
    const struct sl_principal *p = NULL;
    struct sl_err err = {0};
    char authorization[300];
    snprintf(authorization, sizeof(authorization), "Bearer %s", key);
    const struct sl_credentials credentials = {.authorization = sl_str(authorization)};
    assert_int_equal(sl_config_parse("s.yaml", "", 0, &c, &s->err), SL_OK);
    assert_int_equal(sl_access_create(c, s->store, &a, &s->err), SL_OK);
    struct sl_arena arena;
    sl_arena_init(&arena, SIZE_MAX);
    bool in = sl_access_check(a, &credentials, &arena, &p, &err) == SL_OK;
    if (in) {
        assert_string_equal(p->name, "admin");
        assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_ADMIN);
    }
    sl_arena_fini(&arena);
    sl_access_unref(a);
    sl_config_destroy(c);
    return in;
}

static void makes_a_key_once(void **state)
{
    struct scene *s = *state;
    char first[256], again[256];
    struct stat st;
    start(s);
    assert_true(s->admin.created && s->admin.present);
    assert_string_equal(s->admin.path, s->path);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 1);
    read_key(s, first);
    assert_int_equal(strncmp(first, "sl_", 3), 0);
    assert_int_equal(strspn(strrchr(first, '_') + 1, "0123456789abcdef"), 64);
    assert_true(gets_in(s, first));
    assert_false(gets_in(s, "sl_0123456789abcdef_"
                            "0000000000000000000000000000000000000000000000000000000000000000"));
    start(s);
    assert_true(!s->admin.created && s->admin.present);
    read_key(s, again);
    assert_string_equal(first, again);
}

static void does_not_store_the_key(void **state)
{
    struct scene *s = *state;
    char key[256], path[128];
    static char db[1 << 20];
    start(s);
    read_key(s, key);
    sl_store_close(s->store); /* everything is in the database itself now */
    s->store = NULL;
    snprintf(path, sizeof(path), "%s/sluice.db", s->folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(db, 1, sizeof(db), f);
    fclose(f);
    assert_null(memmem(db, n, strrchr(key, '_') + 1, 64));
    assert_non_null(memmem(db, n, "admin", 5));
}

static void follows_a_changed_file(void **state)
{
    static const char other[] =
        "sl_mine_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct scene *s = *state;
    char first[256];
    start(s);
    read_key(s, first);
    write_key(s, other);
    start(s);
    assert_true(gets_in(s, other));
    assert_false(gets_in(s, first));
}

static void keeps_a_key_whose_file_was_taken_away(void **state)
{
    struct scene *s = *state;
    char key[256];
    start(s);
    read_key(s, key);
    assert_int_equal(unlink(s->path), 0);
    start(s);
    assert_false(s->admin.created || s->admin.present);
    assert_int_not_equal(access(s->path, F_OK), 0);
    assert_true(gets_in(s, key));
}

/* The process was killed between the file and the store, or the store was thrown away. */
static void takes_the_file_up_where_the_store_does_not_know_it(void **state)
{
    struct scene *s = *state;
    static const char key[] =
        "sl_mine_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    write_key(s, key);
    start(s);
    assert_false(s->admin.created);
    assert_true(gets_in(s, key));
}

/* As an administrator would, in the name of the user whose key it is. */
static void revoke_key(struct scene *s, const char *id)
{
    struct sl_store_session session = {.role = SL_STORE_SYNC};
    struct sl_arena arena;
    struct sl_row *key = NULL;
    struct sl_tx *tx = NULL;
    sl_arena_init(&arena, SIZE_MAX);
    assert_int_equal(sl_store_begin(s->store, &session, false, &tx, &s->err), SL_OK);
    assert_int_equal(
        sl_tx_get(tx, (struct sl_row_key){SL_TABLE_API_KEYS, id}, &arena, &key, &s->err), SL_OK);
    sl_tx_rollback(tx);
    session = (struct sl_store_session){.user = sl_row_text(key, SL_COL_OWNER), .admin = true};
    sl_row_set_int(key, SL_API_KEYS_REVOKED_MS, 1);
    assert_int_equal(sl_store_begin(s->store, &session, true, &tx, &s->err), SL_OK);
    assert_int_equal(sl_tx_update(tx, key, 0, &s->err), SL_OK);
    assert_int_equal(sl_tx_commit(tx, NULL, &s->err), SL_OK);
    sl_arena_fini(&arena);
}

static void keeps_a_revoked_key_out(void **state)
{
    struct scene *s = *state;
    char key[256], id[64];
    start(s);
    read_key(s, key);
    snprintf(id, sizeof(id), "%.*s", (int)strcspn(key + 3, "_"), key + 3);
    revoke_key(s, id);
    start(s);
    assert_false(gets_in(s, key));
}

static void refuses_a_broken_file(void **state)
{
    static const char *const texts[] = {
        "",
        "hello",
        "sl_a_",
        "sl__0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sl_a_0123456789abcdef",
        "sl_a_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeX",
        "sl_a_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
    };
    struct scene *s = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        struct sl_err err = {0};
        write_key(s, texts[i]);
        if (!sl_access_bootstrap(s->folder, s->store, &s->admin, &err))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(err.code, SL_FAILED_PRECONDITION);
        assert_non_null(strstr(err.text, "holds no key"));
        assert_null(strstr(err.text, "0123456789abcdef"));
    }
}

static void says_when_it_cannot_write(void **state)
{
    struct scene *s = *state;
    struct sl_err err = {0};
    if (geteuid() == 0)
        skip(); /* nothing is closed to root */
    assert_int_equal(chmod(s->folder, 0500), 0);
    assert_int_equal(sl_access_bootstrap(s->folder, s->store, &s->admin, &err),
                     SL_FAILED_PRECONDITION);
    assert_int_equal(chmod(s->folder, 0700), 0);
    assert_non_null(strstr(err.text, "cannot be written"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_a_key_once),
        TEST(does_not_store_the_key),
        TEST(follows_a_changed_file),
        TEST(keeps_a_key_whose_file_was_taken_away),
        TEST(takes_the_file_up_where_the_store_does_not_know_it),
        TEST(keeps_a_revoked_key_out),
        TEST(refuses_a_broken_file),
        TEST(says_when_it_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
