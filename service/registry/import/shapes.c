/* LiteLLM's words for providers (docs.litellm.ai, "Providers"), and the catalogue's. */
#include "registry/import/shapes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/adapters.h"
#include "base/str.h"
#include "config/url.h"
#include "registry/catalogue/detect.h"

enum { MAX_PREFIX = 64 };

static const char no_provider[] = "its name leads to no provider: write it as provider/model";

/* Words that the catalogue does not have, or that mean something else there. */
static const struct {
    const char *prefix;
    const char *provider; /* NULL: not carried */
    const char *why;
} prefixes[] = {
    {"azure_text", "azure", NULL},
    {"bedrock", "bedrock", NULL},
    {"cohere", "cohere", NULL},
    {"custom", "custom", NULL},
    {"custom_openai", "custom", NULL},
    {"deepinfra", "deepinfra", NULL},
    {"fireworks_ai", "fireworks", NULL},
    {"gemini", "gemini", NULL},
    {"hosted_vllm", "vllm", NULL},
    {"huggingface", "huggingface", NULL},
    {"llamafile", "custom", NULL},
    {"lm_studio", "lmstudio", NULL},
    {"nvidia_nim", "nvidia", NULL},
    {"ollama_chat", "ollama", NULL},
    {"openai_like", "custom", NULL},
    {"text-completion-openai", "openai", NULL},
    {"together_ai", "together", NULL},
    {"vertex_ai", "vertex", NULL},
    {"vertex_ai_beta", "vertex", NULL},
    {"vllm", "vllm", NULL},
    {"zai", "zhipu", NULL},
    {"auto_router", NULL, "LiteLLM's routing by content is not carried"},
    {"litellm_proxy", NULL, "it is asked through another proxy: name the provider itself"},
    {"predibase", NULL, "no adapter speaks to Predibase"},
    {"replicate", NULL, "no adapter speaks to Replicate"},
    {"sagemaker", NULL, "no adapter speaks to SageMaker endpoints"},
    {"sagemaker_chat", NULL, "no adapter speaks to SageMaker endpoints"},
    {"text-completion-codestral", NULL, "no adapter speaks Codestral's completions"},
    {"watsonx", NULL, "no adapter speaks to watsonx"},
};

const char *sl_import_provider_id(const struct sl_catalogue_provider *p)
{
    return p->kind_default ? p->kind : p->id;
}

static void set_known(struct sl_import_whose *out, const struct sl_catalogue_provider *p)
{
    out->provider = sl_import_provider_id(p);
    out->kind = p->kind;
    out->known = p;
}

/* False where the word is no provider's. */
static bool by_prefix(struct sl_import_reader *r, const char *prefix, struct sl_import_whose *out)
{
    const struct sl_catalogue *c = r->in->catalogue;
    for (size_t i = 0; i < SL_ARRAY_LEN(prefixes); i++) {
        if (strcasecmp(prefixes[i].prefix, prefix) != 0)
            continue;
        out->provider = out->kind = prefixes[i].provider;
        out->why = prefixes[i].why;
        out->known = out->kind ? sl_catalogue_provider_by_kind(c, out->kind) : NULL;
        return true;
    }
    const struct sl_catalogue_provider *p = sl_catalogue_provider(c, prefix);
    if (!p)
        return false;
    if (*p->kind)
        set_known(out, p);
    else
        out->why = sl_arena_printf(&r->plan->arena, "no adapter speaks to %s", p->name);
    return true;
}

/* bedrock/converse/MODEL, bedrock/invoke/MODEL: the way to ask is the adapter's business. */
static const char *without_route(const char *kind, const char *id)
{
    static const char *const routes[] = {"converse/", "invoke/", "converse_like/"};
    for (size_t i = 0; i < SL_ARRAY_LEN(routes) && kind && !strcmp(kind, "bedrock"); i++) {
        if (sl_starts_with(id, routes[i]))
            return id + strlen(routes[i]);
    }
    return id;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcmp(s + n - m, end);
}

const char *sl_import_own_address(const struct sl_import_whose *w)
{
    const struct sl_adapter *a = w->kind ? sl_adapter_find(w->kind) : NULL;
    if (w->known && *w->known->base_url)
        return w->known->base_url;
    return a ? a->default_base_url : NULL;
}

static bool is_elsewhere(const struct sl_import_whose *w, const char *url)
{
    const char *own = sl_import_own_address(w);
    return *url && (!own || !sl_url_same_origin(own, url));
}

static void by_name(struct sl_import_reader *r, const struct sl_import_what *what,
                    struct sl_import_whose *out)
{
    struct sl_detected found;
    const struct sl_detect_in in = {.name = what->model};
    out->model_id = what->model;
    if (sl_detect(r->in->catalogue, &in, &found) && *found.kind) {
        if (found.provider)
            set_known(out, found.provider);
        if (out->kind && !strcmp(out->kind, "azure")) /* a bare name is OpenAI's own */
            set_known(out, sl_catalogue_provider_by_kind(r->in->catalogue, "openai"));
        out->model_id = sl_arena_strdup(&r->plan->arena, found.model_id);
    }
    if (*what->base_url && (!out->provider || is_elsewhere(out, what->base_url))) {
        /* LiteLLM takes a bare name with an address for an OpenAI-shaped server */
        bool shaped = ends_with(what->base_url, "/v1"); /* Ollama's own API is not there */
        if (!out->provider || !strcmp(out->kind, "openai") ||
            (shaped && !strcmp(out->kind, "ollama")))
            *out = (struct sl_import_whose){"custom", "custom", NULL, what->model, NULL};
    }
    if (!out->provider)
        out->why = no_provider;
}

void sl_import_find_whose(struct sl_import_reader *r, const struct sl_import_what *what,
                          struct sl_import_whose *out)
{
    char prefix[MAX_PREFIX] = "";
    const char *slash = strchr(what->model, '/');
    *out = (struct sl_import_whose){.model_id = what->model};
    if (slash)
        sl_copy_n(prefix, sizeof(prefix), what->model, (size_t)(slash - what->model));
    if (slash && by_prefix(r, prefix, out))
        out->model_id = without_route(out->kind, slash + 1);
    else if (!*what->prefix || !by_prefix(r, what->prefix, out))
        by_name(r, what, out);
    if (!out->provider && slash && out->why == no_provider)
        out->why =
            sl_arena_printf(&r->plan->arena, "'%s' is no provider that is known here", prefix);
    if (out->provider && !strcmp(out->kind, "openai") && is_elsewhere(out, what->base_url)) {
        out->provider = out->kind = "custom";
        out->known = NULL;
    }
    if (out->provider && !*out->model_id)
        *out = (struct sl_import_whose){.model_id = "", .why = "it names no model or deployment"};
}

/* ---- addresses ---- */

const char *sl_import_base_url(struct sl_import_reader *r, const struct sl_import_whose *whose,
                               const char *url)
{
    if (!is_elsewhere(whose, url))
        return "";
    char *text = sl_arena_strdup(&r->plan->arena, url);
    size_t n = strlen(text);
    while (n && text[n - 1] == '/')
        text[--n] = 0;
    /* LiteLLM adds "/v1/messages" to an address of this kind, the adapter "/messages" */
    if (!strcmp(whose->kind, "anthropic") && !ends_with(text, "/v1"))
        return sl_arena_printf(&r->plan->arena, "%s/v1", text);
    /* LiteLLM's Azure address is the resource's, with the deployment's path added for each call */
    const char *host = strstr(text, "://");
    if (!strcmp(whose->kind, "azure") && host && !strchr(host + 3, '/'))
        return sl_arena_printf(&r->plan->arena, "%s/openai/deployments", text);
    bool server = !strcmp(whose->kind, "lmstudio") || !strcmp(whose->kind, "vllm");
    if (server && host && !strchr(host + 3, '/'))
        return sl_arena_printf(&r->plan->arena, "%s/v1", text);
    return text;
}

/* Its path without '/' at the end, and "" for "/v1", which programs add or leave out. */
static struct sl_str path_of(const char *url)
{
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    size_t n = path ? strlen(path) : 0;
    while (n && path[n - 1] == '/')
        n--;
    if (n == 3 && !memcmp(path, "/v1", 3))
        n = 0;
    return (struct sl_str){path, n};
}

const char *sl_import_other_path(const struct sl_import_whose *whose, const char *url)
{
    const char *own = sl_import_own_address(whose);
    if (!own || is_elsewhere(whose, url))
        return NULL;
    struct sl_str said = path_of(url), is = path_of(own);
    bool same = !said.n || (said.n == is.n && !memcmp(said.p, is.p, is.n));
    return same ? NULL : own;
}

void sl_import_note_path(struct sl_import_reader *r, struct sl_at at,
                         const struct sl_import_whose *whose, const char *url)
{
    const char *own = *url ? sl_import_other_path(whose, url) : NULL;
    if (own)
        sl_at_note(r, SL_IMPORT_INFO, at, "the path of the address is not kept: requests go to %s",
                   own);
}

/* ---- keys ---- */

bool sl_import_is_usual_key(const struct sl_catalogue_provider *p, const char *variable)
{
    for (const char *const *v = p ? p->key_variables : NULL; v && *v; v++) {
        if (!strcmp(*v, variable))
            return true;
    }
    return false;
}

bool sl_import_is_placeholder(const char *text)
{
    static const char *const patterns[] = {
        "*your_*", "*your-*", "*xxxx*",     "<*>",          "*changeme*",    "*change-me*",
        "*_here",  "*-here",  "*...*",      "*replace*",    "*placeholder*", "todo",
        "none",    "null",    "*REDACTED*", "*insert*key*", "*dummy*",       "*example*key*",
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(patterns); i++) {
        if (sl_glob_match(patterns[i], text))
            return true;
    }
    return false;
}

void sl_import_take_key(struct sl_import_reader *r, struct sl_at at, struct sl_import_key *out)
{
    const char *text = sl_at_peek(at);
    if (!*text)
        return;
    if (!sl_import_variable(r->plan, text) && sl_import_is_placeholder(text)) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "is no key but a place for one");
        return;
    }
    sl_at_key(r, at, out);
}

void sl_import_settle_key(struct sl_import_model *m, const struct sl_import_whose *whose)
{
    m->usual_key =
        m->key.variable && !*m->m.base_url && sl_import_is_usual_key(whose->known, m->key.variable);
}
