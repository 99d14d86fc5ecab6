/* The latest changes of the models, in the order in which they came, each with what the model was before: from them is told
 * what has changed since somebody looked. Bounded: the oldest are forgotten. One thread; no I/O. */
#ifndef SL_API_CHANGE_RING_H
#define SL_API_CHANGE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/registry.h"

struct sl_model_change {
    int64_t revision;     /* the store's, with which it came */
    const char *key;      /* sl_model_key */
    const char *only;     /* id of the user who alone sees a difference; "": everybody may */
    struct sl_model *was; /* its outline before; NULL: it was not there */
    int was_state;        /* Sluice__V1__ModelStatus__State; only where it was there */
    bool status;          /* nothing but its state, or the key that it would send */
    /* set by the ring */
    uint64_t serial; /* from 1 on, without gaps */
    uint64_t
        before;    /* serial of the change of the same model (and user) before this one; 0: none */
    bool newest;   /* no other of the same model (and user) came after it */
    uint64_t next; /* private */
};

struct sl_change_ring {
    uint64_t head;    /* the last serial; 0: nothing has changed yet */
    int64_t revision; /* of the last change that was forgotten, or that was there at the start */
    /* private */
    struct sl_model_change *list;
    uint64_t *buckets;
    size_t size;
};

/* size: changes that are kept, a power of two. revision: the store's, now. */
void sl_change_ring_init(struct sl_change_ring *r, size_t size, int64_t revision);
void sl_change_ring_fini(struct sl_change_ring *r);
/* Copies the texts, and takes `was` over. */
void sl_change_ring_add(struct sl_change_ring *r, const struct sl_model_change *change);
/* Forgets all changes, and every serial that was given out: nobody can go on from what came before. revision: the first one
 * that may be gone on from again, more than any that came before. */
void sl_change_ring_forget(struct sl_change_ring *r, int64_t revision);
/* NULL: it is forgotten, or has not come yet. */
const struct sl_model_change *sl_change_ring_get(const struct sl_change_ring *r, uint64_t serial);
/* Whether all that came after the serial is there. */
bool sl_change_ring_has_after(const struct sl_change_ring *r, uint64_t serial);
/* *serial: the last change that came with the revision, or one before. False where it cannot be told what came after. */
bool sl_change_ring_at(const struct sl_change_ring *r, int64_t revision, uint64_t *serial);

#endif
