/* Which fields a write is about. */
#include "registry/manage/mask.h"

#include "manage_kit.h"
#include "sluice/v1/model.pb-c.h"

static void test_names(void **state)
{
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    struct sl_field_mask mask;
    (void)state;
    sl_field_mask_parse("description, labels ,new_name", &m.base, &mask, &violations);
    assert_int_equal(violations.count, 0);
    assert_true(sl_field_mask_has(&mask, "description"));
    assert_true(sl_field_mask_has(&mask, "labels"));
    assert_false(sl_field_mask_has(&mask, "aliases"));
    assert_true(mask.renames);
}

static void test_unknown_names(void **state)
{
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    struct sl_field_mask mask;
    (void)state;
    sl_field_mask_parse("description,nonsense", &m.base, &mask, &violations);
    assert_int_equal(violations.count, 1);
    assert_string_equal(violations.list[0].field, "update_mask");
    assert_string_equal(violations.list[0].description, "names 'nonsense', which is no field");
}

static void test_what_is_set(void **state)
{
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    Sluice__V1__ModelQuirks quirks = SLUICE__V1__MODEL_QUIRKS__INIT;
    char *aliases[] = {TEXT("a")};
    struct sl_field_mask mask;
    (void)state;
    sl_field_mask_parse("", &m.base, &mask, &violations);
    assert_int_equal(mask.fields, 0);
    m.description = TEXT("x");
    m.context_tokens = 1;
    m.speed_tokens_per_second = 0.5;
    m.aliases = aliases;
    m.n_aliases = 1;
    m.quirks = &quirks;
    m._enabled_case = SLUICE__V1__MODEL___ENABLED_ENABLED; /* set, to false */
    m._default_temperature_case = SLUICE__V1__MODEL___DEFAULT_TEMPERATURE_DEFAULT_TEMPERATURE;
    sl_field_mask_parse("", &m.base, &mask, &violations);
    static const char *const set[] = {
        "description", "context_tokens", "speed_tokens_per_second", "aliases",
        "quirks",      "enabled",        "default_temperature"};
    uint64_t bits = 0;
    for (size_t i = 0; i < SL_ARRAY_LEN(set); i++)
        assert_true(sl_field_mask_has(&mask, set[i]));
    for (uint64_t f = mask.fields; f; f &= f - 1)
        bits++;
    assert_int_equal(bits, SL_ARRAY_LEN(set));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_names),
        KIT_TEST(test_unknown_names),
        KIT_TEST(test_what_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
