/* What a .env file says of one provider, as a provider and a model of the plan. */
#include <string.h>

#include "base/str.h"
#include "config/url.h"
#include "registry/import/env.h"

/* ".../v1/chat/completions" is the address of one call. */
static char *without_call(struct sl_env *e, const char *url)
{
    static const char *const calls[] = {"/chat/completions", "/v1/messages", "/messages",
                                        "/responses"};
    char *text = sl_arena_strdup(&e->r->plan->arena, url);
    size_t n = strlen(text);
    for (size_t i = 0; i < SL_ARRAY_LEN(calls); i++) {
        size_t m = strlen(calls[i]);
        if (n > m && !strcmp(text + n - m, calls[i])) {
            text[n - m] = 0;
            break;
        }
    }
    return text;
}

static const struct sl_catalogue_provider *at_address(struct sl_env *e, const char *url)
{
    const struct sl_catalogue *c = e->r->in->catalogue;
    for (size_t i = 0; i < c->n_providers; i++) {
        if (*c->providers[i]->base_url && sl_url_same_origin(c->providers[i]->base_url, url))
            return c->providers[i];
    }
    return NULL;
}

static bool is_local(const char *kind)
{
    return !strcmp(kind, "ollama") || !strcmp(kind, "vllm") || !strcmp(kind, "lmstudio");
}

/* Reads the address; whose changes where it is another provider's. */
static const char *read_base(struct sl_env *e, struct sl_env_group *g,
                             struct sl_import_whose *whose)
{
    size_t line = g->line[SL_ENV_BASE];
    const char *url = line ? without_call(e, sl_env_value(e, line)) : "";
    const char *why = *url ? sl_import_proxy(url) : NULL;
    if (!*url)
        return "";
    if (sl_url_problem(url, true)) {
        sl_env_note(e, SL_IMPORT_ERROR, line - 1, "is no address of a provider: %s",
                    sl_url_problem(url, true));
        return "";
    }
    if (why && !is_local(whose->kind)) {
        sl_env_note(e, SL_IMPORT_INFO, line - 1,
                    "the address %s: requests go to %s itself, with a key of its own%s", why,
                    whose->provider, g->line[SL_ENV_KEY] ? ": see that this file's is one" : "");
        sl_env_carry(e, line - 1);
        return "";
    }
    if (!strcmp(whose->kind, "openai")) {
        const struct sl_catalogue_provider *there = at_address(e, url);
        if (there && *there->kind && there != whose->known)
            *whose = (struct sl_import_whose){
                .provider = sl_import_provider_id(there), .kind = there->kind, .known = there};
        else if (!there)
            *whose = (struct sl_import_whose){.provider = "custom", .kind = "custom"};
        if (strcmp(whose->kind, "openai") != 0)
            sl_env_note(e, SL_IMPORT_INFO, line - 1,
                        "the address is not OpenAI's: key and models became those "
                        "of the provider %s",
                        whose->provider);
    }
    const char *own = sl_import_other_path(whose, url);
    if (own)
        sl_env_note(e, SL_IMPORT_INFO, line - 1,
                    "the path of the address is not kept: requests go to %s", own);
    sl_env_carry(e, line - 1);
    return sl_import_base_url(e->r, whose, url);
}

static void read_key(struct sl_env *e, struct sl_env_group *g, struct sl_import_provider *p)
{
    size_t line = g->line[SL_ENV_KEY];
    const char *text = sl_env_value(e, line);
    struct sl_import_key key = {.literal = NULL};
    if (!line)
        return;
    key.place = sl_env_place(e, line - 1);
    key.variable = sl_import_variable(e->r->plan, text);
    if (!key.variable && sl_import_is_placeholder(text)) {
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, line - 1, "is no key but a place for one");
        return;
    }
    if (!key.variable)
        key.literal = sl_import_secret(e->r->plan, text, strlen(text));
    if (!sl_import_add_key(p, &key))
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, line - 1, "is one key too many for one provider");
    sl_env_carry(e, line - 1);
}

static void read_text(struct sl_env *e, struct sl_env_group *g, enum sl_env_fact fact,
                      const char **field)
{
    size_t line = g->line[fact];
    if (!line)
        return;
    if (**field && strcmp(*field, sl_env_value(e, line)) != 0) {
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, line - 1,
                    "another line says another of the same provider");
        return;
    }
    *field = sl_arena_strdup(&e->r->plan->arena, sl_env_value(e, line));
    sl_env_carry(e, line - 1);
}

struct sl_import_model *sl_env_take_model(struct sl_env *e, size_t i,
                                          const struct sl_import_whose *whose, const char *id)
{
    struct sl_import_plan *plan = e->r->plan;
    for (struct sl_import_model *m = plan->models; m; m = m->next) {
        if (!strcmp(m->m.provider, whose->provider) && !strcmp(m->m.model_id, id))
            return m;
    }
    struct sl_import_model *m = sl_import_add_model(plan, id, sl_env_place(e, i));
    if (!m)
        return NULL;
    if (strcmp(m->m.name, id) != 0)
        sl_env_note(e, SL_IMPORT_INFO, i,
                    "became '%s', for its name cannot be one here or is taken", m->m.name);
    m->m.provider = sl_arena_strdup(&plan->arena, whose->provider);
    m->m.model_id = sl_arena_strdup(&plan->arena, id);
    return m;
}

static void read_model(struct sl_env *e, struct sl_env_group *g,
                       const struct sl_import_whose *whose, const struct sl_import_provider *p)
{
    size_t line = g->line[SL_ENV_MODEL];
    const char *id = sl_env_value(e, line);
    if (!line)
        return;
    if (!strcmp(id, "default") || sl_import_is_placeholder(id)) {
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, line - 1, "is no model's id");
        return;
    }
    struct sl_import_model *m = sl_env_take_model(e, line - 1, whose, id);
    if (!m) {
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, line - 1, "the file holds more than 5000 models");
        return;
    }
    m->m.base_url = (char *)(uintptr_t)p->base_url;
    m->m.region = (char *)(uintptr_t)p->region;
    m->m.api_version = (char *)(uintptr_t)p->api_version;
    if (p->n_keys && *p->base_url)
        m->key = p->keys[0]; /* bound to the same address */
    sl_env_carry(e, line - 1);
}

/* A provider that has no address of its own, and of which the file says none. */
static void leave_out(struct sl_env *e, struct sl_env_group *g)
{
    for (int f = 0; f < SL_ENV_FACTS; f++) {
        if (g->line[f] && !e->done[g->line[f] - 1])
            sl_env_note(e, SL_IMPORT_NOT_CARRIED, g->line[f] - 1,
                        "%s has no address of its own: say it, as AZURE_OPENAI_ENDPOINT does",
                        g->known->name);
    }
}

void sl_env_read_group(struct sl_env *e, struct sl_env_group *g)
{
    struct sl_import_plan *plan = e->r->plan;
    struct sl_import_whose whose = {
        .provider = sl_import_provider_id(g->known), .kind = g->known->kind, .known = g->known};
    size_t first = 0;
    for (int f = 0; f < SL_ENV_FACTS; f++) {
        if (g->line[f] && (!first || g->line[f] < first))
            first = g->line[f];
    }
    const char *base = read_base(e, g, &whose);
    bool needs_one = !strcmp(whose.kind, "azure") || !strcmp(whose.kind, "custom");
    if (!*base && needs_one && !sl_import_own_address(&whose)) {
        leave_out(e, g);
        return;
    }
    struct sl_import_provider *p =
        sl_import_take_provider(plan, whose.provider, sl_env_place(e, first - 1));
    if (*base && *p->base_url && strcmp(p->base_url, base) != 0)
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, g->line[SL_ENV_BASE] - 1,
                    "another line says another address of the same provider");
    else if (*base)
        p->base_url = base;
    read_key(e, g, p);
    read_text(e, g, SL_ENV_VERSION, &p->api_version);
    read_text(e, g, SL_ENV_REGION, &p->region);
    read_text(e, g, SL_ENV_ORGANIZATION, &p->organization);
    read_text(e, g, SL_ENV_PROJECT, &p->project);
    read_model(e, g, &whose, p);
}
