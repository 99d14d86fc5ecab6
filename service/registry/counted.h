/* The head of immutable objects that several snapshots share: a count of references, and what frees
 * the object when the last one goes. Any thread. */
#ifndef SL_REGISTRY_COUNTED_H
#define SL_REGISTRY_COUNTED_H

#include <stdatomic.h>
#include <stddef.h>

struct sl_counted {
    atomic_uint refs;
    void (*destroy)(struct sl_counted *c);
};

static inline void sl_counted_init(struct sl_counted *c, void (*destroy)(struct sl_counted *c))
{
    atomic_init(&c->refs, 1);
    c->destroy = destroy;
}

/* Accepts NULL. */
static inline struct sl_counted *sl_counted_ref(struct sl_counted *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

/* Accepts NULL. */
static inline void sl_counted_unref(struct sl_counted *c)
{
    if (c && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
        c->destroy(c);
}

#endif
