/* The file of the embedded store: whose it is, where it is, and what is refused. */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_shared),
        TEST(is_for_its_owner_only),
        TEST(makes_its_folder),
        TEST(refuses_what_is_no_folder),
        TEST(refuses_what_is_no_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
