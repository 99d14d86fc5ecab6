/* Looking models up, and letting a snapshot go. */
#include "registry/registry.h"

#include <stdint.h>
#include <string.h>

#include "access/rights.h"
#include "base/alloc.h"
#include "base/str.h"
#include "registry/index.h"
#include "registry/rows.h"

enum { MAX_COMPARED = 2000 }; /* names, for "did you mean": half a millisecond */

/* A stored model hides the configuration's of its name, with all names of that one. */
static const struct sl_model *unless_hidden(const struct sl_registry *r, const struct sl_model *m)
{
    return m && !sl_model_table_find(&r->index->stored, "", m->name, NULL) ? m : NULL;
}

const struct sl_model *sl_registry_find(const struct sl_registry *r, const char *name,
                                        bool *by_alias)
{
    const struct sl_model *m = sl_model_table_find(&r->index->stored, "", name, by_alias);
    if (m)
        return m;
    return unless_hidden(r, sl_model_table_find(&r->index->fixed->models, "", name, by_alias));
}

const struct sl_model *sl_registry_find_personal(const struct sl_registry *r, const char *owner,
                                                 const char *name, bool *by_alias)
{
    const struct sl_model_table *t = &r->index->stored;
    return t->n_personal && *owner ? sl_model_table_find(t, owner, name, by_alias) : NULL;
}

const struct sl_model *sl_registry_get(const struct sl_registry *r, const char *id)
{
    return sl_model_table_get(&r->index->stored, id);
}

const struct sl_provider *sl_registry_provider(const struct sl_registry *r, const char *id)
{
    const struct sl_registry_provider *p = sl_provider_set_find(r->index->providers, "", id);
    return p ? &p->provider : NULL;
}

const struct sl_catalogue *sl_registry_catalogue(const struct sl_registry *r)
{
    return r->index->fixed->catalogue;
}

int64_t sl_registry_store_revision(const struct sl_registry *r)
{
    return r->index->store_revision;
}

const char *sl_registry_default_of(const struct sl_registry *r, const char *scope,
                                   const char *subject)
{
    const struct sl_map_slot *slot = sl_map_find(&r->index->defaults, scope, subject);
    return slot ? SL_CONTAINER_OF(slot->value, struct sl_stored_default, counted)->model : NULL;
}

const char *sl_registry_pin_of(const struct sl_registry *r, const char *user,
                               const char *conversation)
{
    const struct sl_map_slot *slot = sl_map_find(&r->index->pins, user, conversation);
    return slot ? SL_CONTAINER_OF(slot->value, struct sl_stored_default, counted)->model : NULL;
}

/* ---- walks ---- */

static const struct sl_model *advance(struct sl_registry_walk *w, int part)
{
    const struct sl_model *m;
    do
        m = sl_model_table_next(&w->part[part]);
    while (part == 1 && m && !unless_hidden(w->registry, m));
    return m;
}

void sl_registry_walk(struct sl_registry_walk *w, const struct sl_registry *r, const char *owner,
                      const struct sl_model_place *behind)
{
    w->registry = r;
    sl_model_table_walk(&w->part[0], &r->index->stored, owner, behind);
    sl_model_table_walk(&w->part[1], &r->index->fixed->models, owner, behind);
    w->next[0] = advance(w, 0);
    w->next[1] = advance(w, 1);
}

const struct sl_model *sl_registry_next(struct sl_registry_walk *w)
{
    const struct sl_model *a = w->next[0], *b = w->next[1];
    int part = !a || (b && strcmp(b->name, a->name) < 0);
    const struct sl_model *m = w->next[part];
    if (m)
        w->next[part] = advance(w, part);
    return m;
}

void sl_registry_walk_personal(struct sl_registry_walk *w, const struct sl_registry *r)
{
    w->registry = r;
    sl_model_table_walk_personal(&w->part[0], &r->index->stored);
    w->next[0] = advance(w, 0);
    w->next[1] = NULL;
}

size_t sl_registry_count_personal(const struct sl_registry *r)
{
    return r->index->stored.n_personal;
}

size_t sl_registry_count_credentials(const struct sl_registry *r)
{
    return r->index->credentials.live;
}

/* ---- rights ---- */

bool sl_registry_may_use(const struct sl_registry *r, const struct sl_model *m,
                         const struct sl_principal *p)
{
    (void)r;
    if (*m->owner)
        return !strcmp(m->owner, p->id);
    return sl_rights_in_tiers(p, m->tiers) && sl_rights_allow_model(p, m->name, m->aliases);
}

static void take_nearer(const char *wanted, const char *name, const char **near, size_t *nearest)
{
    size_t d = sl_edit_distance(wanted, name);
    if (d >= *nearest)
        return;
    *nearest = d;
    *near = name;
}

const char *sl_registry_nearest(const struct sl_registry *r, const char *name,
                                const struct sl_principal *p)
{
    const char *near = NULL;
    size_t n = strlen(name), nearest = (n < 6 ? 2 : n / 3) + 1;
    struct sl_registry_walk w;
    int left = MAX_COMPARED;
    sl_registry_walk(&w, r, "", NULL);
    for (const struct sl_model *m; left-- && (m = sl_registry_next(&w));) {
        if (m->deleted_ms || !sl_registry_may_use(r, m, p))
            continue;
        take_nearer(name, m->name, &near, &nearest);
        for (const char *const *a = m->aliases; *a; a++)
            take_nearer(name, *a, &near, &nearest);
    }
    return near;
}

/* ---- life ---- */

struct sl_registry *sl_registry_ref(struct sl_registry *r)
{
    atomic_fetch_add_explicit(&r->index->refs, 1, memory_order_relaxed);
    return r;
}

void sl_registry_unref(struct sl_registry *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->index->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct sl_registry_index *index = r->index;
    sl_model_table_fini(&index->stored);
    sl_map_fini(&index->credentials);
    sl_map_fini(&index->bundles);
    sl_map_fini(&index->defaults);
    sl_map_fini(&index->default_ids);
    sl_map_fini(&index->pins);
    sl_counted_unref(&index->providers->counted);
    sl_counted_unref(&index->fixed->counted);
    sl_free(index);
    sl_free(r);
}
