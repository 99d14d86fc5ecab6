/* MiniMax's other APIs: Anthropic's Messages, and chatcompletion_v2. Answers have the shape of its documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

static void begin(struct kit *k, const char *api)
{
    kit_init(k, "minimax");
    k->adapter = sl_adapter_for_api(k->adapter, api);
    assert_non_null(k->adapter);
    k->target.api = api;
    kit_restart(k);
    kit_text(k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
}

static void addresses(void **state)
{
    static const struct {
        const char *api, *base, *group, *url;
    } rows[] = {
        {"messages", "https://api.minimax.io/v1", "",
         "https://api.minimax.io/anthropic/v1/messages"},
        {"messages", "https://api.minimaxi.com/anthropic", "",
         "https://api.minimaxi.com/anthropic/v1/messages"},
        {"messages", "https://api.minimaxi.com/anthropic/v1", "",
         "https://api.minimaxi.com/anthropic/v1/messages"},
        {"chatcompletion_v2", "https://api.minimax.io/v1", "",
         "https://api.minimax.io/v1/text/chatcompletion_v2"},
        {"chatcompletion_v2", "https://api.minimaxi.com/v1", "1747179187841536150",
         "https://api.minimaxi.com/v1/text/chatcompletion_v2?GroupId=1747179187841536150"},
        {"chatcompletion_v2", "https://api.minimax.io/v1", "a&b=c",
         "https://api.minimax.io/v1/text/chatcompletion_v2"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_http_request http;
        struct kit k;
        begin(&k, rows[i].api);
        k.target.base_url = rows[i].base;
        k.target.organization = rows[i].group;
        assert_non_null(kit_build(&k, false, &http));
        assert_string_equal(http.url, rows[i].url);
        assert_null(kit_header(&http, "openai-organization"));
        kit_fini(&k);
    }
}

static void keys(void **state)
{
    struct sl_secret *key = sl_secret_create("sk-test-1", strlen("sk-test-1"));
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k, "messages");
    k.target.key = key;
    k.target.auth = SL_AUTH_DEFAULT;
    const char *body = kit_build(&k, true, &http);
    assert_string_equal(kit_header(&http, "x-api-key"), "sk-test-1");
    assert_string_equal(kit_header(&http, "anthropic-version"), "2023-06-01");
    assert_non_null(strstr(body, "\"model\":\"model-1\""));
    kit_fini(&k);
    begin(&k, "chatcompletion_v2");
    k.target.key = key;
    k.target.auth = SL_AUTH_DEFAULT;
    assert_non_null(kit_build(&k, true, &http));
    assert_string_equal(kit_header(&http, "authorization"), "Bearer sk-test-1");
    sl_secret_unref(key);
    kit_fini(&k);
}

static void what_the_schema_does_not_name_is_warned_about(void **state)
{
    static char *stop[] = {(char *)"END"};
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k, "chatcompletion_v2");
    k.request.stop = stop;
    k.request.n_stop = 1;
    k.request._seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED_SEED;
    k.request._max_output_tokens_case =
        SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    k.request.max_output_tokens = 20;
    assert_string_equal(kit_build(&k, true, &http),
                        "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":"
                        "\"Hi\"}],\"max_tokens\":20,\"stream\":true}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "stop"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "seed"));
    k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    assert_null(kit_build(&k, true, &http));
    assert_string_equal(k.err.field, "stop");
    kit_fini(&k);
}

/* The last frame is the whole answer once more. */
static void a_streams_last_frame_repeats_nothing(void **state)
{
    static const char *const frames[] = {
        "{\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":"
        "\"Hel\"}}],\"model\":\"m\",\"object\":\"chat.completion.chunk\"}",
        "{\"id\":\"a\",\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"delta\":{\"role\":"
        "\"assistant\",\"content\":\"lo\"}}],\"model\":\"m\",\"object\":\"chat.completion.chunk\"}",
        "{\"id\":\"a\",\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"message\":{\"role\":"
        "\"assistant\",\"content\":\"Hello\"}}],\"model\":\"m\",\"object\":\"chat.completion\","
        "\"usage\":{\"total_tokens\":7,\"prompt_tokens\":4,\"completion_tokens\":3},\"base_resp\":{"
        "\"status_code\":0,\"status_msg\":\"\"}}",
        NULL,
    };
    struct kit k;
    (void)state;
    begin(&k, "chatcompletion_v2");
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"Hel\"\ntext 0 \"lo\"\n");
    assert_int_equal(k.answer.end.usage.output_tokens, 3);
    kit_restart(&k); /* only that one: its message is the answer */
    assert_int_equal(kit_stream(&k, frames + 2), SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"Hello\"\n");
    kit_fini(&k);
}

static void errors_stand_in_base_resp(void **state)
{
    static const char body[] = "{\"created\":0,\"model\":\"\",\"usage\":{\"total_tokens\":0},"
                               "\"base_resp\":{\"status_code\":1008,\"status_msg\":"
                               "\"insufficient balance\"}}";
    struct kit k;
    (void)state;
    begin(&k, "chatcompletion_v2");
    assert_int_equal(kit_body(&k, body), SL_RESOURCE_EXHAUSTED);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_QUOTA);
    assert_string_equal(k.err.provider_code, "1008");
    kit_restart(&k);
    assert_int_equal(kit_frame(&k, body), SL_RESOURCE_EXHAUSTED);
    kit_fini(&k);
}

static void messages_are_anthropics(void **state)
{
    static char *stop[] = {(char *)"END"};
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k, "messages");
    k.request.stop = stop;
    k.request.n_stop = 1;
    assert_null(strstr(kit_build(&k, false, &http), "stop_sequences"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "stop"));
    assert_int_equal(
        kit_body(&k, "{\"id\":\"m-1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
                     "\"MiniMax-M2\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"Hm\","
                     "\"signature\":\"s\"},{\"type\":\"text\",\"text\":\"Hello\"}],"
                     "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":4,"
                     "\"output_tokens\":3}}"),
        SL_OK);
    assert_non_null(strstr(kit_events(&k), "reasoning 0 \"Hm\""));
    assert_non_null(strstr(kit_events(&k), "text 1 \"Hello\""));
    kit_restart(&k);
    kit_failure(&k, 401, NULL,
                "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":"
                "\"login fail\"}}");
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_AUTH);
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(keys),
        cmocka_unit_test(what_the_schema_does_not_name_is_warned_about),
        cmocka_unit_test(a_streams_last_frame_repeats_nothing),
        cmocka_unit_test(errors_stand_in_base_resp),
        cmocka_unit_test(messages_are_anthropics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
