/* The maps of models kept in step. Where two models claim a name, a name beats an alias, and then
 * the lower id, so that a table does not depend on the order in which its models came. */
#include "registry/model_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { MARK_ALIAS = 1 };

/* Models by owner, name, id. The upper one has those of the upper table of ids. */
struct sl_model_order {
    atomic_uint refs;
    size_t n, cap;
    struct sl_registry_model **list;
};

const char *sl_model_table_id(const struct sl_model *m)
{
    return *m->id ? m->id : m->name;
}

static struct sl_registry_model *entry_of(const struct sl_map_slot *slot)
{
    return SL_CONTAINER_OF(slot->value, struct sl_registry_model, counted);
}

/* ---- reading ---- */

const struct sl_model *sl_model_table_find(const struct sl_model_table *t, const char *owner,
                                           const char *name, bool *by_alias)
{
    const struct sl_map_slot *slot = sl_map_find(&t->names, owner, name);
    if (!slot)
        return NULL;
    if (by_alias)
        *by_alias = slot->mark == MARK_ALIAS;
    return &entry_of(slot)->model;
}

const struct sl_model *sl_model_table_get(const struct sl_model_table *t, const char *id)
{
    const struct sl_map_slot *slot = sl_map_find(&t->ids, "", id);
    return slot ? &entry_of(slot)->model : NULL;
}

static int compare(const struct sl_model *a, const struct sl_model *b)
{
    int c = strcmp(a->owner, b->owner);
    if (!c)
        c = strcmp(a->name, b->name);
    return c ? c : strcmp(sl_model_table_id(a), sl_model_table_id(b));
}

static int compare_entries(const void *a, const void *b)
{
    const struct sl_registry_model *const *x = a, *const *y = b;
    return compare(&(*x)->model, &(*y)->model);
}

/* Whether the model comes before what a walk is to begin with. */
static bool is_before(const struct sl_model *m, const char *owner,
                      const struct sl_model_place *behind)
{
    int c = strcmp(m->owner, owner);
    if (c || !behind)
        return c < 0;
    c = strcmp(m->name, behind->name);
    return c ? c < 0 : strcmp(sl_model_table_id(m), behind->id) <= 0;
}

static size_t first_behind(const struct sl_model_order *o, const char *owner,
                           const struct sl_model_place *behind)
{
    size_t low = 0, high = o ? o->n : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (is_before(&o->list[middle]->model, owner, behind))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void sl_model_table_walk(struct sl_model_walk *w, const struct sl_model_table *t, const char *owner,
                         const struct sl_model_place *behind)
{
    *w = (struct sl_model_walk){t, owner, first_behind(t->base, owner, behind),
                                first_behind(t->over, owner, behind)};
}

static size_t first_personal(const struct sl_model_order *o)
{
    size_t low = 0, high = o ? o->n : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (*o->list[middle]->model.owner)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void sl_model_table_walk_personal(struct sl_model_walk *w, const struct sl_model_table *t)
{
    *w = (struct sl_model_walk){t, NULL, first_personal(t->base), first_personal(t->over)};
}

/* owner NULL: whoever it is. */
static const struct sl_model *peek(const struct sl_model_order *o, size_t i, const char *owner)
{
    if (!o || i >= o->n || (owner && strcmp(o->list[i]->model.owner, owner) != 0))
        return NULL;
    return &o->list[i]->model;
}

static bool is_superseded(const struct sl_model_table *t, const struct sl_model *m)
{
    return sl_map_is_changed(&t->ids, "", sl_model_table_id(m));
}

const struct sl_model *sl_model_table_next(struct sl_model_walk *w)
{
    const struct sl_model_table *t = w->table;
    const struct sl_model *below, *above = peek(t->over, w->over, w->owner);
    while ((below = peek(t->base, w->base, w->owner)) && is_superseded(t, below))
        w->base++;
    if (!above || (below && compare(below, above) < 0)) {
        w->base++;
        return below;
    }
    w->over++;
    return above;
}

/* ---- editing ---- */

/* The restricted ones, which no other name may lead to. */
static bool is_restricted(const struct sl_model *m)
{
    return !*m->owner && !m->deleted_ms && (*m->tiers || !m->enabled);
}

static const char *kind_of(const struct sl_model *m)
{
    return m->adapter->name;
}

static const char *stem_of(const struct sl_model *m)
{
    return m->stem && *m->stem ? m->stem : m->target.model_id;
}

/* Whether a has the better claim on something that both name; mark: of an alias. */
static bool claims_more(const struct sl_model *a, uint8_t a_mark, const struct sl_map_slot *b)
{
    if (a_mark != b->mark)
        return a_mark < b->mark;
    return strcmp(sl_model_table_id(a), sl_model_table_id(&entry_of(b)->model)) < 0;
}

static void claim(struct sl_model_table *t, struct sl_map *map, struct sl_map_key key,
                  struct sl_registry_model *m, uint8_t mark)
{
    const struct sl_map_slot *holder = sl_map_find(map, key.space, key.name);
    if (holder && entry_of(holder) != m) {
        t->clash = true;
        if (!claims_more(&m->model, mark, holder))
            return;
    } else if (holder && holder->mark < mark) {
        return; /* its own name as an alias */
    }
    sl_map_put(map, key, &m->counted, mark);
}

static void claim_all(struct sl_model_table *t, struct sl_registry_model *r)
{
    const struct sl_model *m = &r->model;
    if (is_restricted(m))
        claim(t, &t->targets, (struct sl_map_key){kind_of(m), stem_of(m)}, r, 0);
    if (m->deleted_ms)
        return;
    claim(t, &t->names, (struct sl_map_key){m->owner, m->name}, r, 0);
    for (const char *const *a = m->aliases; *a; a++)
        claim(t, &t->names, (struct sl_map_key){m->owner, *a}, r, MARK_ALIAS);
}

static void release(struct sl_map *map, const char *space, const char *name,
                    const struct sl_model *m)
{
    const struct sl_map_slot *holder = sl_map_find(map, space, name);
    if (holder && &entry_of(holder)->model == m)
        sl_map_remove(map, space, name);
}

/* Lets others in where two had claims. */
static void reclaim(void *owner, const struct sl_map_slot *slot)
{
    claim_all(owner, entry_of(slot));
}

static void count(struct sl_model_table *t, const struct sl_model *m, size_t by)
{
    if (m->deleted_ms)
        return;
    if (*m->owner)
        t->n_personal += by;
    else
        t->n_global += by;
}

static void take_out(struct sl_model_table *t, const struct sl_model *m)
{
    count(t, m, (size_t)-1);
    release(&t->targets, kind_of(m), stem_of(m), m);
    release(&t->names, m->owner, m->name, m);
    for (const char *const *a = m->aliases; *a; a++)
        release(&t->names, m->owner, *a, m);
}

struct sl_model_table sl_model_table_copy(const struct sl_model_table *from)
{
    struct sl_model_table t = *from;
    t.names = sl_map_copy(&from->names);
    t.ids = sl_map_copy(&from->ids);
    t.targets = sl_map_copy(&from->targets);
    if (t.base)
        atomic_fetch_add_explicit(&t.base->refs, 1, memory_order_relaxed);
    t.over = NULL; /* made by sl_model_table_publish */
    return t;
}

void sl_model_table_put(struct sl_model_table *t, struct sl_registry_model *m)
{
    sl_model_table_remove(t, sl_model_table_id(&m->model));
    sl_map_put(&t->ids, (struct sl_map_key){"", sl_model_table_id(&m->model)}, &m->counted, 0);
    count(t, &m->model, 1);
    claim_all(t, m);
    sl_counted_unref(&m->counted);
}

void sl_model_table_remove(struct sl_model_table *t, const char *id)
{
    const struct sl_map_slot *slot = sl_map_find(&t->ids, "", id);
    if (!slot)
        return;
    struct sl_counted *old = sl_counted_ref(slot->value);
    take_out(t, &SL_CONTAINER_OF(old, struct sl_registry_model, counted)->model);
    sl_map_remove(&t->ids, "", id);
    t->released = true;
    sl_counted_unref(old);
}

/* ---- the order ---- */

static void add(struct sl_model_order *o, struct sl_registry_model *m)
{
    if (o->n == o->cap) {
        o->cap = o->cap ? 2 * o->cap : 16;
        o->list = sl_realloc(o->list, o->cap * sizeof(struct sl_registry_model *));
    }
    sl_counted_ref(&m->counted);
    o->list[o->n++] = m;
}

static void add_slot(void *owner, const struct sl_map_slot *slot)
{
    add(owner, entry_of(slot));
}

static struct sl_model_order *new_order(size_t cap)
{
    struct sl_model_order *o = SL_NEW(struct sl_model_order);
    atomic_init(&o->refs, 1);
    o->cap = cap;
    o->list = cap ? sl_malloc(cap * sizeof(struct sl_registry_model *)) : NULL;
    return o;
}

static void unref_order(struct sl_model_order *o)
{
    if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < o->n; i++)
        sl_counted_unref(&o->list[i]->counted);
    sl_free(o->list);
    sl_free(o);
}

/* All models that count, while the tables of ids are still apart. */
static struct sl_model_order *merge_orders(const struct sl_model_table *t)
{
    struct sl_model_order *o = new_order(t->ids.live);
    size_t below = 0, above = 0, n_below = t->base ? t->base->n : 0;
    while (below < n_below || above < t->over->n) {
        struct sl_registry_model *b = below < n_below ? t->base->list[below] : NULL;
        struct sl_registry_model *a = above < t->over->n ? t->over->list[above] : NULL;
        if (b && is_superseded(t, &b->model)) {
            below++;
        } else if (!a || (b && compare(&b->model, &a->model) < 0)) {
            add(o, b);
            below++;
        } else {
            add(o, a);
            above++;
        }
    }
    return o;
}

void sl_model_table_publish(struct sl_model_table *t)
{
    if (t->clash && t->released)
        sl_map_each(&t->ids, false, reclaim, t);
    t->released = false;
    unref_order(t->over);
    t->over = new_order(0);
    sl_map_each(&t->ids, true, add_slot, t->over);
    if (t->over->n)
        qsort(t->over->list, t->over->n, sizeof(*t->over->list), compare_entries);
    if (sl_map_should_merge(&t->ids)) {
        struct sl_model_order *merged = merge_orders(t);
        unref_order(t->base);
        unref_order(t->over);
        t->base = merged;
        t->over = NULL;
        sl_map_merge(&t->ids);
    }
    if (sl_map_should_merge(&t->names))
        sl_map_merge(&t->names);
    if (sl_map_should_merge(&t->targets))
        sl_map_merge(&t->targets);
}

void sl_model_table_fini(struct sl_model_table *t)
{
    sl_map_fini(&t->names);
    sl_map_fini(&t->ids);
    sl_map_fini(&t->targets);
    unref_order(t->base);
    unref_order(t->over);
    t->base = t->over = NULL;
}
