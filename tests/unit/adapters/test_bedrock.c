/* Bedrock: what Converse is sent, its answers whole and event by event, signatures, InvokeModel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define ACCESS_KEY "AKIDEXAMPLEAKIDEXAMPLE"
#define ACCESS_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static struct sl_secret *secret;

static void start_with(struct kit *k, const char *key)
{
    kit_init(k, "bedrock");
    k->target.auth = SL_AUTH_DEFAULT;
    k->target.base_url = "https://bedrock-runtime.us-east-1.amazonaws.com";
    k->target.model_id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    k->target.api = k->target.api_version = "";
    k->target.organization = k->target.project = k->target.provider_options_json = "";
    secret = sl_secret_create(key, strlen(key));
    k->target.key = secret;
}

static void start(struct kit *k)
{
    start_with(k, "bedrock-api-key-test");
}

static void stop(struct kit *k)
{
    kit_fini(k);
    sl_secret_unref(secret);
}

static void assert_has(const char *text, const char *part)
{
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

/* ---- requests ---- */

static void a_conversation_is_sent(void **state)
{
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "Be brief.");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hello");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "  ");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT, "Hi");
    k.request._max_output_tokens_case = 1;
    k.request.max_output_tokens = 50;
    assert_string_equal(
        kit_build(&k, false, &http),
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello\"}]},"
        "{\"role\":\"assistant\",\"content\":[{\"text\":\"Hi\"}]}],"
        "\"system\":[{\"text\":\"Be brief.\"}],\"inferenceConfig\":{\"maxTokens\":50}}");
    assert_string_equal(http.url, "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
                                  "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    assert_string_equal(kit_header(&http, "authorization"), "Bearer bedrock-api-key-test");
    assert_int_equal(http.framing, SL_FRAMING_NONE);
    assert_non_null(kit_build(&k, true, &http));
    assert_has(http.url, "/converse-stream");
    assert_int_equal(http.framing, SL_FRAMING_AWS);
    stop(&k);
}

static void tools_and_their_results_are_sent(void **state)
{
    static Sluice__V1__Reasoning reasoning = SLUICE__V1__REASONING__INIT;
    static Sluice__V1__ToolCall call = SLUICE__V1__TOOL_CALL__INIT;
    static Sluice__V1__ToolResult result = SLUICE__V1__TOOL_RESULT__INIT;
    static Sluice__V1__CacheHint hint = SLUICE__V1__CACHE_HINT__INIT;
    static Sluice__V1__ToolChoice choice = SLUICE__V1__TOOL_CHOICE__INIT;
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Weather?");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_REASONING);
    part->reasoning = &reasoning;
    part->reasoning->text = (char *)"Hm";
    part->reasoning->signature = (char *)"c2ln";
    part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_TOOL_CALL);
    part->tool_call = &call;
    part->tool_call->id = (char *)"t1";
    part->tool_call->name = (char *)"weather";
    part->tool_call->arguments_json = (char *)"{\"c\":1}";
    m = kit_message(&k, SLUICE__V1__ROLE__ROLE_TOOL);
    part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_TOOL_RESULT);
    part->tool_result = &result;
    part->tool_result->tool_call_id = (char *)"t1";
    part->tool_result->is_error = true;
    part->cache_hint = &hint;
    kit_function(&k, "weather", "{\"type\":\"object\"}");
    choice.mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
    choice.name = (char *)"weather";
    k.request.tool_choice = &choice;
    const char *body = kit_build(&k, false, &http);
    assert_has(body, "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Hm\",\"signature\":"
                     "\"c2ln\"}}},{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"weather\","
                     "\"input\":{\"c\":1}}}]}");
    assert_has(body, "{\"role\":\"user\",\"content\":[{\"toolResult\":{\"toolUseId\":\"t1\","
                     "\"content\":[],\"status\":\"error\"}},"
                     "{\"cachePoint\":{\"type\":\"default\"}}]}");
    assert_has(body, "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"weather\",");
    assert_has(body, "\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}],"
                     "\"toolChoice\":{\"tool\":{\"name\":\"weather\"}}}");
    stop(&k);
}

static void options_stand_beside_fields(void **state)
{
    static Sluice__V1__ReasoningOptions reasoning = SLUICE__V1__REASONING_OPTIONS__INIT;
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hello");
    reasoning._budget_tokens_case = 1;
    reasoning.budget_tokens = 2000;
    k.request.reasoning = &reasoning;
    k.request.provider_options_json =
        (char *)"{\"guardrailConfig\":{\"guardrailIdentifier\":\"g\"},"
                "\"additionalModelRequestFields\":{\"anthropic_beta\":[\"b\"]}}";
    const char *body = kit_build(&k, false, &http);
    assert_has(body, "\"guardrailConfig\":{\"guardrailIdentifier\":\"g\"}");
    assert_has(body, "\"additionalModelRequestFields\":{\"thinking\":{\"type\":\"enabled\","
                     "\"budget_tokens\":2000},\"anthropic_beta\":[\"b\"]}");
    k.request.provider_options_json =
        (char *)"{\"additionalModelRequestFields\":{\"thinking\":{}}}";
    assert_null(kit_build(&k, false, &http));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    assert_string_equal(k.err.field, "provider_options_json");
    stop(&k);
}

static void what_has_no_place_is_warned_about(void **state)
{
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hello");
    k.request._seed_case = 1;
    k.request.seed = 7;
    k.request.end_user = (char *)"u";
    assert_non_null(kit_build(&k, false, &http));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "seed"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "end_user"));
    stop(&k);
}

static void a_request_without_a_key_is_refused(void **state)
{
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start(&k);
    k.target.key = NULL;
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hello");
    assert_null(kit_build(&k, false, &http));
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_KEY_MISSING);
    stop(&k);
}

static void invoke_sends_claudes_own_body(void **state)
{
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start(&k);
    k.adapter = sl_adapter_for_api(sl_adapter_find("bedrock"), "invoke");
    k.target.api = "invoke";
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hello");
    const char *body = kit_build(&k, true, &http);
    assert_has(body, "\"anthropic_version\":\"bedrock-2023-05-31\"");
    assert_null(strstr(body, "\"model\""));
    assert_null(strstr(body, "\"stream\""));
    assert_has(http.url, "v1%3A0/invoke-with-response-stream");
    stop(&k);
}

/* ---- signatures ---- */

static void a_region_has_to_be_named_somewhere(void **state)
{
    struct kit k;
    struct sl_http_request http;

    (void)state;
    start_with(&k, ACCESS_KEY ":" ACCESS_SECRET);
    k.target.base_url = "https://proxy.example.com";
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hello");
    assert_null(kit_build(&k, false, &http));
    assert_int_equal(k.err.code, SL_FAILED_PRECONDITION);
    k.err = (struct sl_err){0};
    k.target.project = "eu-west-1";
    assert_non_null(kit_build(&k, false, &http));
    assert_has(kit_header(&http, "authorization"), "/eu-west-1/bedrock/aws4_request");
    stop(&k);
}

/* ---- answers ---- */

static const char whole[] =
    "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":["
    "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Hm\",\"signature\":\"c2ln\"}}},"
    "{\"text\":\"Hello\"},"
    "{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{\"a\":[1]}}}]}},"
    "\"stopReason\":\"tool_use\",\"usage\":{\"inputTokens\":3,\"outputTokens\":4,"
    "\"cacheReadInputTokens\":20,\"cacheWriteInputTokens\":7,\"totalTokens\":34}}";

static const struct {
    const char *event, *data;
} frames[] = {
    {"messageStart", "{\"role\":\"assistant\",\"p\":\"abc\"}"},
    {"contentBlockDelta",
     "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"text\":\"Hm\"}},\"p\":\"a\"}"},
    {"contentBlockDelta",
     "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"signature\":\"c2ln\"}}}"},
    {"contentBlockStop", "{\"contentBlockIndex\":0}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"Hel\"}}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"lo\"}}"},
    {"contentBlockStop", "{\"contentBlockIndex\":1}"},
    {"contentBlockStart",
     "{\"contentBlockIndex\":2,\"start\":{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\"}}}"},
    {"contentBlockDelta",
     "{\"contentBlockIndex\":2,\"delta\":{\"toolUse\":{\"input\":\"{\\\"a\\\":\"}}}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":2,\"delta\":{\"toolUse\":{\"input\":\"[1]}\"}}}"},
    {"contentBlockStop", "{\"contentBlockIndex\":2}"},
    {"messageStop", "{\"stopReason\":\"tool_use\"}"},
    {"metadata", "{\"usage\":{\"inputTokens\":3,\"outputTokens\":4,\"cacheReadInputTokens\":20,"
                 "\"cacheWriteInputTokens\":7,\"totalTokens\":34}}"},
};

static enum sl_code send(struct kit *k, const char *event, const char *data)
{
    return kit_frame_n(k, event, data, strlen(data));
}

static void assert_facts(const struct kit *k)
{
    const struct sl_answer_end *end = &k->answer.end;

    assert_true(end->done);
    assert_int_equal(end->finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS);
    assert_int_equal(end->usage.input_tokens, 3);
    assert_int_equal(end->usage.cache_read_tokens, 20);
    assert_int_equal(end->usage.cache_write_tokens, 7);
    assert_int_equal(end->usage.output_tokens, 4);
}

static void a_body_and_a_stream_say_the_same(void **state)
{
    struct kit k, s;

    (void)state;
    start(&k);
    assert_int_equal(kit_body(&k, whole), SL_OK);
    assert_facts(&k);
    kit_init(&s, "bedrock");
    for (size_t i = 0; i < SL_ARRAY_LEN(frames); i++)
        assert_int_equal(send(&s, frames[i].event, frames[i].data), SL_OK);
    assert_int_equal(kit_eof(&s), SL_OK);
    assert_facts(&s);
    assert_string_equal(kit_whole(&k), kit_whole(&s));
    kit_fini(&s);
    stop(&k);
}

static void a_stream_that_stops_early_is_truncated(void **state)
{
    (void)state;
    for (size_t n = 0; n <= SL_ARRAY_LEN(frames); n++) {
        struct kit k;
        kit_init(&k, "bedrock");
        for (size_t i = 0; i < n; i++)
            assert_int_equal(send(&k, frames[i].event, frames[i].data), SL_OK);
        bool said = n + 1 >= SL_ARRAY_LEN(frames);
        assert_int_equal(kit_eof(&k), said ? SL_OK : SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, said ? SL_REASON_NONE : SL_REASON_PROVIDER_TRUNCATED);
        kit_fini(&k);
    }
}

static void citations_belong_to_their_text(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "bedrock");
    assert_int_equal(
        kit_body(&k,
                 "{\"output\":{\"message\":{\"content\":[{\"text\":\"a\"},{\"citationsContent\":"
                 "{\"content\":[{\"text\":\"b\"}],\"citations\":[{\"title\":\"T\",\"location\":"
                 "{\"web\":{\"url\":\"https://x.test\"}},\"sourceContent\":[{\"text\":\"c\"}]}]"
                 "}}]}},\"stopReason\":\"end_turn\"}"),
        SL_OK);
    assert_has(kit_events(&k), "citation 1 url=https://x.test title=T");
    kit_fini(&k);
}

struct seen {
    char kind[64], input[64], output[64];
    int events;
};

static void on_event(void *owner, Sluice__V1__StreamEvent *event)
{
    struct seen *s = owner;
    const Sluice__V1__PartDelta *d = event->part_delta;

    assert_int_equal(event->event_case, SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA);
    assert_int_equal(d->part, s->events++);
    if (d->delta_case == SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL) {
        sl_copy(s->kind, sizeof(s->kind), d->provider_tool_call->kind);
        sl_copy(s->input, sizeof(s->input), d->provider_tool_call->input_json);
    } else {
        sl_copy(s->output, sizeof(s->output), d->provider_tool_result->output_json);
        assert_string_equal(d->provider_tool_result->status, "success");
    }
}

static void a_tool_of_the_providers_is_no_call(void **state)
{
    struct kit k;
    struct seen seen = {.events = 0};

    (void)state;
    kit_init(&k, "bedrock");
    k.answer.sink = (struct sl_event_sink){on_event, &seen};
    assert_int_equal(send(&k, "contentBlockStart",
                          "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"toolUseId\":\"s\","
                          "\"name\":\"nova_grounding\",\"type\":\"server_tool_use\"}}}"),
                     SL_OK);
    assert_int_equal(send(&k, "contentBlockDelta",
                          "{\"contentBlockIndex\":0,\"delta\":{\"toolUse\":{\"input\":\"{}\"}}}"),
                     SL_OK);
    assert_int_equal(send(&k, "contentBlockStop", "{\"contentBlockIndex\":0}"), SL_OK);
    assert_int_equal(send(&k, "contentBlockStart",
                          "{\"contentBlockIndex\":1,\"start\":{\"toolResult\":{\"toolUseId\":\"s\","
                          "\"type\":\"nova_grounding_result\",\"status\":\"success\"}}}"),
                     SL_OK);
    assert_int_equal(send(&k, "contentBlockDelta",
                          "{\"contentBlockIndex\":1,\"delta\":{\"toolResult\":[{\"text\":\"r\"},"
                          "{\"json\":{}}]}}"),
                     SL_OK);
    assert_int_equal(send(&k, "contentBlockStop", "{\"contentBlockIndex\":1}"), SL_OK);
    assert_string_equal(seen.kind, "nova_grounding");
    assert_string_equal(seen.input, "{}");
    assert_string_equal(seen.output, "[{\"text\":\"r\"},{\"json\":{}}]");
    assert_int_equal(seen.events, 2);
    kit_fini(&k);
}

/* ---- failures ---- */

static void exceptions_in_a_stream_are_errors(void **state)
{
    static const struct {
        const char *event;
        enum sl_code code;
        enum sl_reason reason;
        bool retryable;
    } rows[] = {
        {"exception:throttlingException", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT,
         true},
        {"exception:validationException", SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST,
         false},
        {"exception:modelStreamErrorException", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
        {"exception:internalServerException", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "bedrock");
        assert_int_equal(send(&k, rows[i].event, "{\"message\":\"Too bad.\"}"), rows[i].code);
        assert_int_equal(k.err.reason, rows[i].reason);
        assert_int_equal(k.err.retryable, rows[i].retryable);
        assert_int_equal(k.err.http_status, 200);
        assert_string_equal(k.err.text, "Too bad.");
        assert_string_equal(k.err.provider_type, rows[i].event + strlen("exception:"));
        kit_fini(&k);
    }
}

static void the_header_names_the_error(void **state)
{
    struct sl_header type = {
        .name = "x-amzn-errortype",
        .value = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"};
    struct kit k;

    (void)state;
    kit_init(&k, "bedrock");
    kit_failure(&k, 400, &type, "{\"Message\":\"Input is too long for requested model.\"}");
    assert_int_equal(k.err.reason, SL_REASON_CONTEXT_TOO_LONG);
    assert_string_equal(k.err.provider_type, "ValidationException");
    assert_string_equal(k.err.text, "Input is too long for requested model.");
    kit_fini(&k);
}

/* {"type":"message_stop"} */
static void chunks_of_invoke_are_unwrapped(void **state)
{
    static const char *const bad[] = {"{}", "{\"bytes\":1}", "{\"bytes\":\"?\"}", "[]"};
    struct kit k;

    (void)state;
    kit_init(&k, "bedrock");
    k.adapter = sl_adapter_for_api(sl_adapter_find("bedrock"), "invoke");
    k.answer.state = sl_arena_zalloc(&k.arena, k.adapter->state_size);
    assert_int_equal(send(&k, "chunk", "{\"bytes\":\"eyJ0eXBlIjoicGluZyJ9\",\"p\":\"ab\"}"), SL_OK);
    for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
        k.err = (struct sl_err){0};
        assert_int_equal(send(&k, "chunk", bad[i]), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
    }
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation_is_sent),
        cmocka_unit_test(tools_and_their_results_are_sent),
        cmocka_unit_test(options_stand_beside_fields),
        cmocka_unit_test(what_has_no_place_is_warned_about),
        cmocka_unit_test(a_request_without_a_key_is_refused),
        cmocka_unit_test(invoke_sends_claudes_own_body),
        cmocka_unit_test(a_region_has_to_be_named_somewhere),
        cmocka_unit_test(a_body_and_a_stream_say_the_same),
        cmocka_unit_test(a_stream_that_stops_early_is_truncated),
        cmocka_unit_test(citations_belong_to_their_text),
        cmocka_unit_test(a_tool_of_the_providers_is_no_call),
        cmocka_unit_test(exceptions_in_a_stream_are_errors),
        cmocka_unit_test(the_header_names_the_error),
        cmocka_unit_test(chunks_of_invoke_are_unwrapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
