/* A ring, and a table of buckets in it: each bucket is a list from new to old, whose end is the first change that is
 * forgotten. */
#include "api/change_ring.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

static struct sl_model_change *slot(const struct sl_change_ring *r, uint64_t serial)
{
    return &r->list[serial & (r->size - 1)];
}

static bool is_there(const struct sl_change_ring *r, uint64_t serial)
{
    return serial && serial <= r->head && serial + r->size > r->head;
}

static uint64_t *bucket(const struct sl_change_ring *r, const char *key)
{
    uint64_t h = sl_hash_text(key, 0);
    return &r->buckets[(h ^ h >> 32) & (r->size - 1)];
}

static void empty(struct sl_model_change *c)
{
    sl_free((char *)(uintptr_t)c->key);
    sl_free((char *)(uintptr_t)c->only);
    sl_free(c->was);
    *c = (struct sl_model_change){0};
}

void sl_change_ring_init(struct sl_change_ring *r, size_t size, int64_t revision)
{
    assert(size && !(size & (size - 1)));
    *r = (struct sl_change_ring){.revision = revision, .size = size};
    r->list = sl_calloc(size, sizeof(*r->list));
    r->buckets = sl_calloc(size, sizeof(*r->buckets));
}

void sl_change_ring_fini(struct sl_change_ring *r)
{
    for (size_t i = 0; i < r->size; i++)
        empty(&r->list[i]);
    sl_free(r->list);
    sl_free(r->buckets);
    *r = (struct sl_change_ring){0};
}

static struct sl_model_change *find_newest(const struct sl_change_ring *r, const char *key,
                                           const char *only)
{
    for (uint64_t s = *bucket(r, key); is_there(r, s); s = slot(r, s)->next) {
        struct sl_model_change *c = slot(r, s);
        if (c->newest && !strcmp(c->key, key) && !strcmp(c->only, only))
            return c;
    }
    return NULL;
}

void sl_change_ring_add(struct sl_change_ring *r, const struct sl_model_change *change)
{
    struct sl_model_change *to = slot(r, r->head + 1);
    if (to->serial)
        r->revision = to->revision;
    empty(to);
    r->head++;
    struct sl_model_change *old = find_newest(r, change->key, change->only);
    uint64_t *first = bucket(r, change->key);
    *to = *change;
    to->key = sl_strdup(change->key);
    to->only = sl_strdup(change->only);
    to->serial = r->head;
    to->before = old ? old->serial : 0;
    to->newest = true;
    to->next = *first;
    *first = to->serial;
    if (old)
        old->newest = false;
}

void sl_change_ring_forget(struct sl_change_ring *r, int64_t revision)
{
    for (size_t i = 0; i < r->size; i++) {
        empty(&r->list[i]);
        r->buckets[i] = 0;
    }
    r->head += r->size + 1;
    r->revision = revision;
}

const struct sl_model_change *sl_change_ring_get(const struct sl_change_ring *r, uint64_t serial)
{
    return is_there(r, serial) ? slot(r, serial) : NULL;
}

bool sl_change_ring_has_after(const struct sl_change_ring *r, uint64_t serial)
{
    return serial <= r->head && serial + r->size >= r->head;
}

bool sl_change_ring_at(const struct sl_change_ring *r, int64_t revision, uint64_t *serial)
{
    if (revision < r->revision)
        return false;
    uint64_t low = r->head > r->size ? r->head - r->size : 0, high = r->head;
    while (low < high) { /* revisions never go down */
        uint64_t middle = low + (high - low + 1) / 2;
        if (slot(r, middle)->revision <= revision)
            low = middle;
        else
            high = middle - 1;
    }
    *serial = low;
    return true;
}
