/* Names to providers: each rule, their order, and what is inherited from whom. */
#include "registry/catalogue/detect.h"

#include <string.h>

#include "base/compiler.h"
#include "unit/catalogue/kit.h"

struct row {
    const char *name, *provider, *sent;
    const char *base; /* id of the entry whose facts hold, "" for none */
    enum sl_detect_how how;
};

static void check(const struct sl_catalogue *catalogue, const struct sl_detect_in *in,
                  const struct row *row)
{
    struct sl_detected d;
    if (!sl_detect(catalogue, in, &d))
        fail_msg("%s: not found", row->name);
    const char *base = d.base ? d.base->id : "";
    if (strcmp(d.provider_id, row->provider) != 0 || strcmp(d.model_id, row->sent) != 0 ||
        strcmp(base, row->base) != 0 || d.how != row->how)
        fail_msg("%s: %s %s base '%s' (%s)", row->name, d.provider_id, d.model_id, base,
                 sl_detect_how_text(d.how));
    assert_in_range(d.score, 1, 100);
    assert_non_null(d.pattern);
}

static const struct row known[] = {
    /* provider/model */
    {"openai/gpt-4o", "openai", "gpt-4o", "gpt-4o", SL_DETECT_PREFIX},
    {"OpenAI/GPT-4o", "openai", "gpt-4o", "gpt-4o", SL_DETECT_PREFIX},
    {"gemini/gemini-2.5-pro", "google", "gemini-2.5-pro", "gemini-2.5-pro", SL_DETECT_PREFIX},
    {"togetherai/zai-org/GLM-5", "togetherai", "zai-org/GLM-5", "zai-org/GLM-5", SL_DETECT_PREFIX},
    {"together/zai-org/GLM-5", "togetherai", "zai-org/GLM-5", "zai-org/GLM-5", SL_DETECT_PREFIX},
    {"openrouter/anthropic/claude-sonnet-4.5", "openrouter", "anthropic/claude-sonnet-4.5",
     "anthropic/claude-sonnet-4.5", SL_DETECT_PREFIX},
    {"azure/my-deployment", "azure", "my-deployment", "", SL_DETECT_PREFIX},
    {"azure/gpt-4o", "azure", "gpt-4o", "gpt-4o", SL_DETECT_PREFIX},
    {"ollama/llama3", "ollama", "llama3", "llama3", SL_DETECT_PREFIX},
    {"ollama/llama3:8b", "ollama", "llama3:8b", "llama3", SL_DETECT_PREFIX},
    {"groq/compound", "groq", "groq/compound", "groq/compound", SL_DETECT_PREFIX},
    {"nvidia/nemotron-3-super-120b-a12b", "nvidia", "nvidia/nemotron-3-super-120b-a12b",
     "nvidia/nemotron-3-super-120b-a12b", SL_DETECT_PREFIX},
    {"zhipu/glm-4-plus", "zhipuai", "glm-4-plus", "glm-4-plus", SL_DETECT_PREFIX},
    {"zhipu/glm-4.7", "zai", "glm-4.7", "glm-4.7", SL_DETECT_PREFIX},
    {"anthropic/claude-4-sonnet", "anthropic", "claude-sonnet-4-0", "claude-sonnet-4-0",
     SL_DETECT_PREFIX},
    {"bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon-bedrock",
     "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
     SL_DETECT_PREFIX},
    /* the catalogue */
    {"gpt-4o", "openai", "gpt-4o", "gpt-4o", SL_DETECT_CATALOGUE},
    {"minimax-m1", "minimax", "MiniMax-M1", "MiniMax-M1", SL_DETECT_CATALOGUE},
    {"deepseek-v3.2", "deepseek", "deepseek-chat", "deepseek-v3.2", SL_DETECT_CATALOGUE},
    {"deepseek-r1", "deepseek", "deepseek-reasoner", "deepseek-r1", SL_DETECT_CATALOGUE},
    {"llama3", "ollama", "llama3", "llama3", SL_DETECT_CATALOGUE},
    {"llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile", "llama-3.3-70b-versatile",
     SL_DETECT_CATALOGUE},
    {"meta-llama/Llama-3.3-70B-Instruct-Turbo", "togetherai",
     "meta-llama/Llama-3.3-70B-Instruct-Turbo", "meta-llama/Llama-3.3-70B-Instruct-Turbo",
     SL_DETECT_CATALOGUE},
    {"claude-4-sonnet", "anthropic", "claude-sonnet-4-0", "claude-sonnet-4-0", SL_DETECT_ALIAS},
    {"gpt-4.5", "openai", "gpt-4.5-preview", "gpt-4.5-preview", SL_DETECT_ALIAS},
    /* made from another one */
    {"ft:gpt-4o-mini-2024-07-18:org::id", "openai", "ft:gpt-4o-mini-2024-07-18:org::id",
     "gpt-4o-mini", SL_DETECT_FINE_TUNED},
    {"ft:open-mistral-7b:abc:20240101:id", "mistral", "ft:open-mistral-7b:abc:20240101:id",
     "open-mistral-7b", SL_DETECT_FINE_TUNED},
    {"gpt-5.2-2025-12-11", "openai", "gpt-5.2-2025-12-11", "gpt-5.2", SL_DETECT_DATED},
    {"gpt-4-0613", "openai", "gpt-4-0613", "gpt-4", SL_DETECT_DATED},
    {"gpt-4o-2024-08-06", "openai", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06", SL_DETECT_CATALOGUE},
    {"gemini-1.5-pro-002", "google", "gemini-1.5-pro-002", "gemini-1.5-pro", SL_DETECT_DATED},
    /* forms of clouds */
    {"anthropic.claude-sonnet-4-20250514-v1:0", "amazon-bedrock",
     "anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514", SL_DETECT_PATTERN},
    {"apac.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon-bedrock",
     "apac.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0",
     SL_DETECT_PATTERN},
    {"publishers/google/models/gemini-2.5-pro", "google-vertex",
     "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro", SL_DETECT_PATTERN},
    {"claude-sonnet-4@20250514", "google-vertex", "claude-sonnet-4@20250514",
     "claude-sonnet-4@20250514", SL_DETECT_CATALOGUE},
    {"claude-3-7-sonnet@20250219", "google-vertex", "claude-3-7-sonnet@20250219",
     "claude-3-7-sonnet-20250219", SL_DETECT_PATTERN},
    /* patterns */
    {"gpt-9-ultra", "openai", "gpt-9-ultra", "", SL_DETECT_PATTERN},
    {"o9", "", "", "", SL_DETECT_PATTERN},
    {"claude-fantasia", "anthropic", "claude-fantasia", "", SL_DETECT_PATTERN},
    {"glm-99", "zai", "glm-99", "", SL_DETECT_PATTERN},
    {"abab9-chat", "minimax", "abab9-chat", "", SL_DETECT_PATTERN},
    {"qwen2.5:7b", "ollama", "qwen2.5:7b", "qwen2.5", SL_DETECT_DATED},
    {"llama9", "ollama", "llama9", "", SL_DETECT_PATTERN},
    {"text-embedding-4-huge", "openai", "text-embedding-4-huge", "", SL_DETECT_PATTERN},
};

static void finds_names(void **state)
{
    const struct sl_catalogue *catalogue = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(known); i++) {
        const struct sl_detect_in in = {.name = known[i].name};
        struct sl_detected d;
        if (*known[i].provider)
            check(catalogue, &in, &known[i]);
        else
            assert_false(sl_detect(catalogue, &in, &d));
    }
}

static void finds_nothing(void **state)
{
    static const char *const names[] = {
        "", "/", "x", "my-own-model", "nobody/model", "openai/", "ft:", "ft::::", "gpt", "a/b/c",
    };
    struct sl_detected d;
    const struct sl_catalogue *catalogue = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        const struct sl_detect_in in = {.name = names[i]};
        if (sl_detect(catalogue, &in, &d))
            fail_msg("%s: %s", names[i], d.provider_id);
    }
}

static void asks_the_caller_first(void **state)
{
    static const struct sl_detect_provider providers[] = {
        {"gpu-box", "vllm"}, {"openai", "custom"}, {"eu-openai", "openai"}};
    static const struct sl_detect_pattern patterns[] = {{"*", "gpu-box"},
                                                        {"house-*", "eu-openai"},
                                                        {"house-large-*", "anthropic"},
                                                        {"gpt-*", "gpu-box"},
                                                        {"house-large-?", "nobody"}};
    static const struct row rows[] = {
        {"gpu-box/lora-7", "gpu-box", "lora-7", "", SL_DETECT_PREFIX},
        {"openai/gpt-4o", "openai", "gpt-4o", "gpt-4o", SL_DETECT_PREFIX},
        {"eu-openai/gpt-4o", "eu-openai", "gpt-4o", "gpt-4o", SL_DETECT_PREFIX},
        {"gpt-4o", "openai", "gpt-4o", "gpt-4o", SL_DETECT_CATALOGUE},
        {"gpt-4o-2031-01-01", "gpu-box", "gpt-4o-2031-01-01", "gpt-4o", SL_DETECT_CUSTOM},
        {"house-small", "eu-openai", "house-small", "", SL_DETECT_CUSTOM},
        {"HOUSE-large-2", "anthropic", "HOUSE-large-2", "", SL_DETECT_CUSTOM},
        {"whatever", "gpu-box", "whatever", "", SL_DETECT_CUSTOM},
    };
    const struct sl_catalogue *catalogue = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_detect_in in = {.name = rows[i].name,
                                        .patterns = patterns,
                                        .n_patterns = SL_ARRAY_LEN(patterns),
                                        .providers = providers,
                                        .n_providers = SL_ARRAY_LEN(providers)};
        check(catalogue, &in, &rows[i]);
    }
}

static void takes_what_is_given(void **state)
{
    static const struct {
        struct sl_detect_in in;
        const char *provider, *sent, *base;
        bool prices;
    } rows[] = {
        {{.name = "gpt-4o", .provider = "azure"}, "azure", "gpt-4o", "gpt-4o", true},
        {{.name = "prod", .provider = "azure", .base_model = "gpt-4o-mini"},
         "azure",
         "prod",
         "gpt-4o-mini",
         true},
        {{.name = "lora", .provider = "vllm", .base_model = "meta-llama/Llama-3.3-70B-Instruct"},
         "vllm",
         "lora",
         "meta-llama/Llama-3.3-70B-Instruct",
         true},
        {{.name = "lora", .provider = "vllm", .base_model = "groq/llama-3.1-8b-instant"},
         "vllm",
         "lora",
         "llama-3.1-8b-instant",
         true},
        {{.name = "meta-llama/Llama-3.3-70B-Instruct", .provider = "vllm"},
         "vllm",
         "meta-llama/Llama-3.3-70B-Instruct",
         "meta-llama/Llama-3.3-70B-Instruct",
         false},
        {{.name = "deepseek/deepseek-r1", .provider = "openrouter"},
         "openrouter",
         "deepseek/deepseek-r1",
         "deepseek/deepseek-r1",
         true},
    };
    const struct sl_catalogue *catalogue = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_detected d;
        assert_true(sl_detect(catalogue, &rows[i].in, &d));
        assert_string_equal(d.provider_id, rows[i].provider);
        assert_string_equal(d.model_id, rows[i].sent);
        assert_non_null(d.base);
        assert_string_equal(d.base->id, rows[i].base);
        assert_int_equal(d.base_prices, rows[i].prices);
    }
    const struct sl_detect_in unknown = {.name = "gpt-4o", .provider = "nobody"};
    struct sl_detected d;
    assert_false(sl_detect(catalogue, &unknown, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_names),
        cmocka_unit_test(finds_nothing),
        cmocka_unit_test(asks_the_caller_first),
        cmocka_unit_test(takes_what_is_given),
    };
    return cmocka_run_group_tests(tests, kit_load, kit_unload);
}
