/* The models and providers of one moment: an immutable, reference-counted snapshot. What changes leads to a new one, which
 * shares all that did not change; whoever holds the old one goes on with it. Any thread may read. Strings are never NULL
 * ("": not set), lists of strings end with NULL. */
#ifndef SL_REGISTRY_REGISTRY_H
#define SL_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/principal.h"
#include "access/tokens/tokens.h"
#include "adapters/adapters.h"
#include "base/err.h"
#include "registry/catalogue/catalogue.h"
#include "upstream/upstream.h"

/* -1 in a price: not known. Millionths of a dollar per million tokens. */
struct sl_prices {
    bool known;
    int64_t input, cache_read, cache_write, output, reasoning;
};

struct sl_label {
    const char *key, *value;
};

struct sl_model {
    const char
        *name; /* what a client names; unique, aliases included, among the models of its owner */
    const char *description;
    const char *provider; /* provider id */
    const struct sl_adapter *adapter;
    struct sl_target
        target; /* what the adapter gets; its key comes with the attempt, see registry/lease.h */
    struct sl_token_source
        *tokens; /* NULL: a key is sent; else what is sent comes from here, for each attempt */
    const struct sl_endpoint *endpoint; /* how it is reached */
    const struct sl_clocks *clocks;
    const struct sl_transfer_caps *caps;
    struct sl_prices prices;
    int32_t context_tokens;    /* 0: not known */
    int32_t max_output_tokens; /* 0: not known */
    /* capabilities: -1 not known, 0 no, 1 yes */
    int8_t cap_streaming, cap_tools, cap_vision, cap_json_schema, cap_reasoning, cap_embeddings,
        cap_images;
    bool enabled;
    const char *const *aliases;
    const struct sl_label *labels;
    size_t n_labels;
    const char *const *tiers;     /* whose users may use it; none: everyone's */
    const char *const *fallbacks; /* models that stand in for it */
    const char *const *tasks;
    const char
        *key_reference; /* where its or its provider's key comes from, "env:OPENAI_API_KEY"; "" */
    const char *credential; /* id of the stored one that it uses; "": the first that fits */
    const char *source;     /* "config", "environment", "api", "template", "seed", "import:RUN" */
    const char *id;         /* UUID; "": not stored */
    const char *owner;      /* id of the user whose it is; "": global */
    const char *region;
    const char *stem;       /* of its id at the provider, see stem.h; "": that id itself */
    const char *base_model; /* whose facts it inherits, as said */
    const char
        *successor; /* model to use instead: a name of the registry, or an id of its provider */
    double speed;   /* tokens a second, a start value; 0: not known */
    int32_t deprecated_day; /* days since 1970-01-01 UTC; 0: not known */
    int32_t retires_day;    /* the first day on which it is no longer served; 0: not known */
    int64_t
        revision; /* of its last write, also its etag; 0: not stored, negative: a draft that is being tried */
    int64_t created_ms, updated_ms, deleted_ms; /* 0: not known, never */
    const struct sl_catalogue_model *known;     /* its own entry in the catalogue; NULL: none */
    const struct sl_catalogue_model *facts; /* whose facts hold: known, or what it derives from */
    const char *problem;                    /* why it cannot be used as it is stored; "": it can */
};

/* A provider: what its models share. */
struct sl_provider {
    const char *id; /* "openai"; of the configuration, the store, the catalogue, or a kind */
    const char *title;
    const struct sl_adapter *adapter;
    const struct sl_catalogue_provider *known; /* what the catalogue has of it; NULL: nothing */
    const char *base_url;                      /* "": each model has to say one */
    const char *api_version, *region, *organization, *project;
    const char *auth; /* as said: "bearer", "header", ...; "": the adapter's */
    const char *auth_header;
    const char *key_reference; /* "env:NAME", "file:/path"; "": none */
    const char *key_variable;  /* that usually holds its key; "": none does */
    bool key_needed, enabled;
    const struct sl_header *headers;
    struct sl_endpoint endpoint;
    struct sl_clocks clocks;
    struct sl_transfer_caps caps;
    const char *const *patterns; /* names that lead to it */
    const char *source;          /* "builtin", "config", "environment", "api" */
    const char *row_id;          /* UUID; "": not stored */
    const char *owner;           /* id of the user whose it is; "": global */
    int64_t revision;            /* also its etag; 0: not stored */
    int64_t created_ms, updated_ms;
};

struct sl_registry {
    int64_t revision;                           /* grows with every new one */
    size_t n_models;                            /* global ones */
    const struct sl_model *default_model;       /* of the registry; NULL: none */
    const char *default_reason;                 /* why it is that one */
    bool default_is_said;                       /* somebody chose it */
    const struct sl_provider *const *providers; /* global ones with an entry or a key, by id */
    size_t n_providers;
    /* private from here on */
    struct sl_registry_index *index;
};

/* The global model of that name or alias; *by_alias (may be NULL) says which. NULL if there is none. */
const struct sl_model *sl_registry_find(const struct sl_registry *r, const char *name,
                                        bool *by_alias);
/* The same among the models of a user (id). */
const struct sl_model *sl_registry_find_personal(const struct sl_registry *r, const char *owner,
                                                 const char *name, bool *by_alias);
/* By UUID, whoever owns it, deleted or not. */
const struct sl_model *sl_registry_get(const struct sl_registry *r, const char *id);

/* Walks models by name: the global ones ("") or a user's; deleted ones, too. */
struct sl_model_walk {
    const struct sl_model_table *table;
    const char *owner;
    size_t base, over;
};
struct sl_registry_walk {
    const struct sl_registry *registry;
    struct sl_model_walk part[2];
    const struct sl_model *next[2];
};
/* The last model seen; it need not be there any more. */
struct sl_model_place {
    const char *name, *id;
};
/* behind: NULL: from the start. */
void sl_registry_walk(struct sl_registry_walk *w, const struct sl_registry *r, const char *owner,
                      const struct sl_model_place *behind);
/* NULL at the end. */
const struct sl_model *sl_registry_next(struct sl_registry_walk *w);

/* Walks the models of all users, owner by owner: for those who show nobody what is another's. Deleted ones, too. */
void sl_registry_walk_personal(struct sl_registry_walk *w, const struct sl_registry *r);
/* Of users' own: models that are not deleted; and stored keys of providers, whoever owns them. */
size_t sl_registry_count_personal(const struct sl_registry *r);
size_t sl_registry_count_credentials(const struct sl_registry *r);

/* Whether the principal may use the model. */
bool sl_registry_may_use(const struct sl_registry *r, const struct sl_model *m,
                         const struct sl_principal *p);
/* The name closest to it that the principal may use, for "did you mean"; NULL if none is close. */
const char *sl_registry_nearest(const struct sl_registry *r, const char *name,
                                const struct sl_principal *p);
/* The provider of that id: the store's before the configuration's, the catalogue's and the kinds; NULL if there is none. */
const struct sl_provider *sl_registry_provider(const struct sl_registry *r, const char *id);
/* Whether a key for it is there, or none is needed. */
bool sl_registry_provider_has_key(const struct sl_registry *r, const struct sl_provider *p);
/* Whether that key is a stored credential. */
bool sl_registry_provider_key_is_stored(const struct sl_registry *r, const struct sl_provider *p);
/* The last four characters of the stored key that the model would send; "" : it sends none, or they are not shown. */
const char *sl_registry_key_last4(const struct sl_registry *r, const struct sl_model *m);
/* NULL: there is none, in tests. */
const struct sl_catalogue *sl_registry_catalogue(const struct sl_registry *r);
/* The store's revision that it has. */
int64_t sl_registry_store_revision(const struct sl_registry *r);
/* The model that is set as the default of a scope ("registry", "tier", "user") and subject (name of the tier, id of the
 * user, ""), as a caller would write it; NULL: none. */
const char *sl_registry_default_of(const struct sl_registry *r, const char *scope,
                                   const char *subject);

/* The model that a user pinned to a conversation, as a caller would write it; NULL: none. */
const char *sl_registry_pin_of(const struct sl_registry *r, const char *user,
                               const char *conversation);

/* What was said to be the registry's default, the i-th in the order in which it counts: stored, of the configuration, of the
 * environment. name "": nothing was said there. where is NULL past the last. */
struct sl_registry_said {
    const char *where, *name;
};
struct sl_registry_said sl_registry_said_default(const struct sl_registry *r, size_t i);

/* Calls on_default for every stored default and pin, in no order. */
struct sl_registry_default {
    const char *scope;        /* "registry", "tier", "user", "conversation" */
    const char *subject;      /* name of the tier, id of the user, "" */
    const char *conversation; /* of a pin; "" : none */
    const char *model;        /* as a caller would write it */
};
void sl_registry_each_default(const struct sl_registry *r,
                              void (*on_default)(void *owner, const struct sl_registry_default *d),
                              void *owner);
/* Calls on_credential for every stored key, in no order. */
struct sl_registry_credential {
    const char *id, *owner, *provider; /* owner "": global */
    const char *reference;             /* "" : the key itself is stored */
    bool enabled;
};
void sl_registry_each_credential(const struct sl_registry *r,
                                 void (*on_credential)(void *owner,
                                                       const struct sl_registry_credential *c),
                                 void *owner);

/* Whether an attempt would have a key, or needs none. */
bool sl_registry_has_key(const struct sl_registry *r, const struct sl_model *m);

struct sl_registry *sl_registry_ref(struct sl_registry *r);
/* Any thread. Accepts NULL. */
void sl_registry_unref(struct sl_registry *r);

#endif
