/* The health of a provider, from how the last attempts ended. */
#include "registry/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry/model_table.h"

enum { SECOND = 1000000 };

static struct sl_registry_provider provider;
static struct sl_registry_model model;

static int set_up(void **state)
{
    (void)state;
    provider = (struct sl_registry_provider){.provider.base_url = "https://a.test/v1"};
    model = (struct sl_registry_model){
        .model = {.owner = "", .target.base_url = "https://a.test/v1"}, .provider = &provider};
    return 0;
}

/* '+' and '-' for each attempt, a second apart, from second 1000 on. */
static void attempts(const char *list)
{
    for (int64_t i = 0; list[i]; i++)
        sl_registry_note_outcome(&model.model, list[i] == '-', (1000 + i) * SECOND);
}

static const char *health_at(int64_t second)
{
    return sl_registry_provider_health(&provider.provider, second * SECOND);
}

static void test_health(void **state)
{
    static const struct {
        const char *attempts, *health;
    } rows[] = {
        {"", "unknown"},
        {"+", "healthy"},
        {"-", "degraded"},
        {"-++", "degraded"},
        {"-+++", "healthy"},
        {"++++++++++++++++-", "degraded"},
        {"----++++", "degraded"},
        {"---+++++", "healthy"},
        {"----", "degraded"},
        {"-----", "failing"},
        {"++++++++++++++++-----", "failing"},
        {"-----+", "degraded"},
        {"----++++++++++++", "degraded"},
        {"----+++++++++++++", "healthy"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        set_up(state);
        attempts(rows[i].attempts);
        assert_string_equal(health_at(1020), rows[i].health);
        assert_string_equal(sl_registry_model_health(&model.model, 1020LL * SECOND),
                            rows[i].health);
    }
}

static void test_what_is_long_ago_is_forgotten(void **state)
{
    (void)state;
    attempts("-");
    assert_string_equal(health_at(1000 + SL_OUTCOME_SECONDS), "degraded");
    assert_string_equal(health_at(1001 + SL_OUTCOME_SECONDS), "unknown");
}

static void test_other_addresses_and_owners_do_not_count(void **state)
{
    (void)state;
    model.model.target.base_url = "https://b.test/v1";
    attempts("---");
    assert_string_equal(health_at(1010), "unknown");
    model.model.target.base_url = "https://a.test/v1";
    model.model.owner = "ann";
    attempts("---");
    assert_string_equal(health_at(1010), "unknown");
    assert_string_equal(sl_registry_model_health(&model.model, 1010LL * SECOND), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_health, set_up),
        cmocka_unit_test_setup(test_what_is_long_ago_is_forgotten, set_up),
        cmocka_unit_test_setup(test_other_addresses_and_owners_do_not_count, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
