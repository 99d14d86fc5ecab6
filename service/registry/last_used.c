/* One word a model, which only grows. */
#include "registry/last_used.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "registry/index.h"

/* Models without a row are called so in the store: no other id there has a '/'. */
#define BY_NAME "global/"

enum { NOTE_EVERY_MS = 1000 };

/* The word is the one thing of a model that changes. */
static _Atomic int64_t *word_of(const struct sl_model *m)
{
    struct sl_registry_model *r = (struct sl_registry_model *)(uintptr_t)sl_registry_model_of(m);
    return &r->last_used_ms;
}

int64_t sl_registry_last_used(const struct sl_model *m)
{
    return atomic_load_explicit(word_of(m), memory_order_relaxed);
}

static void move_on(const struct sl_model *m, int64_t ms)
{
    _Atomic int64_t *word = word_of(m);
    int64_t was = atomic_load_explicit(word, memory_order_relaxed);
    while (was < ms && !atomic_compare_exchange_weak_explicit(word, &was, ms, memory_order_relaxed,
                                                              memory_order_relaxed))
        ;
}

void sl_registry_note_use(const struct sl_model *m, int64_t now_ms)
{
    if (now_ms - sl_registry_last_used(m) >= NOTE_EVERY_MS)
        move_on(m, now_ms);
}

/* ---- from snapshot to snapshot ---- */

static const struct sl_model *model_of(const struct sl_map_slot *slot)
{
    return &SL_CONTAINER_OF(slot->value, struct sl_registry_model, counted)->model;
}

struct carrying {
    const struct sl_model_table *to;
};

static void carry(void *owner, const struct sl_map_slot *slot)
{
    const struct carrying *c = owner;
    const struct sl_model *was = model_of(slot);
    int64_t ms = sl_registry_last_used(was);
    const struct sl_model *now = ms ? sl_model_table_get(c->to, sl_model_table_id(was)) : NULL;
    if (now && now != was)
        move_on(now, ms);
}

void sl_registry_carry_uses(const struct sl_registry *to, const struct sl_registry *from)
{
    if (!from)
        return;
    struct carrying stored = {&to->index->stored}, fixed = {&to->index->fixed->models};
    sl_map_each(&from->index->stored.ids, false, carry, &stored);
    if (from->index->fixed != to->index->fixed)
        sl_map_each(&from->index->fixed->models.ids, false, carry, &fixed);
}

/* ---- to the store ---- */

struct gathering {
    struct sl_arena arena;
    int64_t since_ms;
    struct sl_store_use *list;
    size_t n, cap;
};

static void gather(void *owner, const struct sl_map_slot *slot)
{
    struct gathering *g = owner;
    const struct sl_model *m = model_of(slot);
    int64_t ms = sl_registry_last_used(m);
    if (ms <= g->since_ms)
        return;
    if (g->n == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 64;
        g->list = sl_realloc(g->list, g->cap * sizeof(*g->list));
    }
    const char *id = *m->id ? m->id : sl_arena_printf(&g->arena, BY_NAME "%s", m->name);
    g->list[g->n++] = (struct sl_store_use){id, ms};
}

enum sl_code sl_registry_flush_uses(const struct sl_registry *r, struct sl_store *store,
                                    int64_t since_ms, struct sl_err *err)
{
    struct gathering g = {.since_ms = since_ms};
    sl_arena_init(&g.arena, SIZE_MAX);
    sl_map_each(&r->index->stored.ids, false, gather, &g);
    sl_map_each(&r->index->fixed->models.ids, false, gather, &g);
    enum sl_code code = g.n ? sl_store_touch(store, g.list, g.n, err) : SL_OK;
    sl_free(g.list);
    sl_arena_fini(&g.arena);
    return code;
}

/* ---- from the store ---- */

static void take(void *owner, const struct sl_store_use *use)
{
    const struct sl_registry *r = owner;
    const struct sl_model *m =
        sl_starts_with(use->id, BY_NAME)
            ? sl_model_table_get(&r->index->fixed->models, use->id + strlen(BY_NAME))
            : sl_registry_get(r, use->id);
    if (m)
        move_on(m, use->ms);
}

enum sl_code sl_registry_take_uses(const struct sl_registry *r, struct sl_store *store,
                                   int64_t since_ms, bool rows, struct sl_err *err)
{
    const struct sl_store_uses_query q = {BY_NAME, since_ms, rows};
    return sl_store_uses(store, &q, take, (void *)(uintptr_t)r, err);
}
