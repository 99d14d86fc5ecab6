/* How providers and models of a snapshot are made, wherever they come from: for registry/ only. Main thread or control
 * pool: reads environment variables and files. */
#ifndef SL_REGISTRY_MAKER_H
#define SL_REGISTRY_MAKER_H

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "registry/catalogue/detect.h"
#include "registry/model_table.h"
#include "registry/vault/references.h"

struct sl_maker {
    const struct sl_config *config;
    struct sl_tokens
        *tokens; /* where sources of the clouds' tokens are kept; NULL: there are none */
    const struct sl_catalogue *catalogue;  /* NULL: nothing is known */
    struct sl_references *references;      /* NULL: references are read once */
    const struct sl_address_list *allowed; /* inside addresses that users may name; NULL: none */
};

/* Nothing is said: texts "", numbers and capabilities not set. */
void sl_said_provider_init(struct sl_config_provider *p);
void sl_said_model_init(struct sl_config_model *m);

/* What is said of a provider. Borrowed. */
struct sl_provider_draft {
    const struct sl_config_provider *said; /* NULL: nothing but its id */
    const char *id;
    const struct sl_adapter *adapter;
    const struct sl_catalogue_provider *known; /* NULL: nothing */
    const char *source;
    /* of stored ones */
    const char *title, *row_id, *owner; /* NULL: "" */
    struct sl_str headers;              /* their envelope; n 0: none */
    int64_t revision, created_ms, updated_ms;
    bool disabled;
};

/* Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID, with the place: a header, a proxy or an address that leads nowhere. A key
 * that is not there is none. The caller owns a reference. */
enum sl_code sl_provider_make(const struct sl_maker *maker, const struct sl_provider_draft *draft,
                              struct sl_registry_provider **out, struct sl_err *err) SL_MUST_CHECK;

/* What is said of a model. Borrowed. */
struct sl_model_draft {
    const struct sl_config_model *said;
    struct sl_registry_provider *provider;
    const char *source;
    /* of stored ones */
    const char *id, *owner, *credential, *auth, *auth_header; /* NULL: "" */
    struct sl_str headers;                                    /* their envelope; n 0: none */
    int64_t revision, created_ms, updated_ms, last_used_ms, deleted_ms;
    const char *problem; /* NULL: it can be used. Else nothing about it is refused */
};

/* The same for a model; it takes a reference to its provider. */
enum sl_code sl_model_make(const struct sl_maker *maker, const struct sl_model_draft *draft,
                           struct sl_registry_model **out, struct sl_err *err) SL_MUST_CHECK;

/* A copy in one block of memory, with its own references to provider and key; strings of the provider are shared. */
struct sl_registry_model *sl_model_pack(const struct sl_registry_model *from) SL_MUST_CHECK;

/* What a reference of the configuration leads to, NULL: nothing. A reference that the caller gives back. */
struct sl_secret *sl_maker_secret(const struct sl_maker *maker,
                                  const char *reference) SL_MUST_CHECK;

/* ---- headers ---- */

/* Builds a list of headers in an arena; values behind references are noted in secrets. */
struct sl_header_list {
    struct sl_arena *arena;
    struct sl_header *first, **tail; /* tail: &first at the start */
    struct sl_registry_secret *secrets;
};
/* Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID: a reference leads nowhere. */
enum sl_code sl_headers_add(struct sl_header_list *list, const struct sl_config_pairs *pairs,
                            const char *place, struct sl_err *err) SL_MUST_CHECK;

/* ---- facts ---- */

/* What the catalogue knows of a model; out's strings live as long as the catalogue. False: nothing. */
bool sl_facts_find(const struct sl_maker *maker, const struct sl_provider *provider,
                   const struct sl_config_model *said, struct sl_detected *out) SL_MUST_CHECK;
/* Fills what is not said. */
void sl_facts_fill(const struct sl_detected *found, const struct sl_config_model *said,
                   struct sl_model *m);

#endif
