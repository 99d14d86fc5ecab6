/* Templates: every one leads to an adapter, and its address is filled in or refused. */
#include "registry/manage/templates.h"

#include <string.h>

#include "adapters/adapters.h"
#include "manage_kit.h"

static Sluice__V1__CreateModelFromTemplateRequest request;
static Sluice__V1__CreateModelFromTemplateRequest__VariablesEntry entry;
static Sluice__V1__CreateModelFromTemplateRequest__VariablesEntry *entries[] = {&entry};

static const char *url(const char *name, const char *key, const char *value)
{
    sluice__v1__create_model_from_template_request__init(&request);
    sluice__v1__create_model_from_template_request__variables_entry__init(&entry);
    violations.count = 0;
    if (key) {
        entry.key = (char *)(uintptr_t)key;
        entry.value = (char *)(uintptr_t)value;
        request.variables = entries;
        request.n_variables = 1;
    }
    return sl_template_base_url(sl_template_find(name), &request, &arena, &violations);
}

static void test_each_has_an_adapter(void **state)
{
    const char *before = "";
    (void)state;
    for (const struct sl_template *t = sl_templates; t->name; t++) {
        assert_true(strcmp(before, t->name) < 0);
        assert_non_null(sl_adapter_find(t->name));
        assert_ptr_equal(sl_template_find(t->name), t);
        before = t->name;
    }
    assert_null(sl_template_find("nope"));
}

static void test_addresses(void **state)
{
    (void)state;
    assert_string_equal(url("openai", NULL, NULL), "");
    assert_string_equal(url("azure", "resource", "acme"),
                        "https://acme.openai.azure.com/openai/v1");
    assert_string_equal(url("vllm", NULL, NULL), "http://127.0.0.1:8000/v1");
    assert_string_equal(url("vllm", "host", "[::1]"), "http://[::1]:8000/v1");
    assert_string_equal(url("custom", "base_url", "https://x.test/v1"), "https://x.test/v1");
    assert_int_equal(violations.count, 0);
}

static void test_wrong_variables(void **state)
{
    (void)state;
    url("azure", NULL, NULL);
    assert_string_equal(violations.list[0].description,
                        "needs 'resource': name of the Azure OpenAI resource");
    url("azure", "resource", "evil.test/x?");
    assert_string_equal(violations.list[0].description,
                        "holds a value of 'resource' that no address can have");
    url("openai", "host", "x");
    assert_string_equal(violations.list[0].description,
                        "holds 'host', which the template openai does not have");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_each_has_an_adapter),
        KIT_TEST(test_addresses),
        KIT_TEST(test_wrong_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
