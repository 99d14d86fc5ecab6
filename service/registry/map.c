/* Open addressing with linear probing; at most half of the slots are used. The hash begins with a
 * number that is drawn when the process first needs one: names are chosen by users, who shall not be
 * able to choose where they fall. */
#include "registry/map.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"

enum {
    MERGE_ABOVE = 256,   /* entries of the upper table, at least, */
    MERGE_FRACTION = 64, /* and this part of the lower one */
};

struct sl_map_part {
    atomic_uint refs;
    size_t n, n_slots; /* n_slots: a power of two */
    struct sl_map_slot *slots;
};

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = (uint64_t)sl_now_us();
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
    size_t n = strlen(s);
    h = mix(h, n);
    for (; n >= 8; n -= 8, s += 8) {
        uint64_t v;
        memcpy(&v, s, 8);
        h = mix(h, v);
    }
    uint64_t rest = 0;
    memcpy(&rest, s, n);
    return mix(h, rest);
}

static uint32_t hash_key(const char *space, const char *name)
{
    pthread_once(&seed_once, draw_seed);
    uint64_t h = hash_text(*space ? hash_text(seed, space) : seed, name);
    return (uint32_t)(h >> 32 ^ h);
}

/* ---- one table ---- */

static struct sl_map_slot *find_slot(const struct sl_map_part *p, uint32_t hash, const char *space,
                                     const char *name)
{
    size_t mask = p->n_slots - 1, i = hash & mask;
    for (; p->slots[i].key.name; i = (i + 1) & mask) {
        const struct sl_map_slot *s = &p->slots[i];
        if (s->hash == hash && !strcmp(s->key.name, name) && !strcmp(s->key.space, space))
            break;
    }
    return &p->slots[i];
}

static const struct sl_map_slot *probe(const struct sl_map_part *p, uint32_t hash,
                                       const char *space, const char *name)
{
    const struct sl_map_slot *s = p && p->n ? find_slot(p, hash, space, name) : NULL;
    return s && s->key.name ? s : NULL;
}

static struct sl_map_part *new_part(size_t entries)
{
    struct sl_map_part *p = SL_NEW(struct sl_map_part);
    atomic_init(&p->refs, 1);
    p->n_slots = 16;
    while (p->n_slots < 2 * entries)
        p->n_slots *= 2;
    p->slots = sl_calloc(p->n_slots, sizeof(*p->slots));
    return p;
}

/* Takes over the slot's reference. What is known to be new needs no comparison. */
static void add_new(struct sl_map_part *p, const struct sl_map_slot *slot)
{
    size_t mask = p->n_slots - 1, i = slot->hash & mask;
    while (p->slots[i].key.name)
        i = (i + 1) & mask;
    p->slots[i] = *slot;
    p->n++;
}

static void grow(struct sl_map_part *p)
{
    struct sl_map_part bigger = {.n_slots = 2 * p->n_slots};
    bigger.slots = sl_calloc(bigger.n_slots, sizeof(*bigger.slots));
    for (size_t i = 0; i < p->n_slots; i++) {
        if (p->slots[i].key.name)
            add_new(&bigger, &p->slots[i]);
    }
    sl_free(p->slots);
    p->slots = bigger.slots;
    p->n_slots = bigger.n_slots;
}

static struct sl_map_part *ref_part(struct sl_map_part *p)
{
    if (p)
        atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

static void unref_part(struct sl_map_part *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < p->n_slots; i++)
        sl_counted_unref(p->slots[i].value);
    sl_free(p->slots);
    sl_free(p);
}

static struct sl_map_part *copy_part(const struct sl_map_part *from)
{
    struct sl_map_part *p = new_part(from ? from->n + 1 : 0);
    for (size_t i = 0; from && i < from->n_slots; i++) {
        if (!from->slots[i].key.name)
            continue;
        sl_counted_ref(from->slots[i].value);
        add_new(p, &from->slots[i]);
    }
    return p;
}

/* ---- reading ---- */

const struct sl_map_slot *sl_map_find(const struct sl_map *m, const char *space, const char *name)
{
    if (!m->live)
        return NULL;
    uint32_t hash = hash_key(space, name);
    const struct sl_map_slot *s = probe(m->over, hash, space, name);
    if (s)
        return s->gone ? NULL : s;
    return probe(m->base, hash, space, name);
}

bool sl_map_is_changed(const struct sl_map *m, const char *space, const char *name)
{
    return m->over && m->over->n && probe(m->over, hash_key(space, name), space, name);
}

void sl_map_each(const struct sl_map *m, bool changed_only,
                 void (*on_slot)(void *owner, const struct sl_map_slot *slot), void *owner)
{
    for (size_t i = 0; m->over && i < m->over->n_slots; i++) {
        const struct sl_map_slot *s = &m->over->slots[i];
        if (s->key.name && !s->gone)
            on_slot(owner, s);
    }
    for (size_t i = 0; !changed_only && m->base && i < m->base->n_slots; i++) {
        const struct sl_map_slot *s = &m->base->slots[i];
        if (s->key.name && !probe(m->over, s->hash, s->key.space, s->key.name))
            on_slot(owner, s);
    }
}

static struct sl_counted *value_of(const struct sl_map *m, const struct sl_map_key *key)
{
    const struct sl_map_slot *s = sl_map_find(m, key->space, key->name);
    return s ? s->value : NULL;
}

void sl_map_difference(const struct sl_map *was, const struct sl_map *is,
                       void (*on_pair)(void *owner, struct sl_counted *was, struct sl_counted *is),
                       void *owner)
{
    const struct sl_map_part *parts[] = {is->over, was->over, is->base, was->base};
    bool shared = was->base == is->base;
    for (size_t p = 0; p < (shared ? 2 : SL_ARRAY_LEN(parts)); p++) {
        for (size_t i = 0; parts[p] && i < parts[p]->n_slots; i++) {
            const struct sl_map_slot *s = &parts[p]->slots[i];
            bool seen = !s->key.name;
            for (size_t before = 0; before < p && !seen; before++)
                seen = probe(parts[before], s->hash, s->key.space, s->key.name);
            struct sl_counted *a = seen ? NULL : value_of(was, &s->key);
            struct sl_counted *b = seen ? NULL : value_of(is, &s->key);
            if (a != b)
                on_pair(owner, a, b);
        }
    }
}

/* ---- editing ---- */

struct sl_map sl_map_copy(const struct sl_map *from)
{
    return (struct sl_map){ref_part(from->base), copy_part(from->over), from->live};
}

void sl_map_put(struct sl_map *m, struct sl_map_key key, struct sl_counted *value, uint8_t mark)
{
    if (!m->over)
        m->over = new_part(0);
    if (2 * (m->over->n + 1) > m->over->n_slots)
        grow(m->over);
    struct sl_map_slot slot = {key, sl_counted_ref(value), hash_key(key.space, key.name), mark, 0};
    struct sl_map_slot *old = find_slot(m->over, slot.hash, key.space, key.name);
    if (!old->key.name) {
        m->live += !probe(m->base, slot.hash, key.space, key.name);
        m->over->n++;
    } else {
        m->live += old->gone;
        sl_counted_unref(old->value);
    }
    *old = slot;
}

void sl_map_remove(struct sl_map *m, const char *space, const char *name)
{
    const struct sl_map_slot *was = sl_map_find(m, space, name);
    if (!was)
        return;
    sl_map_put(m, was->key, was->value, was->mark);
    find_slot(m->over, hash_key(space, name), space, name)->gone = true;
    m->live--;
}

bool sl_map_should_merge(const struct sl_map *m)
{
    return m->over && m->over->n > MERGE_ABOVE + (m->base ? m->base->n / MERGE_FRACTION : 0);
}

void sl_map_merge(struct sl_map *m)
{
    struct sl_map_part *p = new_part(m->live + m->live / 4);
    for (size_t i = 0; m->base && i < m->base->n_slots; i++) {
        const struct sl_map_slot *s = &m->base->slots[i];
        if (!s->key.name || probe(m->over, s->hash, s->key.space, s->key.name))
            continue;
        sl_counted_ref(s->value);
        add_new(p, s);
    }
    for (size_t i = 0; m->over && i < m->over->n_slots; i++) {
        const struct sl_map_slot *s = &m->over->slots[i];
        if (!s->key.name || s->gone)
            continue;
        sl_counted_ref(s->value);
        add_new(p, s);
    }
    unref_part(m->base);
    unref_part(m->over);
    m->base = p;
    m->over = NULL;
}

void sl_map_fini(struct sl_map *m)
{
    unref_part(m->base);
    unref_part(m->over);
    *m = (struct sl_map){NULL, NULL, 0};
}
