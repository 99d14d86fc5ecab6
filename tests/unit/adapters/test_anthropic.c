/* Anthropic's Messages: what is sent, and small answers in the provider's shape, whole, frame by frame, and cut after
 * each frame. */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define USER SLUICE__V1__ROLE__ROLE_USER
#define ASSISTANT SLUICE__V1__ROLE__ROLE_ASSISTANT

/* ---- a sink for what the kit does not write down ---- */

struct more {
    struct sl_event_sink kit;
    char provider[1024]; /* provider tools, signatures and states, a line each */
};

static void note(struct more *m, const char *fmt, ...) SL_PRINTF(2, 3);

static void note(struct more *m, const char *fmt, ...)
{
    size_t n = strlen(m->provider);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(m->provider + n, sizeof(m->provider) - n, fmt, ap);
    va_end(ap);
}

/* The kit counts parts by the deltas that it sees. */
static void begin_part(struct more *m, int part)
{
    struct kit *k = m->kit.owner;

    assert_true(part >= 0 && part <= k->next_part);
    k->next_part += part == k->next_part;
}

static void on_event(void *owner, Sluice__V1__StreamEvent *e)
{
    struct more *m = owner;

    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA)
        begin_part(m, e->part_delta->part);
    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA) {
        const Sluice__V1__ReasoningDelta *d = e->reasoning_delta;
        if (d->signature[0])
            note(m, "signature %d %s\n", d->part, d->signature);
        if (d->redacted_data.len)
            note(m, "redacted %d %.*s\n", d->part, (int)d->redacted_data.len,
                 (const char *)d->redacted_data.data);
    }
    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA &&
        e->part_delta->delta_case == SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL) {
        const Sluice__V1__ProviderToolCall *call = e->part_delta->provider_tool_call;
        note(m, "call %d %s %s %s %s\n", e->part_delta->part, call->id, call->kind, call->name,
             call->input_json);
        return;
    }
    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA &&
        e->part_delta->delta_case == SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT) {
        const Sluice__V1__ProviderToolResult *r = e->part_delta->provider_tool_result;
        note(m, "result %d %s %s %s %s\n", e->part_delta->part, r->id, r->kind, r->status,
             r->output_json);
        return;
    }
    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE) {
        if (e->part_done->provider_state)
            note(m, "state %d %.*s\n", e->part_done->part,
                 (int)e->part_done->provider_state->data.len,
                 (const char *)e->part_done->provider_state->data.data);
        return;
    }
    m->kit.on_event(m->kit.owner, e);
}

static void listen(struct kit *k, struct more *m)
{
    *m = (struct more){.kit = k->answer.sink};
    k->answer.sink = (struct sl_event_sink){on_event, m};
}

static void begin(struct kit *k)
{
    kit_init(k, "anthropic");
    k->target.model_id = "claude-sonnet-4-5-20250929";
}

/* The body holds that text. */
static void assert_sent(struct kit *k, const char *text)
{
    const char *body = kit_build(k, false, NULL);

    if (!body)
        fail_msg("not built: %s: %s", k->err.field, k->err.text);
    if (!strstr(body, text))
        fail_msg("%s\nis not in\n%s", text, body);
}

static void assert_not_sent(struct kit *k, const char *text)
{
    const char *body = kit_build(k, false, NULL);

    assert_non_null(body);
    if (strstr(body, text))
        fail_msg("%s\nis in\n%s", text, body);
}

/* ---- requests ---- */

static void test_shapes_the_conversation(void **state)
{
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "Be brief.");
    kit_text(&k, USER, "a");
    kit_text(&k, USER, " \n");
    kit_text(&k, USER, "b");
    kit_text(&k, ASSISTANT, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_DEVELOPER, "Late.");
    kit_text(&k, ASSISTANT, "It is ");
    assert_sent(&k,
                "{\"model\":\"claude-sonnet-4-5-20250929\",\"max_tokens\":16384,"
                "\"system\":[{\"type\":\"text\",\"text\":\"Be "
                "brief.\"},{\"type\":\"text\",\"text\":\"Late.\"}],"
                "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                "{\"type\":\"text\",\"text\":\"b\"}]},"
                "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"It is\"}]}]}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[5].role"));
    k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    assert_null(kit_build(&k, false, NULL));
    assert_string_equal(k.err.field, "messages[5].role");
    kit_fini(&k);
}

static Sluice__V1__ToolResult *add_result(struct kit *k, Sluice__V1__Message *m, const char *id)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_TOOL_RESULT);

    part->tool_result = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResult);
    sluice__v1__tool_result__init(part->tool_result);
    part->tool_result->tool_call_id = sl_arena_strdup(&k->arena, id);
    return part->tool_result;
}

static Sluice__V1__ToolCall *add_call(struct kit *k, Sluice__V1__Message *m, const char *id,
                                      const char *arguments)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_TOOL_CALL);

    part->tool_call = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolCall);
    sluice__v1__tool_call__init(part->tool_call);
    part->tool_call->id = sl_arena_strdup(&k->arena, id);
    part->tool_call->name = sl_arena_strdup(&k->arena, "f");
    part->tool_call->arguments_json = sl_arena_strdup(&k->arena, arguments);
    return part->tool_call;
}

static void test_results_come_first(void **state)
{
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, USER, "go");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    add_call(&k, m, "functions.f:0", "{\"a\": 1}");
    add_call(&k, m, "c2", "{\"cut");
    add_call(&k, m, "c3", "");
    kit_text(&k, USER, "and now?");
    m = kit_message(&k, SLUICE__V1__ROLE__ROLE_TOOL);
    add_result(&k, m, "functions.f:0")->is_error = true;
    add_result(&k, m, "c2");
    assert_sent(
        &k, "{\"type\":\"tool_use\",\"id\":\"functions_f_0\",\"name\":\"f\",\"input\":{\"a\": 1}},"
            "{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"f\",\"input\":{\"INVALID_JSON\":\"{"
            "\\\"cut\"}},"
            "{\"type\":\"tool_use\",\"id\":\"c3\",\"name\":\"f\",\"input\":{}}]},"
            "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"functions_"
            "f_0\","
            "\"is_error\":true},{\"type\":\"tool_result\",\"tool_use_id\":\"c2\"},"
            "{\"type\":\"text\",\"text\":\"and now?\"}]}");
    assert_non_null(kit_warning(&k, "ARGUMENTS_WRAPPED", "messages[1].parts[1].tool_call"));
    kit_fini(&k);
}

static Sluice__V1__Reasoning *add_reasoning(struct kit *k, Sluice__V1__Message *m)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_REASONING);

    part->reasoning = SL_ARENA_NEW(&k->arena, Sluice__V1__Reasoning);
    sluice__v1__reasoning__init(part->reasoning);
    return part->reasoning;
}

static void test_gives_reasoning_back(void **state)
{
    char text[] = "Hm", signature[] = "c2ln", data[] = "ZGF0YQ";
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, USER, "go");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    Sluice__V1__Reasoning *r = add_reasoning(&k, m);
    r->text = text;
    r->signature = signature;
    r = add_reasoning(&k, m);
    r->redacted_data = (ProtobufCBinaryData){6, (uint8_t *)data};
    add_reasoning(&k, m)->text = text; /* another provider's: no signature */
    kit_text(&k, USER, "on");
    assert_sent(&k, "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":"
                    "\"Hm\",\"signature\":\"c2ln\"},"
                    "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ\"}]}");
    assert_non_null(kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[1].parts[2]"));
    kit_fini(&k);
}

static Sluice__V1__Document *add_document(struct kit *k, Sluice__V1__Message *m)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_DOCUMENT);

    part->document = SL_ARENA_NEW(&k->arena, Sluice__V1__Document);
    sluice__v1__document__init(part->document);
    part->cache_hint = SL_ARENA_NEW(&k->arena, Sluice__V1__CacheHint);
    sluice__v1__cache_hint__init(part->cache_hint);
    part->cache_hint->ttl_seconds = 3600;
    return part->document;
}

static void test_sends_documents_and_pictures(void **state)
{
    char pdf[] = "application/pdf", plain[] = "text/csv", bytes[] = "a,b", title[] = "T",
         context[] = "C", id[] = "file_1";
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k);
    Sluice__V1__Message *m = kit_message(&k, USER);
    Sluice__V1__Document *doc = add_document(&k, m);
    doc->source_case = SLUICE__V1__DOCUMENT__SOURCE_DATA;
    doc->data = (ProtobufCBinaryData){3, (uint8_t *)bytes};
    doc->media_type = pdf;
    doc->title = title;
    doc->context = context;
    doc->citations = true;
    doc = add_document(&k, m);
    doc->source_case = SLUICE__V1__DOCUMENT__SOURCE_DATA;
    doc->data = (ProtobufCBinaryData){3, (uint8_t *)bytes};
    doc->media_type = plain;
    Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_IMAGE);
    part->image = SL_ARENA_NEW(&k.arena, Sluice__V1__Image);
    sluice__v1__image__init(part->image);
    part->image->source_case = SLUICE__V1__IMAGE__SOURCE_FILE_ID;
    part->image->file_id = id;
    assert_sent(&k, "{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":"
                    "\"application/pdf\",\"data\":\"YSxi\"},"
                    "\"title\":\"T\",\"context\":\"C\",\"citations\":{\"enabled\":true},"
                    "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}},"
                    "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/"
                    "plain\",\"data\":\"a,b\"},"
                    "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}},"
                    "{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}}");
    assert_non_null(kit_build(&k, true, &http));
    assert_string_equal(kit_header(&http, "anthropic-beta"), "files-api-2025-04-14");
    assert_string_equal(kit_header(&http, "anthropic-version"), "2023-06-01");
    assert_string_equal(http.url, "https://api.test/v1/messages");
    kit_fini(&k);
}

static void test_keeps_four_cache_hints(void **state)
{
    char text[] = "d";
    struct kit k;
    (void)state;
    begin(&k);
    for (int i = 0; i < 6; i++) {
        Sluice__V1__Document *doc = add_document(&k, kit_message(&k, USER));
        doc->source_case = SLUICE__V1__DOCUMENT__SOURCE_TEXT;
        doc->text = text;
    }
    const char *body = kit_build(&k, false, NULL);
    int hints = 0;
    assert_non_null(body);
    for (const char *at = body; (at = strstr(at, "cache_control")); at++)
        hints++;
    assert_int_equal(hints, 4);
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0].cache_hint"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[1].parts[0].cache_hint"));
    assert_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[2].parts[0].cache_hint"));
    kit_fini(&k);
}

static Sluice__V1__ReasoningOptions *reason(struct kit *k,
                                            Sluice__V1__ReasoningOptions__Effort effort)
{
    Sluice__V1__ReasoningOptions *r = SL_ARENA_NEW(&k->arena, Sluice__V1__ReasoningOptions);

    sluice__v1__reasoning_options__init(r);
    r->effort = effort;
    k->request.reasoning = r;
    return r;
}

static void test_maps_reasoning(void **state)
{
    static const struct {
        const char *model;
        Sluice__V1__ReasoningOptions__Effort effort;
        const char *sent; /* NULL: nothing about thinking */
    } rows[] = {
        {"claude-sonnet-4-5", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_HIGH,
         "\"max_tokens\":32768,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":16384}"},
        {"claude-3-7-sonnet-20250219", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_MINIMAL,
         "\"budget_tokens\":1024}"},
        {"claude-sonnet-4@20250514", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE,
         "\"thinking\":{\"type\":\"disabled\"}"},
        {"claude-opus-4-6", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_LOW,
         "\"thinking\":{\"type\":\"adaptive\"}"},
        {"claude-opus-4-6", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH,
         "\"output_config\":{\"effort\":\"max\"}"},
        {"us.anthropic.claude-opus-4-7-v1:0", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH,
         "\"output_config\":{\"effort\":\"xhigh\"}"},
        {"MiniMax-M2", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_LOW,
         "\"budget_tokens\":2048}"},
        {"claude-3-haiku-20240307", SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_LOW, NULL},
    };
    struct kit k;
    (void)state;

    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        kit_init(&k, "anthropic");
        k.target.model_id = rows[i].model;
        kit_text(&k, USER, "go");
        reason(&k, rows[i].effort);
        if (rows[i].sent)
            assert_sent(&k, rows[i].sent);
        else
            assert_not_sent(&k, "thinking");
        assert_true(rows[i].sent || kit_warning(&k, "UNSUPPORTED_PARAMETER", "reasoning"));
        kit_fini(&k);
    }
}

static void test_fits_budget_and_sampling(void **state)
{
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, USER, "go");
    Sluice__V1__ReasoningOptions *r =
        reason(&k, SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_UNSPECIFIED);
    r->_budget_tokens_case = SLUICE__V1__REASONING_OPTIONS___BUDGET_TOKENS_BUDGET_TOKENS;
    r->budget_tokens = 4000;
    k.request._max_output_tokens_case =
        SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    k.request.max_output_tokens = 2000;
    k.request._temperature_case = SLUICE__V1__COMPLETE_REQUEST___TEMPERATURE_TEMPERATURE;
    k.request.temperature = 0.5;
    assert_sent(&k,
                "\"max_tokens\":2000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1999}");
    assert_not_sent(&k, "temperature");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "temperature"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "reasoning.budget_tokens"));
    k.request.max_output_tokens = 500;
    assert_not_sent(&k, "thinking");
    k.request.temperature = 1.5;
    assert_sent(&k, "\"temperature\":1");
    kit_fini(&k);
}

static void test_tools_and_options(void **state)
{
    char kind[] = "web_search_20250305", configuration[] = "{\"max_uses\": 2}";
    char options[] = "{\"anthropic_beta\": [\"b-2\"], \"service_tier\": \"auto\"}";
    struct sl_header header = {"Anthropic-Beta", "b-1, b-2", false, NULL};
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, USER, "go");
    Sluice__V1__Tool *tool = kit_function(&k, "f", "");
    tool->function->_strict_case = SLUICE__V1__FUNCTION_TOOL___STRICT_STRICT;
    tool->function->strict = true;
    tool = kit_function(&k, "other", "");
    tool->kind_case = SLUICE__V1__TOOL__KIND_PROVIDER;
    tool->provider = SL_ARENA_NEW(&k.arena, Sluice__V1__ProviderTool);
    sluice__v1__provider_tool__init(tool->provider);
    tool->provider->kind = kind;
    tool->provider->configuration_json = configuration;
    k.request._parallel_tool_calls_case =
        SLUICE__V1__COMPLETE_REQUEST___PARALLEL_TOOL_CALLS_PARALLEL_TOOL_CALLS;
    k.request.provider_options_json = options;
    k.target.headers = &header;
    assert_sent(&k, "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\","
                    "\"properties\":{}},\"strict\":true},"
                    "{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\": 2}],"
                    "\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}");
    assert_sent(&k, "\"service_tier\":\"auto\"}");
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(kit_header(&http, "Anthropic-Beta"), "b-1,b-2");
    char owned[] = "{\"max_tokens\": 1}", other_models[] = "{\"fallbacks\":[{\"model\":\"x\"}]}";
    k.request.provider_options_json = owned;
    assert_null(kit_build(&k, false, NULL));
    assert_string_equal(k.err.field, "provider_options_json");
    k.request.provider_options_json = other_models;
    assert_null(kit_build(&k, false, NULL));
    assert_non_null(strstr(k.err.text, "fallbacks"));
    k.request.provider_options_json = (char *)"";
    k.err = (struct sl_err){0};
    k.target.provider_options_json = other_models;
    assert_sent(&k, "\"fallbacks\":[{\"model\":\"x\"}]}");
    kit_fini(&k);
}

static void test_raw_predict(void **state)
{
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k);
    k.adapter = sl_adapter_for_api(k.adapter, "raw_predict");
    assert_non_null(k.adapter);
    k.target.base_url = "https://vertex.test/v1/projects/p/locations/l/publishers/anthropic/models";
    k.target.model_id = "claude-sonnet-4@20250514";
    kit_text(&k, USER, "go");
    const char *body = kit_build(&k, true, &http);
    assert_non_null(body);
    assert_non_null(strstr(
        body, "{\"anthropic_version\":\"vertex-2023-10-16\",\"stream\":true,\"max_tokens\":16384"));
    assert_string_equal(http.url + strlen(k.target.base_url),
                        "/claude-sonnet-4@20250514:streamRawPredict");
    kit_fini(&k);
}

/* ---- answers ---- */

#define START                                                                                      \
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\","            \
    "\"content\":[],\"stop_reason\":null,"                                                         \
    "\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":7,\"cache_creation_input_tokens\":" \
    "2,\"output_tokens\":1}}}"
#define DELTA(index, delta)                                                                        \
    "{\"type\":\"content_block_delta\",\"index\":" #index ",\"delta\":" delta "}"
#define BLOCK(index, block)                                                                        \
    "{\"type\":\"content_block_start\",\"index\":" #index ",\"content_block\":" block "}"
#define STOP(index) "{\"type\":\"content_block_stop\",\"index\":" #index "}"

static const char *const frames[] = {
    START,
    "{\"type\":\"ping\"}",
    BLOCK(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
    DELTA(0, "{\"type\":\"thinking_delta\",\"thinking\":\"Hm\"}"),
    DELTA(0, "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}"),
    STOP(0),
    BLOCK(1, "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\","
             "\"input\":{}}"),
    DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"q\\\":\"}"),
    DELTA(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}"),
    STOP(1),
    BLOCK(2, "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":[{"
             "\"url\":\"u\\u00e9\"}]}"),
    STOP(2),
    BLOCK(3, "{\"type\":\"text\",\"text\":\"\"}"),
    DELTA(3, "{\"type\":\"text_delta\",\"text\":\"Caf\\u00e9\"}"),
    DELTA(3, "{\"type\":\"citations_delta\",\"citation\":{\"type\":\"web_search_result_location\","
             "\"url\":\"u\",\"title\":\"t\"}}"),
    STOP(3),
    BLOCK(4, "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{},\"caller\":{"
             "\"type\":\"code\",\"tool_id\":\"s\"}}"),
    DELTA(4, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
    DELTA(4, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}"),
    STOP(4),
    BLOCK(5, "{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"g\",\"input\":{}}"),
    STOP(5),
    BLOCK(6, "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ\"}"),
    STOP(6),
    BLOCK(7, "{\"type\":\"container_upload\",\"file_id\":\"file_1\"}"),
    STOP(7),
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},"
    "\"usage\":{\"output_tokens\":30,\"output_tokens_details\":{\"thinking_tokens\":10},\"input_"
    "tokens\":null}}",
    "{\"type\":\"message_stop\"}",
    NULL,
};

static const char body[] =
    "{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"claude-x\",\"content\":["
    "{\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"c2ln\"},"
    "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{\"q\":"
    "1}},"
    "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":[{\"url\":"
    "\"u\\u00e9\"}]},"
    "{\"type\":\"text\",\"text\":\"Caf\\u00e9\",\"citations\":[{\"type\":\"web_search_result_"
    "location\",\"url\":\"u\",\"title\":\"t\"}]},"
    "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{\"a\":1},\"caller\":{"
    "\"type\":\"code\",\"tool_id\":\"s\"}},"
    "{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"g\",\"input\":{}},"
    "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ\"},"
    "{\"type\":\"container_upload\",\"file_id\":\"file_1\"}],"
    "\"stop_reason\":\"tool_use\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,\"cache_"
    "read_input_tokens\":7,"
    "\"cache_creation_input_tokens\":2,\"output_tokens\":30,\"output_tokens_details\":{\"thinking_"
    "tokens\":10}}}";

static const char whole[] =
    "text: Caf\xc3\xa9\nreasoning: Hm\nrefusal: \ncalls: \ntoolu_1 f {\"a\":1}\ntoolu_2 g {}\n"
    "finish: tool_use (3)\nusage: 5 7 2 20 10\nid: msg_1 model: claude-x\n";
static const char provider[] =
    "signature 0 c2ln\ncall 1 srvtoolu_1 web_search web_search {\"q\":1}\n"
    "result 2 srvtoolu_1 web_search  [{\"url\":\"u\\u00e9\"}]\n"
    "state 4 {\"caller\":{\"type\":\"code\",\"tool_id\":\"s\"}}\n"
    "redacted 6 ZGF0YQ\n"
    "result 7  container_upload  {\"type\":\"container_upload\",\"file_id\":\"file_1\"}\n";

static void test_body_and_stream_agree(void **state)
{
    struct more m;
    struct kit k;
    (void)state;
    begin(&k);
    listen(&k, &m);
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_whole(&k), whole);
    assert_string_equal(m.provider, provider);
    assert_string_equal(
        k.answer.end.usage.provider_json,
        "{\"input_tokens\":5,\"cache_read_input_tokens\":7,\"cache_creation_input_tokens\":2,"
        "\"output_tokens\":30,\"output_tokens_details\":{\"thinking_tokens\":10}}");
    k.adapter->release(&k.answer);
    kit_restart(&k);
    listen(&k, &m);
    assert_int_equal(kit_body(&k, body), SL_OK);
    assert_true(k.answer.end.done);
    assert_string_equal(kit_whole(&k), whole);
    assert_string_equal(m.provider, provider);
    kit_fini(&k);
}

/* Cut after each frame: broken off, until the stop reason was said. */
static void test_cut_streams(void **state)
{
    size_t total = SL_ARRAY_LEN(frames) - 1;
    struct more m;
    struct kit k;
    (void)state;
    begin(&k);
    for (size_t n = 0; n <= total; n++) {
        k.adapter->release(&k.answer);
        kit_restart(&k);
        listen(&k, &m);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(kit_frame(&k, frames[i]), SL_OK);
        bool complete = n + 1 >= total;
        assert_int_equal(kit_eof(&k), complete ? SL_OK : SL_UNAVAILABLE);
        if (!complete)
            assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    }
    kit_fini(&k);
}

static void test_stop_reasons(void **state)
{
    static const struct {
        const char *raw;
        Sluice__V1__FinishReason reason;
    } rows[] = {
        {"end_turn", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
        {"stop_sequence", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
        {"max_tokens", SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH},
        {"model_context_window_exceeded", SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH},
        {"tool_use", SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS},
        {"refusal", SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
        {"pause_turn", SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER},
    };
    char frame[256];
    struct kit k;
    (void)state;
    begin(&k);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        kit_restart(&k);
        snprintf(frame, sizeof(frame),
                 "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":"
                 "\"END\","
                 "\"stop_details\":{\"category\":\"cyber\",\"explanation\":\"No.\"}}}",
                 rows[i].raw);
        assert_int_equal(kit_frame(&k, frame), SL_OK);
        assert_int_equal(k.answer.end.finish_reason, rows[i].reason);
        assert_string_equal(k.answer.end.raw_finish_reason, rows[i].raw);
        assert_string_equal(k.answer.end.stop_sequence, "END");
        assert_string_equal(kit_warning(&k, "CONTENT_REFUSED", "")->message, "cyber: No.");
    }
    kit_fini(&k);
}

static void test_garbage_is_an_error(void **state)
{
    static const char *const rows[] = {
        "[]",
        "1",
        "{",
        DELTA(9, "{\"text\":\"x\"}"),
        BLOCK(0, "1"),
        "{\"type\":\"message_start\"}",
        BLOCK(0, "{}"),
    };
    struct kit k;
    (void)state;
    begin(&k);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        k.adapter->release(&k.answer);
        kit_restart(&k);
        assert_int_equal(kit_frame(&k, rows[i]), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
    }
    kit_fini(&k);
}

/* ---- failures ---- */

static void test_failures(void **state)
{
    static const struct {
        int status;
        const char *type, *message;
        enum sl_code code;
        enum sl_reason reason;
        bool retryable;
    } rows[] = {
        {400, "invalid_request_error", "bad", SL_INVALID_ARGUMENT,
         SL_REASON_PROVIDER_INVALID_REQUEST, false},
        {400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum",
         SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, false},
        {400, "invalid_request_error", "Your credit balance is too low to access the API",
         SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, false},
        {401, "authentication_error", "invalid x-api-key", SL_FAILED_PRECONDITION,
         SL_REASON_PROVIDER_AUTH, false},
        {402, "billing_error", "pay", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, false},
        {403, "permission_error", "no", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, false},
        {404, "not_found_error", "model: x", SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, false},
        {429, "rate_limit_error", "slow down", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT,
         true},
        {500, "api_error", "oops", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
        {529, "overloaded_error", "Overloaded", SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED,
         true},
    };
    struct sl_header id = {"request-id", "req_1", false, NULL},
                     retry = {"retry-after", "4", false, &id};
    struct sl_header never = {"x-should-retry", "false", false, &retry};
    char text[512];
    struct kit k;
    (void)state;
    begin(&k);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        snprintf(text, sizeof(text),
                 "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}",
                 rows[i].type, rows[i].message);
        kit_failure(&k, rows[i].status, &retry, text);
        assert_int_equal(k.err.code, rows[i].code);
        assert_int_equal(k.err.reason, rows[i].reason);
        assert_int_equal(k.err.retryable, rows[i].retryable);
        assert_int_equal(k.err.retry_after_ms, 4000);
        assert_string_equal(k.err.provider_type, rows[i].type);
        assert_string_equal(k.err.provider_request_id, "req_1");
        kit_failure(&k, rows[i].status, &never, text);
        assert_false(k.err.retryable);
        /* the same in a stream */
        kit_restart(&k);
        assert_int_equal(kit_frame_n(&k, "error", text, strlen(text)), rows[i].code);
        assert_int_equal(k.err.reason, rows[i].reason);
        assert_int_equal(k.err.http_status, 200);
        assert_string_equal(k.err.text, rows[i].message);
    }
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_the_conversation),
        cmocka_unit_test(test_results_come_first),
        cmocka_unit_test(test_gives_reasoning_back),
        cmocka_unit_test(test_sends_documents_and_pictures),
        cmocka_unit_test(test_keeps_four_cache_hints),
        cmocka_unit_test(test_maps_reasoning),
        cmocka_unit_test(test_fits_budget_and_sampling),
        cmocka_unit_test(test_tools_and_options),
        cmocka_unit_test(test_raw_predict),
        cmocka_unit_test(test_body_and_stream_agree),
        cmocka_unit_test(test_cut_streams),
        cmocka_unit_test(test_stop_reasons),
        cmocka_unit_test(test_garbage_is_an_error),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
