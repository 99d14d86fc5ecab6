/* What an upgrade writes to a row: what was the catalogue's follows, what the entry says stays. */
#include "kit.h"

#include "registry/upgrade/model_row.h"

static const char facts[] =
    "models:\n"
    "- {provider: openai, id: t-old, input: [text], output: [text], context_tokens: 8192, "
    "max_output_tokens: 4096, tools: true, vision: false, prices: {input: 10, output: 30}, "
    "retires: 2026-02-01, successor: t-new, api: responses, speed_tokens_per_second: 50}\n"
    "- {provider: openai, id: t-new, input: [text], output: [text], context_tokens: 128000, "
    "max_output_tokens: 4096, tools: true, vision: true, prices: {input: 2.5, output: 30}, "
    "temperature: false}\n";

static const char config[] = "models:\n- {name: t-old, provider: openai}\n";

struct scene {
    struct sl_registry *registry;
    struct sl_arena arena;
    struct sl_row *row;
    struct sl_successor successor;
    struct sl_upgrade_row u;
};

static int set_up(void **state)
{
    static struct scene s;
    s.registry = kit_registry(config, facts);
    sl_arena_init(&s.arena, SIZE_MAX);
    const struct sl_model *m = kit_model(s.registry, "t-old");
    sl_model_successor(s.registry, m, KIT_NOW_MS, &s.successor);
    assert_string_equal(s.successor.id, "t-new");
    s.row = sl_row_create(&s.arena, SL_TABLE_MODELS);
    sl_row_set_text(s.row, SL_COL_ID, "01920000-0000-7000-8000-000000000001");
    sl_row_set_text(s.row, SL_COL_NAME, "t-old");
    sl_row_set_text(s.row, SL_MODELS_PROVIDER, "openai");
    sl_row_set_text(s.row, SL_MODELS_MODEL_ID, "t-old");
    s.u = (struct sl_upgrade_row){
        .before = s.row, .model = m, .successor = &s.successor, .arena = &s.arena};
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    sl_arena_fini(&s->arena);
    sl_registry_unref(s->registry);
    return 0;
}

static bool says(const struct scene *s, const char *part)
{
    for (size_t i = 0; i < s->u.n_says; i++) {
        if (strstr(s->u.says[i], part))
            return true;
    }
    return false;
}

/* How many columns the patch has besides the id. */
static int columns(const struct scene *s)
{
    return __builtin_popcountll(s->u.patch->set) - 1;
}

static void an_entry_that_says_nothing(void **state)
{
    struct scene *s = *state;
    sl_upgrade_row(&s->u);
    assert_int_equal(columns(s), 1);
    assert_string_equal(sl_row_text(s->u.patch, SL_MODELS_MODEL_ID), "t-new");
    assert_true(says(s, "context_tokens, by the catalogue: 8192 -> 128000"));
    assert_true(says(s, "input price, by the catalogue: $10 -> $2.5 per M tokens"));
    assert_true(says(s, "vision, by the catalogue: no -> yes"));
    assert_false(says(s, "output price"));
    assert_false(says(s, "max_output_tokens"));
    assert_false(says(s, "tools"));
}

static void copies_of_the_catalogue_follow(void **state)
{
    struct scene *s = *state;
    sl_row_set_int(s->row, SL_MODELS_CONTEXT_TOKENS, 8192);
    sl_row_set_int(s->row, SL_MODELS_MAX_OUTPUT_TOKENS, 4096);
    sl_row_set_real(s->row, SL_MODELS_SPEED, 50);
    sl_row_set_text(s->row, SL_MODELS_PRICES, "{\"input\":10000000,\"output\":30000000}");
    sl_row_set_text(s->row, SL_MODELS_CAPABILITIES, "{\"tools\":true,\"vision\":false}");
    sl_row_set_text(s->row, SL_MODELS_API, "responses");
    sl_row_set_text(s->row, SL_MODELS_BASE_MODEL, "T-Old");
    sl_upgrade_row(&s->u);
    const unsigned emptied[] = {SL_MODELS_CONTEXT_TOKENS, SL_MODELS_MAX_OUTPUT_TOKENS,
                                SL_MODELS_SPEED,          SL_MODELS_PRICES,
                                SL_MODELS_CAPABILITIES,   SL_MODELS_API,
                                SL_MODELS_BASE_MODEL};
    assert_int_equal(columns(s), 1 + (int)SL_ARRAY_LEN(emptied));
    for (size_t i = 0; i < SL_ARRAY_LEN(emptied); i++)
        assert_true(sl_row_is_set(s->u.patch, emptied[i]));
    assert_int_equal(sl_row_int(s->u.patch, SL_MODELS_CONTEXT_TOKENS), 0);
    assert_string_equal(sl_row_text(s->u.patch, SL_MODELS_PRICES), "");
    assert_true(says(s, "context_tokens, by the catalogue: 8192 -> 128000"));
}

static void what_the_entry_says_stays(void **state)
{
    struct scene *s = *state;
    sl_row_set_int(s->row, SL_MODELS_CONTEXT_TOKENS, 4000);
    sl_row_set_int(s->row, SL_MODELS_DEFAULT_MAX_OUTPUT_TOKENS, 9000);
    sl_row_set_real(s->row, SL_MODELS_TEMPERATURE, 0.2);
    sl_row_set_real(s->row, SL_MODELS_SPEED, 77);
    sl_row_set_text(s->row, SL_MODELS_PRICES, "{\"input\":9000000,\"output\":30000000}");
    sl_row_set_text(s->row, SL_MODELS_CAPABILITIES, "{\"tools\":false}");
    sl_row_set_text(s->row, SL_MODELS_API, "completions");
    sl_upgrade_row(&s->u);
    assert_int_equal(columns(s), 1);
    assert_true(says(s, "context_tokens: stays 4000, as the entry says; the catalogue: 128000"));
    assert_true(says(s, "prices: stay as the entry says"));
    assert_true(says(s, "capabilities: stay as the entry says"));
    assert_true(says(s, "api: stays completions"));
    assert_true(says(s, "temperature: stays set"));
    assert_true(says(s, "more than the successor can: 4096"));
    assert_true(says(s, "speed: stays 77"));
}

static void the_old_ids_end_goes(void **state)
{
    struct scene *s = *state;
    sl_row_set_int(s->row, SL_MODELS_DEPRECATED_AT_MS, KIT_NOW_MS - KIT_DAY_MS);
    sl_row_set_int(s->row, SL_MODELS_RETIRES_AT_MS, KIT_NOW_MS);
    sl_row_set_text(s->row, SL_MODELS_SUCCESSOR, "t-new");
    sl_upgrade_row(&s->u);
    assert_int_equal(columns(s), 4);
    assert_int_equal(sl_row_int(s->u.patch, SL_MODELS_RETIRES_AT_MS), 0);
    assert_string_equal(sl_row_text(s->u.patch, SL_MODELS_SUCCESSOR), "");
}

static void the_old_name_stays_an_alias(void **state)
{
    struct scene *s = *state;
    s->u.new_name = "t-new";
    sl_row_set_text(s->row, SL_MODELS_ALIASES, "[\"quick\",\"t-new\"]");
    sl_upgrade_row(&s->u);
    assert_string_equal(sl_row_text(s->u.patch, SL_COL_NAME), "t-new");
    assert_string_equal(sl_row_text(s->u.patch, SL_MODELS_ALIASES), "[\"quick\",\"t-old\"]");
    assert_true(says(s, "t-old stays an alias"));
}

/* A fine-tune or deployment that said whose facts it has goes on with them. */
static void another_base_model_stays(void **state)
{
    struct scene *s = *state;
    sl_row_set_text(s->row, SL_MODELS_BASE_MODEL, "gpt-4o");
    sl_row_set_int(s->row, SL_MODELS_CONTEXT_TOKENS, 8192);
    sl_upgrade_row(&s->u);
    assert_int_equal(columns(s), 1);
    assert_true(says(s, "base_model: stays gpt-4o"));
    assert_false(says(s, "by the catalogue"));
}

static void nothing_is_known_of_the_successor(void **state)
{
    struct scene *s = *state;
    s->successor = (struct sl_successor){.kind = SL_SUCCESSOR_ID, .name = "x", .id = "x"};
    sl_row_set_int(s->row, SL_MODELS_CONTEXT_TOKENS, 8192);
    sl_row_set_text(s->row, SL_MODELS_PRICES, "{\"input\":10000000,\"output\":30000000}");
    sl_upgrade_row(&s->u);
    assert_int_equal(columns(s), 1);
    assert_true(says(s, "nothing is known of the successor"));
    assert_true(says(s, "context_tokens: stays 8192"));
    assert_true(says(s, "prices: stay"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_entry_that_says_nothing),        TEST(copies_of_the_catalogue_follow),
        TEST(what_the_entry_says_stays),         TEST(the_old_ids_end_goes),
        TEST(the_old_name_stays_an_alias),       TEST(another_base_model_stays),
        TEST(nothing_is_known_of_the_successor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
