/* Which models should be replaced: by their own dates, the catalogue's, and what their providers list. Pure; any thread. */
#ifndef SL_REGISTRY_UPGRADE_OUTDATED_H
#define SL_REGISTRY_UPGRADE_OUTDATED_H

#include "base/arena.h"
#include "registry/life.h"

/* What a provider's own listing said of a model, the last time it was asked. */
struct sl_listed {
    int64_t
        gone_ms; /* since when it is no longer in the listing, milliseconds since 1970; 0: it is */
    const char *newer; /* the same model of a later date that is listed, too; "": none */
};

/* Where that is found. find may be NULL: nobody was asked. */
struct sl_listings {
    bool (*find)(void *owner, const struct sl_model *m, struct sl_listed *out);
    void *owner;
};

/* The later ones are the graver ones. */
enum sl_outdated_status {
    SL_OUTDATED_NOT,
    SL_OUTDATED_NEWER,     /* nothing is wrong with it; there is one of a later date */
    SL_OUTDATED_SERVED_AS, /* its provider answers with another model under its name */
    SL_OUTDATED_DEPRECATED,
    SL_OUTDATED_GONE, /* its provider no longer lists it */
    SL_OUTDATED_RETIRED,
};

struct sl_outdated {
    const struct sl_model *model;
    enum sl_outdated_status status;
    bool dated;
    int32_t days_left; /* with dated */
    struct sl_successor successor;
    struct sl_listed listed;
    const char *source; /* where it was read: a page, or in words */
};

/* False where there is nothing to replace. */
bool sl_outdated_look(const struct sl_registry *r, const struct sl_model *m,
                      const struct sl_listings *listings, int64_t now_ms, struct sl_outdated *out);
/* "deprecated", ... */
const char *sl_outdated_name(enum sl_outdated_status status);

/* Whether the status calls for a change: all but "newer". */
static inline bool sl_outdated_matters(enum sl_outdated_status status)
{
    return status > SL_OUTDATED_NEWER;
}

/* The entry that a user's (id, "": nobody's) text means; NULL: none. */
const struct sl_model *sl_outdated_named(const struct sl_registry *r, const char *user,
                                         const char *text, bool *by_alias);

/* Whose default or conversation it is (id); "": nobody's own. */
const char *sl_outdated_user(const struct sl_registry_default *d);

/* What names each of the models: texts such as "the default of tier pro", in the arena. */
struct sl_outdated_names {
    const char **list;
    size_t n;
};
/* names[i] belongs to models[i]. everyone: all tiers and models, and the number of other users' defaults and conversations;
 * else what the principal may see. */
struct sl_outdated_ask {
    const struct sl_registry *registry;
    const struct sl_principal *principal;
    bool everyone;
    struct sl_arena *arena;
};
void sl_outdated_references(const struct sl_outdated_ask *ask, const struct sl_outdated *models,
                            size_t n, struct sl_outdated_names *names);

#endif
