/* LiteLLM's fallbacks and aliases (docs.litellm.ai, "Fallbacks", "Model alias"): they become the
 * fallbacks and aliases of the models. */
#include <string.h>

#include "base/str.h"
#include "registry/import/litellm.h"

enum { MAX_ALIASES = 16, MAX_FALLBACKS = 64 };

/* A list under way. */
struct routes {
    struct sl_litellm *l;
    const char *note; /* NULL, or what is to be said of each carried entry */
};

static const char *no_such(struct routes *t, const char *name)
{
    return sl_arena_printf(&t->l->r->plan->arena, "the model '%.100s' was not carried", name);
}

static void add_fallback(struct routes *t, struct sl_litellm_group *from, struct sl_at to)
{
    struct sl_import_reader *r = t->l->r;
    /* {model: NAME, ...} sets parameters for the fallback alone */
    struct sl_at name = sl_at_is(to, SL_YAML_MAP) ? sl_at_get(r, to, "model") : to;
    struct sl_litellm_group *g = sl_litellm_find(t->l, sl_at_peek(name));
    if (!*sl_at_peek(name))
        return; /* noted as what is left */
    if (!g) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, name, "%s", no_such(t, sl_at_peek(name)));
        return;
    }
    Sluice__V1__Model *m = &from->first->m;
    if (m->n_fallback_models >= MAX_FALLBACKS) {
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, name, "more than 64 fallbacks for one model");
        return;
    }
    if (g != from)
        (void)sl_import_add_text(r->plan, &m->fallback_models, &m->n_fallback_models,
                                 g->first->m.name);
    sl_at_carry(r, name);
}

static void read_pair(struct routes *t, struct sl_at pairs, const struct sl_yaml_item *pair)
{
    struct sl_import_reader *r = t->l->r;
    struct sl_at list = sl_at_item(r, pairs, pair, 0);
    struct sl_litellm_group *from = sl_litellm_find(t->l, pair->key->text);
    size_t i = 0;
    if (!from) {
        bool all = !strcmp(pair->key->text, "*");
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, list, "%s",
                   all ? "fallbacks for every model are said as default_fallbacks"
                       : no_such(t, pair->key->text));
        return;
    }
    if (t->note)
        sl_at_note(r, SL_IMPORT_INFO, list, "%s", t->note);
    if (sl_at_is(list, SL_YAML_TEXT))
        add_fallback(t, from, list);
    for (const struct sl_yaml_item *f = sl_at_first(list); f; f = f->next)
        add_fallback(t, from, sl_at_item(r, list, f, i++));
}

/* [{from: [to, ...]}, ...] or {from: [to, ...]} */
static void read_fallbacks(struct routes *t, struct sl_at at)
{
    struct sl_import_reader *r = t->l->r;
    size_t i = 0;
    if (sl_at_is(at, SL_YAML_MAP)) {
        for (const struct sl_yaml_item *pair = sl_at_first(at); pair; pair = pair->next)
            read_pair(t, at, pair);
        return;
    }
    for (const struct sl_yaml_item *map = sl_at_first(at); map; map = map->next) {
        struct sl_at pairs = sl_at_item(r, at, map, i++);
        for (const struct sl_yaml_item *p = sl_at_is(pairs, SL_YAML_MAP) ? sl_at_first(pairs)
                                                                         : NULL;
             p; p = p->next)
            read_pair(t, pairs, p);
    }
}

static void read_default_fallbacks(struct routes *t, struct sl_at at)
{
    struct sl_import_reader *r = t->l->r;
    size_t i = 0;
    for (const struct sl_yaml_item *f = sl_at_first(at); f; f = f->next) {
        struct sl_at to = sl_at_item(r, at, f, i++);
        for (struct sl_litellm_group *g = t->l->groups; g; g = g->next)
            add_fallback(t, g, to);
    }
}

/* {alias: model} or {alias: {model: model, hidden: true}} */
static void read_aliases(struct routes *t, struct sl_at at)
{
    struct sl_import_reader *r = t->l->r;
    for (const struct sl_yaml_item *a = sl_at_is(at, SL_YAML_MAP) ? sl_at_first(at) : NULL; a;
         a = a->next) {
        struct sl_at to = sl_at_item(r, at, a, 0);
        struct sl_at name = sl_at_is(to, SL_YAML_MAP) ? sl_at_get(r, to, "model") : to;
        struct sl_litellm_group *g = sl_litellm_find(t->l, sl_at_peek(name));
        const char *alias = a->key->text;
        bool fits = *alias && strlen(alias) <= 128 && !alias[strcspn(alias, " *\t\r\n")];
        if (!g)
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, to, "%s", no_such(t, sl_at_peek(name)));
        else if (!fits)
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, to, "a name without spaces and '*' is wanted");
        else if (sl_import_find_model(r->plan, alias))
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, to, "the name is taken by a model");
        else if (g->first->m.n_aliases >= MAX_ALIASES)
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, to, "more than 16 aliases for one model");
        else {
            (void)sl_import_add_text(r->plan, &g->first->m.aliases, &g->first->m.n_aliases, alias);
            sl_at_carry(r, name);
        }
    }
}

void sl_litellm_routes(struct sl_litellm *l, struct sl_at settings)
{
    static const struct {
        const char *key, *note;
    } kinds[] = {
        {"fallbacks", NULL},
        {"context_window_fallbacks",
         "became ordinary fallbacks: they stand in after other failures, too"},
        {"content_policy_fallbacks",
         "became ordinary fallbacks: they stand in after other failures, too"},
    };
    struct routes t = {.l = l};
    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++) {
        t.note = kinds[i].note;
        read_fallbacks(&t, sl_at_get(l->r, settings, kinds[i].key));
    }
    t.note = NULL;
    read_default_fallbacks(&t, sl_at_get(l->r, settings, "default_fallbacks"));
    read_aliases(&t, sl_at_get(l->r, settings, "model_group_alias"));
    read_aliases(&t, sl_at_get(l->r, settings, "model_alias_map"));
}
