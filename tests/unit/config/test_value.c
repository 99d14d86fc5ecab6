/* Texts of settings and their values, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/value.h"

typedef const char *(*parse_fn)(const char *text, int64_t *out);
typedef void (*print_fn)(char *dst, size_t size, int64_t v);

struct row {
    const char *text;
    int64_t value;
    const char *printed; /* NULL: as text */
};

static void check_rows(const struct row *rows, size_t n, parse_fn parse, print_fn print)
{
    for (size_t i = 0; i < n; i++) {
        int64_t v = -99;
        char text[40];
        const char *wrong = parse(rows[i].text, &v);
        if (wrong)
            fail_msg("'%s' %s", rows[i].text, wrong);
        assert_int_equal(v, rows[i].value);
        print(text, sizeof(text), v);
        assert_string_equal(text, rows[i].printed ? rows[i].printed : rows[i].text);
    }
}

static void check_refused(const char *const *texts, size_t n, parse_fn parse)
{
    for (size_t i = 0; i < n; i++) {
        int64_t v = -99;
        if (!parse(texts[i], &v))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(v, -99);
    }
}

static void takes_durations(void **state)
{
    static const struct row rows[] = {
        {"0", 0, NULL},           {"1ms", 1, NULL},
        {"500ms", 500, NULL},     {"10s", 10000, NULL},
        {"1.5s", 1500, "1500ms"}, {"2m", 120000, NULL},
        {"90s", 90000, NULL},     {"1m30s", 90000, "90s"},
        {"1h", 3600000, NULL},    {"7d", 604800000, "168h"},
        {"0.001s", 1, "1ms"},     {"0s", 0, "0"},
        {"60s", 60000, "1m"},     {"36525d", INT64_C(3155760000000), "876600h"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows), sl_value_duration, sl_value_print_duration);
}

static void refuses_durations(void **state)
{
    static const char *const texts[] = {"",    "10",      "1",    "s",      "10 s",
                                        "-1s", "1.0001s", "1y",   "10sec",  "1..5s",
                                        "1.s", "0x1s",    "1e3s", "36526d", "99999999999999999999s",
                                        "1s ", " 1s",     "1s1",  "ms",     "10S"};
    (void)state;
    check_refused(texts, SL_ARRAY_LEN(texts), sl_value_duration);
}

static void takes_sizes(void **state)
{
    static const struct row rows[] = {
        {"0", 0, NULL},
        {"1", 1, NULL},
        {"4096", 4096, "4KiB"},
        {"4096B", 4096, "4KiB"},
        {"1000", 1000, NULL},
        {"64KiB", 65536, NULL},
        {"16MiB", 16777216, NULL},
        {"1GiB", 1073741824, NULL},
        {"1536MiB", 1610612736, NULL},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows), sl_value_size, sl_value_print_size);
}

static void refuses_sizes(void **state)
{
    static const char *const texts[] = {"",
                                        "KiB",
                                        "1.5MiB",
                                        "-1",
                                        "1K",
                                        "1kb",
                                        "1 MiB",
                                        "16mib",
                                        "9223372036854775808",
                                        "9223372036854775807KiB",
                                        "1MiBs"};
    (void)state;
    check_refused(texts, SL_ARRAY_LEN(texts), sl_value_size);
}

static void takes_prices(void **state)
{
    static const struct row rows[] = {
        {"0", 0, "0.0"},          {"2.50", 2500000, "2.5"},
        {"15", 15000000, "15.0"}, {"0.000001", 1, "0.000001"},
        {".5", 500000, "0.5"},    {"1234.567891", 1234567891, NULL},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows), sl_value_price, sl_value_print_price);
}

static void refuses_prices(void **state)
{
    static const char *const texts[] = {"",     "$1",   "-1", "1,5", "0.0000001",
                                        "1e-6", "free", "1.", "."};
    (void)state;
    check_refused(texts, SL_ARRAY_LEN(texts), sl_value_price);
}

static void takes_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {{"0", 0}, {"0.7", 0.7}, {"1", 1}, {"-1.5", -1.5}, {"2.000001", 2.000001}};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        double v = 99;
        assert_null(sl_value_number(rows[i].text, &v));
        assert_true(v > rows[i].value - 1e-9 && v < rows[i].value + 1e-9);
    }
    static const char *const bad[] = {"",    "-",   "nan", "inf",      "1e3",
                                      "0x1", "1,5", "--1", "0.1234567"};
    for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
        double v = 99;
        assert_non_null(sl_value_number(bad[i], &v));
        assert_true(v > 98);
    }
}

static void takes_truth_values_and_words(void **state)
{
    bool v = false;
    (void)state;
    assert_null(sl_value_bool("true", &v));
    assert_true(v);
    assert_null(sl_value_bool("false", &v));
    assert_false(v);
    static const char *const bad[] = {"", "yes", "True", "1", "on", "falsey"};
    for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
        assert_non_null(sl_value_bool(bad[i], &v));
    assert_null(sl_value_choice("debug", "debug|info"));
    assert_null(sl_value_choice("info", "debug|info"));
    assert_non_null(sl_value_choice("inf", "debug|info"));
    assert_non_null(sl_value_choice("", "debug|info"));
    assert_non_null(sl_value_choice("debug|info", "debug|info"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_durations), cmocka_unit_test(refuses_durations),
        cmocka_unit_test(takes_sizes),     cmocka_unit_test(refuses_sizes),
        cmocka_unit_test(takes_prices),    cmocka_unit_test(refuses_prices),
        cmocka_unit_test(takes_numbers),   cmocka_unit_test(takes_truth_values_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
