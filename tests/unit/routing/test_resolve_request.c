/* What requests lead to: names that no entry has, defaults, models whose end has come, and what is said
 * about it. With the built-in catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/load.h"
#include "registry/load.h"
#include "routing/resolve.h"

/* 2026-03-01 */
#define NOW_MS (INT64_C(20513) * 24 * 3600 * 1000)

static const char *const only_gpt[] = {"openai/gpt-*", "llama", NULL};
static const struct sl_tier narrow_tier = {.name = "narrow", .models = only_gpt};
static const struct sl_principal user = {.id = "u", .tier = "", .roles = SL_ROLE_USER},
                                 pro = {.id = "p", .tier = "pro", .roles = SL_ROLE_USER},
                                 admin = {.id = "a", .tier = "", .roles = SL_ROLE_ADMIN},
                                 narrow = {.id = "n",
                                           .tier = "narrow",
                                           .rights = &narrow_tier,
                                           .roles = SL_ROLE_USER};

static struct sl_registry *make(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_catalogue *catalogue = NULL;
    struct sl_registry *r = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err) ||
        sl_catalogue_load("", &catalogue, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = c, .catalogue = catalogue}, &r,
                           &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c);
    sl_catalogue_unref(catalogue);
    return r;
}

struct row {
    const struct sl_principal *who;
    const char *name;
    const char *provider, *model_id; /* provider NULL: an error */
    const char *why;                 /* reason, or a part of the error's text */
    const char *note;                /* reason of the first note; "": none */
    enum sl_reason reason;
};

static void check_row(const struct sl_registry *r, const struct row *row)
{
    struct sl_arena arena;
    struct sl_candidates out = {0};
    struct sl_err err = {0};
    sl_arena_init(&arena, SIZE_MAX);
    const struct sl_resolve_spec spec = {
        .registry = r, .principal = row->who, .name = row->name, .now_ms = NOW_MS, .arena = &arena};
    enum sl_code code = sl_resolve_request(&spec, &out, &err);
    if (row->provider) {
        if (code)
            fail_msg("%s: %s", row->name, err.text);
        const struct sl_model *m = out.list[0].model;
        const char *note = out.n_notes ? out.notes[0].reason : "";
        if (strcmp(m->provider, row->provider) || strcmp(m->target.model_id, row->model_id) ||
            strcmp(out.list[0].reason, row->why) || strcmp(note, row->note))
            fail_msg("%s: %s at %s, %s, note '%s'", row->name, m->target.model_id, m->provider,
                     out.list[0].reason, note);
    } else if (!code || err.reason != row->reason || !strstr(err.text, row->why)) {
        fail_msg("%s: %s, %s", row->name, sl_reason_name(err.reason), err.text);
    }
    sl_arena_fini(&arena);
}

static void check_rows(const char *config, const struct row *rows, size_t n)
{
    struct sl_registry *r = make(config);
    for (size_t i = 0; i < n; i++)
        check_row(r, &rows[i]);
    sl_registry_unref(r);
}

static int set_up(void **state)
{
    (void)state;
    setenv("OPENAI_API_KEY", "sk-test-one", 1);
    unsetenv("DEFAULT_LLM_MODEL");
    unsetenv("DEFAULT_LLM_PROVIDER");
    return 0;
}

#define KNOWN "not in the registry: a name of the catalogue"
#define PREFIX "not in the registry: the name begins with its provider"

static void finds_names_without_an_entry(void **state)
{
    static const struct row rows[] = {
        {&user, "gpt-4.1", "openai", "gpt-4.1", KNOWN, "", 0},
        {&user, "models/gpt-4.1", "openai", "gpt-4.1", KNOWN, "", 0},
        {&user, "openai/gpt-4.1", "openai", "gpt-4.1", PREFIX, "", 0},
        {&user, "openai/what-is-this", "openai", "what-is-this", PREFIX, "", 0},
        {&user, "ft:gpt-4o-mini:org::id", "openai", "ft:gpt-4o-mini:org::id",
         "not in the registry: a fine-tuned model of one in the catalogue", "", 0},
        {&user, "corp-7", "box", "corp-7", "not in the registry: a pattern of the configuration",
         "", 0},
        {&user, "llama", "box", "l", "asked by name", "", 0},
        {&user, "global/llama", "box", "l", "asked by name", "", 0},
        {&user, "something", "openai", "something",
         "not known: asked of the default provider openai", "MODEL_UNKNOWN", 0},
        {&user, "nobody/something", NULL, NULL, "nor a provider of that name", NULL,
         SL_REASON_MODEL_NOT_FOUND},
        {&user, "task:coding", NULL, NULL, "there is no model 'task:coding'", NULL,
         SL_REASON_MODEL_NOT_FOUND},
    };
    (void)state;
    check_rows("providers: [{id: box, kind: custom, base_url: 'http://127.0.0.1:1', "
               "model_patterns: ['corp-*']}]\n"
               "models: [{name: llama, provider: box, model_id: l}]",
               rows, SL_ARRAY_LEN(rows));
}

/* Nobody gets around an entry, or around a tier's list, by a raw name. */
static void keeps_rights(void **state)
{
    static const struct row rows[] = {
        {&pro, "best", "openai", "gpt-4.1", "asked by name", "", 0},
        {&user, "best", NULL, NULL, "tiers that may use it: pro", NULL, SL_REASON_MODEL_FORBIDDEN},
        {&user, "gpt-4.1", NULL, NULL, "tiers that may use it: pro", NULL,
         SL_REASON_MODEL_FORBIDDEN},
        {&user, "openai/gpt-4.1", NULL, NULL, "you may use 'gpt-4o'", NULL,
         SL_REASON_MODEL_FORBIDDEN},
        {&user, "openai/GPT-4.1", NULL, NULL, "you may use 'gpt-4o'", NULL,
         SL_REASON_MODEL_FORBIDDEN},
        {&user, "openai/gpt-4.1 ", NULL, NULL, "there is no model", NULL,
         SL_REASON_MODEL_NOT_FOUND},
        {&user, "openai/./gpt-4.1", NULL, NULL, "there is no model", NULL,
         SL_REASON_MODEL_NOT_FOUND},
        {&pro, "openai/gpt-4.1", "openai", "gpt-4.1", PREFIX, "", 0},
        {&user, "off", NULL, NULL, "is switched off", NULL, SL_REASON_MODEL_DISABLED},
        {&user, "openai/gpt-4o-mini", NULL, NULL, "is not for callers without a tier", NULL,
         SL_REASON_MODEL_FORBIDDEN},
        {&narrow, "gpt-4.1-mini", "openai", "gpt-4.1-mini", KNOWN, "", 0},
        {&narrow, "o3", NULL, NULL, "is not for the tier 'narrow'", NULL,
         SL_REASON_MODEL_FORBIDDEN},
        {&narrow, "something", NULL, NULL, "is not for the tier 'narrow'", NULL,
         SL_REASON_MODEL_FORBIDDEN},
        {&admin, "best", "openai", "gpt-4.1", "asked by name", "", 0},
    };
    (void)state;
    check_rows("models: [{name: best, provider: openai, model_id: gpt-4.1, tiers: [pro]},\n"
               "  {name: off, provider: openai, model_id: gpt-4o-mini, enabled: false},\n"
               "  {name: llama, provider: ollama}]",
               rows, SL_ARRAY_LEN(rows));
}

static void may_refuse_unknown_names(void **state)
{
    static const struct row rows[] = {
        {&user, "something", NULL, NULL, "there is no model 'something'", NULL,
         SL_REASON_MODEL_NOT_FOUND},
        {&user, "gpt-4.1", "openai", "gpt-4.1", KNOWN, "", 0},
    };
    (void)state;
    check_rows("registry: {unknown_models: refuse}", rows, SL_ARRAY_LEN(rows));
}

/* Without a key, the default provider that nobody chose is not asked; one that somebody chose is, and
 * the attempt then says what is missing. */
static void asks_the_default_provider(void **state)
{
    static const struct row said[] = {
        {&user, "something", "openai", "something",
         "not known: asked of the default provider openai", "MODEL_UNKNOWN", 0},
    };
    static const struct row not_said[] = {
        {&user, "something", NULL, NULL, "there is no model 'something'", NULL,
         SL_REASON_MODEL_NOT_FOUND},
        {&user, "gpt-4.1", "openai", "gpt-4.1", KNOWN, "", 0},
    };
    static const struct row other[] = {
        {&user, "something", "ollama", "something",
         "not known: asked of the default provider ollama", "MODEL_UNKNOWN", 0},
    };
    (void)state;
    unsetenv("OPENAI_API_KEY");
    check_rows("registry: {default_provider: openai}", said, 1);
    check_rows("", not_said, SL_ARRAY_LEN(not_said));
    setenv("DEFAULT_LLM_PROVIDER", "ollama", 1);
    check_rows("", other, 1);
    set_up(NULL);
}

static void takes_models_from_the_environment(void **state)
{
    static const struct row rows[] = {
        {&user, "gpt-4o", "openai", "gpt-4o", "asked by name", "", 0},
        {&user, "gpt-5.2", "openai", "gpt-5.2", "asked by name", "", 0},
        {&user, "", "openai", "gpt-4o", "gpt-4o, whose key is there", "", 0},
    };
    static const struct row chosen[] = {
        {&user, "", "openai", "gpt-4.1-mini", "DEFAULT_LLM_MODEL", "", 0},
    };
    static const struct row configured[] = {
        {&user, "", "box", "gpt-4o", "registry default", "", 0},
        {&user, "gpt-4o", "box", "gpt-4o", "asked by name", "", 0},
    };
    (void)state;
    check_rows("", rows, SL_ARRAY_LEN(rows));
    setenv("DEFAULT_LLM_MODEL", "gpt-4.1-mini", 1);
    check_rows("", chosen, 1);
    check_rows("default_model: gpt-4o\n"
               "providers: [{id: box, kind: custom, base_url: 'http://127.0.0.1:1'}]\n"
               "models: [{name: gpt-4o, provider: box}]",
               configured, SL_ARRAY_LEN(configured));
    set_up(NULL);
}

static const char lives[] = "models: [{name: old, provider: openai, model_id: gpt-4.1, "
                            "retirement_date: 2026-02-28, successor: new},\n"
                            "  {name: ending, provider: openai, model_id: gpt-4.1, "
                            "retirement_date: 2026-03-31, successor: new},\n"
                            "  {name: last, provider: openai, model_id: x, "
                            "retirement_date: 2026-03-01},\n"
                            "  {name: loop, provider: openai, model_id: x, retirement_date: "
                            "2026-01-01, successor: loop},\n"
                            "  {name: new, provider: openai, model_id: gpt-5}]\n";

static void minds_the_end_of_models(void **state)
{
    static const struct row refused[] = {
        {&user, "old", NULL, NULL,
         "is retired since 2026-02-28: its provider no longer serves it; "
         "use 'new'",
         NULL, SL_REASON_MODEL_RETIRED},
        {&user, "last", NULL, NULL, "is retired since 2026-03-01", NULL, SL_REASON_MODEL_RETIRED},
        {&user, "ending", "openai", "gpt-4.1", "asked by name", "MODEL_DEPRECATED", 0},
        {&user, "new", "openai", "gpt-5", "asked by name", "", 0},
    };
    static const struct row redirected[] = {
        {&user, "old", "openai", "gpt-5", "in place of old, which is retired", "MODEL_REDIRECTED",
         0},
        {&user, "last", NULL, NULL, "is retired since 2026-03-01", NULL, SL_REASON_MODEL_RETIRED},
        {&user, "loop", NULL, NULL, "is retired since 2026-01-01", NULL, SL_REASON_MODEL_RETIRED},
    };
    char text[1024];
    (void)state;
    check_rows(lives, refused, SL_ARRAY_LEN(refused));
    snprintf(text, sizeof(text), "registry: {retired_models: redirect}\n%s", lives);
    check_rows(text, redirected, SL_ARRAY_LEN(redirected));
}

/* Also where something else answers, or nothing. */
static void names_the_model_that_ends(void **state)
{
    static const struct {
        const char *policy, *name, *ending;
    } rows[] = {
        {"refuse", "old", "old"},
        {"refuse", "ending", "ending"},
        {"refuse", "new", NULL},
        {"refuse", "openai/o1-preview", "openai/o1-preview"},
        {"refuse", "nobody/something", NULL},
        {"redirect", "old", "old"},
        {"redirect", "loop", "loop"},
        {"redirect", "new", NULL},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[1024];
        struct sl_arena arena;
        struct sl_candidates out;
        struct sl_err err = {0};
        snprintf(text, sizeof(text), "registry: {retired_models: %s}\n%s", rows[i].policy, lives);
        struct sl_registry *r = make(text);
        sl_arena_init(&arena, SIZE_MAX);
        const struct sl_resolve_spec spec = {.registry = r,
                                             .principal = &user,
                                             .name = rows[i].name,
                                             .now_ms = NOW_MS,
                                             .arena = &arena};
        memset(&out, 0xff, sizeof(out));
        (void)!sl_resolve_request(&spec, &out, &err);
        if (!out.ending != !rows[i].ending ||
            (out.ending && strcmp(out.ending->name, rows[i].ending) != 0))
            fail_msg("%s: '%s' ends", rows[i].name, out.ending ? out.ending->name : "none");
        sl_arena_fini(&arena);
        sl_registry_unref(r);
    }
}

/* The catalogue's dates, at the provider's own address, do what an entry's do. */
static void minds_the_catalogues_dates(void **state)
{
    static const char text[] =
        "registry: {retired_models: %s}\n"
        "providers: [{id: box, kind: custom, base_url: 'http://127.0.0.1:1'}]\n"
        "models: [{name: mine, provider: openai, model_id: o1-preview},\n"
        "  {name: boxed, provider: box, model_id: o1-preview}]";
    static const struct row refused[] = {
        {&user, "mine", NULL, NULL,
         "is retired since 2025-07-28: its provider no longer serves it; use 'o3'", NULL,
         SL_REASON_MODEL_RETIRED},
        {&user, "openai/o1-preview", NULL, NULL, "is retired since 2025-07-28", NULL,
         SL_REASON_MODEL_RETIRED},
        {&user, "boxed", "box", "o1-preview", "asked by name", "", 0},
    };
    static const struct row redirected[] = {
        {&user, "mine", "openai", "o3", "in place of mine, which is retired", "MODEL_REDIRECTED",
         0},
        {&user, "openai/o1-preview", "openai", "o3",
         "in place of openai/o1-preview, which is retired", "MODEL_REDIRECTED", 0},
    };
    char config[512];
    (void)state;
    snprintf(config, sizeof(config), text, "refuse");
    check_rows(config, refused, SL_ARRAY_LEN(refused));
    snprintf(config, sizeof(config), text, "redirect");
    check_rows(config, redirected, SL_ARRAY_LEN(redirected));
}

static void tells_who_may(void **state)
{
    struct sl_arena arena;
    struct sl_model_access access;
    struct sl_err err = {0};
    (void)state;
    struct sl_registry *r = make("models: [{name: best, provider: openai, tiers: [pro, max]},\n"
                                 "  {name: llama, provider: ollama}]");
    sl_arena_init(&arena, SIZE_MAX);
    struct sl_resolve_spec spec = {
        .registry = r, .principal = &user, .name = "best", .now_ms = NOW_MS, .arena = &arena};
    assert_int_equal(sl_resolve_access(&spec, &access, &err), SL_OK);
    assert_false(access.allowed);
    assert_string_equal(access.tiers[1], "max");
    assert_non_null(access.alternative);
    spec.principal = &pro;
    assert_int_equal(sl_resolve_access(&spec, &access, &err), SL_OK);
    assert_true(access.allowed);
    assert_string_equal(access.model->name, "best");
    spec.name = "no/such";
    assert_int_equal(sl_resolve_access(&spec, &access, &err), SL_NOT_FOUND);
    sl_arena_fini(&arena);
    sl_registry_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_names_without_an_entry),
        cmocka_unit_test(keeps_rights),
        cmocka_unit_test(may_refuse_unknown_names),
        cmocka_unit_test(asks_the_default_provider),
        cmocka_unit_test(takes_models_from_the_environment),
        cmocka_unit_test(minds_the_end_of_models),
        cmocka_unit_test(names_the_model_that_ends),
        cmocka_unit_test(minds_the_catalogues_dates),
        cmocka_unit_test(tells_who_may),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
