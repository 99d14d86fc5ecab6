/* How far a model's life has come, and what takes its place: by the entry's own dates, else by the catalogue's. Pure; any
 * thread. What is found lives as long as the registry's snapshot and the model. */
#ifndef SL_REGISTRY_LIFE_H
#define SL_REGISTRY_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/registry.h"

enum sl_life {
    SL_LIFE_ACTIVE,
    SL_LIFE_DEPRECATED, /* still served; an end is announced, or the provider advises against it */
    SL_LIFE_RETIRED,    /* no longer served */
};

enum sl_life sl_model_life(const struct sl_model *m, int64_t now_ms);
/* Whole days until it retires, 0 or less from that day on; false where no date is known. */
bool sl_model_days_left(const struct sl_model *m, int64_t now_ms, int32_t *days);

enum sl_successor_kind {
    SL_SUCCESSOR_NONE,
    SL_SUCCESSOR_ID,        /* another id at the model's provider */
    SL_SUCCESSOR_ENTRY,     /* another entry, of another provider or address */
    SL_SUCCESSOR_ELSEWHERE, /* an id at another provider that no entry is known to have */
};

struct sl_successor {
    enum sl_successor_kind kind;
    const char *name; /* for people: an id, a name, or "provider/id"; "" with NONE */
    const char *id;   /* at its provider; "" with NONE */
    const struct sl_catalogue_model *known; /* its facts; NULL: nothing is known of it */
    const struct sl_model *entry;           /* that has it; NULL: none of that name */
    const char *why;                        /* with NONE: for people */
};

/* Follows successors, of entries and of the catalogue, until one is not at its own end; where there is only one that still
 * is served, that one. What an entry says is a name of the registry before an id of its provider; what the catalogue says is
 * an id. A user's model is followed to entries of that user alone. Circles end. */
void sl_model_successor(const struct sl_registry *r, const struct sl_model *m, int64_t now_ms,
                        struct sl_successor *out);
/* The same, beginning with that id at the model's provider instead of what the model's end names. */
void sl_model_successor_from(const struct sl_registry *r, const struct sl_model *m, const char *id,
                             int64_t now_ms, struct sl_successor *out);

/* Whether the two are asked at the same provider and address. */
bool sl_model_same_place(const struct sl_model *a, const struct sl_model *b);

#endif
