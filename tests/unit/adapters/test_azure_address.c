/* The three doors of Azure: which address a base URL and a version lead to, and how the key is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

static const struct {
    const char *base, *version, *model, *url;
} rows[] = {
    {"https://r.openai.azure.com/openai/v1", "", "gpt-4o",
     "https://r.openai.azure.com/openai/v1/chat/completions"},
    {"https://r.openai.azure.com/openai/v1", "preview", "gpt-4o",
     "https://r.openai.azure.com/openai/v1/chat/completions?api-version=preview"},
    {"https://r.openai.azure.com/openai/deployments", NULL, "gpt-4o",
     "https://r.openai.azure.com/openai/deployments/gpt-4o/chat/"
     "completions?api-version=2024-10-21"},
    {"https://r.openai.azure.com/openai/deployments", "2025-01-01-preview", "a b/c?",
     "https://r.openai.azure.com/openai/deployments/a%20b%2Fc%3F/chat/completions"
     "?api-version=2025-01-01-preview"},
    {"https://r.openai.azure.com/openai/deployments/mine", "", "gpt-4o",
     "https://r.openai.azure.com/openai/deployments/mine/chat/completions?api-version=2024-10-21"},
    {"https://r.services.ai.azure.com/models", "", "Kimi-K2.5",
     "https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview"},
    {"https://r.services.ai.azure.com/models", "1&x=2", "Kimi-K2.5",
     "https://r.services.ai.azure.com/models/chat/completions?api-version=1%26x%3D2"},
};

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_http_request http;
        struct kit k;
        kit_init(&k, "azure");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        k.target.base_url = rows[i].base;
        k.target.api_version = rows[i].version;
        k.target.model_id = rows[i].model;
        assert_non_null(kit_build(&k, false, &http));
        assert_string_equal(http.url, rows[i].url);
        kit_fini(&k);
    }
}

static void keys_and_tokens(void **state)
{
    struct sl_http_request http;
    struct kit k;
    struct sl_secret *key = sl_secret_create("sk-test-1", strlen("sk-test-1"));

    (void)state;
    kit_init(&k, "azure");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    k.target.key = key;
    k.target.auth = SL_AUTH_DEFAULT;
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(kit_header(&http, "api-key"), "sk-test-1");
    assert_null(kit_header(&http, "authorization"));
    k.target.auth = SL_AUTH_HEADER;
    k.target.auth_header = "ocp-apim-subscription-key"; /* behind an API Management gateway */
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(kit_header(&http, "ocp-apim-subscription-key"), "sk-test-1");
    k.target.auth = SL_AUTH_BEARER;
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(kit_header(&http, "authorization"), "Bearer sk-test-1");
    assert_null(kit_header(&http, "api-key"));
    sl_secret_unref(key);
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(keys_and_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
