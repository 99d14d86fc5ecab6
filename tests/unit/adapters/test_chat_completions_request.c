/* Requests of chat completions: every field but the messages (test_chat_completions_messages.c). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define HEAD "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static void begin(struct kit *k, const char *kind)
{
    kit_init(k, kind);
    kit_text(k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
}

/* The body is HEAD, the members, and the end. */
static void expect(struct kit *k, bool stream, const char *members)
{
    const char *body = kit_build(k, stream, NULL);

    if (!body)
        fail_msg("refused: %s", k->err.text);
    assert_string_equal(body, sl_arena_printf(&k->arena, "%s%s}", HEAD, members));
}

static void expect_refused(struct kit *k, enum sl_code code, const char *field)
{
    assert_null(kit_build(k, false, NULL));
    assert_int_equal(k->err.code, code);
    assert_string_equal(k->err.field, field);
}

/* ---- rows: one setting, what is sent, what is warned about ---- */

static void set_nothing(struct kit *k)
{
    (void)k;
}

static void set_temperature(struct kit *k)
{
    k->request._temperature_case = SLUICE__V1__COMPLETE_REQUEST___TEMPERATURE_TEMPERATURE;
    k->request.temperature = 0;
}

static void set_top_p(struct kit *k)
{
    k->request._top_p_case = SLUICE__V1__COMPLETE_REQUEST___TOP_P_TOP_P;
    k->request.top_p = 0.25;
}

static void set_top_k(struct kit *k)
{
    k->request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    k->request.top_k = 40;
}

static void set_penalties(struct kit *k)
{
    k->request._frequency_penalty_case =
        SLUICE__V1__COMPLETE_REQUEST___FREQUENCY_PENALTY_FREQUENCY_PENALTY;
    k->request.frequency_penalty = -0.5;
    k->request._presence_penalty_case =
        SLUICE__V1__COMPLETE_REQUEST___PRESENCE_PENALTY_PRESENCE_PENALTY;
    k->request.presence_penalty = 1.5;
}

static void set_seed(struct kit *k)
{
    k->request._seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED_SEED;
    k->request.seed = INT64_MIN;
}

static void set_max(struct kit *k)
{
    k->request._max_output_tokens_case =
        SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    k->request.max_output_tokens = 100;
}

static void set_max_legacy(struct kit *k)
{
    set_max(k);
    k->target.legacy_max_tokens = true;
}

static char *stops[] = {(char *)"\n", (char *)"END", (char *)"3", (char *)"4", (char *)"5"};

static void set_stop(struct kit *k)
{
    k->request.stop = stops;
    k->request.n_stop = 2;
}

static void set_five_stops(struct kit *k)
{
    k->request.stop = stops;
    k->request.n_stop = 5;
}

static void set_logprobs(struct kit *k)
{
    k->request._logprobs_case = SLUICE__V1__COMPLETE_REQUEST___LOGPROBS_LOGPROBS;
    k->request.logprobs = true;
}

static void set_no_logprobs(struct kit *k)
{
    set_logprobs(k);
    k->request.logprobs = false;
}

static void set_top_logprobs(struct kit *k)
{
    k->request._top_logprobs_case = SLUICE__V1__COMPLETE_REQUEST___TOP_LOGPROBS_TOP_LOGPROBS;
    k->request.top_logprobs = 3;
}

static Sluice__V1__ResponseFormat *format(struct kit *k, Sluice__V1__ResponseFormat__Type type)
{
    Sluice__V1__ResponseFormat *f = SL_ARENA_NEW(&k->arena, Sluice__V1__ResponseFormat);

    sluice__v1__response_format__init(f);
    f->type = type;
    return k->request.response_format = f;
}

static void set_text(struct kit *k)
{
    format(k, SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT);
}

static void set_json(struct kit *k)
{
    format(k, SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON);
}

static void set_schema(struct kit *k)
{
    format(k, SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)->schema_json =
        (char *)"{\"b\": 1.0, \"a\":12345678901234567890}";
}

static void set_full_schema(struct kit *k)
{
    set_schema(k);
    k->request.response_format->schema_name = (char *)"city";
    k->request.response_format->description = (char *)"A \"city\"";
    k->request.response_format->_strict_case = SLUICE__V1__RESPONSE_FORMAT___STRICT_STRICT;
    k->request.response_format->strict = true;
}

static Sluice__V1__ReasoningOptions *reasoning(struct kit *k)
{
    Sluice__V1__ReasoningOptions *r = SL_ARENA_NEW(&k->arena, Sluice__V1__ReasoningOptions);

    sluice__v1__reasoning_options__init(r);
    return k->request.reasoning = r;
}

static void set_effort(struct kit *k)
{
    reasoning(k)->effort = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH;
}

static void set_no_effort(struct kit *k)
{
    reasoning(k)->effort = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE;
}

static void set_budget(struct kit *k)
{
    reasoning(k)->_budget_tokens_case = SLUICE__V1__REASONING_OPTIONS___BUDGET_TOKENS_BUDGET_TOKENS;
}

static void set_summary(struct kit *k)
{
    reasoning(k)->summary = (char *)"auto";
}

static void set_end_user(struct kit *k)
{
    k->request.end_user = (char *)"u-1";
}

static void set_parallel(struct kit *k)
{
    k->request._parallel_tool_calls_case =
        SLUICE__V1__COMPLETE_REQUEST___PARALLEL_TOOL_CALLS_PARALLEL_TOOL_CALLS;
}

static void set_defaults(struct kit *k)
{
    k->target.has_temperature = k->target.has_top_p = k->target.has_max_output_tokens = true;
    k->target.temperature = 0.7;
    k->target.top_p = 1;
    k->target.max_output_tokens = 50;
}

static void set_over_defaults(struct kit *k)
{
    set_defaults(k);
    set_temperature(k);
    set_max(k);
}

static void set_own_fields(struct kit *k)
{
    k->request.request_id = k->request.conversation_id = k->request.message_id = (char *)"x";
    k->request.include_message = true;
    k->request.model = (char *)"alias";
}

static void set_options(struct kit *k)
{
    k->request.provider_options_json = (char *)" {\"n\":1, \"x\":{\"temperature\":[1]} } ";
}

static void set_target_options(struct kit *k)
{
    k->request.provider_options_json = (char *)"{\"n\":1,\"store\":true}";
    k->target.provider_options_json = "{\"store\":false, \"verbosity\" : \"low\",\"n\":3,\"z\":[]}";
}

static void set_only_target_options(struct kit *k)
{
    k->target.provider_options_json = "{\"service_tier\":\"flex\"}";
}

static void set_blank_options(struct kit *k)
{
    k->request.provider_options_json = (char *)" \n";
    k->target.provider_options_json = "{ }";
}

static const struct {
    const char *kind;
    void (*set)(struct kit *k);
    const char *members;
    const char *warned; /* field; NULL: no warning */
} rows[] = {
    {"openai", set_nothing, "", NULL},
    {"custom", set_nothing, "", NULL},
    {"openai", set_temperature, ",\"temperature\":0", NULL},
    {"openai", set_top_p, ",\"top_p\":0.25", NULL},
    {"openai", set_top_k, "", "top_k"},
    {"custom", set_top_k, ",\"top_k\":40", NULL},
    {"openai", set_penalties, ",\"frequency_penalty\":-0.5,\"presence_penalty\":1.5", NULL},
    {"openai", set_seed, ",\"seed\":-9223372036854775808", NULL},
    {"openai", set_max, ",\"max_completion_tokens\":100", NULL},
    {"custom", set_max, ",\"max_tokens\":100", NULL},
    {"openai", set_max_legacy, ",\"max_tokens\":100", NULL},
    {"openai", set_stop, ",\"stop\":[\"\\n\",\"END\"]", NULL},
    {"openai", set_five_stops, ",\"stop\":[\"\\n\",\"END\",\"3\",\"4\"]", "stop"},
    {"custom", set_five_stops, ",\"stop\":[\"\\n\",\"END\",\"3\",\"4\",\"5\"]", NULL},
    {"openai", set_logprobs, ",\"logprobs\":true", NULL},
    {"openai", set_no_logprobs, ",\"logprobs\":false", NULL},
    {"openai", set_top_logprobs, ",\"logprobs\":true,\"top_logprobs\":3", NULL},
    {"openai", set_text, "", NULL},
    {"openai", set_json, ",\"response_format\":{\"type\":\"json_object\"}", NULL},
    {"openai", set_schema,
     ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"response\","
     "\"schema\":{\"b\": 1.0, \"a\":12345678901234567890}}}",
     NULL},
    {"custom", set_full_schema,
     ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"city\","
     "\"description\":\"A \\\"city\\\"\",\"schema\":{\"b\": 1.0, \"a\":12345678901234567890},"
     "\"strict\":true}}",
     NULL},
    {"openai", set_effort, ",\"reasoning_effort\":\"xhigh\"", NULL},
    {"openai", set_no_effort, ",\"reasoning_effort\":\"none\"", NULL},
    {"openai", set_budget, "", "reasoning.budget_tokens"},
    {"openai", set_summary, "", "reasoning.summary"},
    {"openai", set_end_user, ",\"safety_identifier\":\"u-1\"", NULL},
    {"custom", set_end_user, ",\"user\":\"u-1\"", NULL},
    {"openai", set_parallel, "", "parallel_tool_calls"},
    {"openai", set_defaults, ",\"temperature\":0.7,\"top_p\":1,\"max_completion_tokens\":50", NULL},
    {"openai", set_over_defaults, ",\"temperature\":0,\"top_p\":1,\"max_completion_tokens\":100",
     NULL},
    {"openai", set_own_fields, "", NULL},
    {"openai", set_options, ",\"n\":1, \"x\":{\"temperature\":[1]}", NULL},
    {"openai", set_target_options, ",\"n\":1,\"store\":true,\"verbosity\" : \"low\",\"z\":[]",
     NULL},
    {"custom", set_only_target_options, ",\"service_tier\":\"flex\"", NULL},
    {"custom", set_blank_options, "", NULL},
};

static void each_setting_is_sent_or_warned_about(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        begin(&k, rows[i].kind);
        rows[i].set(&k);
        expect(&k, false, rows[i].members);
        assert_int_equal(k.warnings.count, rows[i].warned != NULL);
        if (rows[i].warned)
            assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", rows[i].warned));
        kit_fini(&k);
    }
}

static void what_is_warned_about_can_be_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        if (!rows[i].warned)
            continue;
        begin(&k, rows[i].kind);
        rows[i].set(&k);
        k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
        expect_refused(&k, SL_INVALID_ARGUMENT, rows[i].warned);
        assert_int_equal(k.err.reason, SL_REASON_UNSUPPORTED_PARAMETER);
        kit_fini(&k);
    }
}

/* ---- refusals ---- */

static void bad_schema(struct kit *k)
{
    set_schema(k);
    k->request.response_format->schema_json = (char *)"{\"a\":1}, \"evil\": {}";
}

static void empty_schema(struct kit *k)
{
    set_schema(k);
    k->request.response_format->schema_json = (char *)"";
}

static void bad_effort(struct kit *k)
{
    reasoning(k)->effort = (Sluice__V1__ReasoningOptions__Effort)99;
}

static void bad_temperature(struct kit *k)
{
    set_temperature(k);
    k->request.temperature = NAN;
}

static void bad_penalty(struct kit *k)
{
    set_penalties(k);
    k->request.presence_penalty = INFINITY;
}

static void bad_parameters(struct kit *k)
{
    kit_function(k, "f", "[1]");
}

static void choose_other_tool(struct kit *k)
{
    kit_function(k, "f", "{}");
    k->request.tool_choice = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolChoice);
    sluice__v1__tool_choice__init(k->request.tool_choice);
    k->request.tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
    k->request.tool_choice->name = (char *)"g";
}

static void allow_other_tool(struct kit *k)
{
    static char *allowed[] = {(char *)"f", (char *)"g"};

    choose_other_tool(k);
    k->request.tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO;
    k->request.tool_choice->allowed = allowed;
    k->request.tool_choice->n_allowed = 2;
}

static void require_without_tools(struct kit *k)
{
    choose_other_tool(k);
    k->request.tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED;
    k->request.n_tools = 0;
}

static const struct {
    void (*set)(struct kit *k);
    const char *field;
} refused[] = {
    {bad_schema, "response_format.schema_json"},
    {empty_schema, "response_format.schema_json"},
    {bad_effort, "reasoning.effort"},
    {bad_temperature, "temperature"},
    {bad_penalty, "presence_penalty"},
    {bad_parameters, "tools[0].function.parameters_json"},
    {choose_other_tool, "tool_choice.name"},
    {allow_other_tool, "tool_choice.allowed"},
    {require_without_tools, "tool_choice"},
};

static void wrong_values_are_refused_by_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(refused); i++) {
        struct kit k;
        begin(&k, "openai");
        refused[i].set(&k);
        expect_refused(&k, SL_INVALID_ARGUMENT, refused[i].field);
        kit_fini(&k);
    }
}

/* ---- provider options ---- */

static const struct {
    const char *kind, *json;
    const char *named; /* in the message; NULL: accepted */
} option_rows[] = {
    {"openai", "{\"model\":\"x\"}", "\"model\""},
    {"openai", "{\"n\":1,\"messages\":[]}", "\"messages\""},
    {"openai", "{\"stream\":true}", "\"stream\""},
    {"openai", "{\"stream_options\":{}}", "\"stream_options\""},
    {"openai", "{\"temperature\":1}", "\"temperature\""},
    {"openai", "{\"tem\\u0070erature\":1}", "\"temperature\""},
    {"openai", "{\"max_completion_tokens\":1}", "max_output_tokens"},
    {"openai", "{\"max_tokens\":1}", NULL},
    {"custom", "{\"max_tokens\":1}", "max_output_tokens"},
    {"custom", "{\"max_completion_tokens\":1}", NULL},
    {"custom", "{\"top_k\":1}", "\"top_k\""},
    {"openai", "{\"top_k\":1}", NULL},
    {"openai", "{\"safety_identifier\":\"a\"}", "end_user"},
    {"openai", "{\"user\":\"a\"}", NULL},
    {"openai", "{\"tools\":[]}", "\"tools\""},
    {"openai", "{\"reasoning_effort\":\"low\"}", "reasoning.effort"},
    {"openai", "{\"web_search_options\":{}}", NULL},
    {"openrouter", "{\"models\":[\"a/b\"]}", "\"models\""},
    {"openrouter", "{\"m\\u006fdels\":[\"a/b\"]}", "\"models\""},
    {"openrouter", "{\"route\":\"fallback\"}", "\"route\""},
    {"openrouter", "{\"preset\":\"best\"}", "\"preset\""},
    {"openrouter", "{\"provider\":{\"sort\":\"price\"}}", NULL},
    {"custom", "{\"fallbacks\":[\"other\"]}", "\"fallbacks\""},
    {"openai", "[1]", "provider_options_json"},
    {"openai", "{\"a\":1", "provider_options_json"},
    {"openai", "{\"a\":1}}", "provider_options_json"},
    {"openai", "{a:1}", "provider_options_json"},
};

static void options_may_not_hold_what_has_a_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(option_rows); i++) {
        struct kit k;
        begin(&k, option_rows[i].kind);
        k.request.provider_options_json = (char *)(uintptr_t)option_rows[i].json;
        const char *body = kit_build(&k, false, NULL);
        if (!option_rows[i].named) {
            assert_non_null(body);
        } else {
            assert_null(body);
            assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
            assert_string_equal(k.err.field, "provider_options_json");
            assert_non_null(strstr(k.err.text, option_rows[i].named));
        }
        kit_fini(&k);
    }
}

static void options_of_the_model_are_checked_too(void **state)
{
    static const char *const wrong[] = {"{\"temperature\":1}", "[]", "{"};

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(wrong); i++) {
        struct kit k;
        begin(&k, "openai");
        k.target.provider_options_json = wrong[i];
        expect_refused(&k, SL_FAILED_PRECONDITION, "");
        assert_int_equal(k.err.reason, SL_REASON_CONFIG_INVALID);
        kit_fini(&k);
    }
}

/* ---- tools ---- */

static Sluice__V1__Tool *add_tool(struct kit *k, Sluice__V1__Tool__KindCase kind)
{
    Sluice__V1__Tool *tool = kit_function(k, "", "");

    tool->kind_case = kind;
    return tool;
}

static Sluice__V1__CustomTool *add_custom(struct kit *k, const char *name)
{
    Sluice__V1__CustomTool *custom = SL_ARENA_NEW(&k->arena, Sluice__V1__CustomTool);

    sluice__v1__custom_tool__init(custom);
    custom->name = (char *)(uintptr_t)name;
    add_tool(k, SLUICE__V1__TOOL__KIND_CUSTOM)->custom = custom;
    return custom;
}

static Sluice__V1__ProviderTool *add_provider(struct kit *k, const char *kind)
{
    Sluice__V1__ProviderTool *tool = SL_ARENA_NEW(&k->arena, Sluice__V1__ProviderTool);

    sluice__v1__provider_tool__init(tool);
    tool->kind = (char *)(uintptr_t)kind;
    add_tool(k, SLUICE__V1__TOOL__KIND_PROVIDER)->provider = tool;
    return tool;
}

static void choose(struct kit *k, Sluice__V1__ToolChoice__Mode mode, const char *name)
{
    Sluice__V1__ToolChoice *choice = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolChoice);

    sluice__v1__tool_choice__init(choice);
    choice->mode = mode;
    choice->name = (char *)(uintptr_t)name;
    k->request.tool_choice = choice;
}

static void functions_and_custom_tools_are_offered(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    Sluice__V1__FunctionTool *f = kit_function(&k, "f", "{\"z\": 1, \"a\":2}")->function;
    f->description = (char *)"Does it.";
    f->_strict_case = SLUICE__V1__FUNCTION_TOOL___STRICT_STRICT;
    f->strict = true;
    kit_function(&k, "bare", "");
    Sluice__V1__CustomTool *custom = add_custom(&k, "sql");
    custom->description = (char *)"Runs SQL.";
    custom->format_json = (char *)"{\"type\":\"text\"}";
    add_custom(&k, "plain");
    set_parallel(&k);
    expect(&k, false,
           ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"Does "
           "it.\",\"parameters\":{\"z\": 1, \"a\":2},\"strict\":true}},"
           "{\"type\":\"function\",\"function\":{\"name\":\"bare\"}},"
           "{\"type\":\"custom\",\"custom\":{\"name\":\"sql\",\"description\":\"Runs SQL.\","
           "\"format\":{\"type\":\"text\"}}},"
           "{\"type\":\"custom\",\"custom\":{\"name\":\"plain\"}}],\"parallel_tool_calls\":false");
    assert_int_equal(k.warnings.count, 0);
    kit_fini(&k);
}

#define F "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"
#define C "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}"
#define TOOLS ",\"tools\":[" F "," C "]"

static const struct {
    const char *kind;
    Sluice__V1__ToolChoice__Mode mode;
    const char *name;
    bool allow_c; /* allowed: c */
    const char *members;
} choice_rows[] = {
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_UNSPECIFIED, "", false,
     TOOLS ",\"tool_choice\":\"auto\""},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO, "", false,
     TOOLS ",\"tool_choice\":\"auto\""},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE, "", false,
     TOOLS ",\"tool_choice\":\"none\""},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE, "", true,
     TOOLS ",\"tool_choice\":\"none\""},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED, "", false,
     TOOLS ",\"tool_choice\":\"required\""},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL, "f", false, TOOLS ",\"tool_choice\":" F},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL, "c", false, TOOLS ",\"tool_choice\":" C},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO, "", true,
     TOOLS ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\","
           "\"tools\":[" C "]}}"},
    {"openai", SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED, "", true,
     TOOLS ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\","
           "\"tools\":[" C "]}}"},
    {"custom", SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED, "", true,
     ",\"tools\":[" C "],\"tool_choice\":\"required\""},
};

static void the_choice_is_sent(void **state)
{
    static char *allowed[] = {(char *)"c"};

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(choice_rows); i++) {
        struct kit k;
        begin(&k, choice_rows[i].kind);
        kit_function(&k, "f", "");
        add_custom(&k, "c");
        choose(&k, choice_rows[i].mode, choice_rows[i].name);
        if (choice_rows[i].allow_c) {
            k.request.tool_choice->allowed = allowed;
            k.request.tool_choice->n_allowed = 1;
        }
        expect(&k, false, choice_rows[i].members);
        kit_fini(&k);
    }
}

static void a_choice_without_tools_says_nothing(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    choose(&k, SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE, "");
    expect(&k, false, "");
    kit_fini(&k);
}

static void web_search_is_the_only_tool_of_openai_here(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    add_provider(&k, "web_search")->configuration_json =
        (char *)"{\"search_context_size\":\"low\"}";
    add_provider(&k, "code_interpreter");
    add_provider(&k, "web_search");
    expect(&k, false, ",\"web_search_options\":{\"search_context_size\":\"low\"}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "tools[1].provider"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "tools[2].provider"));
    k.request.provider_options_json = (char *)"{\"web_search_options\":{}}";
    expect_refused(&k, SL_INVALID_ARGUMENT, "provider_options_json");
    kit_fini(&k);

    begin(&k, "custom");
    add_provider(&k, "web_search");
    expect(&k, false, "");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "tools[0].provider"));
    kit_fini(&k);
}

static void bad_configuration_is_refused(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    add_provider(&k, "web_search")->configuration_json = (char *)"low";
    expect_refused(&k, SL_INVALID_ARGUMENT, "tools[0].provider.configuration_json");
    kit_fini(&k);
    begin(&k, "openai");
    add_custom(&k, "c")->format_json = (char *)"1";
    expect_refused(&k, SL_INVALID_ARGUMENT, "tools[0].custom.format_json");
    kit_fini(&k);
}

static void cache_hints_of_tools_are_warned_about(void **state)
{
    struct kit k;
    Sluice__V1__CacheHint hint = SLUICE__V1__CACHE_HINT__INIT;

    (void)state;
    begin(&k, "openai");
    kit_function(&k, "f", "")->cache_hint = &hint;
    expect(&k, false, ",\"tools\":[" F "]");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "tools[0].cache_hint"));
    kit_fini(&k);
}

/* ---- streams, address, headers ---- */

static void a_stream_asks_for_usage(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    expect(&k, true, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    k.target.no_stream_options = true;
    expect(&k, true, ",\"stream\":true");
    kit_fini(&k);
}

#define SENT ",\"stream\":true,\"stream_options\":{\"include_usage\":true"

static const struct {
    const char *json, *members; /* members NULL: refused */
} stream_option_rows[] = {
    {"{\"stream_options\":{}}", SENT "}"},
    {"{\"stream_options\": { } }", SENT "}"},
    {"{\"stream_options\":{\"include_obfuscation\":false}}",
     SENT ",\"include_obfuscation\":false}"},
    {"{\"n\":1, \"stream_options\" : { \"a\" : [1, {}],\"b\":\"\\u0041\" } ,\"store\": true}",
     SENT ",\"a\" : [1, {}],\"b\":\"\\u0041\"},\"n\":1,\"store\": true"},
    {"{\"stream_options\":{\"a\":1},\"\\u006e\":1}", SENT ",\"a\":1},\"\\u006e\":1"},
    {"{\"n\":1}", SENT "},\"n\":1"},
    {"{\"stream_options\":{\"include_usage\":true}}", NULL},
    {"{\"stream_options\":{\"a\":1,\"include_usage\":false}}", NULL},
    {"{\"stream_options\":{\"include_us\\u0061ge\":false}}", NULL},
    {"{\"stream_options\":null}", NULL},
    {"{\"stream_options\":[]}", NULL},
    {"{\"stream_options\":true}", NULL},
    {"{\"stream_options\":{\"a\":1},\"stream_options\":{\"b\":1}}", NULL},
    {"{\"stream_option\\u0073\":{\"a\":1}}", NULL},
    {"{\"stream_options\":{\"a\":1},\"stream_option\\u0073\":{\"b\":1}}", NULL},
    {"{\"stream_options\":{\"a\":1},\"temperature\":1}", NULL},
};

static void options_of_the_stream_are_added_to_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(stream_option_rows); i++) {
        struct kit k;
        begin(&k, "openai");
        k.request.provider_options_json = (char *)(uintptr_t)stream_option_rows[i].json;
        if (stream_option_rows[i].members) {
            expect(&k, true, stream_option_rows[i].members);
        } else {
            assert_null(kit_build(&k, true, NULL));
            assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
            assert_string_equal(k.err.field, "provider_options_json");
        }
        kit_fini(&k);
    }
}

static void options_of_a_stream_need_one_that_takes_them(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    k.request.provider_options_json = (char *)"{\"stream_options\":{\"a\":1}}";
    expect_refused(&k, SL_INVALID_ARGUMENT, "provider_options_json");
    k.target.no_stream_options = true;
    assert_null(kit_build(&k, true, NULL));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    kit_fini(&k);

    begin(&k, "mistral");
    k.request.provider_options_json = (char *)"{\"stream_options\":{\"a\":1}}";
    assert_null(kit_build(&k, true, NULL));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    kit_fini(&k);

    begin(&k, "openai");
    k.target.provider_options_json = "{\"stream_options\":{\"a\":1}}";
    assert_null(kit_build(&k, true, NULL));
    assert_int_equal(k.err.code, SL_FAILED_PRECONDITION);
    kit_fini(&k);
}

static void options_of_the_model_go_beside_those_of_the_stream(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    k.request.provider_options_json = (char *)"{\"stream_options\":{\"a\":1},\"n\":1}";
    k.target.provider_options_json = "{\"n\":2,\"store\":true}";
    expect(&k, true, SENT ",\"a\":1},\"n\":1,\"store\":true");
    kit_fini(&k);
}

static void the_request_has_address_and_headers(void **state)
{
    struct kit k;
    struct sl_http_request http;
    struct sl_header extra = {"x-team", "blue", false, NULL};
    struct sl_secret *key = sl_secret_create("sk-test-abc", 11);

    (void)state;
    begin(&k, "openai");
    k.target.auth = SL_AUTH_DEFAULT;
    k.target.key = key;
    k.target.organization = "org-1";
    k.target.project = "proj_1";
    k.target.headers = &extra;
    assert_non_null(kit_build(&k, true, &http));
    assert_string_equal(http.method, "POST");
    assert_string_equal(http.url, "https://api.test/v1/chat/completions");
    assert_int_equal(http.framing, SL_FRAMING_SSE);
    assert_string_equal(kit_header(&http, "content-type"), "application/json");
    assert_string_equal(kit_header(&http, "accept"), "text/event-stream");
    assert_string_equal(kit_header(&http, "authorization"), "Bearer sk-test-abc");
    assert_string_equal(kit_header(&http, "openai-organization"), "org-1");
    assert_string_equal(kit_header(&http, "openai-project"), "proj_1");
    assert_string_equal(kit_header(&http, "x-team"), "blue");
    assert_non_null(kit_build(&k, false, &http));
    assert_int_equal(http.framing, SL_FRAMING_NONE);
    assert_string_equal(kit_header(&http, "accept"), "application/json");
    sl_secret_unref(key);
    kit_fini(&k);
}

static void a_missing_key_is_named(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    k.target.auth = SL_AUTH_DEFAULT;
    expect_refused(&k, SL_FAILED_PRECONDITION, "");
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_KEY_MISSING);
    assert_non_null(strstr(k.err.text, "OPENAI_API_KEY"));
    kit_fini(&k);
    begin(&k, "custom");
    k.target.auth = SL_AUTH_DEFAULT;
    expect(&k, false, "");
    kit_fini(&k);
}

static void another_api_is_refused(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    k.target.api = "chat_completions";
    expect(&k, false, "");
    k.target.api = "messages";
    expect_refused(&k, SL_FAILED_PRECONDITION, "");
    assert_int_equal(k.err.reason, SL_REASON_CONFIG_INVALID);
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_is_sent_or_warned_about),
        cmocka_unit_test(what_is_warned_about_can_be_refused),
        cmocka_unit_test(wrong_values_are_refused_by_field),
        cmocka_unit_test(options_may_not_hold_what_has_a_field),
        cmocka_unit_test(options_of_the_model_are_checked_too),
        cmocka_unit_test(functions_and_custom_tools_are_offered),
        cmocka_unit_test(the_choice_is_sent),
        cmocka_unit_test(a_choice_without_tools_says_nothing),
        cmocka_unit_test(web_search_is_the_only_tool_of_openai_here),
        cmocka_unit_test(bad_configuration_is_refused),
        cmocka_unit_test(cache_hints_of_tools_are_warned_about),
        cmocka_unit_test(a_stream_asks_for_usage),
        cmocka_unit_test(options_of_the_stream_are_added_to_ours),
        cmocka_unit_test(options_of_a_stream_need_one_that_takes_them),
        cmocka_unit_test(options_of_the_model_go_beside_those_of_the_stream),
        cmocka_unit_test(the_request_has_address_and_headers),
        cmocka_unit_test(a_missing_key_is_named),
        cmocka_unit_test(another_api_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
