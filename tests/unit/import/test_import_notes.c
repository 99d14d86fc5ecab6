/* What a file says and an import does not do is said: one small file for each case, and the note that it has to get. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "registry/import/import.h"
#include "unit/base/cm.h"

static struct sl_catalogue *catalogue;

#define MODEL(more) "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o" more "}}]"
#define JSON(more) "{\"models\": {\"a\": {\"model\": \"gpt-4o\"" more "}}}"
#define DOCUMENT(more) "{\"model_name\": \"gpt-4o\", \"model_url\": \"\"" more "}\n"

static const struct note_case {
    const char *file, *text;
    const char *note; /* "LEVEL SUBJECT: how the message begins" */
} cases[] = {
    /* LiteLLM */
    {"c.yaml", MODEL(", zzz: 1"), "2 model_list[0].litellm_params.zzz: "},
    {"c.yaml", MODEL(", temperature: 7"),
     "3 model_list[0].litellm_params.temperature: is not between"},
    {"c.yaml", MODEL(", max_tokens: many"),
     "3 model_list[0].litellm_params.max_tokens: is no number"},
    {"c.yaml", MODEL(", max_tokens: 5, max_completion_tokens: 6"),
     "2 model_list[0].litellm_params.max_completion_tokens: "},
    {"c.yaml", MODEL(", api_key: your_key_here"),
     "2 model_list[0].litellm_params.api_key: is no key but a place for one"},
    {"c.yaml", MODEL(", litellm_credential_name: x"),
     "3 model_list[0].litellm_params.litellm_credential_name: names no entry of credential_list"},
    {"c.yaml", "model_list: [{model_name: a, litellm_params: {model: ai21/jamba}}]",
     "2 model_list[0]: the model 'a' is not carried: 'ai21' is no provider that is known here"},
    {"c.yaml", "model_list: [{model_name: a, litellm_params: {model: some-model}}]",
     "2 model_list[0]: the model 'a' is not carried: its name leads to no provider"},
    {"c.yaml",
     "model_list: [{model_name: a, litellm_params: {model: deepseek/deepseek-chat, api_base: "
     "'https://api.deepseek.com/beta'}}]",
     "1 model_list[0].litellm_params.api_base: the path of the address is not kept: requests go to "
     "https://api.deepseek.com"},
    {"c.yaml", "model_list: [just-a-name]",
     "2 model_list[0]: the model '' is not carried: litellm_params.model is missing"},
    {"c.yaml",
     "model_list: [{model_name: 'azure/*', litellm_params: {model: 'azure/*', api_base: "
     "'https://a.openai.azure.com'}},"
     " {model_name: 'az2/*', litellm_params: {model: 'azure/*', api_base: "
     "'https://b.openai.azure.com'}}]",
     "2 model_list[1].litellm_params.api_base: another entry says another address of azure"},
    {"c.yaml",
     "model_list: [{model_name: 'azure/*', litellm_params: {model: 'azure/*', api_base: "
     "'https://a.openai.azure.com'}}]",
     "1 model_list[0].litellm_params.api_base: became the address of azure, for all its models"},
    {"c.yaml",
     "model_list: [{model_name: 'azure/*', litellm_params: {model: 'azure/*', api_version: a}},"
     " {model_name: 'az2/*', litellm_params: {model: 'azure/*', api_version: b}}]",
     "2 model_list[1].litellm_params.api_version: another entry says another version"},
    {"c.yaml",
     "model_list: [{model_name: 'groq/*', litellm_params: {model: 'groq/*'}, model_info: {id: x}}]",
     "2 model_list[0].model_info.id: "},
    {"c.yaml", "proxy_config: {" MODEL("") ", general_settings: {master_key: sk-test-1}}",
     "2 proxy_config.general_settings.master_key: callers get keys of their own here"},
    {"c.yaml", MODEL("") "\nlitellm_settings: {fallbacks: [{b: [a]}]}",
     "2 litellm_settings.fallbacks[0].b: the model 'b' was not carried"},
    {"c.yaml", MODEL("") "\nlitellm_settings: {fallbacks: [{'*': [a]}]}",
     "2 litellm_settings.fallbacks[0].*: fallbacks for every model are said as "
     "default_fallbacks"},
    {"c.yaml", MODEL("") "\nrouter_settings: {model_group_alias: {'a b': a}}",
     "2 router_settings.model_group_alias.'a b': a name without spaces and '*' is wanted"},
    {"c.yaml", MODEL("") "\nguardrails: [{guardrail_name: x}]",
     "2 guardrails: guardrails are not part of Sluice"},
    /* llm_models.json */
    {"m.json", JSON(", \"icon\": \"x.svg\""), "2 models.a.icon: it says nothing of models"},
    {"m.json", JSON(", \"allowed_tiers\": {\"pro\": true}"),
     "3 models.a.allowed_tiers: is no list of tiers"},
    {"m.json", JSON(", \"allowed_tiers\": {\"pro\": true}"),
     "3 a: the model is disabled, for its tiers cannot be read"},
    {"m.json", JSON(", \"allowed_tiers\": [{}, []]"),
     "3 models.a.allowed_tiers[0]: is no name of a tier"},
    {"m.json", JSON(", \"allowed_tiers\": []"),
     "2 models.a.allowed_tiers: names no tier: everybody may use the model"},
    {"m.json", "{\"default_model\": \"x\", \"models\": {\"a\": {\"model\": \"gpt-4o\"}}}",
     "2 default_model: names no model that was carried"},
    {"m.json",
     "{\"default_model\": \"a\", \"models\": {\"a\": {\"model\": \"gpt-4o\"}, \"b\": {\"model\": "
     "\"gpt-4o\", \"is_default\": true}}}",
     "2 models.b.is_default: default_model says which model is the default"},
    {"m.json",
     "{\"models\": {\"a\": {\"model\": \"gpt-4o\", \"is_default\": true}, \"b\": {\"model\": "
     "\"gpt-4o\", \"is_default\": true}}}",
     "2 models.b.is_default: 'a' is the default already"},
    {"m.json", "{\"models\": [{\"display_name\": \"x\"}, {\"enabled\": true}]}",
     "2 models[1]: names no model"},
    {"m.json", "{\"models\": [{\"display_name\": \"x\"}]}",
     "2 models[0]: the model '' is not carried: it says no model"},
    {"m.json", "{\"models\": [], \"provider_configs\": {\"nobody\": {\"api_key\": \"sk-test-1\"}}}",
     "2 provider_configs.nobody: there is no provider 'nobody' here"},
    {"m.json", "{\"models\": [], \"provider_configs\": {\"openai\": \"sk-test-1\"}}",
     "2 provider_configs.openai: "},
    {"m.json",
     "{\"models\": [], \"provider_configs\": {\"openai\": {\"api_key\": \"sk-test-1\", "
     "\"timeout\": 5}}}",
     "2 provider_configs.openai.timeout: the caller's deadline counts"},
    {"m.json",
     "{\"models\": [], \"provider_configs\": {\"openai\": {\"api_key\": \"sk-test-1\", "
     "\"base_url\": \"http://litellm:4000\"}}}",
     "2 provider_configs.openai.api_key: is the key of the proxy, not of openai"},
    {"m.json",
     "{\"models\": [], \"provider_configs\": [{\"name\": \"openai\", \"api_key\": \"sk-test-1\", "
     "\"x\": 1}]}",
     "2 provider_configs[0].x: "},
    {"m.json",
     "{\"models\": [], \"provider_configs\": {\"gemini\": {\"region\": \"a\"}, \"google\": "
     "{\"region\": \"b\"}}}",
     "2 provider_configs.google.region: another entry of the same provider says another"},
    {"m.json", JSON(""), NULL},
    /* model_config */
    {"c.json", DOCUMENT(", \"cost_center\": \"x\""), "2 cost_center: it says nothing"},
    {"c.json", DOCUMENT(", \"temperature\": {\"$numberDouble\": \"9\"}"),
     "3 temperature.$numberDouble: is not between 0 and 2"},
    {"c.json", DOCUMENT(", \"is_default\": true") DOCUMENT(", \"is_default\": true"),
     "2 document 2: is_default: 'gpt-4o' is the default already"},
    {"c.json", DOCUMENT(", \"enabled\": \"perhaps\""), "3 enabled: is neither true nor false"},
    {"c.json", "{\"model_name\": \"house\", \"model_url\": \"http://litellm:4000\"}",
     "2 : the model 'house' is not carried: its name leads to no provider"},
    {"c.json", "{\"model_name\": \"house\", \"model_url\": \"ftp://x.example.com\"}",
     "2 : the model 'house' is not carried: "},
    /* .env */
    {".env", "OPENAI_API_KEY=sk-test-1\nANYTHING=x\n",
     "2 ANYTHING: it says nothing of models and providers"},
    {".env", "OPENAI_API_KEY=sk-test-1\nATLASCLOUD_MODEL=x\n",
     "2 ATLASCLOUD_MODEL: no provider 'atlascloud' is known here"},
    {".env", "OPENAI_API_KEY=sk-test-1\nATLASCLOUD_API_KEY=sk-test-2\n",
     "2 ATLASCLOUD_API_KEY: no provider is known that has its key there"},
    {".env", "GEMINI_MODEL=gemini-2.5-flash\nGEMINI_MODEL_FALLBACK=gemini-2.5-pro\n",
     "2 GEMINI_MODEL_FALLBACK: fallbacks are said of each model"},
    {".env", "ZAI_API_KEY=sk-test-1\nZAI_ENDPOINT=https://api.z.ai/api/anthropic/v1/messages\n",
     "1 ZAI_ENDPOINT: the path of the address is not kept: requests go to "},
    {".env", "OPENAI_API_KEY=sk-test-1\nOPENAI_BASE_URL=http://litellm:4000\n",
     "1 OPENAI_BASE_URL: the address is a proxy's"},
    {".env", "OPENAI_API_KEY=sk-test-1\nAZURE_OPENAI_API_VERSION=2024-10-21\n",
     "2 AZURE_OPENAI_API_VERSION: Azure OpenAI has no address of its own"},
    {".env", "OPENAI_API_KEY=sk-test-1\nAZURE_OPENAI_API_KEY=sk-test-2\n",
     "2 AZURE_OPENAI_API_KEY: Azure OpenAI has no address of its own"},
    {".env", "LLM_PROVIDER=openai\nOPENAI_API_KEY=sk-test-1\n",
     "2 LLM_PROVIDER: a default is a model here"},
    {".env", "OPENAI_API_KEY=sk-test-1\nOPENAI_API_KEY=sk-test-2\n",
     "2 OPENAI_API_KEY: line 2 says the same of OpenAI, and counts"},
};

/* Whether it has its note. */
static bool check(const struct note_case *c)
{
    const struct sl_import_file file = {c->file, c->text, strlen(c->text)};
    const struct sl_import_in in = {.files = &file, .n_files = 1, .catalogue = catalogue};
    struct sl_import_plan plan;
    struct sl_err err = {0};
    struct sl_buf all;
    bool found = false;
    sl_buf_init(&all, 1 << 20);
    sl_import_plan_init(&plan);
    if (sl_import_read(&in, &plan, &err) != SL_OK)
        fail_msg("%s: %s", c->text, err.text);
    for (const struct sl_import_note *n = plan.notes; n; n = n->next) {
        char text[1024];
        snprintf(text, sizeof(text), "%d %s: %s", (int)n->level, n->subject, n->message);
        found = found || (c->note && !strncmp(text, c->note, strlen(c->note)));
        assert_true(sl_buf_printf(&all, "  %s\n", text));
        assert_null(strstr(text, "sk-test"));
    }
    bool good = c->note ? found : !plan.notes;
    if (!good)
        print_error("%s\nshould have: %s\nhas:\n%s\n", c->text, c->note ? c->note : "nothing",
                    all.n ? all.p : "");
    sl_import_plan_fini(&plan);
    sl_buf_fini(&all);
    return good;
}

static void says_what_it_leaves_out(void **state)
{
    (void)state;
    size_t bad = 0;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++)
        bad += !check(&cases[i]);
    assert_int_equal(bad, 0);
}

/* A model id is one model for each provider that has it. */
static void keeps_providers_apart(void **state)
{
    static const char text[] = "OPENAI_API_KEY=sk-test-1\nOPENAI_MODEL=gpt-4o\n"
                               "AZURE_OPENAI_API_KEY=sk-test-2\nAZURE_OPENAI_DEPLOYMENT=gpt-4o\n"
                               "AZURE_OPENAI_ENDPOINT=https://a.openai.azure.com\n"
                               "DEFAULT_LLM_MODEL=gpt-4o\nDEFAULT_LLM_PROVIDER=openai\n";
    const struct sl_import_file file = {".env", text, strlen(text)};
    const struct sl_import_in in = {.files = &file, .n_files = 1, .catalogue = catalogue};
    struct sl_import_plan plan;
    struct sl_err err = {0};
    (void)state;
    sl_import_plan_init(&plan);
    assert_int_equal(sl_import_read(&in, &plan, &err), SL_OK);
    assert_int_equal(plan.n_models, 2);
    const struct sl_import_model *first = sl_import_find_model(&plan, "gpt-4o");
    const struct sl_import_model *second = sl_import_find_model(&plan, "gpt-4o-2");
    assert_string_equal(first->m.provider, "openai");
    assert_string_equal(first->m.base_url, "");
    assert_string_equal(second->m.provider, "azure");
    assert_string_equal(second->m.base_url, "https://a.openai.azure.com/openai/deployments");
    assert_string_equal(plan.default_model, "gpt-4o");
    sl_import_plan_fini(&plan);
}

/* Of anything that is listed there may be more than a registry takes. */
static void says_what_is_too_much(void **state)
{
    static const struct {
        const char *before, *each, *after, *note;
        int n;
    } lists[] = {
        {"{\"models\": {\"a\": {\"model\": \"gpt-4o\", \"allowed_tiers\": [\"t\"", ", \"t%d\"",
         "]}}}", "2 models.a.allowed_tiers[64]: more than 64 tiers for one model", 70},
        {"model_list:\n- {model_name: a, litellm_params: {model: openai/a, extra_headers: {h: v",
         ", h%d: v", "}}}\n",
         "2 model_list[0].litellm_params.extra_headers.h31: more than 32 headers", 40},
        {"model_list:\n", "- {model_name: 'p%d/*', litellm_params: {model: 'groq/*'}}\n", "",
         "2 model_list[64].model_name: more than 64 patterns for one provider", 70},
        {"model_list:\n", "- {model_name: a, litellm_params: {model: openai/a%d}}\n", "",
         "1 model_list[65].model_name: the name is taken by entries above: this one became 'a-66', "
         "and no",
         70},
        {"model_list:\n- {model_name: x, litellm_params: {model: openai/x}, model_info: {id: i",
         "%d", "}}\n", "2 model_list[0].model_info.id: is longer than the 128 bytes of a label",
         100},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(lists); i++) {
        struct sl_buf text;
        sl_buf_init(&text, 1 << 20);
        assert_true(sl_buf_add_str(&text, lists[i].before));
        for (int k = 0; k < lists[i].n; k++) {
            const char *number = strstr(lists[i].each, "%d");
            assert_true(sl_buf_add(&text, lists[i].each, (size_t)(number - lists[i].each)) &&
                        sl_buf_printf(&text, "%d", k) && sl_buf_add_str(&text, number + 2));
        }
        assert_true(sl_buf_add_str(&text, lists[i].after));
        assert_true(check(
            &(struct note_case){*text.p == '{' ? "m.json" : "c.yaml", text.p, lists[i].note}));
        sl_buf_fini(&text);
    }
}

static int setup(void **state)
{
    struct sl_err err = {0};
    (void)state;
    return sl_catalogue_load(NULL, &catalogue, &err) == SL_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    sl_catalogue_unref(catalogue);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_it_leaves_out),
        cmocka_unit_test(keeps_providers_apart),
        cmocka_unit_test(says_what_is_too_much),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
