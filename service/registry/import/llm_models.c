/* llm_models.json: models by name or in a list, with tiers, a default and providers' settings beside them. */
#include <string.h>

#include "base/str.h"
#include "registry/import/entry.h"

struct file {
    struct sl_import_reader *r;
    struct sl_at root;
    struct sl_at chosen; /* default_model */
};

/* ---- models ---- */

static void read_tiers(struct sl_import_reader *r, struct sl_at at, struct sl_import_model *m)
{
    size_t i = 0;
    if (sl_at_is(at, SL_YAML_TEXT) && *sl_at_peek(at)) {
        sl_import_add_text(r->plan, &m->m.allowed_tiers, &m->m.n_allowed_tiers, sl_at_peek(at));
        sl_import_add_tier(r->plan, sl_at_text(r, at), sl_at_place(r, at));
    }
    for (const struct sl_yaml_item *t = sl_at_first(at); t; t = t->next) {
        struct sl_at tier = sl_at_item(r, at, t, i++);
        if (!*sl_at_peek(tier))
            continue;
        sl_import_add_text(r->plan, &m->m.allowed_tiers, &m->m.n_allowed_tiers, sl_at_peek(tier));
        sl_import_add_tier(r->plan, sl_at_text(r, tier), sl_at_place(r, tier));
    }
}

static struct sl_at first_of(struct sl_import_reader *r, struct sl_at at, const char *const *keys)
{
    struct sl_at found = {at.doc, NULL, at.path};
    for (; *keys && !found.node; keys++)
        found = sl_at_get(r, at, *keys);
    return found;
}

static void read_model(struct file *f, struct sl_at at, const char *key)
{
    static const char *const names[] = {"id", "name", NULL};
    static const char *const models[] = {"model", "model_name", "model_id", NULL};
    static const char *const urls[] = {"base_url", "api_base", NULL};
    struct sl_import_reader *r = f->r;
    struct sl_at name = first_of(r, at, names);
    struct sl_import_entry e = {
        .name = *sl_at_peek(name) ? sl_at_peek(name) : key,
        .at = at,
        .model = first_of(r, at, models),
        .provider = sl_at_get(r, at, "provider"),
        .url = first_of(r, at, urls),
        .key = sl_at_get(r, at, "api_key"),
    };
    if (!e.model.node)
        e.model = name;
    struct sl_import_model *m = sl_import_take_entry(r, &e);
    if (!m)
        return;
    if (name.node)
        sl_at_carry(r, name);
    sl_import_common_fields(r, at, m);
    read_tiers(r, sl_at_get(r, at, "allowed_tiers"), m);
    const char *chosen = sl_at_peek(f->chosen);
    bool is_default = false;
    bool said = sl_at_bool(r, sl_at_get(r, at, "is_default"), &is_default);
    if ((said && is_default) ||
        (*chosen && (!strcmp(chosen, m->m.name) || !strcmp(chosen, e.name) ||
                     !strcmp(chosen, sl_at_peek(e.model)) || !strcmp(chosen, m->m.description)))) {
        if (!*r->plan->default_model) {
            r->plan->default_model = m->m.name;
            r->plan->default_place = sl_at_place(r, *chosen ? f->chosen : at);
        }
        if (*chosen)
            sl_at_carry(r, f->chosen);
    }
}

static bool is_model(struct sl_import_reader *r, struct sl_at at)
{
    static const char *const keys[] = {"model", "display_name", "model_id", "model_name", NULL};
    return sl_at_is(at, SL_YAML_MAP) && first_of(r, at, keys).node;
}

static void read_models(struct file *f, struct sl_at list)
{
    struct sl_import_reader *r = f->r;
    size_t i = 0;
    for (const struct sl_yaml_item *m = sl_at_first(list); m; m = m->next) {
        struct sl_at at = sl_at_item(r, list, m, i++);
        if (is_model(r, at))
            read_model(f, at, m->key ? m->key->text : "");
    }
}

/* ---- providers ---- */

static void read_provider_url(struct sl_import_reader *r, struct sl_at at,
                              const struct sl_import_whose *whose, struct sl_import_provider *p)
{
    const char *url = *sl_at_peek(at) ? sl_at_resolved(r, at) : NULL;
    const char *why = url ? sl_import_proxy(url) : NULL;
    if (!url)
        return;
    if (why && strcmp(whose->kind, "ollama") != 0 && strcmp(whose->kind, "vllm") != 0 &&
        strcmp(whose->kind, "lmstudio") != 0 && strcmp(whose->kind, "custom") != 0)
        sl_at_note(r, SL_IMPORT_INFO, at, "the address %s: requests go to %s itself", why, p->id);
    else
        p->base_url = sl_import_base_url(r, whose, url);
}

static void read_provider(struct file *f, struct sl_at at, const char *name)
{
    static const char *const urls[] = {"base_url", "api_base", NULL};
    struct sl_import_reader *r = f->r;
    struct sl_import_key key = {.literal = NULL};
    struct sl_import_whose whose;
    const struct sl_import_what what = {sl_arena_printf(&r->arena, "%s/*", name), "", ""};
    sl_import_find_whose(r, &what, &whose);
    if (!whose.provider) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "there is no provider '%.64s' here", name);
        return;
    }
    struct sl_import_provider *p =
        sl_import_take_provider(r->plan, whose.provider, sl_at_place(r, at));
    read_provider_url(r, first_of(r, at, urls), &whose, p);
    sl_import_take_key(r, sl_at_get(r, at, "api_key"), &key);
    bool usual = key.variable && !*p->base_url && sl_import_is_usual_key(whose.known, key.variable);
    if ((key.literal || key.variable) && !usual && !sl_import_add_key(p, &key))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "more keys than one provider may have");
    const char *version = sl_at_member(r, at, "api_version");
    const char *organization = sl_at_member(r, at, "organization");
    const char *region = sl_at_member(r, at, "region");
    p->api_version = version ? version : p->api_version;
    p->organization = organization ? organization : p->organization;
    p->region = region ? region : p->region;
}

static void read_providers(struct file *f, struct sl_at list)
{
    for (const struct sl_yaml_item *p = sl_at_is(list, SL_YAML_MAP) ? sl_at_first(list) : NULL; p;
         p = p->next)
        read_provider(f, sl_at_item(f->r, list, p, 0), p->key->text);
}

/* ---- the file ---- */

enum sl_code sl_import_llm_models(struct sl_import_reader *r)
{
    static const char *const lists[] = {"models", "llm_models", NULL};
    const struct sl_import_file *in = &r->in->files[0];
    struct sl_import_doc *doc = SL_ARENA_NEW(&r->arena, struct sl_import_doc);
    struct file f = {.r = r};
    doc->file = sl_arena_strdup(&r->plan->arena, in->name);
    doc->prefix = "";
    if (sl_at_parse(r, doc, (struct sl_str){in->text, in->n}, &f.root, r->err) != SL_OK)
        return r->err->code;
    f.chosen = sl_at_get(r, f.root, "default_model");
    struct sl_at models = first_of(r, f.root, lists);
    read_providers(&f, sl_at_get(r, f.root, "provider_configs"));
    read_models(&f, models.node ? models : f.root);
    if (*sl_at_peek(f.chosen) && !sl_at_done(r, f.chosen))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, f.chosen, "names no model that was carried");
    sl_at_rest(r, f.root);
    if (!r->plan->n_models && !r->plan->providers) {
        const struct sl_import_about about = {
            SL_IMPORT_ERROR, sl_arena_printf(&r->plan->arena, "%s:1", doc->file), "models"};
        sl_import_note(r->plan, &about, "the file holds no model");
    }
    return SL_OK;
}
