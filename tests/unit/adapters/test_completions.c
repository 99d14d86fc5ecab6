/* Completions: the prompt, what is refused, texts with probabilities, and streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

static void begin(struct kit *k, const char *kind, const char *api)
{
    kit_init(k, kind);
    k->adapter = sl_adapter_for_api(k->adapter, api);
    assert_non_null(k->adapter);
    kit_restart(k);
}

static void a_text_is_the_prompt(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "mistral", "fim_completions");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "const x = ");
    k.request.provider_options_json = sl_arena_strdup(&k.arena, "{\"suffix\":\";\"}");
    const char *text = kit_build(&k, true, &http);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"prompt\":\"const x = \""));
    assert_non_null(strstr(text, "\"suffix\":\";\""));
    assert_null(strstr(text, "stream_options"));
    assert_string_equal(http.url, "https://api.test/v1/fim/completions");
    kit_fini(&k);
}

static void a_conversation_is_refused(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "openai", "completions");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "one");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "two");
    assert_null(kit_build(&k, false, &http));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    assert_string_equal(k.err.field, "messages");
    kit_fini(&k);
}

static void a_prompt_option_needs_an_empty_text(void **state)
{
    static const struct {
        const char *text;
        bool sent;
    } rows[] = {{"", true}, {"words", false}};
    struct sl_http_request http;

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        begin(&k, "openai", "completions");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, rows[i].text);
        k.request.provider_options_json = sl_arena_strdup(&k.arena, "{\"prompt\":[[1,2]]}");
        const char *text = kit_build(&k, false, &http);
        if (rows[i].sent)
            assert_non_null(strstr(text, "\"prompt\":[[1,2]]"));
        else
            assert_string_equal(k.err.field, "provider_options_json");
        kit_fini(&k);
    }
}

static void tools_are_warned_about(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    begin(&k, "openai", "completions");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "hi");
    kit_function(&k, "f", "{}");
    assert_non_null(kit_build(&k, false, &http));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "tools"));
    kit_fini(&k);
}

static void a_body_has_probabilities(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai", "completions");
    assert_int_equal(
        kit_body(&k,
                 "{\"id\":\"c-1\",\"model\":\"m\",\"choices\":[{\"text\":\" ab\",\"index\":0,"
                 "\"logprobs\":{\"tokens\":[\" a\",\"b\"],\"token_logprobs\":[null,-0.5],"
                 "\"top_logprobs\":[null,{\"c\":-2.0,\"b\":-0.5}]},\"finish_reason\":\"length\"},"
                 "{\"text\":\"no\",\"index\":1}],\"usage\":{\"prompt_tokens\":3,"
                 "\"completion_tokens\":2,\"total_tokens\":5}}"),
        SL_OK);
    assert_string_equal(kit_events(&k),
                        "text 0 \" ab\" logprobs=2 [ a 0] [b -0.5 (b -0.5) (c -2)]\n");
    assert_int_equal(k.answer.end.finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH);
    assert_int_equal(k.answer.end.usage.input_tokens, 3);
    assert_non_null(kit_warning(&k, "CHOICES_DROPPED", "provider_options_json"));
    kit_fini(&k);
}

#define CHUNK(text, finish)                                                                        \
    "{\"id\":\"c-1\",\"choices\":[{\"text\":\"" text "\",\"index\":0,\"finish_reason\":" finish    \
    "}],\"model\":\"m\"}"

static void streams(void **state)
{
    static const char *const frames[] = {CHUNK("a", "null"), CHUNK("b", "\"stop\""), "[DONE]",
                                         NULL};
    struct kit k;

    (void)state;
    begin(&k, "openai", "completions");
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"a\"\ntext 0 \"b\"\n");
    kit_restart(&k);
    assert_int_equal(kit_frame(&k, frames[0]), SL_OK);
    assert_int_equal(kit_eof(&k), SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    kit_fini(&k);
}

/* The head said application/json, the body is a stream. */
static void a_stream_as_a_body(void **state)
{
    struct kit k;

    (void)state;
    begin(&k, "openai", "completions");
    assert_int_equal(kit_body(&k, "data: " CHUNK("a", "null") "\r\n\r\ndata: " CHUNK(
                                      "b", "\"stop\"") "\n\ndata: [DONE]\n\n"),
                     SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"a\"\ntext 0 \"b\"\n");
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_the_prompt),
        cmocka_unit_test(a_conversation_is_refused),
        cmocka_unit_test(a_prompt_option_needs_an_empty_text),
        cmocka_unit_test(tools_are_warned_about),
        cmocka_unit_test(a_body_has_probabilities),
        cmocka_unit_test(streams),
        cmocka_unit_test(a_stream_as_a_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
