/* How many users and keys a snapshot has: from the base's counts and the overlay, so that a million of them are not gone
 * through; only where users of the base were deleted since, whose keys are theirs no more, are its keys. */
#include <stdlib.h>
#include <string.h>

#include "access/internal.h"
#include "base/alloc.h"

/* Numbers of the base's users that were deleted since, sorted. */
struct lost {
    uint32_t *numbers;
    size_t n;
};

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static struct lost find_lost(const struct sl_access *a)
{
    const struct sl_people *changed = &a->overlay->changed;
    struct lost l = {.numbers = sl_calloc(changed->n + 1, sizeof(uint32_t))};
    for (size_t i = 0; i < changed->n; i++) {
        const struct sl_person *p = changed->list[i];
        if (p->deleted && !a->base->people.list[p->number]->deleted)
            l.numbers[l.n++] = p->number;
    }
    if (l.n)
        qsort(l.numbers, l.n, sizeof(*l.numbers), compare);
    return l;
}

/* Of the base, users who are no more and whom the overlay does not have. */
static size_t count_keys_of(const struct sl_access *a, const struct lost *l)
{
    const struct sl_key_table *keys = &a->base->keys;
    size_t n = 0;
    for (size_t i = 0; l->n && i < keys->n_slots; i++) {
        uint32_t number = keys->slots[i].user - 1;
        if (keys->slots[i].user &&
            bsearch(&number, l->numbers, l->n, sizeof(*l->numbers), compare) &&
            !sl_key_table_find(&a->overlay->keys, keys->slots[i].digest))
            n++;
    }
    return n;
}

static void add_overlay(const struct sl_access *a, struct sl_access_counts *out)
{
    const struct sl_access_overlay *o = a->overlay;
    struct lost lost = find_lost(a);
    out->users -= lost.n;
    for (size_t i = 0; i < o->fresh.n; i++)
        out->users += !o->fresh.list[i]->deleted;
    out->keys -= count_keys_of(a, &lost);
    for (size_t i = 0; i < o->keys.n_slots; i++) {
        const struct sl_key_entry *e = &o->keys.slots[i];
        if (!e->user)
            continue;
        out->keys -= sl_key_table_find(&a->base->keys, e->digest) != NULL;
        out->keys += !e->dead && sl_access_person(a, e->user - 1);
    }
    sl_free(lost.numbers);
}

void sl_access_count(const struct sl_access *a, struct sl_access_counts *out)
{
    *out = (struct sl_access_counts){
        .users = a->base->people.n - a->base->n_deleted,
        .keys = a->base->keys.n,
        .configured_keys = a->rules->n,
    };
    if (a->overlay)
        add_overlay(a, out);
}
