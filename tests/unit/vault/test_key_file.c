/* Where keys come from: the setting, or a file that is made once and has to stay private. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"
#include "registry/vault/key_file.h"

struct scene {
    char folder[64], path[96], other[96];
    struct sl_keyring_source from;
    struct sl_keyring *keys;
    struct sl_keyring_file file;
    struct sl_err err;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    snprintf(s->folder, sizeof(s->folder), "/tmp/sluice-keys-XXXXXX");
    if (!mkdtemp(s->folder))
        return 1;
    snprintf(s->path, sizeof(s->path), "%s/encryption.key", s->folder);
    snprintf(s->other, sizeof(s->other), "%s/other", s->folder);
    s->from = (struct sl_keyring_source){.reference = "", .data_dir = s->folder};
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    sl_keyring_unref(s->keys);
    unlink(s->path);
    unlink(s->other);
    int failed = rmdir(s->folder); /* nothing else may be left behind */
    free(s);
    return failed;
}

static void load(struct scene *s)
{
    sl_keyring_unref(s->keys);
    s->keys = NULL;
    if (sl_keyring_load(&s->from, &s->keys, &s->file, &s->err))
        fail_msg("%s", s->err.text);
}

static void expect_refused(struct scene *s, const char *error)
{
    struct sl_keyring *k = NULL;
    struct sl_err err = {0};
    assert_int_not_equal(sl_keyring_load(&s->from, &k, &s->file, &err), SL_OK);
    assert_null(k);
    assert_int_equal(err.reason, SL_REASON_CONFIG_INVALID);
    assert_string_equal(err.field, "encryption.keys");
    assert_false(s->file.created);
    if (!strstr(err.text, error))
        fail_msg("'%s' instead of '%s'", err.text, error);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void makes_a_file_once(void **state)
{
    struct scene *s = *state;
    struct stat st;
    char id[SL_KEY_ID_MAX + 1];
    load(s);
    assert_true(s->file.created);
    assert_string_equal(s->file.path, s->path);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    snprintf(id, sizeof(id), "%s", sl_keyring_id(s->keys, 0));
    assert_int_equal(strncmp(id, "local-", 6), 0);
    s->from.sealed = true;
    load(s);
    assert_false(s->file.created);
    assert_string_equal(sl_keyring_id(s->keys, 0), id);
}

static void takes_several_keys_from_the_file(void **state)
{
    struct scene *s = *state;
    write_file(s->path, "new:" KEY_B "\nold:" KEY_A "\n", 0600);
    load(s);
    assert_int_equal(sl_keyring_count(s->keys), 2);
    assert_string_equal(sl_keyring_id(s->keys, 0), "new");
}

static void does_not_replace_a_lost_key(void **state)
{
    struct scene *s = *state;
    s->from.sealed = true;
    expect_refused(s, "is missing, and the store holds secrets");
    assert_int_not_equal(access(s->path, F_OK), 0);
}

static void refuses_files(void **state)
{
    struct scene *s = *state;
    static char big[5000];
    static const mode_t modes[] = {0640, 0604, 0660, 0601};
    for (size_t i = 0; i < SL_ARRAY_LEN(modes); i++) {
        write_file(s->path, "a:" KEY_A "\n", modes[i]);
        expect_refused(s, "is open to others than its owner");
    }
    write_file(s->path, "", 0600);
    expect_refused(s, "holds no key");
    write_file(s->path, "a:nonsense", 0600);
    expect_refused(s, "entry 1 does not hold 32 bytes");
    memset(big, 'x', sizeof(big) - 1);
    write_file(s->path, big, 0600);
    expect_refused(s, "is longer than 4 KiB");
    unlink(s->path);
    write_file(s->other, "a:" KEY_A "\n", 0600);
    assert_int_equal(symlink(s->other, s->path), 0);
    expect_refused(s, "symbolic link");
    unlink(s->path);
    assert_int_equal(mkfifo(s->path, 0600), 0);
    expect_refused(s, "is not a regular file");
    unlink(s->path);
    s->from.data_dir = "/nonexistent/folder";
    expect_refused(s, "cannot be made: No such file");
}

static void follows_the_setting(void **state)
{
    struct scene *s = *state;
    char reference[128];
    setenv("SLUICE_ENCRYPTION_KEYS", "env:" KEY_A, 1); /* "env" is a name like any other */
    s->from.reference = "env:SLUICE_ENCRYPTION_KEYS";
    load(s);
    assert_string_equal(sl_keyring_id(s->keys, 0), "env");
    assert_string_equal(s->file.path, "");
    assert_int_not_equal(access(s->path, F_OK), 0);
    setenv("SLUICE_ENCRYPTION_KEYS", "a:" KEY_A ",b:nonsense", 1);
    expect_refused(s, "SLUICE_ENCRYPTION_KEYS: entry 2");
    unsetenv("SLUICE_ENCRYPTION_KEYS");
    expect_refused(s, "encryption.keys leads nowhere: the environment variable");
    write_file(s->other, "b:" KEY_B "\na:" KEY_A "\n", 0640);
    snprintf(reference, sizeof(reference), "file:%s", s->other);
    s->from.reference = reference;
    load(s);
    assert_int_equal(sl_keyring_count(s->keys), 2);
}

static void wants_the_setting_where_the_store_is_shared(void **state)
{
    struct scene *s = *state;
    s->from.data_dir = NULL;
    expect_refused(s, "SLUICE_ENCRYPTION_KEYS has to be set");
    setenv("SLUICE_ENCRYPTION_KEYS", "a:" KEY_A, 1);
    s->from.reference = "env:SLUICE_ENCRYPTION_KEYS";
    load(s);
    unsetenv("SLUICE_ENCRYPTION_KEYS");
}

/* ---- changing it ---- */

static void makes_another_key(void **state)
{
    struct scene *s = *state;
    struct stat st;
    char former[SL_KEY_ID_MAX + 1];
    bool changed = false;
    load(s);
    snprintf(former, sizeof(former), "%s", sl_keyring_id(s->keys, 0));
    assert_int_equal(sl_key_file_drop(s->folder, &changed, &s->err), SL_OK);
    assert_false(changed);
    assert_int_equal(sl_key_file_add(s->folder, &changed, &s->err), SL_OK);
    assert_true(changed);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    load(s);
    assert_int_equal(sl_keyring_count(s->keys), 2);
    assert_string_equal(sl_keyring_id(s->keys, 1), former);
    /* interrupted here, it goes on with these */
    assert_int_equal(sl_key_file_add(s->folder, &changed, &s->err), SL_OK);
    assert_false(changed);
    load(s);
    assert_int_equal(sl_keyring_count(s->keys), 2);
    snprintf(former, sizeof(former), "%s", sl_keyring_id(s->keys, 0));
    assert_int_equal(sl_key_file_drop(s->folder, &changed, &s->err), SL_OK);
    assert_true(changed);
    load(s);
    assert_int_equal(sl_keyring_count(s->keys), 1);
    assert_string_equal(sl_keyring_id(s->keys, 0), former);
}

/* Written by hand: any of the forms that are read. */
static void drops_what_follows_the_first(void **state)
{
    static const char *const texts[] = {
        "new:" KEY_B ",old:" KEY_A,
        "\n new:" KEY_B " \r\n\n\told:" KEY_A "\n",
        "new:" KEY_B "\nold:" KEY_A "\nolder:" KEY_A,
    };
    struct scene *s = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        char text[128] = "";
        bool changed = false;
        write_file(s->path, texts[i], 0600);
        assert_int_equal(sl_key_file_drop(s->folder, &changed, &s->err), SL_OK);
        assert_true(changed);
        FILE *f = fopen(s->path, "r");
        assert_non_null(f);
        assert_non_null(fgets(text, sizeof(text), f));
        assert_int_equal(fgetc(f), EOF);
        fclose(f);
        assert_string_equal(text, "new:" KEY_B "\n");
    }
}

static void changes_no_file_that_it_does_not_understand(void **state)
{
    struct scene *s = *state;
    bool changed = true;
    struct sl_err err = {0};
    write_file(s->path, "a:" KEY_A "\nnonsense", 0600);
    assert_int_not_equal(sl_key_file_add(s->folder, &changed, &err), SL_OK);
    assert_false(changed);
    assert_int_not_equal(sl_key_file_drop(s->folder, &changed, &err), SL_OK);
    assert_false(changed);
    expect_refused(s, "entry 2");
}

static void is_changed_by_one_alone(void **state)
{
    struct scene *s = *state;
    int services[2], alone = -1;
    struct sl_err err = {0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(sl_key_file_lock(s->folder, false, &services[i], &s->err), SL_OK);
    assert_int_equal(sl_key_file_lock(s->folder, true, &alone, &err), SL_ABORTED);
    assert_non_null(strstr(err.text, "a service runs on"));
    for (int i = 0; i < 2; i++)
        sl_key_file_unlock(services[i]);
    assert_int_equal(sl_key_file_lock(s->folder, true, &alone, &s->err), SL_OK);
    err = (struct sl_err){0};
    assert_int_equal(sl_key_file_lock(s->folder, false, &services[0], &err), SL_ABORTED);
    assert_non_null(strstr(err.text, "rotate-keys"));
    sl_key_file_unlock(alone);
    assert_int_equal(sl_key_file_lock(s->folder, false, &services[0], &s->err), SL_OK);
    sl_key_file_unlock(services[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_a_file_once),           TEST(takes_several_keys_from_the_file),
        TEST(does_not_replace_a_lost_key), TEST(refuses_files),
        TEST(follows_the_setting),         TEST(wants_the_setting_where_the_store_is_shared),
        TEST(makes_another_key),           TEST(drops_what_follows_the_first),
        TEST(is_changed_by_one_alone),     TEST(changes_no_file_that_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
