/* Text Generation Inference's own API: addresses, parameters, what is refused, bodies and streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

static void begin(struct kit *k)
{
    kit_init(k, "huggingface");
    k->adapter = sl_adapter_for_api(k->adapter, "text_generation");
    assert_non_null(k->adapter);
    k->target.api = "text_generation";
    kit_restart(k);
}

static void addresses(void **state)
{
    static const struct {
        const char *base, *model;
        bool stream;
        const char *url;
    } rows[] = {
        {"https://router.huggingface.co/hf-inference/models", "google/flan-t5-xxl", true,
         "https://router.huggingface.co/hf-inference/models/google/flan-t5-xxl"},
        {"https://router.huggingface.co/v1", "google/flan-t5-xxl", false,
         "https://router.huggingface.co/hf-inference/models/google/flan-t5-xxl"},
        {"https://h.test/models", "a b?", false, "https://h.test/models/a%20b%3F"},
        {"http://tgi:8080", "tgi", false, "http://tgi:8080/"},
        {"http://tgi:8080/v1", "tgi", true, "http://tgi:8080/"},
        {"http://tgi:8080/generate", "tgi", false, "http://tgi:8080/generate"},
        {"http://tgi:8080/generate", "tgi", true, "http://tgi:8080/generate_stream"},
        {"https://x.endpoints.huggingface.cloud", "tgi", true,
         "https://x.endpoints.huggingface.cloud/"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_http_request http;
        struct kit k;
        begin(&k);
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        k.target.base_url = rows[i].base;
        k.target.model_id = rows[i].model;
        const char *body = kit_build(&k, rows[i].stream, &http);
        assert_non_null(body);
        assert_string_equal(http.url, rows[i].url);
        assert_int_equal(strstr(body, "\"stream\"") == NULL,
                         strstr(rows[i].base, "/generate") != 0);
        kit_fini(&k);
    }
}

static void parameters(void **state)
{
    static char *stop[] = {(char *)"END"};
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Once \"upon\"");
    k.request._temperature_case = SLUICE__V1__COMPLETE_REQUEST___TEMPERATURE_TEMPERATURE;
    k.request.temperature = 0.5;
    k.request._max_output_tokens_case =
        SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    k.request.max_output_tokens = 20;
    k.request.stop = stop;
    k.request.n_stop = 1;
    k.request.provider_options_json =
        (char *)"{\"parameters\":{\"typical_p\":0.9,\"details\":false}}";
    assert_string_equal(kit_build(&k, true, &http),
                        "{\"inputs\":\"Once \\\"upon\\\"\",\"parameters\":{\"return_full_text\":"
                        "false,\"temperature\":0.5,\"max_new_tokens\":20,\"stop\":[\"END\"],"
                        "\"typical_p\":0.9,\"details\":false},\"stream\":true}");
    k.request.provider_options_json = (char *)"{\"parameters\":{\"temperature\":1}}";
    assert_null(kit_build(&k, true, &http));
    assert_string_equal(k.err.field, "provider_options_json");
    kit_fini(&k);
}

static void a_schema_is_a_grammar(void **state)
{
    Sluice__V1__ResponseFormat format = SLUICE__V1__RESPONSE_FORMAT__INIT;
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    format.schema_json = (char *)"{\"type\":\"object\"}";
    k.request.response_format = &format;
    assert_non_null(strstr(kit_build(&k, false, &http),
                           "\"grammar\":{\"type\":\"json\",\"value\":{\"type\":\"object\"}}"));
    format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON;
    assert_null(strstr(kit_build(&k, false, &http), "grammar"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "response_format.type"));
    kit_fini(&k);
}

static void conversations_are_refused(void **state)
{
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "Be brief");
    assert_null(kit_build(&k, false, &http));
    assert_string_equal(k.err.field, "messages[0].role");
    memset(&k.err, 0, sizeof(k.err));
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    assert_null(kit_build(&k, false, &http));
    assert_string_equal(k.err.field, "messages");
    kit_fini(&k);
}

static void bodies(void **state)
{
    static const struct {
        const char *body, *events;
        Sluice__V1__FinishReason reason;
        const char *raw;
        int32_t input, output;
    } rows[] = {
        {"[{\"generated_text\":\"Hello.\",\"details\":{\"finish_reason\":\"eos_token\","
         "\"generated_tokens\":3,\"seed\":null,\"prefill\":[{\"id\":1},{\"id\":2}],\"tokens\":[]}}"
         "]",
         "text 0 \"Hello.\"\n", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP, "eos_token", 2, 3},
        {"{\"generated_text\":\"Hello\",\"details\":{\"finish_reason\":\"stop_sequence\","
         "\"generated_tokens\":2}}",
         "text 0 \"Hello\"\n", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP, "stop_sequence", 0,
         2},
        {"{\"generated_text\":\"Hello\"}", "text 0 \"Hello\"\n",
         SLUICE__V1__FINISH_REASON__FINISH_REASON_UNSPECIFIED, NULL, -1, -1},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        begin(&k);
        assert_int_equal(kit_body(&k, rows[i].body), SL_OK);
        assert_string_equal(kit_events(&k), rows[i].events);
        assert_int_equal(k.answer.end.finish_reason, rows[i].reason);
        if (rows[i].raw)
            assert_string_equal(k.answer.end.raw_finish_reason, rows[i].raw);
        assert_int_equal(k.answer.end.has_usage, rows[i].output >= 0);
        if (rows[i].output >= 0) {
            assert_int_equal(k.answer.end.usage.input_tokens, rows[i].input);
            assert_int_equal(k.answer.end.usage.output_tokens, rows[i].output);
        }
        assert_true(k.answer.end.done);
        kit_fini(&k);
    }
}

static const char *const frames[] = {
    "{\"index\":1,\"token\":{\"id\":3,\"text\":\"Hel\",\"logprob\":-1,\"special\":false},"
    "\"generated_text\":null,\"details\":null}",
    "{\"index\":2,\"token\":{\"id\":4,\"text\":\"lo\",\"logprob\":-1,\"special\":false},"
    "\"generated_text\":null,\"details\":null}",
    "{\"index\":3,\"token\":{\"id\":1,\"text\":\"</s>\",\"logprob\":-1,\"special\":true},"
    "\"generated_text\":\"Hello\",\"details\":{\"finish_reason\":\"eos_token\","
    "\"generated_tokens\":3,\"input_length\":5,\"seed\":null}}",
    NULL,
};

static void streams(void **state)
{
    struct kit k;
    (void)state;
    begin(&k);
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"Hel\"\ntext 0 \"lo\"\n");
    assert_int_equal(k.answer.end.usage.input_tokens, 5);
    assert_string_equal(k.answer.end.usage.provider_json,
                        "{\"generated_tokens\":3,\"input_length\":5}");
    for (size_t n = 0; n < 3; n++) {
        const char *cut[4] = {NULL};
        memcpy(cut, frames, n * sizeof(*cut));
        kit_restart(&k);
        assert_int_equal(kit_stream(&k, cut), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    }
    kit_fini(&k);
}

static void errors(void **state)
{
    static const char in_stream[] =
        "{\"error\":\"Request failed during generation: CUDA\",\"error_type\":\"generation\"}";
    struct kit k;
    (void)state;
    begin(&k);
    assert_int_equal(kit_frame(&k, in_stream), SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_ERROR);
    assert_string_equal(k.err.provider_type, "generation");
    kit_restart(&k);
    assert_int_equal(kit_body(&k, in_stream), SL_UNAVAILABLE);
    kit_restart(&k);
    kit_failure(&k, 429, NULL, "{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}");
    assert_int_equal(k.err.code, SL_RESOURCE_EXHAUSTED);
    assert_string_equal(k.err.provider_type, "overloaded");
    kit_restart(&k);
    assert_int_equal(kit_body(&k, "[]"), SL_UNAVAILABLE);
    kit_restart(&k);
    assert_int_equal(kit_body(&k, "{\"generated_text\":null}"), SL_UNAVAILABLE);
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(parameters),
        cmocka_unit_test(a_schema_is_a_grammar),
        cmocka_unit_test(conversations_are_refused),
        cmocka_unit_test(bodies),
        cmocka_unit_test(streams),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
