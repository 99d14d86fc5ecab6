/* Which models should be replaced, in which order the reasons count, and what names them. */
#include "kit.h"

#include "registry/upgrade/outdated.h"

static const char facts[] = "models:\n"
                            "- {provider: openai, id: t-new, input: [text], output: [text]}\n"
                            "- {provider: openai, id: t-past, announced: 2025-06-01, retires: "
                            "2026-02-01, successor: t-new, "
                            "lifecycle_source: 'https://example.test/ends'}\n"
                            "- {provider: openai, id: t-soon, announced: 2026-02-01, retires: "
                            "2026-03-31, successor: t-new}\n"
                            "- {provider: openai, id: t-other, served_as: t-new}\n";

static const char config[] =
    "default_model: soon\n"
    "models:\n"
    "- {name: past, provider: openai, model_id: t-past, aliases: [old]}\n"
    "- {name: soon, provider: openai, model_id: t-soon}\n"
    "- {name: other, provider: openai, model_id: t-other}\n"
    "- {name: mine, provider: openai, model_id: t-past, retirement_date: 2026-02-02}\n"
    "- {name: t-new, provider: openai, fallback_models: [old, soon]}\n"
    "- {name: rest, provider: openai, model_id: x-2026-01-01, tiers: [pro], fallback_models: "
    "[past]}\n";

struct heard {
    const char *name;
    struct sl_listed listed;
};

static bool hear(void *owner, const struct sl_model *m, struct sl_listed *out)
{
    const struct heard *h = owner;
    if (strcmp(h->name, m->name) != 0)
        return false;
    *out = h->listed;
    return true;
}

static void reasons(void **state)
{
    struct sl_registry *r = kit_registry(config, facts);
    static const struct {
        const char *name;
        struct sl_listed heard;
        enum sl_outdated_status status;
        const char *successor, *source;
    } rows[] = {
        {"past", {0, ""}, SL_OUTDATED_RETIRED, "t-new", "https://example.test/ends"},
        {"mine", {0, ""}, SL_OUTDATED_RETIRED, "t-new", "the entry"},
        {"past", {7, ""}, SL_OUTDATED_RETIRED, "t-new", "https://example.test/ends"},
        {"soon", {0, ""}, SL_OUTDATED_DEPRECATED, "t-new", "the catalogue"},
        {"soon", {7, ""}, SL_OUTDATED_GONE, "t-new", "the provider's listing"},
        {"other", {0, ""}, SL_OUTDATED_SERVED_AS, "t-new", "the catalogue"},
        {"rest", {0, "x-2026-02-01"}, SL_OUTDATED_NEWER, "x-2026-02-01", "the provider's listing"},
        {"rest", {7, ""}, SL_OUTDATED_GONE, "", "the provider's listing"},
        {"rest", {0, ""}, SL_OUTDATED_NOT, "", ""},
        {"t-new", {0, ""}, SL_OUTDATED_NOT, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct heard h = {rows[i].name, rows[i].heard};
        const struct sl_listings listings = {hear, &h};
        struct sl_outdated o;
        bool is = sl_outdated_look(r, kit_model(r, rows[i].name), &listings, KIT_NOW_MS, &o);
        if (is != (rows[i].status != SL_OUTDATED_NOT))
            fail_msg("%s: %d", rows[i].name, is);
        if (is && (o.status != rows[i].status || strcmp(o.successor.name, rows[i].successor) ||
                   strcmp(o.source, rows[i].source)))
            fail_msg("%s: %s, successor '%s', by %s", rows[i].name, sl_outdated_name(o.status),
                     o.successor.name, o.source);
    }
    sl_registry_unref(r);
}

static bool has(const struct sl_outdated_names *names, const char *text)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!strcmp(names->list[i], text))
            return true;
    }
    return false;
}

static void names(void **state)
{
    static const struct sl_principal admin = {.id = "a", .tier = "", .roles = SL_ROLE_ADMIN},
                                     user = {.id = "u", .tier = "", .roles = SL_ROLE_USER};
    struct sl_registry *r = kit_registry(config, facts);
    struct sl_outdated list[2];
    struct sl_outdated_names found[2];
    struct sl_arena arena;
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    const struct sl_listings none = {NULL, NULL};
    assert_true(sl_outdated_look(r, kit_model(r, "past"), &none, KIT_NOW_MS, &list[0]));
    assert_true(sl_outdated_look(r, kit_model(r, "soon"), &none, KIT_NOW_MS, &list[1]));
    sl_outdated_references(&(struct sl_outdated_ask){r, &admin, true, &arena}, list, 2, found);
    assert_int_equal(found[0].n, 2);
    assert_true(has(&found[0], "the fallbacks of model t-new"));
    assert_true(has(&found[0], "the fallbacks of model rest"));
    assert_true(has(&found[1], "the default (registry default)"));
    /* a model that somebody may not use is not told of */
    sl_outdated_references(&(struct sl_outdated_ask){r, &user, false, &arena}, list, 2, found);
    assert_int_equal(found[0].n, 1);
    assert_false(has(&found[0], "the fallbacks of model rest"));
    sl_arena_fini(&arena);
    sl_registry_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reasons), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
