/* When a key ends, as the command line says it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "keys.h"

static void test_expiry(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* from 1000; -1: refused */
    } rows[] = {
        {"30d", 1000 + INT64_C(30) * 86400000},
        {"12h", 1000 + 12 * 3600000},
        {"5m", 301000},
        {"2s", 3000},
        {"1w", 604801000},
        {"2026-12-31", 1798675200000},
        {"2024-02-29", 1709164800000},
        {"2025-02-29", -1},
        {"2026-13-01", -1},
        {"2026-1-01", -1},
        {"", -1},
        {"d", -1},
        {"-5d", -1},
        {"5", -1},
        {"5y", -1},
        {"99999999999999w", -1},
        {"soon", -1},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        int64_t ms = -1;

        if (keys_parse_expiry(rows[i].text, 1000, &ms) != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("'%s': %lld", rows[i].text, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_expiry)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
