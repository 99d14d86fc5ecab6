/* The adapters there are, by name: a new one is one line here. */
#include "adapters/adapters.h"

#include <string.h>

#define ADAPTERS(X)                                                                                \
    X(anthropic)                                                                                   \
    X(azure)                                                                                       \
    X(bedrock)                                                                                     \
    X(cerebras)                                                                                    \
    X(cohere)                                                                                      \
    X(custom)                                                                                      \
    X(dashscope)                                                                                   \
    X(deepinfra)                                                                                   \
    X(deepseek)                                                                                    \
    X(fireworks)                                                                                   \
    X(gemini)                                                                                      \
    X(groq)                                                                                        \
    X(huggingface)                                                                                 \
    X(lmstudio)                                                                                    \
    X(minimax)                                                                                     \
    X(mistral)                                                                                     \
    X(moonshot)                                                                                    \
    X(nvidia)                                                                                      \
    X(ollama)                                                                                      \
    X(openai)                                                                                      \
    X(openrouter)                                                                                  \
    X(perplexity)                                                                                  \
    X(siliconflow)                                                                                 \
    X(together)                                                                                    \
    X(vertex)                                                                                      \
    X(vllm)                                                                                        \
    X(xai)                                                                                         \
    X(zhipu)

#define DECLARE(name) extern const struct sl_adapter sl_adapter_##name;
ADAPTERS(DECLARE)
#undef DECLARE

static const struct sl_adapter *const table[] = {
#define ENTRY(name) &sl_adapter_##name,
    ADAPTERS(ENTRY)
#undef ENTRY
        NULL,
};

const struct sl_adapter *const *sl_adapters(void)
{
    return table;
}

const struct sl_adapter *sl_adapter_find(const char *kind)
{
    for (const struct sl_adapter *const *a = table; *a; a++)
        if (!strcmp((*a)->name, kind))
            return *a;
    return NULL;
}

const struct sl_adapter *sl_adapter_for_api(const struct sl_adapter *adapter, const char *api)
{
    if (!api[0] || !strcmp(adapter->api, api))
        return adapter;
    for (const struct sl_adapter *const *a = adapter->others; a && *a; a++)
        if (!strcmp((*a)->api, api))
            return *a;
    return NULL;
}
