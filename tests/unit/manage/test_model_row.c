/* From a Model to the columns of its row, and what is refused on the way. */
#include "registry/manage/model_row.h"

#include <stdio.h>
#include <string.h>

#include "manage_kit.h"

static struct sl_row *apply(const Sluice__V1__Model *m)
{
    struct sl_field_mask mask;
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_MODELS);
    sl_field_mask_of_set(&m->base, &mask);
    const struct sl_model_row fields = {m, &mask, NULL, row, &violations};
    sl_model_row_apply(&fields);
    return row;
}

static void test_columns_are_set(void **state)
{
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    (void)state;
    m.description = TEXT("d");
    m.base_url = TEXT("https://example.test/v1");
    m.context_tokens = 7;
    m.retirement_date = TEXT("2026-03-31");
    m.provider_options_json = TEXT("{}");
    struct sl_row *row = apply(&m);
    assert_int_equal(violations.count, 0);
    assert_string_equal(sl_row_text(row, SL_MODELS_DESCRIPTION), "d");
    assert_int_equal(sl_row_int(row, SL_MODELS_CONTEXT_TOKENS), 7);
    assert_int_equal(sl_row_int(row, SL_MODELS_RETIRES_AT_MS), 1774915200000);
    assert_string_equal(sl_row_text(row, SL_MODELS_OPTIONS), "{\"provider_options\":\"{}\"}");
    assert_false(sl_row_is_set(row, SL_MODELS_API));
    assert_false(sl_row_is_set(row, SL_MODELS_ENABLED));
}

static void wrong(const Sluice__V1__Model *m, const char *field)
{
    violations.count = 0;
    apply(m);
    if (violations.count != 1 || strcmp(violations.list[0].field, field) != 0)
        fail_msg("%s: %zu violations, the first of %s", field, violations.count,
                 violations.count ? violations.list[0].field : "nothing");
}

static void test_wrong_fields(void **state)
{
    (void)state;
#define WRONG(name, field, value)                                                                  \
    {                                                                                              \
        Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;                                             \
        m.field = value;                                                                           \
        wrong(&m, "model." name);                                                                  \
    }
    char *empty[] = {TEXT("")}, *spaced[] = {TEXT("a b")};
    WRONG("base_url", base_url, TEXT("ftp://x"))
    WRONG("base_url", base_url, TEXT("https://user:pw@x/"))
    WRONG("auth", auth, TEXT("magic"))
    WRONG("auth_header", auth_header, TEXT("a b"))
    WRONG("region", region, TEXT("us-east-1.evil.test/"))
    WRONG("region", region, TEXT("evil.test#"))
    WRONG("region", region, TEXT("evil.test:443"))
    WRONG("region", region, TEXT("user@evil.test"))
    WRONG("region", region, TEXT("a\\b"))
    WRONG("context_tokens", context_tokens, -1)
    WRONG("speed_tokens_per_second", speed_tokens_per_second, -0.5)
    WRONG("provider_options_json", provider_options_json, TEXT("[1]"))
    WRONG("deprecation_date", deprecation_date, TEXT("2026-02-30"))
    WRONG("retirement_date", retirement_date, TEXT("31.3.2026"))
#undef WRONG
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    m.allowed_tiers = empty;
    m.n_allowed_tiers = 1;
    wrong(&m, "model.allowed_tiers");
    m.n_allowed_tiers = 0;
    m.aliases = spaced;
    m.n_aliases = 1;
    wrong(&m, "model.aliases");
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"gpt-4o", true}, {"a/b:c", true},     {"", false},         {"a b", false},
        {"a*", false},    {"models/x", false}, {"global/x", false}, {"task:chat", false},
    };
    char longest[130];
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        violations.count = 0;
        assert_int_equal(sl_model_name_check(rows[i].name, "n", &violations), rows[i].good);
    }
    memset(longest, 'x', sizeof(longest) - 1);
    longest[129] = 0;
    assert_false(sl_model_name_check(longest, "n", &violations));
    longest[128] = 0;
    violations.count = 0;
    assert_true(sl_model_name_check(longest, "n", &violations));
}

static void test_days(void **state)
{
    int64_t ms = 1;
    char out[11];
    (void)state;
    assert_true(sl_day_parse("", &ms));
    assert_int_equal(ms, 0);
    assert_true(sl_day_parse("2024-02-29", &ms));
    sl_day_format(ms, out);
    assert_string_equal(out, "2024-02-29");
    assert_false(sl_day_parse("2023-02-29", &ms));
    assert_false(sl_day_parse("2024-2-29", &ms));
    assert_false(sl_day_parse("2024-02-29x", &ms));
    sl_day_format(0, out);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_columns_are_set),
        KIT_TEST(test_wrong_fields),
        KIT_TEST(test_names),
        KIT_TEST(test_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
