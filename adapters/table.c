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

static const struct sl_op_api *const *operations_of(const struct sl_adapter *adapter)
{
    static const struct sl_op_api *const none[] = {NULL};
    const struct sl_adapter *usual = sl_adapter_find(adapter->name);

    if (usual && !adapter->operations)
        adapter = usual; /* one of its others */
    return adapter->operations ? adapter->operations : none;
}

static const struct sl_op_api *find_operation(const struct sl_adapter *adapter, const char *api)
{
    for (const struct sl_op_api *const *o = operations_of(adapter); *o; o++)
        if (!strcmp((*o)->name, api))
            return *o;
    return NULL;
}

const struct sl_adapter *sl_adapter_for_api(const struct sl_adapter *adapter, const char *api)
{
    if (!api[0] || !strcmp(adapter->api, api))
        return adapter;
    for (const struct sl_adapter *const *a = adapter->others; a && *a; a++)
        if (!strcmp((*a)->api, api))
            return *a;
    return find_operation(adapter, api) ? adapter : NULL;
}

const struct sl_op_api *sl_adapter_operation(const struct sl_adapter *adapter,
                                             enum sl_operation operation,
                                             const struct sl_target *target)
{
    const char *api = target->api ? target->api : "";
    bool other = false; /* the api is another operation's */

    for (const struct sl_op_api *const *o = operations_of(adapter); *o; o++) {
        if (!api[0] || strcmp((*o)->name, api) != 0)
            continue;
        if ((*o)->operation == operation)
            return *o;
        other = true;
    }
    if (other && operation != SL_LIST_MODELS)
        return NULL;
    for (const struct sl_op_api *const *o = operations_of(adapter); *o; o++)
        if ((*o)->operation == operation && (!(*o)->fits || (*o)->fits(target)))
            return *o;
    return NULL;
}
