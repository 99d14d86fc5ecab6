/* Models as a snapshot holds them: by name and alias, by id, by what they are at their provider, and in order. Immutable
 * like its maps once published; see registry/map.h. For registry/ only. */
#ifndef SL_REGISTRY_MODEL_TABLE_H
#define SL_REGISTRY_MODEL_TABLE_H

#include "base/arena.h"
#include "config/config.h"
#include "registry/map.h"
#include "registry/registry.h"

/* A provider with what only the registry looks at. */
struct sl_registry_provider {
    struct sl_counted counted;
    struct sl_provider provider;
    struct sl_arena arena;          /* of its strings */
    struct sl_config_provider said; /* of it only what a cloud's credential wants; id "": nothing */
    enum sl_auth auth;              /* as said */
    struct sl_str headers;          /* stored ones: their envelope; n 0: none */
    const char *place;              /* where it is written, for errors */
    struct sl_secret *key;
    struct sl_registry_secret *secrets; /* header values that came from references */
    _Atomic uint64_t outcomes;          /* of the last attempts: registry/outcome.h */
};

/* A header's value in the arena that is wiped before the arena goes. */
struct sl_registry_secret {
    char *text;
    struct sl_registry_secret *next;
};

/* A model with what only the registry looks at: one block of memory, strings included. */
struct sl_registry_model {
    struct sl_counted counted;
    struct sl_model model;
    struct sl_registry_provider *provider; /* what it shares; a reference */
    struct sl_secret *key;        /* the reference behind model.key_reference; NULL: none */
    struct sl_str headers;        /* stored ones: their envelope; n 0: none */
    enum sl_auth auth;            /* how a key is shown, where there is one */
    uint8_t cloud;                /* enum sl_cloud: whose tokens a stored key is worth */
    bool cloud_said;              /* somebody said so */
    bool own_key;                 /* no other than its own is sent */
    size_t size;                  /* of the block */
    bool wipe;                    /* it holds secrets */
    _Atomic int64_t last_used_ms; /* registry/last_used.h */
    _Atomic uint32_t mark;        /* registry/difference.h */
};

static inline const struct sl_registry_model *sl_registry_model_of(const struct sl_model *m)
{
    return SL_CONTAINER_OF(m, const struct sl_registry_model, model);
}

struct sl_model_order; /* in model_table.c */

struct sl_model_table {
    struct sl_map names; /* (owner, name or alias); mark: 1 for an alias. Without deleted models */
    struct sl_map ids;   /* ("", sl_model_table_id) */
    struct sl_map
        targets; /* (kind, stem of the id at the provider) of global models that not everybody may use */
    struct sl_model_order *base, *over; /* by owner, name, id */
    size_t n_global;                    /* global models that are not deleted */
    size_t n_personal;                  /* personal ones */
    bool clash;    /* two models claim the same: who goes may uncover the other */
    bool released; /* while it is edited: somebody went */
};

/* The model's UUID; for those without, its name. */
const char *sl_model_table_id(const struct sl_model *m);

/* The live model of that name or alias; *by_alias may be NULL. */
const struct sl_model *sl_model_table_find(const struct sl_model_table *t, const char *owner,
                                           const char *name, bool *by_alias);
/* By id, deleted ones too. */
const struct sl_model *sl_model_table_get(const struct sl_model_table *t, const char *id);

/* Walks an owner's models by name, then id, deleted ones too. behind: NULL: from the start; its id is sl_model_table_id. */
void sl_model_table_walk(struct sl_model_walk *w, const struct sl_model_table *t, const char *owner,
                         const struct sl_model_place *behind);
/* Walks the models of all owners but "". */
void sl_model_table_walk_personal(struct sl_model_walk *w, const struct sl_model_table *t);
/* NULL at the end. */
const struct sl_model *sl_model_table_next(struct sl_model_walk *w);

/* A table of the same models, to be edited. */
struct sl_model_table sl_model_table_copy(const struct sl_model_table *from);
/* Adds a model, or replaces the one of its id. Takes the caller's reference over. */
void sl_model_table_put(struct sl_model_table *t, struct sl_registry_model *m);
void sl_model_table_remove(struct sl_model_table *t, const char *id);
/* Ends the editing: brings the order up to date, and merges where that pays. */
void sl_model_table_publish(struct sl_model_table *t);
void sl_model_table_fini(struct sl_model_table *t);

#endif
