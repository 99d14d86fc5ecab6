/* Which texts that name models are rewritten, and to what. */
#include "kit.h"

#include "registry/upgrade/upgrading.h"

static const char config[] = "models:\n"
                             "- {name: a, provider: openai, model_id: x, aliases: [alias-a]}\n"
                             "- {name: b, provider: openai, model_id: y, aliases: [alias-b]}\n"
                             "- {name: c, provider: openai, model_id: z}\n";

static void texts(void **state)
{
    static const struct {
        const char *text, *now; /* now NULL: it stays */
    } rows[] = {
        {"a", "new-a"},
        {"models/a", "new-a"},
        {"global/a", "global/new-a"},
        {"alias-a", NULL},
        {"b", "new-b"},
        {"alias-b", "new-b"},
        {"c", NULL},
        {"nothing", NULL},
        {"", NULL},
        {"models/global/a", "global/new-a"},
    };
    static const struct {
        const char *before, *now;
    } lists[] = {
        {"[\"a\",\"c\"]", "[\"new-a\",\"c\"]"},
        {"[\"a\",\"c\",\"a\"]", "[\"new-a\",\"c\"]"},
        {"[\"b\",\"alias-b\"]", "[\"new-b\"]"},
        {"[\"c\"]", NULL},
        {"[\"c\",\"c\"]", NULL},
        {"", NULL},
        {"[\"a\"]", "[\"new-a\"]"},
    };
    struct sl_registry *r = kit_registry(config, "models: []");
    struct sl_arena arena;
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    const struct sl_upgrade u = {.m = {.registry = r, .arena = &arena}};
    struct sl_upgrade_move moves[] = {{kit_model(r, "a"), "new-a", false, true},
                                      {kit_model(r, "b"), "new-b", true, false}};
    const struct sl_upgrading g = {.u = &u, .moves = moves, .n_moves = 2};
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *now = sl_upgrade_text(&g, "u", rows[i].text);
        if (!now != !rows[i].now || (now && strcmp(now, rows[i].now) != 0))
            fail_msg("%s: %s", rows[i].text, now ? now : "stays");
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(lists); i++) {
        const char *now = sl_upgrade_fallbacks(&g, "", "m", lists[i].before);
        if (!now != !lists[i].now || (now && strcmp(now, lists[i].now) != 0))
            fail_msg("%s: %s", lists[i].before, now ? now : "stays");
    }
    /* no model falls back to itself */
    assert_string_equal(sl_upgrade_fallbacks(&g, "", "new-a", "[\"a\",\"c\"]"), "[\"c\"]");
    assert_string_equal(sl_upgrade_fallbacks(&g, "", "new-a", "[\"a\"]"), "");
    /* hidden models and favourites: of the entry, whatever it is called */
    assert_string_equal(
        sl_upgrade_settings(
            &g, "u",
            "{\"priority\":\"cost\",\"task_models\":{\"code\":\"b\",\"chat\":\"c\"},"
            "\"hidden_models\":[\"a\",\"b\"],\"favourite_models\":[\"global/a\"]}"),
        "{\"priority\":\"cost\",\"task_models\":{\"code\":\"new-b\",\"chat\":\"c\"},"
        "\"hidden_models\":[\"new-a\",\"b\"],\"favourite_models\":[\"global/new-a\"]}");
    assert_null(sl_upgrade_settings(&g, "u", "{\"hidden_models\":[\"b\"]}"));
    assert_null(sl_upgrade_settings(&g, "u", ""));
    sl_arena_fini(&arena);
    sl_registry_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
