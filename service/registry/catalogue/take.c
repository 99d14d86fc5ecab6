/* Takes rows in: one of a known name changes what is there, another one is added. */
#include "registry/catalogue/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/adapters.h"
#include "base/compiler.h"
#include "base/str.h"
#include "config/url.h"

static bool whole(struct sl_fact_reader *r, const char *why)
{
    r->key[0] = '\0';
    sl_copy(r->why, sizeof(r->why), why);
    return false;
}

static bool about(struct sl_fact_reader *r, const char *key, const char *why)
{
    sl_copy(r->key, sizeof(r->key), key);
    snprintf(r->why, sizeof(r->why), "%.80s %.160s", key, why);
    return false;
}

/* A text of the row; NULL where it is not there. */
static const char *peek(struct sl_fact_reader *r, int row, const char *name, const char *brief)
{
    return sl_json_string(r->json, sl_json_member(r->json, row, r->brief ? brief : name), NULL,
                          NULL);
}

/* Why there is no id. */
static bool no_id(struct sl_fact_reader *r, int row)
{
    if (sl_json_member(r->json, row, r->brief ? "i" : "id") < 0)
        return whole(r, "needs an id");
    return about(r, "id", "has to be a text (in quotes, where it looks like something else)");
}

/* ---- providers ---- */

struct sl_raw_provider *sl_catalogue_raw_provider(const struct sl_catalogue_loading *l,
                                                  const char *name)
{
    struct sl_raw_provider *by_kind = NULL;
    for (struct sl_raw_provider *p = l->providers; p; p = p->next) {
        if (!strcasecmp(p->p.id, name))
            return p;
        for (const char *const *a = p->p.aliases; *a; a++) {
            if (!strcasecmp(*a, name))
                return p;
        }
        if (p->p.kind_default && !strcasecmp(p->p.kind, name))
            by_kind = p;
    }
    return by_kind;
}

static struct sl_raw_provider *provider_by_id(const struct sl_catalogue_loading *l, const char *id)
{
    for (struct sl_raw_provider *p = l->providers; p; p = p->next) {
        if (!strcasecmp(p->p.id, id))
            return p;
    }
    return NULL;
}

static struct sl_raw_provider *add_provider(struct sl_catalogue_loading *l)
{
    struct sl_raw_provider *p = SL_ARENA_NEW(l->arena, struct sl_raw_provider);
    sl_fact_fill(&sl_catalogue_provider_row, p);
    *l->last_provider = p;
    l->last_provider = &p->next;
    return p;
}

/* What an operator may get wrong in a row of the right types. */
static bool provider_is_sound(const struct sl_catalogue_provider *p, struct sl_fact_reader *r)
{
    const char *problem = *p->base_url ? sl_url_problem(p->base_url, true) : NULL;
    if (problem)
        return about(r, "base_url", problem);
    if (*p->kind && !sl_adapter_find(p->kind))
        return about(r, "kind", "is no kind of provider that is known");
    if (!*p->kind)
        return about(r, "kind", "is missing: custom is any OpenAI-shaped server");
    return true;
}

static bool take_provider(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int row)
{
    const char *id = peek(r, row, "id", "i");
    if (!id)
        return no_id(r, row);
    struct sl_raw_provider *p = provider_by_id(l, id);
    const char *known = p ? p->p.id : NULL;
    if (!p)
        p = add_provider(l);
    if (!sl_fact_read(r, row, &sl_catalogue_provider_row, p))
        return false;
    if (known)
        p->p.id = known;
    return !l->foreign || provider_is_sound(&p->p, r);
}

/* ---- models ---- */

static struct sl_raw_model *find_model(const struct sl_catalogue_loading *l,
                                       const struct sl_raw_provider *p, const char *id)
{
    for (const struct sl_catalogue_entry *e = sl_catalogue_index_bucket(l->c->index, id); e;
         e = e->next) {
        if (e->model->provider == &p->p && sl_catalogue_same_name(e->name, id))
            return SL_CONTAINER_OF(e->model, struct sl_raw_model, m);
    }
    return NULL;
}

static struct sl_raw_model *add_model(struct sl_catalogue_loading *l, struct sl_raw_provider *p)
{
    struct sl_raw_model *m = SL_ARENA_NEW(l->arena, struct sl_raw_model);
    memcpy(m, sl_catalogue_model_row.preset, sizeof(*m));
    sl_fact_fill(&sl_catalogue_model_row, m);
    m->m.provider = &p->p;
    m->next = p->models;
    p->models = m;
    p->n_models++;
    return m;
}

static bool take_model_of(struct sl_catalogue_loading *l, struct sl_raw_provider *p,
                          struct sl_fact_reader *r, int row)
{
    const char *id = peek(r, row, "id", "i");
    if (!id)
        return no_id(r, row);
    struct sl_raw_model *m = find_model(l, p, id);
    const char *known = m ? m->m.id : NULL;
    if (!m)
        m = add_model(l, p);
    if (!sl_fact_read(r, row, &sl_catalogue_model_row, m))
        return false;
    if (known)
        m->m.id = known;
    else
        sl_catalogue_index_add(l->c->index, m->m.id, &m->m, false);
    return true;
}

static bool take_model(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int row)
{
    const char *name = peek(r, row, "provider", NULL);
    if (!name)
        return whole(r, "needs a provider");
    struct sl_raw_provider *p = sl_catalogue_raw_provider(l, name);
    return p ? take_model_of(l, p, r, row) : about(r, "provider", "is not known");
}

/* A line of catalogue.jsonl: a provider, or a model of the last one. */
static bool take_listed(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int row)
{
    int provider = sl_json_member(r->json, row, "provider");
    const char *taken = sl_json_string(r->json, sl_json_member(r->json, row, "taken"), NULL, NULL);
    if (taken) {
        l->c->taken = sl_fact_copy(r, taken);
        return true;
    }
    if (provider < 0)
        return l->lister ? take_model_of(l, l->lister, r, row)
                         : whole(r, "comes before a provider");
    if (!take_provider(l, r, provider))
        return false;
    l->lister = provider_by_id(l, peek(r, provider, NULL, "i"));
    return true;
}

/* ---- the rest ---- */

static void only_default(struct sl_catalogue_loading *l, const struct sl_raw_lineup *but)
{
    for (struct sl_raw_lineup *u = l->lineups; u && but->is_default; u = u->next)
        u->is_default = u == but;
}

static bool take_lineup(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int row)
{
    const char *id = peek(r, row, "id", NULL);
    struct sl_raw_lineup *u = l->lineups;
    if (!id)
        return whole(r, "needs an id");
    while (u && strcasecmp(u->id, id))
        u = u->next;
    if (!u) {
        u = SL_ARENA_NEW(l->arena, struct sl_raw_lineup);
        sl_fact_fill(&sl_catalogue_lineup_row, u);
        *l->last_lineup = u;
        l->last_lineup = &u->next;
    }
    u->file = l->file;
    u->line = l->line;
    if (!sl_fact_read(r, row, &sl_catalogue_lineup_row, u))
        return false;
    only_default(l, u);
    return u->n_entries || about(r, "entries", "is missing");
}

static bool take_pattern(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int row)
{
    struct sl_raw_pattern *p = SL_ARENA_NEW(l->arena, struct sl_raw_pattern);
    sl_fact_fill(&sl_catalogue_pattern_row, p);
    p->file = l->file;
    p->line = l->line;
    *l->last_pattern = p;
    l->last_pattern = &p->next;
    if (!sl_fact_read(r, row, &sl_catalogue_pattern_row, p))
        return false;
    if (!*p->pattern || !*p->provider)
        return whole(r, "needs a pattern and a provider");
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int row);
} sections[] = {{"providers", take_provider},
                {"models", take_model},
                {"lineups", take_lineup},
                {"patterns", take_pattern},
                {"listing", take_listed}};

bool sl_catalogue_has_section(const char *section)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(sections); i++) {
        if (!strcmp(sections[i].name, section))
            return sections[i].take != take_listed;
    }
    return false;
}

bool sl_catalogue_take(struct sl_catalogue_loading *l, const char *section,
                       struct sl_fact_reader *r, int row)
{
    r->key[0] = r->why[0] = '\0';
    if (sl_json_type(r->json, row) != SL_JSON_OBJECT)
        return whole(r, "has to be a mapping");
    for (size_t i = 0; i < SL_ARRAY_LEN(sections); i++) {
        if (!strcmp(sections[i].name, section))
            return sections[i].take(l, r, row);
    }
    return whole(r, "is in no section that is known");
}
