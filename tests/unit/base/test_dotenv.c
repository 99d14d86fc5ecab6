/* Lines of .env files: what they say, and what is none. */
#include "base/dotenv.h"

#include <string.h>

#include "base/compiler.h"
#include "unit/base/cm.h"

static void test_lines(void **state)
{
    static const struct {
        const char *text, *name, *value;
        unsigned line;
    } cases[] = {
        {"A=1", "A", "1", 1},
        {"A=", "A", "", 1},
        {"A = 1", "A", "1", 1},
        {"\n\n  export  A=1\n", "A", "1", 3},
        {"A=one two # three", "A", "one two", 1},
        {"A=one#two", "A", "one#two", 1},
        {"A=#nothing", "A", "", 1},
        {"A=\"x # y\" # z", "A", "x # y", 1},
        {"A='x \\n y'", "A", "x \\n y", 1},
        {"A=\"x\\ny\\\"\"", "A", "x\ny\"", 1},
        {"A=\"x\ny\"", "A", "x\ny", 1},
        {"# c\r\nA=1\r\n", "A", "1", 2},
        {"\xef\xbb\xbf"
         "A=1",
         "A", "1", 1},
        {"exported=1", "exported", "1", 1},
        {"A: 1", "A", "1", 1},
        {"A=a=b", "A", "a=b", 1},
        {"a.b-c=1", "a.b-c", "1", 1},
        {"A=\xe4\xbd\xa0", "A", "\xe4\xbd\xa0", 1},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        struct sl_arena arena;
        struct sl_dotenv env;
        struct sl_err err = {0};
        sl_arena_init(&arena, 1 << 20);
        assert_int_equal(sl_dotenv_parse(&arena, "f", sl_str(cases[i].text), &env, &err), SL_OK);
        assert_int_equal(env.n, 1);
        assert_string_equal(env.list[0].name, cases[i].name);
        assert_string_equal(env.list[0].value, cases[i].value);
        assert_int_equal(env.list[0].line, cases[i].line);
        sl_arena_fini(&arena);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"A=1\nwhat", ".env:2: there is no '=' behind the name"},
        {"=1", ".env:1: a line NAME=VALUE was expected"},
        {"A=1\n\nB=\"x\ny", ".env:3: a quote that does not end"},
        {"A=\xff", ".env:1: a zero byte or ill-formed UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        struct sl_arena arena;
        struct sl_dotenv env;
        struct sl_err err = {0};
        sl_arena_init(&arena, 1 << 20);
        assert_int_equal(sl_dotenv_parse(&arena, ".env", sl_str(cases[i].text), &env, &err),
                         SL_INVALID_ARGUMENT);
        assert_string_equal(err.text, cases[i].error);
        sl_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
