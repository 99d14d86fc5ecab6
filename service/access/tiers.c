/* The tiers of a snapshot: few, so a sorted list. */
#include "access/tiers.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "access/row_json.h"
#include "base/alloc.h"

struct sl_tiers {
    atomic_uint refs;
    struct sl_arena arena;
    struct sl_tier **list; /* by name */
    size_t n, cap;
};

struct sl_tiers *sl_tiers_create(void)
{
    struct sl_tiers *t = SL_NEW(struct sl_tiers);
    atomic_init(&t->refs, 1);
    sl_arena_init(&t->arena, SIZE_MAX);
    return t;
}

/* Where a tier of that name stands, or would. */
static size_t place_of(const struct sl_tiers *t, const char *name)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(t->list[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum sl_code sl_tiers_add(struct sl_tiers *t, const struct sl_row *row, struct sl_err *err)
{
    struct sl_tier *tier = SL_ARENA_NEW(&t->arena, struct sl_tier);
    if (sl_row_tier(row, &t->arena, tier, err))
        return err->code;
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 8;
        t->list = sl_realloc(t->list, t->cap * sizeof(struct sl_tier *));
    }
    size_t at = place_of(t, tier->name);
    memmove(t->list + at + 1, t->list + at, (t->n - at) * sizeof(struct sl_tier *));
    t->list[at] = tier;
    t->n++;
    return SL_OK;
}

struct sl_tiers *sl_tiers_ref(struct sl_tiers *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void sl_tiers_unref(struct sl_tiers *t)
{
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    sl_arena_fini(&t->arena);
    sl_free(t->list);
    sl_free(t);
}

const struct sl_tier *sl_tiers_find(const struct sl_tiers *t, const char *name)
{
    size_t at = place_of(t, name);
    return at < t->n && !strcmp(t->list[at]->name, name) ? t->list[at] : NULL;
}

const struct sl_tier *sl_tiers_at(const struct sl_tiers *t, size_t i)
{
    return i < t->n ? t->list[i] : NULL;
}
