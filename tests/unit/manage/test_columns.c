/* The JSON texts of columns. */
#include "registry/manage/columns.h"

#include "manage_kit.h"

static void test_lists_and_pairs(void **state)
{
    char *list[] = {TEXT("a"), TEXT("b \"c\"")};
    Sluice__V1__Model__LabelsEntry one = SLUICE__V1__MODEL__LABELS_ENTRY__INIT;
    Sluice__V1__Model__LabelsEntry *pairs[] = {&one};
    (void)state;
    one.key = TEXT("k");
    one.value = TEXT("v");
    assert_string_equal(sl_column_strings(&arena, list, 2), "[\"a\",\"b \\\"c\\\"\"]");
    assert_string_equal(sl_column_strings(&arena, list, 0), "");
    assert_string_equal(sl_column_pairs(&arena, pairs, 1), "{\"k\":\"v\"}");
    assert_string_equal(sl_column_pairs(&arena, pairs, 0), "");
}

static void test_capabilities(void **state)
{
    Sluice__V1__ModelCapabilities c = SLUICE__V1__MODEL_CAPABILITIES__INIT;
    (void)state;
    assert_string_equal(sl_column_capabilities(&arena, NULL), "");
    assert_string_equal(sl_column_capabilities(&arena, &c), "");
    c._tools_case = SLUICE__V1__MODEL_CAPABILITIES___TOOLS_TOOLS;
    c._vision_case = SLUICE__V1__MODEL_CAPABILITIES___VISION_VISION;
    c.vision = 1;
    assert_string_equal(sl_column_capabilities(&arena, &c), "{\"tools\":false,\"vision\":true}");
}

static void test_prices(void **state)
{
    Sluice__V1__ModelPrices p = SLUICE__V1__MODEL_PRICES__INIT;
    (void)state;
    p.input_price_micros_per_mtok = 150000;
    p.output_price_micros_per_mtok = 600000;
    p.cache_read_price_micros_per_mtok = 75000;
    p._cache_read_price_micros_per_mtok_case =
        SLUICE__V1__MODEL_PRICES___CACHE_READ_PRICE_MICROS_PER_MTOK_CACHE_READ_PRICE_MICROS_PER_MTOK;
    assert_string_equal(sl_column_prices(&arena, NULL), "");
    assert_string_equal(sl_column_prices(&arena, &p),
                        "{\"input\":150000,\"output\":600000,\"cache_read\":75000}");
}

static void test_options_keep_what_is_not_said(void **state)
{
    Sluice__V1__ModelQuirks q = SLUICE__V1__MODEL_QUIRKS__INIT;
    (void)state;
    q.no_stream_options = 1;
    const struct sl_column_options both = {&q, "{\"a\": 1}", ""};
    const char *stored = sl_column_options(&arena, &both);
    assert_string_equal(stored, "{\"quirks\":{\"no_stream_options\":true},"
                                "\"provider_options\":\"{\\\"a\\\": 1}\"}");
    q.no_stream_options = 0;
    const struct sl_column_options quirks_only = {&q, NULL, stored};
    assert_string_equal(sl_column_options(&arena, &quirks_only),
                        "{\"provider_options\":\"{\\\"a\\\": 1}\"}");
    const struct sl_column_options none = {NULL, "", "{\"provider_options\":\"{}\"}"};
    assert_string_equal(sl_column_options(&arena, &none), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_lists_and_pairs),
        KIT_TEST(test_capabilities),
        KIT_TEST(test_prices),
        KIT_TEST(test_options_keep_what_is_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
