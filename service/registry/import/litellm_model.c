/* An entry of LiteLLM's model_list: whose model it is, and what its parameters become. */
#include <string.h>

#include "base/str.h"
#include "registry/import/litellm.h"

/* ---- whose it is ---- */

struct sl_litellm_group *sl_litellm_find(const struct sl_litellm *l, const char *name)
{
    for (struct sl_litellm_group *g = l->groups; g; g = g->next) {
        if (!strcmp(g->name, name))
            return g;
    }
    return NULL;
}

/* litellm_credential_name: the key, address and version of an entry of credential_list. */
static struct sl_at named_values(struct sl_litellm *l, struct sl_at params)
{
    struct sl_import_reader *r = l->r;
    struct sl_at name = sl_at_get(r, params, "litellm_credential_name");
    size_t i = 0;
    for (const struct sl_yaml_item *c = sl_at_first(l->credentials); c && name.node; c = c->next) {
        struct sl_at entry = sl_at_item(r, l->credentials, c, i++);
        struct sl_at own = sl_at_get(r, entry, "credential_name");
        if (strcmp(sl_at_peek(own), sl_at_peek(name)) != 0)
            continue;
        sl_at_carry(r, own);
        sl_at_carry(r, name);
        return sl_at_get(r, entry, "credential_values");
    }
    if (name.node)
        sl_at_note(r, SL_IMPORT_ERROR, name, "names no entry of credential_list");
    return (struct sl_at){params.doc, NULL, params.path};
}

/* The first of the names that says something. */
static struct sl_at first_of(struct sl_import_reader *r, struct sl_at at, const char *a,
                             const char *b)
{
    struct sl_at found = sl_at_get(r, at, a);
    return *sl_at_peek(found) ? found : sl_at_get(r, at, b);
}

static struct sl_at base_at(struct sl_litellm *l, struct sl_at params, struct sl_at values)
{
    struct sl_at at = first_of(l->r, params, "api_base", "base_url");
    return *sl_at_peek(at) ? at : sl_at_get(l->r, values, "api_base");
}

static void read_key(struct sl_litellm *l, struct sl_at params, struct sl_at values,
                     struct sl_import_model *m, const struct sl_import_whose *whose)
{
    struct sl_at at = sl_at_get(l->r, params, "api_key");
    if (!*sl_at_peek(at))
        at = sl_at_get(l->r, values, "api_key");
    sl_import_take_key(l->r, at, &m->key);
    sl_import_settle_key(m, whose);
}

/* ---- wildcards ---- */

static void not_carried(struct sl_litellm *l, struct sl_at entry, const char *why)
{
    struct sl_import_reader *r = l->r;
    struct sl_at name = sl_at_get(r, entry, "model_name");
    sl_at_note(r, SL_IMPORT_NOT_CARRIED, entry, "the model '%.100s' is not carried: %s",
               sl_at_peek(name), why);
}

/* The address of a wildcard is its provider's. */
static void set_base(struct sl_litellm *l, struct sl_import_provider *p, struct sl_at at,
                     const char *base)
{
    if (!*base)
        return;
    if (*p->base_url && strcmp(p->base_url, base) != 0) {
        sl_at_note(l->r, SL_IMPORT_NOT_CARRIED, at,
                   "another entry says another address of %s, and a provider has one: make a "
                   "provider of its own for it",
                   p->id);
        return;
    }
    if (!*p->base_url)
        sl_at_note(l->r, SL_IMPORT_INFO, at, "became the address of %s, for all its models", p->id);
    p->base_url = base;
}

static void read_wildcard(struct sl_litellm *l, struct sl_at entry, struct sl_at params,
                          const struct sl_import_whose *whose, const char *url)
{
    struct sl_import_reader *r = l->r;
    struct sl_at name = sl_at_get(r, entry, "model_name"), model = sl_at_get(r, params, "model");
    struct sl_import_key key = {.literal = NULL};
    struct sl_at values = named_values(l, params);
    if (!whose->provider && strcmp(sl_at_peek(model), "*") != 0) {
        not_carried(l, entry, whose->why);
        return;
    }
    if (!whose->provider) {
        sl_at_note(r, SL_IMPORT_INFO, name,
                   "any name leads to the provider that it names here, without an entry for it");
        sl_at_carry(r, model);
        return;
    }
    struct sl_import_provider *p =
        sl_import_take_provider(r->plan, whose->provider, sl_at_place(r, entry));
    if (sl_import_add_pattern(r->plan, p, sl_at_peek(name)))
        sl_at_note(r, SL_IMPORT_INFO, name, "became a pattern of the provider %s", whose->provider);
    else
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, name, "more than 64 patterns for one provider");
    sl_at_carry(r, model);
    const char *base = sl_import_base_url(r, whose, url);
    set_base(l, p, base_at(l, params, values), base);
    sl_import_note_path(r, base_at(l, params, values), whose, url);
    struct sl_at at = sl_at_get(r, params, "api_key");
    sl_import_take_key(r, *sl_at_peek(at) ? at : sl_at_get(r, values, "api_key"), &key);
    bool usual = key.variable && !*base && sl_import_is_usual_key(whose->known, key.variable);
    if ((key.literal || key.variable) && !usual && !sl_import_add_key(p, &key))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "is one key too many for one provider");
    struct sl_at version = sl_at_get(r, params, "api_version");
    if (*sl_at_peek(version) && *p->api_version && strcmp(p->api_version, sl_at_peek(version)) != 0)
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, version,
                   "another entry says another version, and a provider has one");
    else if (*sl_at_peek(version))
        p->api_version = sl_at_text(r, version);
    struct sl_at prefix = sl_at_get(r, params, "custom_llm_provider");
    if (*sl_at_peek(prefix))
        sl_at_carry(r, prefix);
}

/* ---- entries ---- */

static void join_group(struct sl_litellm *l, struct sl_at entry, struct sl_import_model *m)
{
    struct sl_import_reader *r = l->r;
    struct sl_at at = sl_at_get(r, entry, "model_name");
    const char *name = *sl_at_peek(at) ? sl_at_peek(at) : m->m.name;
    struct sl_litellm_group *g = sl_litellm_find(l, name);
    if (g) {
        Sluice__V1__Model *first = &g->first->m;
        bool added = sl_import_add_text(r->plan, &first->fallback_models, &first->n_fallback_models,
                                        m->m.name);
        sl_at_note(r, SL_IMPORT_INFO, at.node ? at : entry,
                   added ? "the name is taken by an entry above: this one became '%s', a fallback "
                           "of '%s'; calls are not spread over both"
                         : "the name is taken by entries above: this one became '%s', and no "
                           "fallback of '%s', which has 64",
                   m->m.name, first->name);
        return;
    }
    g = SL_ARENA_NEW(&r->arena, struct sl_litellm_group);
    g->name = name;
    g->first = m;
    *l->groups_end = g;
    l->groups_end = &g->next;
    if (strcmp(name, m->m.name) != 0)
        sl_at_note(r, SL_IMPORT_INFO, at.node ? at : entry,
                   "became '%s', for its name cannot be one here or is taken", m->m.name);
    else
        sl_at_carry(r, at);
}

/* Modes whose models Sluice has no call for. */
static const char *unserved_mode(const char *mode)
{
    static const char *const modes[] = {
        "audio_transcription", "audio_speech", "realtime", "video_generation",
        "vector_store",        "search",       "ocr"};
    for (size_t i = 0; i < SL_ARRAY_LEN(modes); i++) {
        if (!strcmp(mode, modes[i]))
            return modes[i];
    }
    return NULL;
}

void sl_litellm_model(struct sl_litellm *l, struct sl_at entry)
{
    struct sl_import_reader *r = l->r;
    struct sl_at params = sl_at_get(r, entry, "litellm_params");
    struct sl_at model = sl_at_get(r, params, "model");
    struct sl_at prefix = sl_at_get(r, params, "custom_llm_provider");
    const char *name = sl_at_peek(sl_at_get(r, entry, "model_name"));
    const char *mode =
        unserved_mode(sl_at_peek(sl_at_get(r, sl_at_get(r, entry, "model_info"), "mode")));
    struct sl_import_whose whose;
    l->models_seen++;
    if (!*sl_at_peek(model)) {
        not_carried(l, entry, "litellm_params.model is missing");
        return;
    }
    if (mode) {
        not_carried(l, entry, sl_arena_printf(&r->arena, "Sluice has no call for mode %s", mode));
        return;
    }
    struct sl_at values = named_values(l, params);
    const char *said = sl_arena_strdup(&r->plan->arena, sl_at_peek(model));
    struct sl_at at = base_at(l, params, values);
    const char *base = *sl_at_peek(at) ? sl_at_resolved(r, at) : "";
    const struct sl_import_what what = {said, sl_at_peek(prefix), base ? base : ""};
    sl_import_find_whose(r, &what, &whose);
    if (!base) {
        not_carried(l, entry, "its address is not known");
        return;
    }
    if (strchr(said, '*') || strchr(name, '*')) {
        read_wildcard(l, entry, params, &whose, base);
        return;
    }
    if (!whose.provider) {
        not_carried(l, entry, whose.why);
        return;
    }
    struct sl_import_model *m =
        sl_import_add_model(r->plan, *name ? name : said, sl_at_place(r, entry));
    if (!m) {
        not_carried(l, entry, "the file holds more than 5000 models");
        return;
    }
    m->m.provider = sl_arena_strdup(&r->plan->arena, whose.provider);
    m->m.model_id = sl_arena_strdup(&r->plan->arena, whose.model_id);
    m->m.base_url = (char *)(uintptr_t)sl_import_base_url(r, &whose, base);
    sl_import_note_path(r, at, &whose, base);
    sl_at_carry(r, model);
    if (*sl_at_peek(prefix))
        sl_at_carry(r, prefix);
    join_group(l, entry, m);
    read_key(l, params, values, m, &whose);
    struct sl_at version = sl_at_get(r, values, "api_version");
    if (*sl_at_peek(version))
        m->m.api_version = (char *)(uintptr_t)sl_at_text(r, version);
    sl_litellm_fields(l, entry, m);
}
