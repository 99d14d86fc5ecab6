/* Names of users and tiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/names.h"
#include "base/compiler.h"

static void judges_names(void **state)
{
    static char longest[SL_NAME_MAX + 2];
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"a", true},          {"ann@example.org", true},
        {"日本", true},       {"a/b:c", true},
        {"", false},          {"a b", false},
        {"a\tb", false},      {"a\x7f", false},
        {"\xff", false},      {"a\xc2\x85", false},
        {"a\xc2\xa0", false}, {"\xc3\xa9", true},
        {"a\n", false},       {"\xc2", false},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        if (!sl_name_problem(rows[i].name, strlen(rows[i].name)) != rows[i].good)
            fail_msg("row %zu: %s", i, rows[i].name);
    }
    memset(longest, 'x', sizeof(longest) - 1);
    assert_null(sl_name_problem(longest, SL_NAME_MAX));
    assert_non_null(sl_name_problem(longest, SL_NAME_MAX + 1));
    assert_non_null(sl_name_problem("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
