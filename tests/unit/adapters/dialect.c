/* Runs the rows of a provider that speaks chat completions. */
#include "dialect.h"

#include <stdio.h>

static const struct dialect *under_test;

/* ---- requests ---- */

static Sluice__V1__ReasoningOptions *reasoning(struct kit *k)
{
    Sluice__V1__ReasoningOptions *r = SL_ARENA_NEW(&k->arena, Sluice__V1__ReasoningOptions);

    sluice__v1__reasoning_options__init(r);
    k->request.reasoning = r;
    return r;
}

void dialect_ask_plain(struct kit *k)
{
    kit_text(k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
}

void dialect_ask_no_reasoning(struct kit *k)
{
    dialect_ask_plain(k);
    reasoning(k)->effort = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE;
}

void dialect_ask_budget(struct kit *k)
{
    dialect_ask_plain(k);
    reasoning(k)->budget_tokens = 512;
    k->request.reasoning->_budget_tokens_case =
        SLUICE__V1__REASONING_OPTIONS___BUDGET_TOKENS_BUDGET_TOKENS;
}

static void add_turn(struct kit *k)
{
    Sluice__V1__Message *m = kit_message(k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_REASONING);

    part->reasoning = SL_ARENA_NEW(&k->arena, Sluice__V1__Reasoning);
    sluice__v1__reasoning__init(part->reasoning);
    part->reasoning->text = (char *)(uintptr_t) "Hm";
    part = kit_part(k, m, SLUICE__V1__PART__CONTENT_TOOL_CALL);
    part->tool_call = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolCall);
    sluice__v1__tool_call__init(part->tool_call);
    part->tool_call->id = (char *)(uintptr_t) "c1";
    part->tool_call->name = (char *)(uintptr_t) "f";
    m = kit_message(k, SLUICE__V1__ROLE__ROLE_TOOL);
    part = kit_part(k, m, SLUICE__V1__PART__CONTENT_TOOL_RESULT);
    part->tool_result = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResult);
    sluice__v1__tool_result__init(part->tool_result);
    part->tool_result->tool_call_id = (char *)(uintptr_t) "c1";
    part->tool_result->n_parts = 1;
    part->tool_result->parts = sl_arena_zalloc(&k->arena, sizeof(Sluice__V1__ToolResultPart *));
    part->tool_result->parts[0] = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResultPart);
    sluice__v1__tool_result_part__init(part->tool_result->parts[0]);
    part->tool_result->parts[0]->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
    part->tool_result->parts[0]->text = (char *)(uintptr_t) "7";
}

void dialect_ask_everything(struct kit *k)
{
    static char *stop[] = {(char *)(uintptr_t) "END"};

    kit_text(k, SLUICE__V1__ROLE__ROLE_DEVELOPER, "Be brief");
    dialect_ask_plain(k);
    add_turn(k);
    kit_function(k, "f", "{\"type\":\"object\"}");
    k->request.tool_choice = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolChoice);
    sluice__v1__tool_choice__init(k->request.tool_choice);
    k->request.tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED;
    k->request._temperature_case = SLUICE__V1__COMPLETE_REQUEST___TEMPERATURE_TEMPERATURE;
    k->request.temperature = 0.5;
    k->request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    k->request.top_k = 40;
    k->request._seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED_SEED;
    k->request.seed = 7;
    k->request._max_output_tokens_case =
        SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    k->request.max_output_tokens = 100;
    k->request._logprobs_case = SLUICE__V1__COMPLETE_REQUEST___LOGPROBS_LOGPROBS;
    k->request.logprobs = true;
    k->request.n_stop = 1;
    k->request.stop = stop;
    reasoning(k)->effort = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH;
    k->request.end_user = (char *)(uintptr_t) "u-1";
}

static const char *warned(struct kit *k)
{
    const char *out = "";

    for (size_t i = 0; i < k->warnings.count; i++)
        out = sl_arena_printf(&k->arena, "%s%s ", out, k->warnings.list[i]->field);
    return out;
}

/* NAME: or nothing. */
static const char *member(struct kit *k, const char *name, const char *value)
{
    return name ? sl_arena_printf(&k->arena, ",\"%s\":%s", name, value) : "";
}

static const char *everything_in(struct kit *k, const struct dialect_words *w)
{
    if (w->body)
        return w->body;
    return sl_arena_printf(
        &k->arena,
        "{\"model\":\"model-1\",\"messages\":[{\"role\":\"%s\",\"content\":\"Be brief\"},"
        "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":null%s,"
        "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"7\"}],"
        "\"temperature\":0.5%s,\"stop\":[\"END\"],\"%s\":100,\"seed\":7%s,\"tools\":[{\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],"
        "\"tool_choice\":\"required\",%s%s,\"stream\":true%s%s%s}",
        w->system ? w->system : "system", member(k, w->history, "\"Hm\""),
        w->top_k ? ",\"top_k\":40" : "", w->limit, w->no_logprobs ? "" : ",\"logprobs\":true",
        w->reasoning, member(k, w->end_user, "\"u-1\""),
        w->no_stream_options ? "" : ",\"stream_options\":{\"include_usage\":true}",
        w->extra ? "," : "", w->extra ? w->extra : "");
}

static void expect_request(const struct dialect_request *row, const struct dialect_words *words)
{
    struct kit k;

    kit_init(&k, under_test->kind);
    row->ask(&k);
    const char *body = kit_build(&k, row->stream, NULL);
    if (!body)
        fail_msg("refused: %s", k.err.text);
    assert_string_equal(body, words ? everything_in(&k, words) : row->body);
    assert_string_equal(warned(&k), row->warned ? row->warned : "");
    kit_fini(&k);
}

static void words_are_used(void **state)
{
    const struct dialect_words *w = under_test->words;
    const struct dialect_request everything = {dialect_ask_everything, true, NULL, w->warned};
    char body[512];

    (void)state;
    expect_request(&everything, w);
    if (!w->none)
        return;
    snprintf(body, sizeof(body),
             "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],%s}",
             w->none);
    expect_request(&(struct dialect_request){dialect_ask_no_reasoning, false, body, w->none_warned},
                   NULL);
}

static void requests_are_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < under_test->n_requests; i++)
        expect_request(&under_test->requests[i], NULL);
}

static void address_and_key(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    kit_init(&k, under_test->kind);
    dialect_ask_plain(&k);
    if (k.adapter->default_base_url)
        k.target.base_url = k.adapter->default_base_url;
    k.target.auth = SL_AUTH_DEFAULT;
    struct sl_secret *key = sl_secret_create("sk-test-1", strlen("sk-test-1"));
    k.target.key = key;
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(http.url, under_test->url);
    const char *colon = strchr(under_test->key_header, ':');
    char *name = sl_arena_strndup(&k.arena, under_test->key_header,
                                  (size_t)(colon - under_test->key_header));
    assert_string_equal(kit_header(&http, name), colon + 2);
    if (k.adapter->key_required) {
        k.target.key = NULL;
        assert_null(kit_build(&k, false, &http));
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_KEY_MISSING);
        assert_non_null(strstr(k.err.text, k.adapter->key_variables[0]));
    }
    sl_secret_unref(key);
    kit_fini(&k);
}

/* ---- answers ---- */

static void expect_usage(const struct kit *k, const struct dialect_answer *row)
{
    const Sluice__V1__TokenUsage *u = &k->answer.end.usage;

    assert_true(k->answer.end.done);
    assert_int_equal(u->input_tokens, row->input);
    assert_int_equal(u->cache_read_tokens, row->cached);
    assert_int_equal(u->cache_write_tokens, row->written);
    assert_int_equal(u->output_tokens, row->output);
    assert_int_equal(u->reasoning_tokens, row->reasoning);
}

static void expect_cuts(struct kit *k, const struct dialect_answer *row, size_t n)
{
    for (size_t cut = 0; cut < n; cut++) {
        enum sl_code code = SL_OK;
        kit_restart(k);
        for (size_t i = 0; i < cut && code == SL_OK; i++)
            code = kit_frame(k, row->frames[i]);
        assert_int_equal(code, SL_OK);
        bool whole = k->answer.end.has_finish_reason || k->answer.end.done;
        code = kit_eof(k);
        assert_int_equal(code, whole ? SL_OK : SL_UNAVAILABLE);
        if (!whole)
            assert_int_equal(k->err.reason, SL_REASON_PROVIDER_TRUNCATED);
    }
}

static void answers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < under_test->n_answers; i++) {
        const struct dialect_answer *row = &under_test->answers[i];
        struct kit k;
        size_t n = 0;
        kit_init(&k, under_test->kind);
        if (kit_stream(&k, row->frames) != SL_OK)
            fail_msg("refused: %s", k.err.text);
        assert_string_equal(kit_events(&k), row->events);
        expect_usage(&k, row);
        const char *whole = kit_whole(&k);
        if (row->body) {
            kit_restart(&k);
            assert_int_equal(kit_body(&k, row->body), SL_OK);
            assert_string_equal(kit_whole(&k), whole);
        }
        while (row->frames[n])
            n++;
        expect_cuts(&k, row, n);
        kit_fini(&k);
    }
}

static void failures_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < under_test->n_failures; i++) {
        const struct dialect_failure *row = &under_test->failures[i];
        struct kit k;
        kit_init(&k, under_test->kind);
        if (row->status == 200)
            assert_int_not_equal(kit_frame(&k, row->body), SL_OK);
        else
            kit_failure(&k, row->status, NULL, row->body);
        assert_int_equal(k.err.code, row->code);
        assert_int_equal(k.err.reason, row->reason);
        assert_int_equal(k.err.http_status, row->status);
        assert_string_equal(k.err.provider_code, row->provider_code);
        assert_string_equal(k.err.text, row->text);
        kit_fini(&k);
    }
}

int dialect_run(const struct dialect *d)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_used),    cmocka_unit_test(requests_are_sent),
        cmocka_unit_test(address_and_key),   cmocka_unit_test(answers_are_read),
        cmocka_unit_test(failures_are_told),
    };

    under_test = d;
    return cmocka_run_group_tests_name(d->kind, tests, NULL, NULL);
}
