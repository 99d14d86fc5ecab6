/* Requests that are wrong, and the field that the answer names. A row changes a request that is good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/validate.h"

typedef Sluice__V1__CompleteRequest request_t;

#define STRING(s) ((char *)(uintptr_t)(s))

/* A request that is good, and everything a row may bend. */
struct sample {
    request_t request;
    Sluice__V1__Message message, *messages[1];
    Sluice__V1__Part part, *parts[1];
    Sluice__V1__Image image;
    Sluice__V1__ToolCall call;
    Sluice__V1__ToolResult result;
    Sluice__V1__ToolResultPart result_part, *result_parts[1];
    Sluice__V1__Tool tool, *tools[1];
    Sluice__V1__FunctionTool function;
    Sluice__V1__CustomTool custom;
    Sluice__V1__ProviderTool provider;
    Sluice__V1__ToolChoice choice;
    Sluice__V1__ResponseFormat format;
    Sluice__V1__ReasoningOptions reasoning;
    char *stop[20];
    char *allowed[1];
};

static void init_sample(struct sample *s)
{
    memset(s, 0, sizeof(*s));
    sluice__v1__complete_request__init(&s->request);
    sluice__v1__message__init(&s->message);
    sluice__v1__part__init(&s->part);
    sluice__v1__image__init(&s->image);
    sluice__v1__tool_call__init(&s->call);
    sluice__v1__tool_result__init(&s->result);
    sluice__v1__tool_result_part__init(&s->result_part);
    sluice__v1__tool__init(&s->tool);
    sluice__v1__function_tool__init(&s->function);
    sluice__v1__custom_tool__init(&s->custom);
    sluice__v1__provider_tool__init(&s->provider);
    sluice__v1__tool_choice__init(&s->choice);
    sluice__v1__response_format__init(&s->format);
    sluice__v1__reasoning_options__init(&s->reasoning);
    s->part.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    s->part.text = STRING("hello");
    s->parts[0] = &s->part;
    s->message.role = SLUICE__V1__ROLE__ROLE_USER;
    s->message.parts = s->parts;
    s->message.n_parts = 1;
    s->messages[0] = &s->message;
    s->request.messages = s->messages;
    s->request.n_messages = 1;
    s->function.name = STRING("look_up");
    s->custom.name = STRING("look_up");
    s->tool.kind_case = SLUICE__V1__TOOL__KIND_FUNCTION;
    s->tool.function = &s->function;
    s->tools[0] = &s->tool;
    s->result_part.content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
    s->result_part.text = STRING("42");
    s->result_parts[0] = &s->result_part;
    s->result.tool_call_id = STRING("call_1");
    s->result.parts = s->result_parts;
    s->result.n_parts = 1;
    s->request.stop = s->stop;
    for (size_t i = 0; i < SL_ARRAY_LEN(s->stop); i++)
        s->stop[i] = STRING("x");
}

static void offer_tool(struct sample *s)
{
    s->request.tools = s->tools;
    s->request.n_tools = 1;
}

static void choose(struct sample *s, Sluice__V1__ToolChoice__Mode mode, const char *name)
{
    s->request.tool_choice = &s->choice;
    s->choice.mode = mode;
    s->choice.name = STRING(name);
}

static void image(struct sample *s, Sluice__V1__Image__SourceCase source)
{
    s->part.content_case = SLUICE__V1__PART__CONTENT_IMAGE;
    s->part.image = &s->image;
    s->image.source_case = source;
    if (source == SLUICE__V1__IMAGE__SOURCE_URL)
        s->image.url = STRING("https://example.com/a.png");
}

static void tool_message(struct sample *s)
{
    s->message.role = SLUICE__V1__ROLE__ROLE_TOOL;
    s->part.content_case = SLUICE__V1__PART__CONTENT_TOOL_RESULT;
    s->part.tool_result = &s->result;
}

static void schema(struct sample *s, const char *text)
{
    s->request.response_format = &s->format;
    s->format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    s->format.schema_json = STRING(text);
}

#define ROW(name, statement)                                                                       \
    static void bend_##name(struct sample *s)                                                      \
    {                                                                                              \
        statement;                                                                                 \
    }

ROW(nothing, (void)s)
ROW(no_messages, s->request.n_messages = 0)
ROW(no_role, s->message.role = SLUICE__V1__ROLE__ROLE_UNSPECIFIED)
ROW(role_99, s->message.role = (Sluice__V1__Role)99)
ROW(no_parts, s->message.n_parts = 0)
ROW(assistant_without_parts, s->message.n_parts = 0;
    s->message.role = SLUICE__V1__ROLE__ROLE_ASSISTANT)
ROW(no_content, s->part.content_case = SLUICE__V1__PART__CONTENT__NOT_SET)
ROW(user_calls_tool, s->part.content_case = SLUICE__V1__PART__CONTENT_TOOL_CALL;
    s->part.tool_call = &s->call)
ROW(call_without_name, s->message.role = SLUICE__V1__ROLE__ROLE_ASSISTANT;
    s->part.content_case = SLUICE__V1__PART__CONTENT_TOOL_CALL; s->part.tool_call = &s->call)
ROW(tool_says_text, s->message.role = SLUICE__V1__ROLE__ROLE_TOOL)
ROW(tool_result, tool_message(s))
ROW(result_without_id, tool_message(s); s->result.tool_call_id = STRING(""))
ROW(result_part_empty, tool_message(s);
    s->result_part.content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT__NOT_SET)
ROW(image_url, image(s, SLUICE__V1__IMAGE__SOURCE_URL))
ROW(image_without_source, image(s, SLUICE__V1__IMAGE__SOURCE__NOT_SET))
ROW(image_data_untyped, image(s, SLUICE__V1__IMAGE__SOURCE_DATA))
ROW(image_relative, image(s, SLUICE__V1__IMAGE__SOURCE_URL); s->image.url = STRING("a.png"))
ROW(max_tokens_0, s->request._max_output_tokens_case = 6; s->request.max_output_tokens = 0)
ROW(temperature_3, s->request._temperature_case = 7; s->request.temperature = 3)
ROW(temperature_nan, s->request._temperature_case = 7; s->request.temperature = 0.0 / 0.0)
ROW(temperature_2, s->request._temperature_case = 7; s->request.temperature = 2)
ROW(top_p_negative, s->request._top_p_case = 8; s->request.top_p = -0.1)
ROW(top_k_0, s->request._top_k_case = 9; s->request.top_k = 0)
ROW(frequency, s->request._frequency_penalty_case = 10; s->request.frequency_penalty = -2.5)
ROW(presence, s->request._presence_penalty_case = 11; s->request.presence_penalty = 2.5)
ROW(top_logprobs_21, s->request._top_logprobs_case = 15; s->request.top_logprobs = 21)
ROW(stop_17, s->request.n_stop = 17)
ROW(stop_16, s->request.n_stop = 16)
ROW(stop_empty, s->request.n_stop = 1; s->stop[0] = STRING(""))
ROW(tool, offer_tool(s))
ROW(tool_without_kind, offer_tool(s); s->tool.kind_case = SLUICE__V1__TOOL__KIND__NOT_SET)
ROW(tool_name_space, offer_tool(s); s->function.name = STRING("look up"))
ROW(tool_schema_list, offer_tool(s); s->function.parameters_json = STRING("[]"))
ROW(tool_schema_broken, offer_tool(s); s->function.parameters_json = STRING("{\"a\":"))
ROW(custom_name, offer_tool(s); s->tool.kind_case = SLUICE__V1__TOOL__KIND_CUSTOM;
    s->tool.custom = &s->custom; s->custom.name = STRING(""))
ROW(custom_format, offer_tool(s); s->tool.kind_case = SLUICE__V1__TOOL__KIND_CUSTOM;
    s->tool.custom = &s->custom; s->custom.format_json = STRING("1"))
ROW(provider_kind, offer_tool(s); s->tool.kind_case = SLUICE__V1__TOOL__KIND_PROVIDER;
    s->tool.provider = &s->provider)
ROW(choice_99, offer_tool(s); choose(s, (Sluice__V1__ToolChoice__Mode)99, ""))
ROW(choice_named, offer_tool(s); choose(s, SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL, "look_up"))
ROW(choice_unknown, offer_tool(s); choose(s, SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL, "other"))
ROW(choice_superfluous, offer_tool(s);
    choose(s, SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO, "look_up"))
ROW(choice_without_tools, choose(s, SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED, ""))
ROW(allowed_unknown, offer_tool(s); choose(s, SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO, "");
    s->allowed[0] = STRING("other"); s->choice.allowed = s->allowed; s->choice.n_allowed = 1)
ROW(format_99, s->request.response_format = &s->format;
    s->format.type = (Sluice__V1__ResponseFormat__Type)99)
ROW(schema_good, schema(s, "{}"))
ROW(schema_missing, schema(s, ""))
ROW(schema_broken, schema(s, "{]"))
ROW(schema_name, schema(s, "{}"); s->format.schema_name = STRING("a b"))
ROW(schema_with_json, schema(s, "{}");
    s->format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON)
ROW(effort_99, s->request.reasoning = &s->reasoning;
    s->reasoning.effort = (Sluice__V1__ReasoningOptions__Effort)99)
ROW(budget_negative, s->request.reasoning = &s->reasoning; s->reasoning._budget_tokens_case = 2;
    s->reasoning.budget_tokens = -1)
ROW(unsupported_9, s->request.on_unsupported = (Sluice__V1__OnUnsupported)9)
ROW(options_list, s->request.provider_options_json = STRING("[1]"))
ROW(options_good, s->request.provider_options_json = STRING(" {\"user\": \"x\"} "))

static char long_text[300];

ROW(model_long, s->request.model = long_text)
ROW(request_id_long, s->request.request_id = long_text)
ROW(conversation_long, s->request.conversation_id = long_text)
ROW(message_id_long, s->request.message_id = long_text)
ROW(end_user_long, s->request.end_user = long_text)

static const struct row {
    void (*bend)(struct sample *s);
    const char *field; /* NULL: nothing is wrong */
} rows[] = {
    {bend_nothing, NULL},
    {bend_no_messages, "messages"},
    {bend_no_role, "messages[0].role"},
    {bend_role_99, "messages[0].role"},
    {bend_no_parts, "messages[0].parts"},
    {bend_assistant_without_parts, NULL},
    {bend_no_content, "messages[0].parts[0]"},
    {bend_user_calls_tool, "messages[0].parts[0]"},
    {bend_call_without_name, "messages[0].parts[0].tool_call.name"},
    {bend_tool_says_text, "messages[0].parts[0]"},
    {bend_tool_result, NULL},
    {bend_result_without_id, "messages[0].parts[0].tool_result.tool_call_id"},
    {bend_result_part_empty, "messages[0].parts[0].tool_result.parts[0]"},
    {bend_image_url, NULL},
    {bend_image_without_source, "messages[0].parts[0].image"},
    {bend_image_data_untyped, "messages[0].parts[0].image.media_type"},
    {bend_image_relative, "messages[0].parts[0].image.url"},
    {bend_max_tokens_0, "max_output_tokens"},
    {bend_temperature_3, "temperature"},
    {bend_temperature_nan, "temperature"},
    {bend_temperature_2, NULL},
    {bend_top_p_negative, "top_p"},
    {bend_top_k_0, "top_k"},
    {bend_frequency, "frequency_penalty"},
    {bend_presence, "presence_penalty"},
    {bend_top_logprobs_21, "top_logprobs"},
    {bend_stop_17, "stop"},
    {bend_stop_16, NULL},
    {bend_stop_empty, "stop"},
    {bend_tool, NULL},
    {bend_tool_without_kind, "tools[0]"},
    {bend_tool_name_space, "tools[0].function.name"},
    {bend_tool_schema_list, "tools[0].function.parameters_json"},
    {bend_tool_schema_broken, "tools[0].function.parameters_json"},
    {bend_custom_name, "tools[0].custom.name"},
    {bend_custom_format, "tools[0].custom.format_json"},
    {bend_provider_kind, "tools[0].provider.kind"},
    {bend_choice_99, "tool_choice.mode"},
    {bend_choice_named, NULL},
    {bend_choice_unknown, "tool_choice.name"},
    {bend_choice_superfluous, "tool_choice.name"},
    {bend_choice_without_tools, "tool_choice.mode"},
    {bend_allowed_unknown, "tool_choice.allowed[0]"},
    {bend_format_99, "response_format.type"},
    {bend_schema_good, NULL},
    {bend_schema_missing, "response_format.schema_json"},
    {bend_schema_broken, "response_format.schema_json"},
    {bend_schema_name, "response_format.schema_name"},
    {bend_schema_with_json, "response_format.schema_json"},
    {bend_effort_99, "reasoning.effort"},
    {bend_budget_negative, "reasoning.budget_tokens"},
    {bend_unsupported_9, "on_unsupported"},
    {bend_options_list, "provider_options_json"},
    {bend_options_good, NULL},
    {bend_model_long, "model"},
    {bend_request_id_long, "request_id"},
    {bend_conversation_long, "conversation_id"},
    {bend_message_id_long, "message_id"},
    {bend_end_user_long, "end_user"},
};

static void test_each_wrong_field_is_named(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena arena;
        struct sample s;
        sl_arena_init(&arena, 1 << 20);
        init_sample(&s);
        rows[i].bend(&s);
        struct sl_violations v = {.arena = &arena};
        bool good = sl_validate_complete(&s.request, &v);
        if (good != !rows[i].field || (!good && strcmp(v.list[0].field, rows[i].field)))
            print_error("row %zu: %s: %s\n", i, good ? "" : v.list[0].field,
                        good ? "" : v.list[0].description);
        assert_int_equal(good, !rows[i].field);
        if (!good) {
            assert_string_equal(v.list[0].field, rows[i].field);
            assert_true(v.list[0].description[0]);
        }
        sl_arena_fini(&arena);
    }
}

static void test_all_wrong_fields_are_named_at_once(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sample s;
    sl_arena_init(&arena, 1 << 20);
    init_sample(&s);
    bend_temperature_3(&s);
    bend_top_k_0(&s);
    bend_no_role(&s);
    struct sl_violations v = {.arena = &arena};
    assert_false(sl_validate_complete(&s.request, &v));
    assert_int_equal(v.count, 3);
    sl_arena_fini(&arena);
}

static void test_violations_are_bounded(void **state)
{
    (void)state;
    enum { MANY = 100 };
    struct sl_arena arena;
    struct sample s;
    Sluice__V1__Message *messages[MANY];
    sl_arena_init(&arena, 1 << 20);
    init_sample(&s);
    bend_no_role(&s);
    for (size_t i = 0; i < MANY; i++)
        messages[i] = &s.message;
    s.request.messages = messages;
    s.request.n_messages = MANY;
    struct sl_violations v = {.arena = &arena};
    assert_false(sl_validate_complete(&s.request, &v));
    assert_int_equal(v.count, SL_MAX_VIOLATIONS);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_wrong_field_is_named),
        cmocka_unit_test(test_all_wrong_fields_are_named_at_once),
        cmocka_unit_test(test_violations_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
