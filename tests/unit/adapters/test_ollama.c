/* Ollama: what its own APIs are sent, and small answers in their shape, whole, line by line, and
 * cut off. Shapes are those of docs.ollama.com (openapi.yaml) and of the recordings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define BASE "http://localhost:11434"

static void init(struct kit *k, const char *api)
{
    kit_init_api(k, "ollama", api, BASE);
}

/* ---- requests ---- */

static void sends_a_plain_question(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_DEVELOPER, "Be brief.");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    assert_string_equal(
        kit_build(&k, false, &http),
        "{\"model\":\"model-1\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
        "brief.\"},{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":false}");
    assert_string_equal(http.url, BASE "/api/chat");
    assert_int_equal(http.framing, SL_FRAMING_NONE);
    kit_fini(&k);
}

static void finds_its_address(void **state)
{
    static const struct {
        const char *api, *base, *url;
    } rows[] = {
        {"", BASE, BASE "/api/chat"},
        {"", "https://ollama.com/api", "https://ollama.com/api/chat"},
        {"", BASE "/v1", BASE "/v1/chat/completions"},
        {"api_chat", BASE, BASE "/api/chat"},
        {"api_generate", BASE, BASE "/api/generate"},
        {"chat_completions", BASE, BASE "/v1/chat/completions"},
        {"chat_completions", BASE "/v1", BASE "/v1/chat/completions"},
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

static void puts_sampling_into_options(void **state)
{
    char *stop[] = {(char *)"a", (char *)"b"};
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    k.target.has_temperature = true;
    k.target.temperature = 0.5;
    k.target.provider_options_json =
        "{\"options\":{\"num_ctx\":1,\"min_p\":0.1},\"keep_alive\":\"5m\"}";
    k.request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    k.request.top_k = 7;
    k.request._max_output_tokens_case =
        SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    k.request.max_output_tokens = 9;
    k.request._seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED_SEED;
    k.request.seed = 42;
    k.request.stop = stop;
    k.request.n_stop = 2;
    k.request.provider_options_json = (char *)"{\"options\":{\"num_ctx\":8192},\"think\":true}";
    const char *body = kit_build(&k, true, &http);
    assert_non_null(body);
    assert_non_null(strstr(body,
                           "\"options\":{\"temperature\":0.5,\"top_k\":7,\"num_predict\":9,"
                           "\"seed\":42,\"stop\":[\"a\",\"b\"],\"num_ctx\":8192,\"min_p\":0.1}"));
    assert_non_null(strstr(body, "\"think\":true"));
    assert_non_null(strstr(body, "\"keep_alive\":\"5m\""));
    assert_int_equal(http.framing, SL_FRAMING_NDJSON);
    kit_fini(&k);
}

static void refuses_options_with_a_field(void **state)
{
    static const char *const rows[] = {
        "{\"model\":\"x\"}",
        "{\"options\":{\"temperature\":1}}",
        "{\"options\":{\"num_pr\\u0065dict\":1}}",
        "{\"format\":\"json\"}",
        "{\"options\":3}",
        "[1]",
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_http_request http;
        struct kit k;
        init(&k, "");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        k.request.provider_options_json = (char *)(uintptr_t)rows[i];
        assert_null(kit_build(&k, false, &http));
        assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
        assert_string_equal(k.err.field, "provider_options_json");
        kit_fini(&k);
    }
}

static void sends_tools_and_their_results(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Weather?");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    kit_part(&k, m, SLUICE__V1__PART__CONTENT_REASONING)->reasoning->text = (char *)"Hm";
    Sluice__V1__Part *call = kit_part(&k, m, SLUICE__V1__PART__CONTENT_TOOL_CALL);
    call->tool_call->id = (char *)"call_1";
    call->tool_call->name = (char *)"f";
    call->tool_call->arguments_json = (char *)"{\"a\":1}";
    m = kit_message(&k, SLUICE__V1__ROLE__ROLE_TOOL);
    Sluice__V1__Part *result = kit_part(&k, m, SLUICE__V1__PART__CONTENT_TOOL_RESULT);
    result->tool_result->tool_call_id = (char *)"call_1";
    kit_function(&k, "f", "{\"type\":\"object\"}");
    assert_string_equal(
        kit_build(&k, false, &http),
        "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Weather?\"},"
        "{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm\",\"tool_calls\":[{\"id\":"
        "\"call_1\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]},{\"role\":\"tool\","
        "\"content\":\"\",\"tool_name\":\"f\",\"tool_call_id\":\"call_1\"}],\"tools\":[{\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],"
        "\"stream\":false}");
    call->tool_call->arguments_json = (char *)"{\"a\":";
    assert_non_null(
        strstr(kit_build(&k, false, &http), "\"arguments\":{\"INVALID_JSON\":\"{\\\"a\\\":\"}"));
    assert_non_null(kit_warning(&k, "ARGUMENTS_WRAPPED", "messages[1].parts[1].tool_call"));
    kit_fini(&k);
}

static void sends_pictures_as_base64(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_USER);
    Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_IMAGE);
    part->image->source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
    part->image->data = (ProtobufCBinaryData){3, (uint8_t *)(uintptr_t) "abc"};
    part->image->media_type = (char *)"image/png";
    assert_non_null(strstr(kit_build(&k, false, &http), "\"images\":[\"YWJj\"]"));
    part->image->source_case = SLUICE__V1__IMAGE__SOURCE_URL;
    part->image->url = (char *)"https://x.test/a.png";
    assert_null(strstr(kit_build(&k, false, &http), "images"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0]"));
    kit_fini(&k);
}

static void says_how_much_to_think(void **state)
{
    static const struct {
        int effort;
        const char *sent;
        bool warned;
    } rows[] = {
        {SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE, "\"think\":false", false},
        {SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_MINIMAL, "\"think\":\"low\"", true},
        {SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_MEDIUM, "\"think\":\"medium\"", false},
        {SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH, "\"think\":\"high\"", true},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        Sluice__V1__ReasoningOptions r = SLUICE__V1__REASONING_OPTIONS__INIT;
        struct sl_http_request http;
        struct kit k;
        init(&k, "");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        r.effort = (Sluice__V1__ReasoningOptions__Effort)rows[i].effort;
        k.request.reasoning = &r;
        assert_non_null(strstr(kit_build(&k, false, &http), rows[i].sent));
        assert_int_equal(kit_warning(&k, "UNSUPPORTED_PARAMETER", "reasoning.effort") != NULL,
                         rows[i].warned);
        kit_fini(&k);
    }
}

static void generate_takes_one_question(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    init(&k, "api_generate");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "S");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Q");
    assert_string_equal(
        kit_build(&k, true, &http),
        "{\"model\":\"model-1\",\"system\":\"S\",\"prompt\":\"Q\",\"stream\":true}");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT, "A");
    assert_null(kit_build(&k, true, &http));
    assert_string_equal(k.err.field, "messages[2]");
    kit_fini(&k);
}

/* ---- answers ---- */

#define TAIL                                                                                       \
    "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":9,\"prompt_eval_count\":3,"         \
    "\"eval_count\":4}"

static const char whole[] =
    "{\"model\":\"m:1\",\"message\":{\"role\":\"assistant\",\"content\":\"Hello\",\"thinking\":"
    "\"Hm.\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":"
    "{\"a\": 1}}}]}," TAIL;

static const char *const lines[] = {
    "{\"model\":\"m:1\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm.\"},"
    "\"done\":false}",
    "{\"model\":\"m:1\",\"message\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"done\":false}",
    "{\"model\":\"m:1\",\"message\":{\"role\":\"assistant\",\"content\":\"lo\"},\"done\":false}",
    "{\"model\":\"m:1\",\"message\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{"
    "\"name\":\"f\",\"arguments\":{\"a\": 1}}}]},\"done\":false}",
    "{\"model\":\"m:1\",\"message\":{\"content\":\"\"}," TAIL,
    NULL,
};

static void check_end(struct kit *k)
{
    const struct sl_answer_end *end = &k->answer.end;

    assert_true(end->done);
    assert_int_equal(end->finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS);
    assert_string_equal(end->raw_finish_reason, "stop");
    assert_string_equal(end->model, "m:1");
    assert_int_equal(end->usage.input_tokens, 3);
    assert_int_equal(end->usage.output_tokens, 4);
    assert_string_equal(end->usage.provider_json,
                        "{\"total_duration\":9,\"prompt_eval_count\":3,\"eval_count\":4}");
}

static void body_and_stream_are_the_same(void **state)
{
    struct kit a, b;

    (void)state;
    init(&a, "");
    init(&b, "");
    assert_int_equal(kit_body(&a, whole), SL_OK);
    assert_int_equal(kit_stream(&b, lines), SL_OK);
    assert_string_equal(kit_whole(&a), kit_whole(&b));
    check_end(&a);
    check_end(&b);
    kit_fini(&a);
    kit_fini(&b);
}

static void a_stream_cut_off_is_no_answer(void **state)
{
    (void)state;
    for (size_t n = 0; n < SL_ARRAY_LEN(lines) - 2; n++) {
        struct kit k;
        init(&k, "");
        for (size_t i = 0; i < n; i++)
            assert_int_equal(kit_frame(&k, lines[i]), SL_OK);
        assert_int_equal(kit_eof(&k), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
        kit_fini(&k);
    }
}

static void reads_generate(void **state)
{
    static const char *const frames[] = {
        "{\"model\":\"m\",\"response\":\"\",\"thinking\":\"T\",\"done\":false}",
        "{\"model\":\"m\",\"response\":\"A\",\"done\":false}",
        "{\"model\":\"m\",\"response\":\"B\",\"done\":true,\"done_reason\":\"length\",\"context\":["
        "1]}",
        NULL,
    };
    struct kit k;

    (void)state;
    init(&k, "api_generate");
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_events(&k), "reasoning 0 \"T\"\ntext 1 \"A\"\ntext 1 \"B\"\n");
    assert_int_equal(k.answer.end.finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH);
    assert_false(k.answer.end.has_usage);
    kit_fini(&k);
}

static void makes_up_ids(void **state)
{
    static const char body[] = "{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{"
                               "\"name\":\"f\",\"arguments\":{}}},{\"function\":{\"name\":\"f\","
                               "\"arguments\":{}}}]},\"done\":true,\"done_reason\":\"stop\"}";
    struct kit k;

    (void)state;
    init(&k, "");
    assert_int_equal(kit_body(&k, body), SL_OK);
    const char *first = strstr(kit_events(&k), "id=call_");
    assert_non_null(first);
    const char *second = strstr(first + 1, "id=call_");
    assert_non_null(second);
    assert_int_not_equal(strncmp(first, second, strlen("id=call_") + 24), 0);
    kit_fini(&k);
}

static void passes_errors_on(void **state)
{
    static const struct {
        const char *frame, *text;
        enum sl_reason reason;
    } rows[] = {
        {"{\"error\":\"model runner has stopped\"}", "model runner has stopped",
         SL_REASON_PROVIDER_ERROR},
        {"{\"error\":{\"message\":\"Bad\",\"type\":\"api_error\"}}", "Bad",
         SL_REASON_PROVIDER_ERROR},
        {"{\"error\":\"\"}", "Ollama reported an error without a message",
         SL_REASON_PROVIDER_ERROR},
        {"[1]", "Ollama sent JSON that is no object", SL_REASON_PROVIDER_GARBAGE},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        init(&k, "");
        assert_int_equal(kit_frame(&k, lines[1]), SL_OK);
        assert_int_equal(kit_frame(&k, rows[i].frame), SL_UNAVAILABLE);
        assert_string_equal(k.err.text, rows[i].text);
        assert_int_equal(k.err.reason, rows[i].reason);
        kit_restart(&k);
        assert_int_not_equal(kit_body(&k, rows[i].frame), SL_OK);
        kit_failure(&k, 404, NULL, "{\"error\":\"model 'm' not found\"}");
        assert_int_equal(k.err.code, SL_NOT_FOUND);
        assert_string_equal(k.err.text, "model 'm' not found");
        kit_fini(&k);
    }
}

static void speaks_chat_completions_below_v1(void **state)
{
    struct kit k;

    (void)state;
    init(&k, "");
    k.target.base_url = BASE "/v1";
    assert_int_equal(kit_body(&k, "{\"choices\":[{\"message\":{\"content\":\"Hi\"},"
                                  "\"finish_reason\":\"stop\"}]}"),
                     SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"Hi\"\n");
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_a_plain_question),
        cmocka_unit_test(finds_its_address),
        cmocka_unit_test(puts_sampling_into_options),
        cmocka_unit_test(refuses_options_with_a_field),
        cmocka_unit_test(sends_tools_and_their_results),
        cmocka_unit_test(sends_pictures_as_base64),
        cmocka_unit_test(says_how_much_to_think),
        cmocka_unit_test(generate_takes_one_question),
        cmocka_unit_test(body_and_stream_are_the_same),
        cmocka_unit_test(a_stream_cut_off_is_no_answer),
        cmocka_unit_test(reads_generate),
        cmocka_unit_test(makes_up_ids),
        cmocka_unit_test(passes_errors_on),
        cmocka_unit_test(speaks_chat_completions_below_v1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
