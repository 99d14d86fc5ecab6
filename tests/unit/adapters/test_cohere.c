/* Cohere: what v2 and v1 chat are sent, and small answers in their shape, whole, event by event,
 * and cut off. Shapes are those of docs.cohere.com ("Chat", "Chat with Streaming") and of the
 * recordings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define BASE "https://api.cohere.test"

static void init(struct kit *k, const char *api)
{
    kit_init_api(k, "cohere", api, BASE);
}

/* ---- requests ---- */

static void finds_its_address(void **state)
{
    static const struct {
        const char *api, *base, *url;
    } rows[] = {
        {"", BASE, BASE "/v2/chat"},
        {"", BASE "/compatibility/v1", BASE "/compatibility/v1/chat/completions"},
        {"v1_chat", BASE, BASE "/v1/chat"},
        {"chat_completions", BASE, BASE "/compatibility/v1/chat/completions"},
        {"chat_completions", BASE "/compatibility/v1", BASE "/compatibility/v1/chat/completions"},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_http_request http;
        struct kit k;
        init(&k, rows[i].api);
        k.target.base_url = rows[i].base;
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        assert_non_null(kit_build(&k, true, &http));
        assert_string_equal(http.url, rows[i].url);
        kit_fini(&k);
    }
}

static void needs_a_key(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    k.target.auth = SL_AUTH_DEFAULT;
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    assert_null(kit_build(&k, true, &http));
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_KEY_MISSING);
    assert_non_null(strstr(k.err.text, "COHERE_API_KEY"));
    kit_fini(&k);
}

static void sends_documents_beside_the_messages(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_USER);
    kit_part(&k, m, SLUICE__V1__PART__CONTENT_TEXT)->text = (char *)"Who?";
    Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_DOCUMENT);
    part->document->source_case = SLUICE__V1__DOCUMENT__SOURCE_TEXT;
    part->document->text = (char *)"Facts";
    part->document->title = (char *)"T";
    assert_string_equal(
        kit_build(&k, false, &http),
        "{\"model\":\"model-1\",\"stream\":false,\"messages\":[{\"role\":\"user\","
        "\"content\":\"Who?\"}],\"documents\":[{\"id\":\"doc:0\",\"data\":{\"title\":"
        "\"T\",\"text\":\"Facts\"}}]}");
    k.request.provider_options_json = (char *)"{\"models\":[]}";
    assert_null(kit_build(&k, false, NULL));
    assert_string_equal(k.err.field, "provider_options_json");
    k.err = (struct sl_err){0};
    k.request.provider_options_json = (char *)"{\"documents\":[]}";
    assert_null(kit_build(&k, false, &http));
    assert_string_equal(k.err.field, "provider_options_json");
    kit_fini(&k);
}

/* A plan of an earlier answer goes back as one, other reasoning as thinking. */
static void sends_history(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Q");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    kit_part(&k, m, SLUICE__V1__PART__CONTENT_REASONING)->reasoning->text = (char *)"Hm";
    Sluice__V1__Part *plan = kit_part(&k, m, SLUICE__V1__PART__CONTENT_REASONING);
    Sluice__V1__ProviderState own = SLUICE__V1__PROVIDER_STATE__INIT;
    own.provider = (char *)"cohere";
    own.data = (ProtobufCBinaryData){9, (uint8_t *)(uintptr_t) "tool_plan"};
    plan->reasoning->text = (char *)"I will";
    plan->provider_state = &own;
    Sluice__V1__Part *call = kit_part(&k, m, SLUICE__V1__PART__CONTENT_TOOL_CALL);
    call->tool_call->id = (char *)"c1";
    call->tool_call->name = (char *)"f";
    m = kit_message(&k, SLUICE__V1__ROLE__ROLE_TOOL);
    kit_part(&k, m, SLUICE__V1__PART__CONTENT_TOOL_RESULT)->tool_result->tool_call_id =
        (char *)"c1";
    assert_string_equal(
        kit_build(&k, true, &http),
        "{\"model\":\"model-1\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}"
        ","
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"Hm\"}],"
        "\"tool_plan\":\"I "
        "will\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{"
        "\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c1\","
        "\"content\":\"\"}]}");
    assert_null(kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[1].parts[1].provider_state"));
    kit_fini(&k);
}

static void chooses_tools(void **state)
{
    Sluice__V1__ToolChoice choice = SLUICE__V1__TOOL_CHOICE__INIT;
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Q");
    Sluice__V1__Tool *f = kit_function(&k, "f", "{}");
    kit_function(&k, "g", "{}");
    f->function->_strict_case = SLUICE__V1__FUNCTION_TOOL___STRICT_STRICT;
    f->function->strict = true;
    k.request.tool_choice = &choice;
    choice.mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
    choice.name = (char *)"f";
    const char *body = kit_build(&k, false, &http);
    assert_non_null(strstr(body, "\"tool_choice\":\"REQUIRED\",\"strict_tools\":true"));
    assert_null(strstr(body, "\"g\""));
    choice.mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE;
    choice.name = (char *)"";
    assert_non_null(strstr(kit_build(&k, false, &http), "\"tool_choice\":\"NONE\""));
    choice.mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
    choice.name = (char *)"h";
    assert_null(kit_build(&k, false, &http));
    assert_string_equal(k.err.field, "tool_choice.name");
    kit_fini(&k);
}

static void sends_parameters_by_their_names(void **state)
{
    Sluice__V1__ReasoningOptions reasoning = SLUICE__V1__REASONING_OPTIONS__INIT;
    Sluice__V1__ResponseFormat format = SLUICE__V1__RESPONSE_FORMAT__INIT;
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Q");
    k.request._top_p_case = SLUICE__V1__COMPLETE_REQUEST___TOP_P_TOP_P;
    k.request.top_p = 0.5;
    k.request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    k.request.top_k = 3;
    k.request.end_user = (char *)"u";
    k.request.provider_options_json = (char *)"{\"safety_mode\":\"STRICT\"}";
    reasoning._budget_tokens_case = SLUICE__V1__REASONING_OPTIONS___BUDGET_TOKENS_BUDGET_TOKENS;
    reasoning.budget_tokens = 100;
    k.request.reasoning = &reasoning;
    format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    format.schema_json = (char *)"{\"type\":\"object\"}";
    k.request.response_format = &format;
    const char *body = kit_build(&k, false, &http);
    assert_non_null(strstr(body, "\"p\":0.5,\"k\":3,\"response_format\":{\"type\":\"json_object\","
                                 "\"json_schema\":{\"type\":\"object\"}},\"thinking\":{\"type\":"
                                 "\"enabled\",\"token_budget\":100},\"safety_mode\":\"STRICT\"}"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "end_user"));
    k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    assert_null(kit_build(&k, false, &http));
    assert_string_equal(k.err.field, "end_user");
    kit_fini(&k);
}

static void v1_takes_the_last_question_apart(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "v1_chat");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "S");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "A");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT, "B");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "C");
    assert_string_equal(
        kit_build(&k, true, &http),
        "{\"model\":\"model-1\",\"stream\":true,\"message\":\"C\",\"chat_history\":["
        "{\"role\":\"SYSTEM\",\"message\":\"S\"},{\"role\":\"USER\",\"message\":\"A\"}"
        ",{\"role\":\"CHATBOT\",\"message\":\"B\"}]}");
    assert_int_equal(http.framing, SL_FRAMING_NDJSON);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT, "D");
    assert_null(kit_build(&k, true, &http));
    assert_string_equal(k.err.field, "messages");
    kit_fini(&k);
}

/* ---- answers of v2 ---- */

#define CITATION                                                                                   \
    "{\"start\":0,\"end\":2,\"text\":\"Hi\",\"sources\":[{\"type\":\"document\",\"id\":\"doc:0\"," \
    "\"document\":{\"title\":\"T\"}}],\"type\":\"TEXT_CONTENT\",\"content_index\":1}"
#define USAGE                                                                                      \
    "{\"billed_units\":{\"input_tokens\":1},\"tokens\":{\"input_tokens\":50,\"output_tokens\":9,"  \
    "\"reasoning_tokens\":4},\"cached_tokens\":20}"
#define DELTA(type, index, message)                                                                \
    "{\"type\":\"" type "\",\"index\":" #index ",\"delta\":{\"message\":" message "}}"

static const char whole[] =
    "{\"id\":\"i\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
    "\"thinking\":\"Hm\"},{\"type\":\"text\",\"text\":\"Hi!\"}],\"tool_plan\":\"I will\","
    "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"arguments\":"
    "\"{\\\"a\\\":1}\"}}],\"citations\":[" CITATION
    "]},\"finish_reason\":\"TOOL_CALL\",\"usage\":" USAGE "}";

static const char *const frames[] = {
    "{\"id\":\"i\",\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\","
    "\"content\":[],\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}}}",
    DELTA("content-start", 0, "{\"content\":{\"type\":\"thinking\",\"thinking\":\"\"}}"),
    DELTA("content-delta", 0, "{\"content\":{\"thinking\":\"Hm\"}}"),
    "{\"type\":\"content-end\",\"index\":0}",
    DELTA("content-start", 1, "{\"content\":{\"type\":\"text\",\"text\":\"\"}}"),
    DELTA("content-delta", 1, "{\"content\":{\"text\":\"Hi\"}}"),
    DELTA("citation-start", 0, "{\"citations\":" CITATION "}"),
    "{\"type\":\"citation-end\",\"index\":0}",
    DELTA("content-delta", 1, "{\"content\":{\"text\":\"!\"}}"),
    "{\"type\":\"tool-plan-delta\",\"delta\":{\"message\":{\"tool_plan\":\"I \"}}}",
    "{\"type\":\"tool-plan-delta\",\"delta\":{\"message\":{\"tool_plan\":\"will\"}}}",
    DELTA("tool-call-start", 0,
          "{\"tool_calls\":{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"arguments\":\"\"}}}"),
    DELTA("tool-call-delta", 0, "{\"tool_calls\":{\"function\":{\"arguments\":\"{\\\"a\\\":\"}}}"),
    DELTA("tool-call-delta", 0, "{\"tool_calls\":{\"function\":{\"arguments\":\"1}\"}}}"),
    "{\"type\":\"tool-call-end\",\"index\":0}",
    "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"TOOL_CALL\",\"usage\":" USAGE "}}",
    "[DONE]",
    NULL,
};

static void check_end(struct kit *k)
{
    const struct sl_answer_end *end = &k->answer.end;

    assert_true(end->done);
    assert_int_equal(end->finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS);
    assert_string_equal(end->response_id, "i");
    assert_int_equal(end->usage.input_tokens, 30);
    assert_int_equal(end->usage.cache_read_tokens, 20);
    assert_int_equal(end->usage.output_tokens, 5);
    assert_int_equal(end->usage.reasoning_tokens, 4);
    assert_string_equal(end->usage.provider_json, USAGE);
    assert_non_null(strstr(kit_events(k), "done 2 state=cohere:tool_plan\n"));
    const char *cited = sl_arena_printf(&k->arena, "citation 1 title=T file=doc:0 0..2 json=%zu\n",
                                        strlen(CITATION));
    assert_non_null(strstr(kit_events(k), cited));
}

static void body_and_stream_are_the_same(void **state)
{
    struct kit a, b;

    (void)state;
    init(&a, "");
    init(&b, "");
    assert_int_equal(kit_body(&a, whole), SL_OK);
    assert_int_equal(kit_stream(&b, frames), SL_OK);
    assert_string_equal(a.text.p, b.text.p);
    assert_string_equal(a.reasoning.p, b.reasoning.p);
    assert_string_equal(a.calls.p, b.calls.p);
    check_end(&a);
    check_end(&b);
    kit_fini(&a);
    kit_fini(&b);
}

static void a_stream_cut_off_is_no_answer(void **state)
{
    (void)state;
    for (size_t n = 0; n < SL_ARRAY_LEN(frames) - 3; n++) {
        struct kit k;
        init(&k, "");
        for (size_t i = 0; i < n; i++)
            assert_int_equal(kit_frame(&k, frames[i]), SL_OK);
        assert_int_equal(kit_frame(&k, "[DONE]"), SL_OK);
        assert_int_equal(kit_eof(&k), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
        kit_fini(&k);
    }
}

static void passes_errors_on(void **state)
{
    static const char ended[] = "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\","
                                "\"usage\":{},\"error\":\"bad tool\",\"error_type\":\"T\"}}";
    const struct sl_header trace = {"x-debug-trace-id", "t1", false, NULL};
    struct kit k;

    (void)state;
    init(&k, "");
    assert_int_equal(kit_frame(&k, ended), SL_UNAVAILABLE);
    assert_string_equal(k.err.text, "bad tool");
    assert_string_equal(k.err.provider_type, "T");
    assert_int_equal(k.err.http_status, 200);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_ERROR);
    kit_restart(&k);
    assert_int_equal(kit_frame(&k, "{\"message\":\"too many\"}"), SL_UNAVAILABLE);
    assert_string_equal(k.err.text, "too many");
    kit_restart(&k);
    kit_failure(&k, 429, &trace, "{\"id\":\"x\",\"message\":\"Slow down\"}");
    assert_int_equal(k.err.code, SL_RESOURCE_EXHAUSTED);
    assert_string_equal(k.err.text, "Slow down");
    assert_string_equal(k.err.provider_request_id, "t1");
    kit_fini(&k);
}

static void knows_the_reasons(void **state)
{
    static const struct {
        const char *body;
        int reason;
    } rows[] = {
        {"COMPLETE", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
        {"STOP_SEQUENCE", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
        {"MAX_TOKENS", SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH},
        {"ERROR", SLUICE__V1__FINISH_REASON__FINISH_REASON_ERROR},
        {"ERROR_TOXIC", SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        init(&k, "");
        assert_int_equal(
            kit_body(&k, sl_arena_printf(
                             &k.arena, "{\"message\":{\"content\":null},\"finish_reason\":\"%s\"}",
                             rows[i].body)),
            SL_OK);
        assert_int_equal(k.answer.end.finish_reason, rows[i].reason);
        assert_string_equal(k.answer.end.raw_finish_reason, rows[i].body);
        kit_fini(&k);
    }
}

/* ---- answers of v1 ---- */

static const char *const v1_frames[] = {
    "{\"is_finished\":false,\"event_type\":\"stream-start\",\"generation_id\":\"g\"}",
    "{\"is_finished\":false,\"event_type\":\"text-generation\",\"text\":\"He\"}",
    "{\"is_finished\":false,\"event_type\":\"text-generation\",\"text\":\"llo\"}",
    "{\"is_finished\":true,\"event_type\":\"stream-end\",\"finish_reason\":\"MAX_TOKENS\","
    "\"response\":{\"generation_id\":\"g\",\"text\":\"Hello\",\"meta\":{\"billed_units\":{"
    "\"input_tokens\":5,\"output_tokens\":2}}}}",
    NULL,
};

static void reads_v1(void **state)
{
    struct kit k;

    (void)state;
    init(&k, "v1_chat");
    assert_int_equal(kit_stream(&k, v1_frames), SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"He\"\ntext 0 \"llo\"\n");
    assert_string_equal(k.answer.end.response_id, "g");
    assert_int_equal(k.answer.end.usage.input_tokens, 5);
    assert_int_equal(k.answer.end.finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH);
    kit_restart(&k);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kit_frame(&k, v1_frames[i]), SL_OK);
    assert_int_equal(kit_eof(&k), SL_UNAVAILABLE);
    kit_restart(&k);
    assert_int_equal(kit_body(&k, "{\"text\":\"\",\"tool_calls\":[{\"name\":\"f\",\"parameters\":"
                                  "{\"a\":1}}],\"finish_reason\":\"COMPLETE\"}"),
                     SL_OK);
    assert_non_null(strstr(kit_events(&k), "name=f"));
    assert_int_equal(k.answer.end.finish_reason,
                     SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS);
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_its_address),
        cmocka_unit_test(needs_a_key),
        cmocka_unit_test(sends_documents_beside_the_messages),
        cmocka_unit_test(sends_history),
        cmocka_unit_test(chooses_tools),
        cmocka_unit_test(sends_parameters_by_their_names),
        cmocka_unit_test(v1_takes_the_last_question_apart),
        cmocka_unit_test(body_and_stream_are_the_same),
        cmocka_unit_test(a_stream_cut_off_is_no_answer),
        cmocka_unit_test(passes_errors_on),
        cmocka_unit_test(knows_the_reasons),
        cmocka_unit_test(reads_v1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
