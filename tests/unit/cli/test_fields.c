/* Fields by name and text. */
#include "fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sluice/v1/model.pb-c.h"

static struct sl_arena arena;

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

static void set(Sluice__V1__Model *m, const char *assignment)
{
    struct sl_err err = {0};
    if (fields_set(&m->base, assignment, &arena, &err) != SL_OK)
        fail_msg("%s: %s", assignment, err.text);
}

static void test_sets_every_kind(void **state)
{
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    (void)state;
    set(&m, "description=fast = cheap");
    set(&m, "context_tokens=128000");
    set(&m, "default_temperature=0.2");
    set(&m, "enabled=false");
    set(&m, "aliases=a,b");
    set(&m, "labels.team=red");
    set(&m, "labels.stage=test");
    set(&m, "quirks.no_stream_options=true");
    set(&m, "prices.input_price_micros_per_mtok=150000");
    assert_string_equal(m.description, "fast = cheap");
    assert_int_equal(m.context_tokens, 128000);
    assert_true(m._default_temperature_case && m.default_temperature == 0.2);
    assert_true(m._enabled_case && !m.enabled);
    assert_int_equal(m.n_aliases, 2);
    assert_string_equal(m.aliases[1], "b");
    assert_int_equal(m.n_labels, 2);
    assert_string_equal(m.labels[1]->key, "stage");
    assert_string_equal(m.labels[0]->value, "red");
    assert_true(m.quirks->no_stream_options);
    assert_int_equal(m.prices->input_price_micros_per_mtok, 150000);
}

static void test_refuses_what_does_not_fit(void **state)
{
    static const struct {
        const char *assignment, *text;
    } rows[] = {
        {"description", "'description' is not of the form FIELD=VALUE"},
        {"=x", "'=x' is not of the form FIELD=VALUE"},
        {"nonsense=1", "there is no field 'nonsense'"},
        {"quirks.nonsense=1", "there is no field 'quirks.nonsense'"},
        {"context_tokens=many", "context_tokens is a whole number, not 'many'"},
        {"context_tokens=99999999999", "context_tokens is a whole number, not '99999999999'"},
        {"enabled=perhaps", "enabled is true or false, not 'perhaps'"},
        {"default_top_p=", "default_top_p is a number, not ''"},
        {"quirks=x", "quirks is not to be set like this, not 'x'"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
        struct sl_err err = {0};
        assert_int_equal(fields_set(&m.base, rows[i].assignment, &arena, &err),
                         SL_INVALID_ARGUMENT);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void test_gathers_the_mask(void **state)
{
    const char *mask = "";
    (void)state;
    mask = fields_mask(mask, "description=x", &arena);
    mask = fields_mask(mask, "labels.a=1", &arena);
    mask = fields_mask(mask, "labels.b=2", &arena);
    assert_string_equal(mask, "description,labels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sets_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_what_does_not_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gathers_the_mask, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
