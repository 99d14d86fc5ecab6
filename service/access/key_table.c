/* API keys by their digests. Digests are spread evenly, and nobody can steer them: their first bytes, scaled to the number
 * of slots, are where the search begins. The table is at most five sixths full, 38 bytes a key; it grows by half. */
#include "access/key_table.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/alloc.h"

_Static_assert(sizeof(struct sl_key_entry) == 32, "two entries in a cache line");

enum { MIN_SLOTS = 8 };

static size_t start_of(const struct sl_key_table *t, const unsigned char *digest)
{
    uint32_t h;
    memcpy(&h, digest, sizeof(h));
    return (size_t)((uint64_t)h * t->n_slots >> 32);
}

static struct sl_key_entry *slot_of(const struct sl_key_table *t, const unsigned char *digest)
{
    size_t i = start_of(t, digest);
    while (t->slots[i].user && CRYPTO_memcmp(t->slots[i].digest, digest, SL_KEY_DIGEST) != 0)
        i = i + 1 == t->n_slots ? 0 : i + 1;
    return &t->slots[i];
}

static size_t slots_for(size_t n)
{
    return n + n / 5 + MIN_SLOTS;
}

void sl_key_table_init(struct sl_key_table *t, size_t n)
{
    t->n = 0;
    t->n_slots = slots_for(n);
    t->slots = sl_calloc(t->n_slots, sizeof(*t->slots));
}

void sl_key_table_copy(struct sl_key_table *to, const struct sl_key_table *from)
{
    *to = *from;
    if (!from->n_slots)
        return;
    to->slots = sl_malloc(from->n_slots * sizeof(*to->slots));
    memcpy(to->slots, from->slots, from->n_slots * sizeof(*to->slots));
}

void sl_key_table_fini(struct sl_key_table *t)
{
    sl_free(t->slots);
    *t = (struct sl_key_table){0};
}

const struct sl_key_entry *sl_key_table_find(const struct sl_key_table *t,
                                             const unsigned char *digest)
{
    if (!t->n)
        return NULL;
    const struct sl_key_entry *e = slot_of(t, digest);
    return e->user ? e : NULL;
}

static void grow(struct sl_key_table *t)
{
    struct sl_key_table bigger;
    sl_key_table_init(&bigger, t->n + t->n / 2 + MIN_SLOTS);
    for (size_t i = 0; i < t->n_slots; i++) {
        if (t->slots[i].user)
            *slot_of(&bigger, t->slots[i].digest) = t->slots[i];
    }
    bigger.n = t->n;
    sl_free(t->slots);
    *t = bigger;
}

void sl_key_table_put(struct sl_key_table *t, const struct sl_key_entry *entry)
{
    if (!t->n_slots)
        sl_key_table_init(t, 0);
    else if (slots_for(t->n + 1) > t->n_slots)
        grow(t);
    struct sl_key_entry *e = slot_of(t, entry->digest);
    if (!e->user)
        t->n++;
    *e = *entry;
}
