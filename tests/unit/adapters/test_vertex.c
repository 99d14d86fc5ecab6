/* Vertex AI: which address a base URL, a project and a location lead to, for each of its APIs, and how the token is
 * shown. What is asked and answered is tested with Gemini's and Anthropic's translators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define DEFAULT "https://aiplatform.googleapis.com/v1"
#define HERE "/projects/p-1/locations/"

static const struct {
    const char *api, *base, *project, *region, *model;
    bool stream;
    const char *url;
} rows[] = {
    {"", DEFAULT, "p-1", "", "gemini-2.5-flash", false,
     DEFAULT HERE "global/publishers/google/models/gemini-2.5-flash:generateContent"},
    {"", DEFAULT, "p-1", "europe-west4", "gemini-2.5-flash", true,
     "https://europe-west4-aiplatform.googleapis.com/v1" HERE
     "europe-west4/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"},
    {"", DEFAULT, "p-1", "us", "gemini-2.5-flash", false,
     "https://aiplatform.us.rep.googleapis.com/v1" HERE
     "us/publishers/google/models/gemini-2.5-flash:generateContent"},
    {"", DEFAULT, "p-1", "us-central1", "endpoints/123", false,
     "https://us-central1-aiplatform.googleapis.com/v1" HERE
     "us-central1/endpoints/123:generateContent"},
    {"", DEFAULT, "", "", "projects/p-2/locations/global/endpoints/9", false,
     DEFAULT "/projects/p-2/locations/global/endpoints/9:generateContent"},
    {"", "https://proxy.test/v1beta1" HERE "global", "", "", "gemini-2.5-flash", false,
     "https://proxy.test/v1beta1" HERE
     "global/publishers/google/models/gemini-2.5-flash:generateContent"},
    {"", "https://proxy.test/v1" HERE "global/publishers/google", "p-9", "", "gemini-2.5-flash",
     false,
     "https://proxy.test/v1" HERE
     "global/publishers/google/models/gemini-2.5-flash:generateContent"},
    {"raw_predict", DEFAULT, "p-1", "us-east5", "claude-sonnet-4@20250514", true,
     "https://us-east5-aiplatform.googleapis.com/v1" HERE
     "us-east5/publishers/anthropic/models/claude-sonnet-4@20250514:streamRawPredict"},
    {"raw_predict", "https://proxy.test/v1" HERE "global/publishers/anthropic/models", "", "",
     "claude-sonnet-4@20250514", false,
     "https://proxy.test/v1" HERE
     "global/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict"},
    {"chat_completions", DEFAULT, "p-1", "us-central1", "google/gemini-2.5-flash", true,
     "https://us-central1-aiplatform.googleapis.com/v1" HERE
     "us-central1/endpoints/openapi/chat/completions"},
};

static void begin(struct kit *k, const char *api)
{
    kit_init(k, "vertex");
    k->adapter = sl_adapter_for_api(k->adapter, api);
    assert_non_null(k->adapter);
    k->target.api = api;
    kit_restart(k);
    kit_text(k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
}

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_http_request http;
        struct kit k;
        begin(&k, rows[i].api);
        k.target.base_url = rows[i].base;
        k.target.project = rows[i].project;
        k.target.region = rows[i].region;
        k.target.model_id = rows[i].model;
        if (!kit_build(&k, rows[i].stream, &http))
            fail_msg("%s", k.err.text);
        assert_string_equal(http.url, rows[i].url);
        assert_null(kit_header(&http, "x-goog-user-project"));
        kit_fini(&k);
    }
}

static void tokens_and_keys(void **state)
{
    struct sl_http_request http;
    struct kit k;
    struct sl_secret *key = sl_secret_create("sk-test-1", strlen("sk-test-1"));
    (void)state;
    begin(&k, "");
    k.target.base_url = DEFAULT;
    k.target.model_id = "gemini-2.5-flash";
    k.target.key = key;
    k.target.auth = SL_AUTH_BEARER;
    assert_null(kit_build(&k, false, &http));
    assert_int_equal(k.err.code, SL_FAILED_PRECONDITION);
    assert_non_null(strstr(k.err.text, "project"));
    memset(&k.err, 0, sizeof(k.err));
    k.target.project = "p-1";
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(kit_header(&http, "authorization"), "Bearer sk-test-1");
    /* express mode */
    k.target.project = "";
    k.target.auth = SL_AUTH_HEADER;
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(http.url,
                        DEFAULT "/publishers/google/models/gemini-2.5-flash:generateContent");
    assert_string_equal(kit_header(&http, "x-goog-api-key"), "sk-test-1");
    sl_secret_unref(key);
    kit_fini(&k);
}

static void claude_has_its_version_in_the_body(void **state)
{
    struct sl_http_request http;
    struct kit k;
    (void)state;
    begin(&k, "raw_predict");
    k.target.base_url = DEFAULT;
    k.target.project = "p-1";
    k.target.model_id = "claude-sonnet-4@20250514";
    const char *body = kit_build(&k, true, &http);
    assert_non_null(body);
    assert_non_null(strstr(body, "\"anthropic_version\":\"vertex-2023-10-16\""));
    assert_null(strstr(body, "\"model\""));
    assert_null(kit_header(&http, "anthropic-version"));
    assert_int_equal(
        kit_body(&k, "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
                     "\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\",\"usage\":{"
                     "\"input_tokens\":1,\"output_tokens\":2}}"),
        SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"Hello\"\ndone 0\n");
    kit_fini(&k);
}

static void failures_are_googles(void **state)
{
    static const char body[] = "{\"error\":{\"code\":403,\"message\":\"Permission denied\","
                               "\"status\":\"PERMISSION_DENIED\"}}";
    static const char *const apis[] = {"", "raw_predict", "chat_completions"};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(apis); i++) {
        struct kit k;
        begin(&k, apis[i]);
        kit_failure(&k, 403, NULL, body);
        assert_int_equal(k.err.code, SL_FAILED_PRECONDITION);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_AUTH);
        assert_non_null(strstr(k.err.text, "Permission denied"));
        kit_fini(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(tokens_and_keys),
        cmocka_unit_test(claude_has_its_version_in_the_body),
        cmocka_unit_test(failures_are_googles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
