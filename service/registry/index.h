/* What a snapshot holds besides its public part: for registry/ only. */
#ifndef SL_REGISTRY_INDEX_H
#define SL_REGISTRY_INDEX_H

#include <stdatomic.h>

#include "registry/catalogue/detect.h"
#include "registry/load.h"
#include "registry/map.h"
#include "registry/model_table.h"

struct sl_maker;

/* What comes from the configuration and the environment: made anew by a reload, shared by all snapshots in between. */
struct sl_registry_fixed {
    struct sl_counted counted;
    struct sl_arena arena; /* of the texts */
    struct sl_model_table models;
    struct sl_map providers; /* ("", id) */
    struct sl_catalogue *catalogue;
    const struct sl_address_list *allowed; /* inside addresses that users' models may go to */
    struct sl_keyring *keyring;
    struct sl_references *references; /* borrowed, as is secrets */
    struct sl_secret_cache *secrets;
    struct sl_tokens *tokens;           /* borrowed; NULL: none are minted */
    const char *token_ca, *token_proxy; /* how token endpoints are reached; "" : as usual */
    const char *default_model;          /* of the configuration; "" : none */
    const char *environment_model;      /* DEFAULT_LLM_MODEL; "" : none */
    const char *default_provider;
    bool default_provider_said; /* somebody chose it */
    bool refuse_unknown, redirect_retired;
};

/* All providers, and what detection wants to know of the global ones: made anew when one changes. */
struct sl_provider_set {
    struct sl_counted counted;
    struct sl_arena arena;
    struct sl_map by_id;  /* (owner, id) */
    struct sl_map by_row; /* ("", row_id) */
    struct sl_map
        templates; /* ("", id) of global ones: a model of theirs without name and id, see raw.h */
    struct sl_detect_provider *detect;
    size_t n_detect;
    struct sl_detect_pattern *patterns;
    size_t n_patterns;
    const struct sl_provider **list; /* see sl_registry.providers */
    size_t n_list;
};

/* The keys of one owner for one provider, by priority. */
struct sl_credential_list {
    struct sl_counted counted;
    size_t n;
    struct sl_stored_credential *list[]; /* references */
};

struct sl_registry_index {
    atomic_uint refs;
    struct sl_registry_fixed *fixed;
    struct sl_provider_set *providers;
    struct sl_model_table stored; /* over the fixed ones */
    struct sl_map credentials;    /* ("", id) */
    struct sl_map bundles;        /* (owner, provider): struct sl_credential_list */
    struct sl_map defaults;       /* (scope, subject) */
    struct sl_map default_ids;    /* ("", id) */
    struct sl_map pins;           /* (owner, conversation): models of conversations */
    int64_t store_revision;
};

/* ---- fixed.c ---- */

/* Errors: those of sl_registry_create. The caller owns a reference. */
enum sl_code sl_fixed_make(const struct sl_registry_sources *from, struct sl_registry_fixed **out,
                           struct sl_err *err) SL_MUST_CHECK;
/* environment.c: the models of providers whose keys are there. Those of the configuration come first. */
enum sl_code sl_environment_add(const struct sl_maker *maker, struct sl_registry_fixed *fixed,
                                struct sl_err *err) SL_MUST_CHECK;

/* ---- provider_set.c ---- */

/* The fixed ones, to which others are added before it is published. */
struct sl_provider_set *sl_provider_set_create(const struct sl_registry_fixed *fixed) SL_MUST_CHECK;
/* The providers of another set, to which others are added, and from which some go, before it is published. */
struct sl_provider_set *sl_provider_set_copy(const struct sl_provider_set *from) SL_MUST_CHECK;
void sl_provider_set_add(struct sl_provider_set *s, struct sl_registry_provider *p);
/* The stored provider of that row goes; one of its id that it hid is there again. Gives the id, in the set's arena; NULL:
 * there was none. */
const char *sl_provider_set_remove(struct sl_provider_set *s, const struct sl_registry_fixed *fixed,
                                   const char *row_id);
void sl_provider_set_publish(struct sl_provider_set *s, const struct sl_maker *maker);
/* By id or row id: the owner's before a global one. NULL if there is none. */
struct sl_registry_provider *sl_provider_set_find(const struct sl_provider_set *s,
                                                  const char *owner, const char *id);

static inline struct sl_registry_provider *sl_registry_provider_of(const struct sl_map_slot *slot)
{
    return slot ? SL_CONTAINER_OF(slot->value, struct sl_registry_provider, counted) : NULL;
}

/* ---- stored.c ---- */

/* What models may call a provider that changed. */
struct sl_changed_provider {
    const char *name;
    struct sl_changed_provider *next;
};

/* A snapshot's stored part on its way: edits of the maps of an index that nobody has yet. */
struct sl_storing {
    const struct sl_maker *maker;
    struct sl_registry_index *index;
    bool providers_changed; /* set by sl_storing_refresh: index->providers is to be published */
    struct sl_arena *arena; /* of what follows; of sl_storing_refresh */
    struct sl_changed_provider *changed;
};
/* Reads all of the store. */
enum sl_code sl_storing_load(struct sl_storing *s, struct sl_store *store,
                             struct sl_err *err) SL_MUST_CHECK;
/* Reads what was written after the index's revision. */
enum sl_code sl_storing_refresh(struct sl_storing *s, struct sl_store *store,
                                struct sl_err *err) SL_MUST_CHECK;
/* Takes rows of models and credentials that are in no store. */
void sl_storing_add(struct sl_storing *s, const struct sl_row *const *rows, size_t n);

#endif
