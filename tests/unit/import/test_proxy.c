/* Which addresses are a proxy's. */
#include "registry/import/import.h"

#include "base/compiler.h"
#include "unit/base/cm.h"

static void test_proxy(void **state)
{
    static const struct {
        const char *url;
        bool proxy;
    } cases[] = {
        {"", true},
        {"   ", true},
        {"litellm-proxy:4000", true},
        {"ftp://example.com", true},
        {"http://litellm-proxy:4000", true},
        {"http://litellm.example.com/v1", true},
        {"https://api.example.com:4000/v1", true},
        {"https://api.example.com:40001/v1", false},
        {"http://localhost", true},
        {"http://localhost:11434/v1", true},
        {"http://172.17.0.1:8000", true},
        {"http://10.0.0.3", true},
        {"http://192.168.0.4:80/v1", true},
        {"http://127.0.0.1:1234", true},
        {"http://[::1]:1234", true},
        {"http://[fd00::1]/v1", true},
        {"http://host.docker.internal:9000", true},
        {"http://gateway:8000", true},
        {"http://llm.svc.cluster.local", true},
        {"https://user:pw@localhost/v1", true},
        {"https://ai-proxy.example.com", true},
        {"https://api.openai.com/v1", false},
        {"HTTPS://API.OpenAI.com/v1", false},
        {"https://llm.example.com", false},
        {"http://8.8.8.8/v1", false},
        {"http://", true},
        {"http://[", true},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        if ((sl_import_proxy(cases[i].url) != NULL) != cases[i].proxy)
            fail_msg("'%s' is taken for %s", cases[i].url, cases[i].proxy ? "none" : "a proxy's");
    }
}

/* A server of one's own may be inside; a proxy is one wherever it is. */
static void test_looks(void **state)
{
    static const struct {
        const char *url;
        bool proxy;
    } cases[] = {
        {"", true},
        {"ftp://example.com", true},
        {"http://localhost:4000", true},
        {"http://10.0.0.3:4000/v1", true},
        {"http://litellm.svc.cluster.local/v1", true},
        {"http://llm-proxy:8000", true},
        {"http://localhost:11434/v1", false},
        {"http://127.0.0.1:1234", false},
        {"http://172.17.0.1:8000", false},
        {"http://host.docker.internal:11434", false},
        {"http://vllm:8000/v1", false},
        {"https://api.openai.com/v1", false},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        if ((sl_import_proxy_by_looks(cases[i].url) != NULL) != cases[i].proxy)
            fail_msg("'%s' looks like %s", cases[i].url, cases[i].proxy ? "none" : "a proxy");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_proxy), cmocka_unit_test(test_looks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
