/* The store, on each back end there is: what is written is there after it was opened again, and
 * what cannot be opened is refused. */
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
#include <sqlite3.h>

#include "base/compiler.h"
#include "store/backend.h"

struct scene {
    char folder[64], path[96];
    struct sl_store *store;
    struct sl_err err;
};

static void open_store(struct scene *s)
{
    if (sl_store_open(s->folder, &s->store, &s->err))
        fail_msg("%s", s->err.text);
}

static void reopen(struct scene *s)
{
    sl_store_close(s->store);
    s->store = NULL;
    open_store(s);
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    snprintf(s->folder, sizeof(s->folder), "/tmp/sluice-store-XXXXXX");
    if (!mkdtemp(s->folder))
        return 1;
    snprintf(s->path, sizeof(s->path), "%s/sluice.db", s->folder);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    sl_store_close(s->store);
    for (size_t i = 0; i < SL_ARRAY_LEN(ends); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", s->path, ends[i]);
        unlink(path);
    }
    int failed = rmdir(s->folder);
    free(s);
    return failed;
}

static struct sl_store_api_key key_of(const char *id, int fill)
{
    struct sl_store_api_key k = {
        .id = id, .name = "alice", .roles = 9, .created_ms = 1700000000123};
    memset(k.sha256, fill, sizeof(k.sha256));
    return k;
}

static void put(struct scene *s, const char *id, int fill)
{
    struct sl_store_api_key k = key_of(id, fill);
    if (sl_store_put_api_key(s->store, &k, &s->err))
        fail_msg("%s", s->err.text);
}

static int64_t revision(struct scene *s)
{
    int64_t n = -1;
    assert_int_equal(sl_store_revision(s->store, &n, &s->err), SL_OK);
    return n;
}

/* "id:revoked," of each key. */
struct listing {
    char text[256];
    unsigned count, stop_after; /* stop_after 0: never */
    struct sl_store_api_key last;
};

static enum sl_code on_key(void *owner, const struct sl_store_api_key *key, struct sl_err *err)
{
    struct listing *l = owner;
    size_t n = strlen(l->text);
    snprintf(l->text + n, sizeof(l->text) - n, "%s:%d,", key->id, (int)key->revoked_ms);
    l->last = *key;
    assert_string_equal(key->name, "alice");
    if (++l->count == l->stop_after)
        return sl_err_set(err, SL_ABORTED, SL_REASON_STORE, "enough");
    return SL_OK;
}

static void expect_keys(struct scene *s, const char *listing)
{
    struct listing l = {.count = 0};
    assert_int_equal(sl_store_each_api_key(s->store, on_key, &l, &s->err), SL_OK);
    assert_string_equal(l.text, listing);
}

static void begins_empty(void **state)
{
    struct scene *s = *state;
    open_store(s);
    assert_int_equal(revision(s), 0);
    expect_keys(s, "");
}

static void keeps_keys(void **state)
{
    struct scene *s = *state;
    struct listing l = {.count = 0};
    open_store(s);
    put(s, "bbb", 2);
    put(s, "aaa", 1);
    assert_int_equal(revision(s), 2);
    reopen(s);
    assert_int_equal(revision(s), 2);
    assert_int_equal(sl_store_each_api_key(s->store, on_key, &l, &s->err), SL_OK);
    assert_string_equal(l.text, "aaa:0,bbb:0,");
    struct sl_store_api_key k = key_of("bbb", 2);
    assert_memory_equal(l.last.sha256, k.sha256, sizeof(k.sha256));
    assert_int_equal(l.last.roles, 9);
    assert_int_equal(l.last.created_ms, 1700000000123);
}

static void replaces_a_key_of_the_same_id(void **state)
{
    struct scene *s = *state;
    open_store(s);
    put(s, "aaa", 1);
    put(s, "aaa", 2);
    put(s, "bbb", 1);
    expect_keys(s, "aaa:0,bbb:0,");
}

static void refuses_the_same_digest_twice(void **state)
{
    struct scene *s = *state;
    struct sl_store_api_key k = key_of("bbb", 1);
    open_store(s);
    put(s, "aaa", 1);
    assert_int_equal(sl_store_put_api_key(s->store, &k, &s->err), SL_ALREADY_EXISTS);
    assert_int_equal(s->err.reason, SL_REASON_STORE);
    expect_keys(s, "aaa:0,");
    assert_int_equal(revision(s), 1); /* what was not written does not count */
}

static void revokes_keys_once(void **state)
{
    struct scene *s = *state;
    struct sl_err err = {0};
    open_store(s);
    put(s, "aaa", 1);
    assert_int_equal(sl_store_revoke_api_key(s->store, "aaa", 5, &err), SL_OK);
    assert_int_equal(sl_store_revoke_api_key(s->store, "aaa", 6, &err), SL_OK);
    expect_keys(s, "aaa:5,");
    assert_int_equal(sl_store_revoke_api_key(s->store, "nobody", 6, &err), SL_NOT_FOUND);
    assert_int_equal(revision(s), 3);
}

static void stops_a_walk_on_request(void **state)
{
    struct scene *s = *state;
    struct listing l = {.stop_after = 1};
    struct sl_err err = {0};
    open_store(s);
    put(s, "aaa", 1);
    put(s, "bbb", 2);
    assert_int_equal(sl_store_each_api_key(s->store, on_key, &l, &err), SL_ABORTED);
    assert_string_equal(err.text, "enough");
    assert_string_equal(l.text, "aaa:0,");
}

static void keeps_facts(void **state)
{
    struct scene *s = *state;
    char value[8] = "before";
    open_store(s);
    assert_int_equal(sl_store_get_meta(s->store, "a", value, sizeof(value), &s->err), SL_OK);
    assert_string_equal(value, "");
    assert_int_equal(sl_store_put_meta(s->store, "a", "one", &s->err), SL_OK);
    assert_int_equal(sl_store_put_meta(s->store, "a", "two and more", &s->err), SL_OK);
    reopen(s);
    assert_int_equal(sl_store_get_meta(s->store, "a", value, sizeof(value), &s->err), SL_OK);
    assert_string_equal(value, "two and");
    assert_int_equal(revision(s), 0);
}

/* Two processes on one folder see each other's writes. */
static void is_shared(void **state)
{
    struct scene *s = *state;
    struct sl_store *other = NULL;
    open_store(s);
    assert_int_equal(sl_store_open(s->folder, &other, &s->err), SL_OK);
    put(s, "aaa", 1);
    struct listing l = {.count = 0};
    assert_int_equal(sl_store_each_api_key(other, on_key, &l, &s->err), SL_OK);
    assert_string_equal(l.text, "aaa:0,");
    sl_store_close(other);
}

static void is_for_its_owner_only(void **state)
{
    struct scene *s = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    mode_t mask = umask(0);
    open_store(s);
    put(s, "aaa", 1);
    umask(mask);
    for (size_t i = 0; i < SL_ARRAY_LEN(ends); i++) {
        char path[128];
        struct stat st;
        snprintf(path, sizeof(path), "%s%s", s->path, ends[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void makes_its_folder(void **state)
{
    struct scene *s = *state;
    char a[96], b[128];
    struct stat st;
    struct sl_err err = {0};
    snprintf(a, sizeof(a), "%s/a", s->folder);
    snprintf(b, sizeof(b), "%s/b//", a);
    assert_int_equal(sl_store_make_data_dir(b, &err), SL_OK);
    assert_int_equal(sl_store_make_data_dir(b, &err), SL_OK);
    assert_int_equal(stat(b, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(rmdir(b) | rmdir(a), 0);
    assert_int_equal(sl_store_make_data_dir("", &err), SL_FAILED_PRECONDITION);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void refuses_what_is_no_folder(void **state)
{
    struct scene *s = *state;
    char below[128];
    write_file(s->path, "x");
    snprintf(below, sizeof(below), "%s/below", s->path);
    assert_int_equal(sl_store_open(below, &s->store, &s->err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "Not a directory"));
    assert_null(s->store);
}

static void refuses_what_is_no_database(void **state)
{
    struct scene *s = *state;
    write_file(s->path,
               "this is a text, and it is longer than the head of a database file would be; "
               "SQLite looks at its first hundred bytes.");
    assert_int_equal(sl_store_open(s->folder, &s->store, &s->err), SL_FAILED_PRECONDITION);
    assert_int_equal(s->err.reason, SL_REASON_STORE);
    assert_null(s->store);
}

static void set_version(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void refuses_newer_databases(void **state)
{
    struct scene *s = *state;
    open_store(s);
    sl_store_close(s->store);
    s->store = NULL;
    set_version(s->path, "PRAGMA user_version = 9999");
    assert_int_equal(sl_store_open(s->folder, &s->store, &s->err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "is of a newer Sluice (schema 9999"));
    assert_null(s->store);
}

/* A migration that fails leaves the database as it was, those before it in the same start
 * included. */
static void migrates_all_or_nothing(void **state)
{
    static const struct sl_store_migration broken[] = {
        {1, "0001_good", "CREATE TABLE good (a);"},
        {2, "0002_bad", "CREATE TABLE half (a); CREATE NONSENSE;"},
        {0, NULL, NULL},
    };
    static const struct sl_store_migration mended[] = {
        {1, "0001_good", "CREATE TABLE good (a);"},
        {2, "0002_mended",
         "CREATE TABLE half (a); CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);"},
        {0, NULL, NULL},
    };
    struct scene *s = *state;
    struct sl_err err = {0};
    assert_int_equal(sl_store_sqlite_open(s->path, broken, &s->store, &err),
                     SL_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "0002_bad"));
    assert_int_equal(sl_store_sqlite_open(s->path, mended, &s->store, &s->err), SL_OK);
    assert_int_equal(sl_store_put_meta(s->store, "a", "b", &s->err), SL_OK);
    sl_store_close(s->store);
    s->store = NULL;
    assert_int_equal(sl_store_sqlite_open(s->path, mended, &s->store, &s->err), SL_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_empty),
        TEST(keeps_keys),
        TEST(replaces_a_key_of_the_same_id),
        TEST(refuses_the_same_digest_twice),
        TEST(revokes_keys_once),
        TEST(stops_a_walk_on_request),
        TEST(keeps_facts),
        TEST(is_shared),
        TEST(is_for_its_owner_only),
        TEST(makes_its_folder),
        TEST(refuses_what_is_no_folder),
        TEST(refuses_what_is_no_database),
        TEST(refuses_newer_databases),
        TEST(migrates_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
