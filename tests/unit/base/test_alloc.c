/* The heap's small promises: zeroed, copied, wiped, and an abort rather than NULL. */
#include "base/alloc.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cm.h"

static void memory_is_zeroed_and_never_null(void **state)
{
    (void)state;
    unsigned char *p = sl_calloc(3, 5);
    for (int i = 0; i < 15; i++)
        assert_int_equal(p[i], 0);
    sl_free(p);
    void *empty[] = {sl_calloc(0, 0), sl_malloc(0), sl_realloc(NULL, 0)};
    for (size_t i = 0; i < SL_ARRAY_LEN(empty); i++) {
        assert_non_null(empty[i]);
        sl_free(empty[i]);
    }
    sl_free(NULL);
}

static void realloc_keeps_what_was_there(void **state)
{
    (void)state;
    char *p = sl_malloc(4);
    memcpy(p, "abc", 4);
    p = sl_realloc(p, 4096);
    assert_string_equal(p, "abc");
    sl_free(p);
}

static void strings_are_copied(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n;
        const char *copy;
    } rows[] = {{"hello", 3, "hel"}, {"hello", 99, "hello"}, {"hello", 0, ""}, {"", 5, ""}};
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char *copy = sl_strndup(rows[i].s, rows[i].n);
        assert_string_equal(copy, rows[i].copy);
        sl_free(copy);
    }
    char *whole = sl_strdup("whole");
    assert_string_equal(whole, "whole");
    sl_free(whole);
    assert_null(sl_strdup(NULL));
    assert_null(sl_strndup(NULL, 3));
}

static void a_wipe_overwrites(void **state)
{
    (void)state;
    char secret[] = "sk-test-1";
    sl_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        assert_int_equal(secret[i], 0);
    sl_wipe(NULL, 0);
}

/* By abort; under a sanitizer, whose allocator does not let calloc return, in its own way. */
static void an_impossible_size_ends_the_process(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX / 2;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        void *p = sl_calloc(huge, 4);
        (void)p;
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_not_equal(status, 0);
    assert_true(!WIFSIGNALED(status) || WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_never_null),
        cmocka_unit_test(realloc_keeps_what_was_there),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(a_wipe_overwrites),
        cmocka_unit_test(an_impossible_size_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
