/* What a snapshot holds besides its public part: for registry/ only. */
#ifndef SL_REGISTRY_INDEX_H
#define SL_REGISTRY_INDEX_H

#include <stdatomic.h>

#include "registry/model_table.h"

/* What comes from the configuration and the environment: made anew by a reload, shared by all snapshots in between. */
struct sl_registry_fixed {
    struct sl_counted counted;
    struct sl_model_table models;
    struct sl_map providers; /* ("", id) */
};

struct sl_registry_index {
    atomic_uint refs;
    struct sl_registry_fixed *fixed;
    struct sl_model_table stored; /* over the fixed ones */
};

#endif
