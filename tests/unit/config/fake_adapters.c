/* Three kinds of providers that stand for all: one with a usual URL and key, one that needs its
 * URL, one without a key. */
#include <string.h>

#include "adapters/adapters.h"

static const char *const openai_variables[] = {"OPENAI_API_KEY", "OPENAI_KEY", NULL};
static const char *const no_variables[] = {NULL};

static const struct sl_adapter openai = {
    .name = "openai",
    .api = "chat_completions",
    .title = "OpenAI",
    .default_base_url = "https://api.openai.com/v1",
    .key_variables = openai_variables,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true, .tools = true},
};

static const struct sl_adapter custom = {
    .name = "custom",
    .api = "chat_completions",
    .title = "OpenAI-compatible server",
    .key_variables = no_variables,
    .capabilities = {.chat = true, .stream = true},
};

static const struct sl_adapter ollama = {
    .name = "ollama",
    .api = "chat_completions",
    .title = "Ollama",
    .default_base_url = "http://127.0.0.1:11434",
    .capabilities = {.chat = true, .stream = true},
};

static const struct sl_adapter *const all[] = {&custom, &ollama, &openai, NULL};

const struct sl_adapter *const *sl_adapters(void)
{
    return all;
}

const struct sl_adapter *sl_adapter_find(const char *kind)
{
    for (const struct sl_adapter *const *a = all; *a; a++) {
        if (!strcmp((*a)->name, kind))
            return *a;
    }
    return NULL;
}

const struct sl_adapter *sl_adapter_for_api(const struct sl_adapter *adapter, const char *api)
{
    return !api[0] || !strcmp(adapter->api, api) ? adapter : NULL;
}
