/* The table of templates. Addresses are those that the adapters' notes cite. */
#include "registry/manage/templates.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum { MAX_URL = 2048 };

#define LOCAL_HOST                                                                                 \
    {                                                                                              \
        "host", "127.0.0.1", "host name or address of the server"                                  \
    }

const struct sl_template sl_templates[] = {
    {.name = "anthropic", .model_id = "claude-sonnet-4-5", .note = "Messages API"},
    {.name = "azure",
     .base_url = "https://{resource}.openai.azure.com/openai/v1",
     .note = "the model id is the name of the deployment",
     .variables = {{"resource", "", "name of the Azure OpenAI resource"}}},
    {.name = "bedrock",
     .base_url = "https://bedrock-runtime.{region}.amazonaws.com",
     .model_id = "amazon.nova-lite-v1:0",
     .note = "the key is a Bedrock API key, or ACCESS_KEY_ID:SECRET_ACCESS_KEY",
     .variables = {{"region", "us-east-1", "AWS region"}}},
    {.name = "cohere", .model_id = "command-a-03-2025", .note = "v2 chat"},
    {.name = "custom",
     .base_url = "{base_url}",
     .note = "any server that speaks OpenAI's chat completions",
     .variables = {{"base_url", "", "address up to and with /v1"}}},
    {.name = "deepseek", .model_id = "deepseek-chat", .note = "deepseek-reasoner reasons first"},
    {.name = "gemini", .model_id = "gemini-2.5-flash", .note = "Google AI Studio"},
    {.name = "huggingface",
     .model_id = "openai/gpt-oss-20b",
     .note = "the router; an Inference Endpoint has an address of its own"},
    {.name = "lmstudio",
     .base_url = "http://{host}:{port}/v1",
     .note = "the model id is the one that LM Studio shows",
     .variables = {LOCAL_HOST, {"port", "1234", "its port"}}},
    {.name = "minimax", .model_id = "MiniMax-M2", .note = "international site"},
    {.name = "mistral", .model_id = "mistral-small-latest", .note = "La Plateforme"},
    {.name = "moonshot", .model_id = "kimi-k2-thinking", .note = "international site"},
    {.name = "ollama",
     .base_url = "http://{host}:{port}",
     .model_id = "llama3.2",
     .note = "the model has to be pulled first",
     .variables = {LOCAL_HOST, {"port", "11434", "its port"}}},
    {.name = "openai", .model_id = "gpt-4o-mini", .note = "OpenAI's own API"},
    {.name = "openrouter", .model_id = "openai/gpt-4o-mini", .note = "many providers, one key"},
    {.name = "vertex",
     .base_url =
         "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}",
     .model_id = "gemini-2.5-flash",
     .note = "the key is a service account's JSON, or a reference to its file",
     .variables = {{"project", "", "Google Cloud project"},
                   {"location", "us-central1", "Google Cloud location"}}},
    {.name = "vllm",
     .base_url = "http://{host}:{port}/v1",
     .note = "the model id is the name that vLLM serves",
     .variables = {LOCAL_HOST, {"port", "8000", "its port"}}},
    {.name = "zhipu", .model_id = "glm-4.7", .note = "international site (Z.AI)"},
    {.name = NULL},
};

const struct sl_template *sl_template_find(const char *name)
{
    for (const struct sl_template *t = sl_templates; t->name; t++) {
        if (!strcmp(t->name, name))
            return t;
    }
    return NULL;
}

static const struct sl_template_variable *find_variable(const struct sl_template *t,
                                                        const char *name, size_t n)
{
    for (size_t i = 0; i < SL_TEMPLATE_VARIABLES && t->variables[i].name; i++) {
        if (sl_str_eq((struct sl_str){name, n}, t->variables[i].name))
            return &t->variables[i];
    }
    return NULL;
}

static const char *said(const struct sl_template_variable *variable,
                        const Sluice__V1__CreateModelFromTemplateRequest *request)
{
    for (size_t i = 0; i < request->n_variables; i++) {
        if (!strcmp(request->variables[i]->key, variable->name))
            return request->variables[i]->value;
    }
    return variable->value;
}

static void check_known(const struct sl_template *t,
                        const Sluice__V1__CreateModelFromTemplateRequest *request,
                        struct sl_violations *v)
{
    for (size_t i = 0; i < request->n_variables; i++) {
        const char *key = request->variables[i]->key;
        if (!find_variable(t, key, strlen(key)))
            sl_violate(v, "variables", "holds '%.64s', which the template %s does not have", key,
                       t->name);
    }
}

static bool check_value(const struct sl_template_variable *variable, const char *value,
                        struct sl_violations *v)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._[]:";
    if (!*value)
        sl_violate(v, "variables", "needs '%s': %s", variable->name, variable->description);
    else if (strcmp(variable->name, "base_url") != 0 && value[strspn(value, plain)])
        sl_violate(v, "variables", "holds a value of '%s' that no address can have",
                   variable->name);
    else
        return true;
    return false;
}

const char *sl_template_base_url(const struct sl_template *t,
                                 const Sluice__V1__CreateModelFromTemplateRequest *request,
                                 struct sl_arena *arena, struct sl_violations *v)
{
    struct sl_buf url;
    bool fits = true;
    check_known(t, request, v);
    sl_buf_init(&url, MAX_URL);
    for (const char *at = t->base_url ? t->base_url : ""; *at && fits;) {
        size_t n = strcspn(at, "{");
        fits = sl_buf_add(&url, at, n);
        at += n;
        if (!*at)
            break;
        n = strcspn(++at, "}");
        const struct sl_template_variable *variable = find_variable(t, at, n);
        at += n + 1;
        const char *value = said(variable, request);
        if (!check_value(variable, value, v))
            break;
        fits &= sl_buf_add_str(&url, value);
    }
    if (!fits)
        sl_violate(v, "variables", "make an address of more than %d bytes", MAX_URL);
    const char *text = sl_arena_strndup(arena, url.p ? url.p : "", url.n);
    sl_buf_fini(&url);
    return text;
}
