/* Days as numbers, both ways, and what is no day. */
#include "registry/catalogue/date.h"

#include <string.h>

#include "base/compiler.h"
#include "unit/base/cm.h"

static void reads_and_writes(void **state)
{
    static const struct {
        const char *text;
        int32_t days;
        const char *back;
    } rows[] = {
        {"1971-01-01", 365, "1971-01-01"},   {"2000-02-29", 11016, "2000-02-29"},
        {"2000-03-01", 11017, "2000-03-01"}, {"2026-01", 20454, "2026-01-01"},
        {"2026-02-27", 20511, "2026-02-27"}, {"2100-02-28", 47540, "2100-02-28"},
        {"2100-03-01", 47541, "2100-03-01"}, {"9999-12-31", 2932896, "9999-12-31"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        int32_t days = 0;
        char text[11];
        assert_true(sl_date_parse(rows[i].text, &days));
        assert_int_equal(days, rows[i].days);
        sl_date_format(days, text);
        assert_string_equal(text, rows[i].back);
    }
}

/* Every day of four centuries comes back as itself, one after the other. */
static void is_one_to_one(void **state)
{
    (void)state;
    for (int32_t day = 365; day < 365 + 146097; day++) {
        int32_t back = 0;
        char text[11];
        sl_date_format(day, text);
        assert_true(sl_date_parse(text, &back));
        assert_int_equal(back, day);
    }
}

static void refuses_what_is_no_day(void **state)
{
    static const char *const texts[] = {
        "",           "2026",       "2026-13",    "2026-00-01", "2026-02-30",  "2026-04-31",
        "2025-02-29", "2100-02-29", "2026-1-1",   "2026/01/01", "2026-01-01T", "x026-01-01",
        "1970-01-01", "0000-01-01", "2026-01-0x", "-026-01-01",
    };
    char text[11];
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        int32_t days = -7;
        assert_false(sl_date_parse(texts[i], &days));
        assert_int_equal(days, -7);
    }
    sl_date_format(0, text);
    assert_string_equal(text, "");
    sl_date_format(-5, text);
    assert_string_equal(text, "");
    sl_date_format(INT32_MAX, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(is_one_to_one),
        cmocka_unit_test(refuses_what_is_no_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
