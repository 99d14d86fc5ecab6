/* Secrets by reference: from variables and files, and what is said where there is none. */
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
#include "base/secret.h"
#include "config/config.h"

static char path[] = "/tmp/sluice-secret-XXXXXX";
static char reference[64];

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    snprintf(reference, sizeof(reference), "file:%s", path);
    return fd < 0 || close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void expect(const char *ref, const char *value)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    if (sl_config_secret(ref, &secret, &err))
        fail_msg("%s", err.text);
    assert_string_equal(sl_secret_reveal(secret), value);
    sl_secret_unref(secret);
}

static void expect_missing(const char *ref, const char *error)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    assert_int_equal(sl_config_secret(ref, &secret, &err), SL_FAILED_PRECONDITION);
    assert_int_equal(err.reason, SL_REASON_PROVIDER_KEY_MISSING);
    assert_null(secret);
    if (!strstr(err.text, error))
        fail_msg("'%s' instead of '%s'", err.text, error);
}

static void reads_variables(void **state)
{
    (void)state;
    setenv("SL_TEST_KEY", "sk-test-1", 1);
    expect("env:SL_TEST_KEY", "sk-test-1");
    setenv("SL_TEST_KEY", "", 1);
    expect_missing("env:SL_TEST_KEY", "SL_TEST_KEY is empty");
    setenv("SL_TEST_KEY", "sk-test-1\r\nx: y", 1);
    expect_missing("env:SL_TEST_KEY", "SL_TEST_KEY holds a line break");
    unsetenv("SL_TEST_KEY");
    expect_missing("env:SL_TEST_KEY", "SL_TEST_KEY is not set");
}

static void reads_files(void **state)
{
    static const struct {
        const char *text, *value;
    } rows[] = {{"sk-test-2", "sk-test-2"},
                {"sk-test-2\n", "sk-test-2"},
                {"sk-test-2\r\n", "sk-test-2"},
                {" sk-test-2 ", " sk-test-2 "}};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        write_file(rows[i].text, strlen(rows[i].text));
        expect(reference, rows[i].value);
    }
}

static void refuses_files(void **state)
{
    static char big[64 * 1024 + 2];
    (void)state;
    write_file("", 0);
    expect_missing(reference, "is empty");
    write_file("\n", 1);
    expect_missing(reference, "is empty");
    write_file("a\nb\n", 4);
    expect_missing(reference, "holds a line break");
    write_file("a\0b", 3);
    expect_missing(reference, "control character");
    memset(big, 'x', sizeof(big));
    write_file(big, sizeof(big));
    expect_missing(reference, "longer than 64 KiB");
    expect_missing("file:/nonexistent/key", "/nonexistent/key No such file");
    expect_missing("file:/tmp", "Is a directory");
}

/* The one who waits for a writer would wait for ever. */
static void does_not_wait_for_a_pipe(void **state)
{
    char fifo[64], ref[80];
    (void)state;
    snprintf(fifo, sizeof(fifo), "%s.fifo", path);
    snprintf(ref, sizeof(ref), "file:%s", fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    expect_missing(ref, "is empty");
    unlink(fifo);
}

static void reads_documents(void **state)
{
    static const char text[] = "{\n\"a\": 1\n}\n";
    const char *const rows[] = {reference, "env:SL_TEST_PATH", "env:SL_TEST_JSON"};
    (void)state;
    write_file(text, strlen(text));
    setenv("SL_TEST_PATH", path, 1);
    setenv("SL_TEST_JSON", text, 1);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_secret *secret = NULL;
        struct sl_err err = {0};
        assert_int_equal(sl_config_document(rows[i], &secret, &err), SL_OK);
        assert_non_null(strstr(sl_secret_reveal(secret), "\"a\": 1"));
        sl_secret_unref(secret);
    }
    struct sl_secret *none = NULL;
    struct sl_err err = {0};
    setenv("SL_TEST_PATH", "/nonexistent/file.json", 1);
    assert_int_equal(sl_config_document("env:SL_TEST_PATH", &none, &err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "/nonexistent/file.json"));
    assert_null(none);
}

static void refuses_literals(void **state)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    (void)state;
    assert_int_equal(sl_config_secret("sk-test-0123456789abcdef", &secret, &err),
                     SL_INVALID_ARGUMENT);
    assert_null(strstr(err.text, "0123456789"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_variables),  cmocka_unit_test(reads_files),
        cmocka_unit_test(refuses_files),    cmocka_unit_test(does_not_wait_for_a_pipe),
        cmocka_unit_test(refuses_literals), cmocka_unit_test(reads_documents),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
