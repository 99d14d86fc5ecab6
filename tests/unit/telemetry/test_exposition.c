/* Lines of Prometheus' text format, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "telemetry/exposition.h"

static struct sl_buf text;

static int set_up(void **state)
{
    (void)state;
    sl_buf_init(&text, 8192);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_buf_fini(&text);
    return 0;
}

static const struct sl_metric_facts plain = {
    .name = "sluice_cats_total", .help = "Cats", .type = SL_COUNTER};
static const struct sl_metric_facts labelled = {
    .name = "sluice_cats", .help = "Cats", .type = SL_GAUGE, .labels = {"colour", "name"}};

static void heads_name_type_and_help(void **state)
{
    static const struct sl_metric_facts odd = {
        .name = "odd", .help = "a \\ and\na \"line\"", .type = SL_HISTOGRAM};
    (void)state;
    assert_true(sl_exposition_head(&text, &plain));
    assert_true(sl_exposition_head(&text, &labelled));
    assert_true(sl_exposition_head(&text, &odd));
    assert_string_equal(text.p, "# HELP sluice_cats_total Cats.\n# TYPE sluice_cats_total counter\n"
                                "# HELP sluice_cats Cats.\n# TYPE sluice_cats gauge\n"
                                "# HELP odd a \\\\ and\\na \"line\".\n# TYPE odd histogram\n");
}

static void label_values_are_escaped(void **state)
{
    static const struct {
        const char *colour, *name, *written;
    } cases[] = {
        {"red", "Tom", "colour=\"red\",name=\"Tom\""},
        {"", "", "colour=\"\",name=\"\""},
        {"a\"b", "c\\d", "colour=\"a\\\"b\",name=\"c\\\\d\""},
        {"two\nlines", "\\n", "colour=\"two\\nlines\",name=\"\\\\n\""},
        {"tab\t{}=,", "#", "colour=\"tab\t{}=,\",name=\"#\""},
        {"größe", "\xff\xfe", "colour=\"größe\",name=\"\xef\xbf\xbd\""},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        sl_buf_reset(&text, 8192);
        assert_true(
            sl_exposition_labels(&text, &labelled, SL_LABELS(cases[i].colour, cases[i].name)));
        assert_string_equal(text.p, cases[i].written);
    }
}

static void numbers_are_as_short_as_they_can_be(void **state)
{
    static const struct {
        double value;
        const char *written;
    } cases[] = {
        {0, "sluice_cats_total 0\n"},
        {42, "sluice_cats_total 42\n"},
        {-1, "sluice_cats_total -1\n"},
        {0.1, "sluice_cats_total 0.1\n"},
        {1.0 / 3, "sluice_cats_total 0.3333333333333333\n"},
        {9007199254740992.0, "sluice_cats_total 9007199254740992\n"},
        {1795905482.858848, "sluice_cats_total 1795905482.858848\n"},
        {INFINITY, "sluice_cats_total +Inf\n"},
        {-INFINITY, "sluice_cats_total -Inf\n"},
        {NAN, "sluice_cats_total NaN\n"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        sl_buf_reset(&text, 8192);
        assert_true(sl_exposition_value(&text, &plain, "", cases[i].value));
        assert_string_equal(text.p, cases[i].written);
    }
    sl_buf_reset(&text, 8192);
    assert_true(sl_exposition_value(&text, &labelled, "colour=\"red\"", 7));
    assert_string_equal(text.p, "sluice_cats{colour=\"red\"} 7\n");
}

static void an_observation_falls_into_the_first_bucket_that_holds_it(void **state)
{
    static const struct {
        int64_t us;
        size_t bucket;
    } cases[] = {
        {-5, 0},     {0, 0},       {1000, 0},     {1001, 1},       {2500, 1},
        {999999, 9}, {1000000, 9}, {1000001, 10}, {300000000, 15}, {300000001, 16},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++)
        assert_int_equal(sl_histogram_bucket(cases[i].us), cases[i].bucket);
    for (size_t i = 1; i < SL_HISTOGRAM_BOUNDS; i++)
        assert_true(sl_histogram_bounds_us[i - 1] < sl_histogram_bounds_us[i]);
}

static void histograms_add_up(void **state)
{
    static const struct sl_metric_facts h = {.name = "h", .type = SL_HISTOGRAM, .labels = {"m"}};
    int64_t cells[SL_HISTOGRAM_BOUNDS + 2] = {
        [0] = 3, [2] = 1, [SL_HISTOGRAM_BOUNDS] = 2, [SL_HISTOGRAM_BOUNDS + 1] = 1234567};
    (void)state;
    assert_true(sl_exposition_histogram(&text, &h, "m=\"x\"", cells));
    assert_string_equal(text.p, "h_bucket{m=\"x\",le=\"0.001\"} 3\n"
                                "h_bucket{m=\"x\",le=\"0.0025\"} 3\n"
                                "h_bucket{m=\"x\",le=\"0.005\"} 4\n"
                                "h_bucket{m=\"x\",le=\"0.01\"} 4\n"
                                "h_bucket{m=\"x\",le=\"0.025\"} 4\n"
                                "h_bucket{m=\"x\",le=\"0.05\"} 4\n"
                                "h_bucket{m=\"x\",le=\"0.1\"} 4\n"
                                "h_bucket{m=\"x\",le=\"0.25\"} 4\n"
                                "h_bucket{m=\"x\",le=\"0.5\"} 4\n"
                                "h_bucket{m=\"x\",le=\"1\"} 4\n"
                                "h_bucket{m=\"x\",le=\"2.5\"} 4\n"
                                "h_bucket{m=\"x\",le=\"5\"} 4\n"
                                "h_bucket{m=\"x\",le=\"10\"} 4\n"
                                "h_bucket{m=\"x\",le=\"30\"} 4\n"
                                "h_bucket{m=\"x\",le=\"60\"} 4\n"
                                "h_bucket{m=\"x\",le=\"300\"} 4\n"
                                "h_bucket{m=\"x\",le=\"+Inf\"} 6\n"
                                "h_sum{m=\"x\"} 1.234567\n"
                                "h_count{m=\"x\"} 6\n");
    sl_buf_reset(&text, 8192);
    assert_true(sl_exposition_histogram(&text, &(struct sl_metric_facts){.name = "h"}, "", cells));
    assert_memory_equal(text.p, "h_bucket{le=\"0.001\"} 3\n", 23);
}

static void a_buffer_that_is_full_is_told(void **state)
{
    int64_t cells[SL_HISTOGRAM_BOUNDS + 2] = {0};
    struct sl_buf small;
    (void)state;
    sl_buf_init(&small, 12);
    assert_false(sl_exposition_head(&small, &plain));
    sl_buf_fini(&small);
    assert_false(sl_exposition_value(&small, &plain, "", 1));
    assert_false(sl_exposition_labels(&small, &labelled, SL_LABELS("a", "b")));
    assert_false(sl_exposition_histogram(&small, &labelled, "", cells));
    sl_buf_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads_name_type_and_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(label_values_are_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_as_short_as_they_can_be, set_up, tear_down),
        cmocka_unit_test(an_observation_falls_into_the_first_bucket_that_holds_it),
        cmocka_unit_test_setup_teardown(histograms_add_up, set_up, tear_down),
        cmocka_unit_test(a_buffer_that_is_full_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
