/* Preferences, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/access/preferences_json.h"

static void keeps_all(void **state)
{
    char code[] = "code", model[] = "models/a", one[] = "x \"y\"", two[] = "z", speed[] = "speed";
    char *hidden[] = {one, two}, *favourites[] = {two};
    Sluice__V1__Preferences__TaskModelsEntry entry =
                                                 SLUICE__V1__PREFERENCES__TASK_MODELS_ENTRY__INIT,
                                             *entries[] = {&entry};
    Sluice__V1__Preferences in = SLUICE__V1__PREFERENCES__INIT, *out = NULL;
    struct sl_arena arena;
    struct sl_err err = {0};
    (void)state;
    entry.key = code;
    entry.value = model;
    in.task_models = entries;
    in.n_task_models = 1;
    in.hidden_models = hidden;
    in.n_hidden_models = 2;
    in.favourite_models = favourites;
    in.n_favourite_models = 1;
    in.priority = speed;
    in.cost_ceiling_nanos = INT64_MAX;
    sl_arena_init(&arena, SIZE_MAX);
    const char *json = sl_preferences_json(&arena, &in);
    assert_int_equal(sl_preferences_parse(json, &arena, &out, &err), SL_OK);
    assert_int_equal(out->n_task_models, 1);
    assert_string_equal(out->task_models[0]->key, "code");
    assert_string_equal(out->task_models[0]->value, "models/a");
    assert_int_equal(out->n_hidden_models, 2);
    assert_string_equal(out->hidden_models[0], "x \"y\"");
    assert_string_equal(out->hidden_models[1], "z");
    assert_int_equal(out->n_favourite_models, 1);
    assert_string_equal(out->priority, "speed");
    assert_int_equal(out->cost_ceiling_nanos, INT64_MAX);
    sl_arena_fini(&arena);
}

static void reads_nothing_and_garbage(void **state)
{
    Sluice__V1__Preferences *out = NULL;
    Sluice__V1__Preferences none = SLUICE__V1__PREFERENCES__INIT;
    struct sl_arena arena;
    struct sl_err err = {0};
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    assert_int_equal(sl_preferences_parse("", &arena, &out, &err), SL_OK);
    assert_int_equal(out->n_hidden_models, 0);
    assert_string_equal(out->priority, "");
    assert_string_equal(sl_preferences_json(&arena, &none), "{}");
    assert_int_equal(
        sl_preferences_parse("{\"hidden_models\":5,\"task_models\":[1],\"priority\":{}}", &arena,
                             &out, &err),
        SL_OK);
    assert_int_equal(out->n_hidden_models, 0);
    assert_int_equal(sl_preferences_parse("{", &arena, &out, &err), SL_INTERNAL);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_all),
        cmocka_unit_test(reads_nothing_and_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
