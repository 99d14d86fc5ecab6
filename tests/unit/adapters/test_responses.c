/* The Responses API: answers whole, streamed and broken off; what is sent; and that an answer which is given back becomes
 * the items it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

static void begin(struct kit *k, const char *kind)
{
    kit_init(k, kind);
    k->adapter = sl_adapter_for_api(k->adapter, "responses");
    assert_non_null(k->adapter);
    kit_restart(k);
}

/* ---- one answer in both forms ---- */

#define REASONING                                                                                  \
    "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"encrypted_content\":\"gAAA\",\"summary\":[{"        \
    "\"type\":"                                                                                    \
    "\"summary_text\",\"text\":\"Hm. \"},{\"type\":\"summary_text\",\"text\":\"So.\"}]}"
#define MESSAGE                                                                                    \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","      \
    "\"content\":[{\"type\":\"output_text\",\"text\":\"Hello w\\u00f6rld\",\"annotations\":[{"     \
    "\"type\":\"url_citation\",\"url\":\"https://a.test\",\"title\":\"A\",\"start_index\":0,"      \
    "\"end_index\":5}],\"logprobs\":[]}]}"
#define CALL                                                                                       \
    "{\"id\":\"fc_1\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_1\"," \
    "\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}"
#define SEARCH                                                                                     \
    "{\"id\":\"ws_1\",\"type\":\"web_search_call\",\"status\":\"completed\",\"action\":{\"type\":" \
    "\"search\",\"query\":\"q\"}}"
#define FACTS "\"id\":\"resp_1\",\"model\":\"m-1\",\"service_tier\":\"default\",\"error\":null"
#define USAGE                                                                                      \
    "\"usage\":{\"input_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":4},"               \
    "\"output_tokens\":7,\"output_tokens_details\":{\"reasoning_tokens\":3},\"total_tokens\":17}"

static const char body[] = "{" FACTS ",\"status\":\"completed\",\"output\":[" REASONING "," MESSAGE
                           "," CALL "," SEARCH "]," USAGE "}";

#define AT(type, i) "{\"type\":\"response." type "\",\"output_index\":" #i
#define ITEM(type, i, item) AT(type, i) ",\"item\":" item "}"

static const char *const frames[] = {
    "{\"type\":\"response.created\",\"response\":{" FACTS ",\"status\":\"in_progress\"}}",
    ITEM("output_item.added", 0, "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[]}"),
    AT("reasoning_summary_text.delta", 0) ",\"summary_index\":0,\"delta\":\"Hm. \"}",
    AT("reasoning_text.delta", 0) ",\"content_index\":0,\"delta\":\"not twice\"}",
    AT("reasoning_summary_text.delta", 0) ",\"summary_index\":1,\"delta\":\"So.\"}",
    ITEM("output_item.done", 0, REASONING),
    ITEM("output_item.added", 1, "{\"id\":\"msg_1\",\"type\":\"message\",\"content\":[]}"),
    AT("output_text.delta", 1) ",\"content_index\":0,\"delta\":\"Hello \"}",
    AT("output_text.delta", 1) ",\"content_index\":0,\"delta\":\"w\\u00f6rld\"}",
    AT("output_text.annotation.added",
       1) ",\"content_index\":0,\"annotation\":{\"type\":"
          "\"url_citation\",\"url\":\"https://a.test\",\"title\":\"A\","
          "\"start_index\":0,\"end_index\":5}}",
    "{\"type\":\"response.something.new\",\"output_index\":1}",
    ITEM("output_item.done", 1, MESSAGE),
    ITEM("output_item.added", 2,
         "{\"id\":\"fc_1\",\"type\":\"function_call\",\"call_id\":\"call_1\",\"name\":\"f\","
         "\"arguments\":\"\"}"),
    AT("function_call_arguments.delta", 2) ",\"delta\":\"{\\\"a\\\"\"}",
    AT("function_call_arguments.delta", 2) ",\"delta\":\":1}\"}",
    ITEM("output_item.done", 2, CALL),
    ITEM("output_item.done", 3, SEARCH),
    "{\"type\":\"response.completed\",\"response\":{" FACTS
    ",\"status\":\"completed\",\"output\":[" REASONING "," MESSAGE "," CALL "," SEARCH "]," USAGE
    "}}",
    NULL,
};

static void expect_facts(const struct kit *k)
{
    const struct sl_answer_end *end = &k->answer.end;

    assert_true(end->done && end->has_usage);
    assert_int_equal(end->finish_reason, FINISH(TOOL_CALLS));
    assert_string_equal(end->raw_finish_reason, "completed");
    assert_string_equal(end->response_id, "resp_1");
    assert_string_equal(end->model, "m-1");
    assert_int_equal(end->usage.input_tokens, 6);
    assert_int_equal(end->usage.cache_read_tokens, 4);
    assert_int_equal(end->usage.output_tokens, 4);
    assert_int_equal(end->usage.reasoning_tokens, 3);
}

static void a_body_keeps_what_each_item_is(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    assert_int_equal(kit_body(&k, body), SL_OK);
    const char *events = kit_events(&k);
    assert_non_null(strstr(events, "reasoning 0 \"Hm. \"\nreasoning 0 \"So.\"\n"
                                   "done 0 state=openai:" REASONING "\n"));
    assert_non_null(strstr(events, "text 1 \"Hello w\xc3\xb6rld\"\ncitation 1 url=https://a.test"));
    assert_non_null(
        strstr(events, "done 1 state=openai:{\"id\":\"msg_1\",\"status\":\"completed\"}\n"));
    assert_non_null(strstr(events, "id=call_1 name=f"));
    assert_non_null(strstr(events, "done 2 state=openai:{\"id\":\"fc_1\"}\n"));
    assert_non_null(strstr(events, "done 3 state=openai:" SEARCH "\n"));
    expect_facts(&k);
    kit_fini(&k);
}

static void a_stream_says_the_same(void **state)
{
    struct kit k;
    struct kit whole;

    (void)state;
    begin(&whole, "openai");
    assert_int_equal(kit_body(&whole, body), SL_OK);
    begin(&k, "openai");
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_whole(&k), kit_whole(&whole));
    assert_null(strstr(kit_events(&k), "not twice"));
    expect_facts(&k);
    kit_fini(&k);
    kit_fini(&whole);
}

static void a_stream_cut_anywhere_is_truncated(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    for (size_t n = 0; frames[n + 1]; n++) {
        kit_restart(&k);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(kit_frame(&k, frames[i]), SL_OK);
        k.err = (struct sl_err){0};
        assert_int_equal(kit_eof(&k), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    }
    kit_fini(&k);
}

/* Items that came without deltas, or only with the end, are not lost. */
static void the_end_fills_what_is_missing(void **state)
{
    static const char *const late[] = {
        ITEM("output_item.done", 0, MESSAGE),
        "{\"type\":\"response.completed\",\"response\":{" FACTS
        ",\"status\":\"completed\",\"output\":[" MESSAGE "," CALL "]}}",
        NULL,
    };
    struct kit k;

    (void)state;
    begin(&k, "openai");
    assert_int_equal(kit_stream(&k, late), SL_OK);
    assert_non_null(strstr(kit_events(&k), "text 0 \"Hello w\xc3\xb6rld\""));
    assert_non_null(strstr(kit_events(&k), "id=call_1 name=f \"{\"a\":1}\""));
    assert_false(k.answer.end.has_usage);
    kit_fini(&k);
}

static void finish_reasons(void **state)
{
    static const struct {
        const char *status, *raw;
        Sluice__V1__FinishReason reason;
    } rows[] = {
        {"\"completed\"", "completed", FINISH(STOP)},
        {"\"queued\"", "queued", FINISH(OTHER)},
        {"\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}",
         "incomplete:max_output_tokens", FINISH(LENGTH)},
        {"\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"}",
         "incomplete:content_filter", FINISH(CONTENT_FILTER)},
        {"\"incomplete\",\"incomplete_details\":null", "incomplete", FINISH(OTHER)},
    };
    struct kit k;

    (void)state;
    begin(&k, "openai");
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[256];
        kit_restart(&k);
        snprintf(text, sizeof(text), "{\"output\":[],\"status\":%s}", rows[i].status);
        assert_int_equal(kit_body(&k, text), SL_OK);
        assert_int_equal(k.answer.end.finish_reason, rows[i].reason);
        assert_string_equal(k.answer.end.raw_finish_reason, rows[i].raw);
    }
    kit_fini(&k);
}

static void errors_inside_an_answer(void **state)
{
    static const struct {
        const char *frame, *code;
        enum sl_reason reason;
    } rows[] = {
        {"{\"type\":\"error\",\"error\":{\"type\":\"insufficient_quota\",\"code\":"
         "\"insufficient_quota\",\"message\":\"no\"}}",
         "insufficient_quota", SL_REASON_PROVIDER_QUOTA},
        {"{\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"slow\",\"param\":"
         "null}",
         "rate_limit_exceeded", SL_REASON_PROVIDER_RATE_LIMIT},
        {"{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":"
         "\"server_error\",\"message\":\"oops\"}}}",
         "server_error", SL_REASON_PROVIDER_ERROR},
    };
    struct kit k;

    (void)state;
    begin(&k, "openai");
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        kit_restart(&k);
        k.err = (struct sl_err){0};
        assert_int_not_equal(kit_frame(&k, rows[i].frame), SL_OK);
        assert_int_equal(k.err.reason, rows[i].reason);
        assert_string_equal(k.err.provider_code, rows[i].code);
    }
    kit_fini(&k);
}

static void garbage_is_an_error(void **state)
{
    static const char *const bodies[] = {"", "[]", "{}", "{\"output\":7}", "nonsense"};
    struct kit k;

    (void)state;
    begin(&k, "openai");
    for (size_t i = 0; i < SL_ARRAY_LEN(bodies); i++) {
        kit_restart(&k);
        k.err = (struct sl_err){0};
        assert_int_equal(kit_body(&k, bodies[i]), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
    }
    kit_fini(&k);
}

static void a_picture_is_a_part(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai");
    assert_int_equal(kit_body(&k, "{\"status\":\"completed\",\"output\":[{\"id\":\"ig_1\",\"type\":"
                                  "\"image_generation_call\",\"status\":\"completed\",\"result\":"
                                  "\"aGV5\",\"output_format\":\"webp\"}]}"),
                     SL_OK);
    assert_non_null(strstr(kit_events(&k), "image 1 type=image/webp 3 bytes"));
    assert_null(strstr(kit_events(&k), "aGV5"));
    kit_fini(&k);
}

/* ---- requests ---- */

static void set_state(struct kit *k, Sluice__V1__Part *part, const char *provider, const char *json)
{
    part->provider_state = sl_arena_zalloc(&k->arena, sizeof(*part->provider_state));
    sluice__v1__provider_state__init(part->provider_state);
    part->provider_state->provider = sl_arena_strdup(&k->arena, provider);
    part->provider_state->data.data = (uint8_t *)sl_arena_strdup(&k->arena, json);
    part->provider_state->data.len = strlen(json);
}

static Sluice__V1__Part *add_reasoning(struct kit *k, Sluice__V1__Message *m, const char *text)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_REASONING);

    part->reasoning = sl_arena_zalloc(&k->arena, sizeof(*part->reasoning));
    sluice__v1__reasoning__init(part->reasoning);
    part->reasoning->text = sl_arena_strdup(&k->arena, text);
    return part;
}

static void add_spoken(struct kit *k, Sluice__V1__Message *m, const char *text, const char *json)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_TEXT);

    part->text = sl_arena_strdup(&k->arena, text);
    set_state(k, part, "openai", json);
}

static void items_go_back_as_they_came(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "openai");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "Be brief.");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    Sluice__V1__Part *part = add_reasoning(&k, m, "Hm. So.");
    set_state(&k, part, "openai", REASONING);
    add_spoken(&k, m, "one", "{\"id\":\"msg_1\",\"status\":\"completed\"}");
    add_spoken(&k, m, "two", "{\"id\":\"msg_1\",\"status\":\"completed\"}");
    add_spoken(&k, m, "three", "{\"id\":\"msg_2\"}");
    const char *text = kit_build(&k, false, &http);
    assert_non_null(text);
    assert_non_null(strstr(text,
                           "\"input\":[{\"role\":\"system\",\"content\":\"Be brief.\"}," REASONING
                           ",{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"msg_1\","));
    assert_non_null(strstr(text, "\"text\":\"one\",\"annotations\":[]},{\"type\":\"output_text\","
                                 "\"text\":\"two\",\"annotations\":[]}]}"));
    assert_non_null(strstr(text, "\"id\":\"msg_2\",\"content\":[{"));
    assert_int_equal(k.warnings.count, 0);
    kit_fini(&k);
}

static void another_providers_state_is_dropped(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "openai");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "hi");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    Sluice__V1__Part *part = add_reasoning(&k, m, "secret thoughts");
    set_state(&k, part, "anthropic", REASONING);
    const char *text = kit_build(&k, false, &http);
    assert_non_null(text);
    assert_null(strstr(text, "rs_1"));
    assert_null(strstr(text, "secret"));
    assert_non_null(
        kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[1].parts[0].provider_state"));
    assert_non_null(kit_warning(&k, "REASONING_DROPPED", "messages[1].parts[0]"));
    kit_fini(&k);
}

static void options_are_joined_or_refused(void **state)
{
    static const struct {
        const char *options, *sent; /* sent NULL: refused */
    } rows[] = {
        {"{\"store\":false,\"truncation\":\"auto\"}", "\"store\":false,\"truncation\":\"auto\"}"},
        {"{\"include\":[\"reasoning.encrypted_content\"]}",
         "\"include\":[\"message.output_text.logprobs\",\"reasoning.encrypted_content\"]"},
        {"{\"text\":{\"verbosity\":\"low\"}}",
         "\"text\":{\"format\":{\"type\":\"json_object\"},\"verbosity\":\"low\"}"},
        {"{\"reasoning\":{\"generate_summary\":\"auto\"}}",
         "\"reasoning\":{\"effort\":\"low\",\"generate_summary\":\"auto\"}"},
        {"{\"text\":{\"format\":{\"type\":\"text\"}}}", NULL},
        {"{\"reasoning\":{\"effort\":\"high\"}}", NULL},
        {"{\"input\":[]}", NULL},
        {"{\"mod\\u0065l\":\"x\"}", NULL},
        {"{\"models\":[\"other\"]}", NULL},
        {"{\"include\":7}", NULL},
    };
    Sluice__V1__ResponseFormat format = SLUICE__V1__RESPONSE_FORMAT__INIT;
    Sluice__V1__ReasoningOptions reasoning = SLUICE__V1__REASONING_OPTIONS__INIT;
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "openai");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "hi");
    format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON;
    reasoning.effort = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_LOW;
    k.request.response_format = &format;
    k.request.reasoning = &reasoning;
    k.request._logprobs_case = SLUICE__V1__COMPLETE_REQUEST___LOGPROBS_LOGPROBS;
    k.request.logprobs = true;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        k.err = (struct sl_err){0};
        k.request.provider_options_json = sl_arena_strdup(&k.arena, rows[i].options);
        const char *text = kit_build(&k, true, &http);
        if (rows[i].sent) {
            assert_non_null(text);
            assert_non_null(strstr(text, rows[i].sent));
        } else {
            assert_null(text);
            assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
            assert_string_equal(k.err.field, "provider_options_json");
        }
    }
    kit_fini(&k);
}

static void what_cannot_be_said_is_warned_about(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "openai");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "hi");
    k.request._seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED_SEED;
    k.request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    char *stop[] = {(char[]){"x"}};
    k.request.stop = stop;
    k.request.n_stop = 1;
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(http.url, "https://api.test/v1/responses");
    static const char *const fields[] = {"seed", "top_k", "stop"};
    for (size_t i = 0; i < SL_ARRAY_LEN(fields); i++)
        assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", fields[i]));
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_keeps_what_each_item_is),
        cmocka_unit_test(a_stream_says_the_same),
        cmocka_unit_test(a_stream_cut_anywhere_is_truncated),
        cmocka_unit_test(the_end_fills_what_is_missing),
        cmocka_unit_test(finish_reasons),
        cmocka_unit_test(errors_inside_an_answer),
        cmocka_unit_test(garbage_is_an_error),
        cmocka_unit_test(a_picture_is_a_part),
        cmocka_unit_test(items_go_back_as_they_came),
        cmocka_unit_test(another_providers_state_is_dropped),
        cmocka_unit_test(options_are_joined_or_refused),
        cmocka_unit_test(what_cannot_be_said_is_warned_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
