/* What preferences do to names and defaults. */
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
#include "routing/wishes.h"

#define MODELS                                                                                     \
    "models:\n"                                                                                    \
    "  - {name: big, aliases: [large], provider: ollama, prices: {input: 3, output: 15},\n"        \
    "     speed_tokens_per_second: 50, tasks: [coding], capabilities: {reasoning: true}}\n"        \
    "  - {name: mid, provider: ollama, prices: {input: 2, output: 8}, speed_tokens_per_second: "   \
    "90,\n"                                                                                        \
    "     capabilities: {reasoning: true}}\n"                                                      \
    "  - {name: small, provider: ollama, prices: {input: 0.1, output: 0.4}, "                      \
    "speed_tokens_per_second: 70}\n"                                                               \
    "  - {name: unpriced, provider: ollama}\n"                                                     \
    "  - {name: vectors, provider: ollama, prices: {input: 0.01, output: 0}, "                     \
    "speed_tokens_per_second: 999,\n"                                                              \
    "     capabilities: {embeddings: true}}\n"                                                     \
    "  - {name: elite, provider: ollama, tiers: [pro], prices: {input: 0.01, output: 0.01}}\n"

static struct sl_registry *make(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_registry *r = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = c}, &r, &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c);
    return r;
}

struct row {
    const char *wishes; /* JSON as it is stored */
    const char *name, *task;
    const char *model; /* NULL: an error */
    const char *why;   /* reason, or a part of the error's text */
    const char *note;  /* a part of the first note's text; "": there is none */
    enum sl_reason reason;
};

static void check_row(const struct sl_registry *r, const struct row *row)
{
    struct sl_preferences *wishes = sl_preferences_create(row->wishes);
    const struct sl_principal user = {
        .id = "u", .tier = "", .roles = SL_ROLE_USER, .preferences = wishes};
    struct sl_arena arena;
    struct sl_candidates out = {0};
    struct sl_err err = {0};
    sl_arena_init(&arena, SIZE_MAX);
    const struct sl_resolve_spec spec = {
        .registry = r, .principal = &user, .name = row->name, .task = row->task, .arena = &arena};
    enum sl_code code = sl_resolve_request(&spec, &out, &err);
    if (row->model) {
        if (code)
            fail_msg("%s '%s': %s", row->wishes, row->name, err.text);
        const char *note = out.n_notes ? out.notes[0].text : "";
        if (strcmp(out.list[0].model->name, row->model) || strcmp(out.list[0].reason, row->why) ||
            (*row->note ? !strstr(note, row->note) : *note))
            fail_msg("%s '%s': %s, %s, note '%s'", row->wishes, row->name, out.list[0].model->name,
                     out.list[0].reason, note);
    } else if (!code || err.reason != row->reason || !strstr(err.text, row->why)) {
        fail_msg("%s '%s': %s, %s", row->wishes, row->name, sl_reason_name(err.reason), err.text);
    }
    sl_arena_fini(&arena);
    sl_preferences_unref(wishes);
}

static void check_rows(const char *config, const struct row *rows, size_t n)
{
    struct sl_registry *r = make(config);
    for (size_t i = 0; i < n; i++)
        check_row(r, &rows[i]);
    sl_registry_unref(r);
}

#define TASKS "{\"task_models\":{\"coding\":\"models/mid\",\"chat\":\"large\",\"gone\":\"nothing\"}"
#define FIRST "the first model by name that the caller may use"

static void follows_defaults_for_tasks(void **state)
{
    static const struct row rows[] = {
        {TASKS "}", "", "coding", "mid", "default of the user for coding", "", 0},
        {TASKS "}", "", "chat", "big", "default of the user for chat", "", 0},
        {TASKS "}", "small", "coding", "small", "asked by name", "", 0},
        {TASKS "}", "", "", "small", "registry default", "", 0},
        {TASKS "}", "", "poetry", "small", "registry default", "", 0},
        {TASKS "}", "", "gone", "small", "registry default",
         "default of the user for gone, 'nothing', is not there", 0},
        {TASKS ",\"hidden_models\":[\"mid\"]}", "", "coding", "small", "registry default",
         "default of the user for coding, 'mid', is hidden", 0},
        {TASKS ",\"cost_ceiling_nanos\":9000000}", "", "coding", "small", "registry default",
         "is above the cost ceiling", 0},
        {"", "", "coding", "small", "registry default", "", 0},
    };
    (void)state;
    check_rows(MODELS "default_model: small", rows, SL_ARRAY_LEN(rows));
}

#define HIDES(list) "{\"hidden_models\":[" list "]}"

static void passes_over_hidden_models(void **state)
{
    static const struct row rows[] = {
        {"", "", "", "big", "the first model by name", "", 0},
        {HIDES("\"big\""), "", "", "mid", FIRST, "", 0},
        {HIDES("\"large\""), "", "", "mid", FIRST, "", 0},
        {HIDES("\"global/big\",\"mid\""), "", "", "small", FIRST, "", 0},
        {HIDES("\"big\""), "big", "", "big", "asked by name", "", 0},
        {HIDES("\"big\""), "large", "", "big", "asked by alias", "", 0},
        {HIDES("\"big\",\"mid\",\"small\",\"unpriced\",\"vectors\""), "", "", NULL,
         "that the caller's preferences allow", NULL, SL_REASON_NO_DEFAULT_MODEL},
    };
    static const struct row chosen[] = {
        {HIDES("\"mid\""), "", "", "big", FIRST, "registry default, 'mid', is hidden", 0},
        {HIDES("\"big\""), "", "", "mid", "registry default", "", 0},
    };
    (void)state;
    check_rows(MODELS, rows, SL_ARRAY_LEN(rows));
    check_rows(MODELS "default_model: mid", chosen, SL_ARRAY_LEN(chosen));
}

#define WANTS(priority) "{\"priority\":\"" priority "\"}"
#define BY ", by the user's priority"

static void follows_the_priority(void **state)
{
    static const struct row rows[] = {
        {WANTS("cost"), "", "", "small", "the cheapest model that the caller may use" BY, "", 0},
        {WANTS("speed"), "", "", "mid", "the fastest model that the caller may use" BY, "", 0},
        {WANTS("quality"), "", "", "big", "the best model that the caller may use" BY, "", 0},
        {WANTS("cost"), "mid", "", "mid", "asked by name", "", 0},
        {"{\"priority\":\"cost\",\"hidden_models\":[\"small\"]}", "", "", "mid",
         "the cheapest model that the caller may use" BY, "", 0},
        {"{\"priority\":\"quality\",\"cost_ceiling_nanos\":10000000}", "", "", "mid",
         "the best model that the caller may use" BY, "", 0},
    };
    static const struct row chosen[] = {
        {WANTS("cost"), "", "", "mid", "registry default", "", 0},
    };
    static const struct row tasks[] = {
        {WANTS("quality"), "", "coding", "cheap", "the best model that the caller may use" BY, "",
         0},
        {WANTS("quality"), "", "", "dear", "the best model that the caller may use" BY, "", 0},
    };
    (void)state;
    check_rows(MODELS, rows, SL_ARRAY_LEN(rows));
    check_rows(MODELS "default_model: mid", chosen, SL_ARRAY_LEN(chosen)); /* no choice is left */
    check_rows("models:\n"
               "  - {name: dear, provider: ollama, prices: {input: 9, output: 9}}\n"
               "  - {name: cheap, provider: ollama, prices: {input: 1, output: 1}, tasks: "
               "[coding]}\n",
               tasks, SL_ARRAY_LEN(tasks));
}

#define CEILING(nanos) "{\"cost_ceiling_nanos\":" #nanos "}"

static void holds_the_ceiling(void **state)
{
    static const struct row rows[] = {
        {CEILING(18000000), "big", "", "big", "asked by name", "", 0},
        {CEILING(17999999), "big", "", NULL,
         "the model 'big' costs $0.018 for 1000 tokens in and 1000 out, above the cost ceiling of "
         "$0.018 in your preferences; you may use 'mid', which costs $0.01",
         NULL, SL_REASON_COST_CEILING},
        {CEILING(1000000), "mid", "", NULL, "you may use 'small', which costs $0.0005", NULL,
         SL_REASON_COST_CEILING},
        {CEILING(1000), "large", "", NULL, "you may use 'unpriced'", NULL, SL_REASON_COST_CEILING},
        {CEILING(1000), "unpriced", "", "unpriced", "asked by name", "", 0},
        {CEILING(17999999), "", "", "mid", FIRST, "", 0},
        {CEILING(1), "elite", "", NULL, "is not for callers without a tier", NULL,
         SL_REASON_MODEL_FORBIDDEN},
    };
    static const struct row chosen[] = {
        {CEILING(10000000), "", "", "mid", FIRST,
         "registry default, 'big', is above the cost ceiling", 0},
    };
    (void)state;
    check_rows(MODELS, rows, SL_ARRAY_LEN(rows));
    check_rows(MODELS "default_model: big", chosen, SL_ARRAY_LEN(chosen));
}

static void minds_the_tasks_of_tiers(void **state)
{
    static const char *const tasks[] = {"chat", NULL}, *const all[] = {NULL};
    static const struct sl_tier tier = {.name = "t", .models = all, .tasks = tasks, .rpcs = all};
    static const struct sl_principal user = {
        .id = "u", .tier = "t", .rights = &tier, .roles = SL_ROLE_USER};
    struct sl_registry *r = make(MODELS);
    struct sl_candidates out;
    struct sl_err err = {0};
    struct sl_arena arena;
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    struct sl_resolve_spec spec = {
        .registry = r, .principal = &user, .name = "big", .task = "chat", .arena = &arena};
    assert_int_equal(sl_resolve_request(&spec, &out, &err), SL_OK);
    spec.task = "coding";
    assert_int_equal(sl_resolve_request(&spec, &out, &err), SL_PERMISSION_DENIED);
    assert_int_equal(err.reason, SL_REASON_TASK_FORBIDDEN);
    assert_string_equal(err.text, "the task 'coding' is not for the tier 't'");
    sl_arena_fini(&arena);
    sl_registry_unref(r);
}

/* Who looks at a model is not kept from it. */
static void shows_all_models(void **state)
{
    struct sl_preferences *wishes =
        sl_preferences_create("{\"hidden_models\":[\"big\"],\"favourite_models\":[\"large\"],"
                              "\"cost_ceiling_nanos\":1}");
    const struct sl_principal user = {
        .id = "u", .tier = "", .roles = SL_ROLE_USER, .preferences = wishes};
    struct sl_registry *r = make(MODELS);
    struct sl_candidates out;
    struct sl_err err = {0};
    (void)state;
    assert_int_equal(sl_resolve(r, &user, "models/big", &out, &err), SL_OK);
    assert_true(sl_wishes_hide(r, &user, out.list[0].model));
    assert_true(sl_wishes_favour(r, &user, out.list[0].model));
    assert_true(sl_wishes_too_dear(&user, out.list[0].model));
    assert_int_equal(sl_resolve(r, &user, "small", &out, &err), SL_OK);
    assert_false(sl_wishes_hide(r, &user, out.list[0].model));
    assert_false(sl_wishes_favour(r, &user, out.list[0].model));
    sl_registry_unref(r);
    sl_preferences_unref(wishes);
}

static int set_up(void **state)
{
    (void)state;
    unsetenv("DEFAULT_LLM_MODEL");
    unsetenv("DEFAULT_LLM_PROVIDER");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_defaults_for_tasks), cmocka_unit_test(passes_over_hidden_models),
        cmocka_unit_test(follows_the_priority),       cmocka_unit_test(holds_the_ceiling),
        cmocka_unit_test(minds_the_tasks_of_tiers),   cmocka_unit_test(shows_all_models),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
