/* What a snapshot holds besides its public part: for registry/ only. */
#ifndef SL_REGISTRY_INDEX_H
#define SL_REGISTRY_INDEX_H

#include <stdatomic.h>

#include "base/arena.h"
#include "registry/registry.h"

/* A model with what only the registry looks at. */
struct sl_registry_model {
    struct sl_model model;
    const char *const *tiers; /* NULL-terminated; empty: everyone */
    struct sl_secret *key;    /* the reference behind model.target.key */
};

/* A header's value in the arena that is wiped before the arena goes. */
struct sl_registry_secret {
    char *text;
    struct sl_registry_secret *next;
};

struct sl_registry_slot {
    const char *name; /* NULL: free */
    const struct sl_model *model;
    bool alias;
};

struct sl_registry_index {
    struct sl_arena arena; /* of all strings and models */
    atomic_uint refs;
    struct sl_registry_model **entries; /* as registry.models */
    size_t n_entries;
    struct sl_registry_secret *secrets; /* header values that came from references */
    struct sl_registry_slot *slots;     /* open addressing; a power of two, at most half full */
    size_t n_slots;
};

/* Puts names and aliases of the models into slots. Names are unique. */
void sl_registry_index_names(struct sl_registry *r);

#endif
