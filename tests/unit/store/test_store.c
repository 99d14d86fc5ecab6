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
    const struct sl_store_options options = {.data_dir = s->folder};
    if (sl_store_open(&options, &s->store, &s->err))
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

static int64_t revision(struct scene *s)
{
    int64_t n = -1;
    assert_int_equal(sl_store_revision(s->store, &n, &s->err), SL_OK);
    return n;
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

static enum sl_code try_open(struct scene *s, const char *folder, struct sl_store **out)
{
    const struct sl_store_options options = {.data_dir = folder};
    return sl_store_open(&options, out, &s->err);
}

/* Two processes on one folder see each other's writes. */
static void is_shared(void **state)
{
    struct scene *s = *state;
    struct sl_store *other = NULL;
    char value[8];
    open_store(s);
    assert_int_equal(try_open(s, s->folder, &other), SL_OK);
    assert_int_equal(sl_store_put_meta(s->store, "a", "one", &s->err), SL_OK);
    assert_int_equal(sl_store_get_meta(other, "a", value, sizeof(value), &s->err), SL_OK);
    assert_string_equal(value, "one");
    sl_store_close(other);
}

static void is_for_its_owner_only(void **state)
{
    struct scene *s = *state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    mode_t mask = umask(0);
    open_store(s);
    assert_int_equal(sl_store_put_meta(s->store, "a", "b", &s->err), SL_OK);
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
    assert_int_equal(try_open(s, below, &s->store), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "Not a directory"));
    assert_null(s->store);
}

static void refuses_what_is_no_database(void **state)
{
    struct scene *s = *state;
    write_file(s->path,
               "this is a text, and it is longer than the head of a database file would be; "
               "SQLite looks at its first hundred bytes.");
    assert_int_equal(try_open(s, s->folder, &s->store), SL_FAILED_PRECONDITION);
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
    assert_int_equal(try_open(s, s->folder, &s->store), SL_FAILED_PRECONDITION);
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
         "CREATE TABLE half (a); CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);"
         "CREATE TABLE registry_revision (revision, audit_seq, audit_hash);"
         "INSERT INTO registry_revision VALUES (0, 0, x'');"},
        {0, NULL, NULL},
    };
    const struct sl_store_options no_options = {.data_dir = NULL};
    struct scene *s = *state;
    struct sl_err err = {0};
    assert_int_equal(sl_store_sqlite_open(s->path, &no_options, broken, &s->store, &err),
                     SL_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "0002_bad"));
    assert_int_equal(sl_store_sqlite_open(s->path, &no_options, mended, &s->store, &s->err), SL_OK);
    assert_int_equal(sl_store_put_meta(s->store, "a", "b", &s->err), SL_OK);
    sl_store_close(s->store);
    s->store = NULL;
    assert_int_equal(sl_store_sqlite_open(s->path, &no_options, mended, &s->store, &s->err), SL_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
