/* llm_models.json: models by name or in a list, with tiers, a default and providers' settings beside them. */
#include <string.h>

#include "base/str.h"
#include "registry/import/entry.h"

struct file {
    struct sl_import_reader *r;
    struct sl_at root;
    struct sl_at chosen; /* default_model */
    bool listed;         /* models stand in a list of their own, not beside other settings */
};

/* ---- models ---- */

static void add_tier(struct sl_import_reader *r, struct sl_at at, struct sl_import_model *m)
{
    if (!*sl_at_peek(at))
        sl_at_note(r, SL_IMPORT_ERROR, at, "is no name of a tier");
    else if (!sl_import_add_text(r->plan, &m->m.allowed_tiers, &m->m.n_allowed_tiers,
                                 sl_at_peek(at)))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "more than 64 tiers for one model");
    else
        sl_import_add_tier(r->plan, sl_at_text(r, at), sl_at_place(r, at));
}

/* A list that cannot be read may not open the model to everybody. */
static void read_tiers(struct sl_import_reader *r, struct sl_at at, struct sl_import_model *m)
{
    size_t i = 0;
    if (!at.node || (sl_at_is(at, SL_YAML_TEXT) && sl_yaml_is_null(at.node)))
        return;
    if (sl_at_is(at, SL_YAML_TEXT))
        add_tier(r, at, m);
    else if (sl_at_is(at, SL_YAML_MAP))
        sl_at_note(r, SL_IMPORT_ERROR, at, "is no list of tiers");
    else if (!sl_at_first(at))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "names no tier: everybody may use the model");
    for (const struct sl_yaml_item *t = sl_at_is(at, SL_YAML_LIST) ? sl_at_first(at) : NULL; t;
         t = t->next)
        add_tier(r, sl_at_item(r, at, t, i++), m);
    if (m->m.n_allowed_tiers || (sl_at_is(at, SL_YAML_LIST) && !sl_at_first(at)))
        return;
    m->m.enabled = false;
    m->m._enabled_case = SLUICE__V1__MODEL___ENABLED_ENABLED;
    const struct sl_import_about about = {SL_IMPORT_ERROR, sl_at_place(r, at), m->m.name};
    sl_import_note(r->plan, &about, "the model is disabled, for its tiers cannot be read");
}

static struct sl_at first_of(struct sl_import_reader *r, struct sl_at at, const char *const *keys)
{
    struct sl_at found = {at.doc, NULL, at.path};
    for (; *keys && !found.node; keys++)
        found = sl_at_get(r, at, *keys);
    return found;
}

/* default_model comes before a model's own is_default, and what comes first before what follows. */
static void read_default(struct file *f, const struct sl_import_entry *e, struct sl_import_model *m)
{
    struct sl_import_reader *r = f->r;
    struct sl_at own = sl_at_get(r, e->at, "is_default");
    const char *chosen = sl_at_peek(f->chosen);
    const char *const names[] = {m->m.name, e->name, sl_at_peek(e->model), m->m.description};
    bool is_own = false, is_chosen = false;
    for (size_t i = 0; i < SL_ARRAY_LEN(names) && *chosen; i++)
        is_chosen = is_chosen || !strcmp(chosen, names[i]);
    is_own = sl_at_bool(r, own, &is_own) && is_own;
    if (is_chosen && !sl_at_done(r, f->chosen)) {
        sl_at_carry(r, f->chosen);
        r->plan->default_model = m->m.name;
        r->plan->default_place = sl_at_place(r, f->chosen);
    } else if (is_own && *chosen) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, own, "default_model says which model is the default");
    } else if (is_own && *r->plan->default_model) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, own, "'%s' is the default already",
                   r->plan->default_model);
    } else if (is_own) {
        r->plan->default_model = m->m.name;
        r->plan->default_place = sl_at_place(r, own);
    }
}

/* at: a mapping, or the model's id alone. */
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
        .model = sl_at_is(at, SL_YAML_TEXT) ? at : first_of(r, at, models),
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
    read_default(f, &e, m);
}

/* Beside other settings only what says so is a model. */
static bool is_model(struct file *f, struct sl_at at)
{
    static const char *const keys[] = {"model", "display_name", "model_id", "model_name", NULL};
    static const char *const more[] = {"id", "name", NULL};
    struct sl_import_reader *r = f->r;
    if (!f->listed)
        return sl_at_is(at, SL_YAML_MAP) && first_of(r, at, keys).node;
    if (sl_at_is(at, SL_YAML_TEXT))
        return *sl_at_peek(at);
    return sl_at_is(at, SL_YAML_MAP) && (first_of(r, at, keys).node || first_of(r, at, more).node);
}

static void read_models(struct file *f, struct sl_at list)
{
    struct sl_import_reader *r = f->r;
    size_t i = 0;
    for (const struct sl_yaml_item *m = sl_at_first(list); m; m = m->next) {
        struct sl_at at = sl_at_item(r, list, m, i++);
        if (is_model(f, at))
            read_model(f, at, m->key ? m->key->text : "");
        else if (f->listed)
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "names no model: it needs \"model\"");
    }
}

/* ---- providers ---- */

/* What a provider may be asked at inside one's own network. */
static bool may_be_inside(const char *kind)
{
    return !strcmp(kind, "ollama") || !strcmp(kind, "vllm") || !strcmp(kind, "lmstudio") ||
           !strcmp(kind, "custom");
}

/* Whether the address is a proxy's, which is left out. */
static bool read_provider_url(struct sl_import_reader *r, struct sl_at at,
                              const struct sl_import_whose *whose, struct sl_import_provider *p)
{
    const char *url = *sl_at_peek(at) ? sl_at_resolved(r, at) : NULL;
    const char *why = url ? sl_import_proxy(url) : NULL;
    if (!url)
        return false;
    if (why && !may_be_inside(whose->kind)) {
        sl_at_note(r, SL_IMPORT_INFO, at, "the address %s: requests go to %s itself", why, p->id);
        return true;
    }
    const char *base = sl_import_base_url(r, whose, url);
    sl_import_note_path(r, at, whose, url);
    if (*p->base_url && strcmp(p->base_url, base) != 0)
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at,
                   "another entry says another address of %s, and a provider has one", p->id);
    else
        p->base_url = base;
    return false;
}

static void read_provider_key(struct sl_import_reader *r, struct sl_at at,
                              const struct sl_import_whose *whose, struct sl_import_provider *p)
{
    struct sl_import_key key = {.literal = NULL};
    sl_import_take_key(r, at, &key);
    bool usual =
        key.variable && !*p->base_url && sl_import_is_usual_key(whose->known, key.variable);
    if ((key.literal || key.variable) && !usual && !sl_import_add_key(p, &key))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "more keys than one provider may have");
}

static void read_provider_text(struct sl_import_reader *r, struct sl_at at, const char **field)
{
    const char *text = sl_at_peek(at);
    if (*text && **field && strcmp(*field, text) != 0)
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "another entry of the same provider says another");
    else if (*text)
        *field = sl_at_text(r, at);
}

static void read_provider(struct file *f, struct sl_at at, const char *name)
{
    static const char *const urls[] = {"base_url", "api_base", NULL};
    struct sl_import_reader *r = f->r;
    struct sl_import_whose whose;
    const struct sl_import_what what = {sl_arena_printf(&r->arena, "%s/*", name), "", ""};
    sl_import_find_whose(r, &what, &whose);
    if (!whose.provider) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at, "there is no provider '%.64s' here", name);
        return;
    }
    struct sl_import_provider *p =
        sl_import_take_provider(r->plan, whose.provider, sl_at_place(r, at));
    struct sl_at key = sl_at_get(r, at, "api_key");
    bool proxied = read_provider_url(r, first_of(r, at, urls), &whose, p);
    if (proxied && *sl_at_peek(key) && !sl_import_variable(r->plan, sl_at_peek(key)))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, key, "is the key of the proxy, not of %s", p->id);
    else
        read_provider_key(r, key, &whose, p);
    read_provider_text(r, sl_at_get(r, at, "api_version"), &p->api_version);
    read_provider_text(r, sl_at_get(r, at, "organization"), &p->organization);
    read_provider_text(r, sl_at_get(r, at, "region"), &p->region);
}

/* {name: {...}}, or [{name: ..., ...}]. */
static void read_providers(struct file *f, struct sl_at list)
{
    static const char *const names[] = {"provider", "name", "id", NULL};
    struct sl_import_reader *r = f->r;
    size_t i = 0;
    for (const struct sl_yaml_item *p = sl_at_first(list); p; p = p->next) {
        struct sl_at at = sl_at_item(r, list, p, i++);
        struct sl_at name = first_of(r, at, names);
        if (p->key && sl_at_is(at, SL_YAML_MAP))
            read_provider(f, at, p->key->text);
        else if (!p->key && *sl_at_peek(name))
            read_provider(f, at, sl_at_peek(name));
        else
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, at,
                       p->key ? "holds no settings: say {\"api_key\": ...}"
                              : "names no provider: it needs \"name\"");
        if (!p->key && name.node && !sl_at_done(r, at))
            sl_at_carry(r, name);
    }
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
    f.listed = models.node || sl_at_is(f.root, SL_YAML_LIST);
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
