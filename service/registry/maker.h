/* How providers and models of a snapshot are made, wherever they come from: for registry/ only. Main thread or control
 * pool: reads environment variables and files. */
#ifndef SL_REGISTRY_MAKER_H
#define SL_REGISTRY_MAKER_H

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "registry/model_table.h"

struct sl_maker {
    const struct sl_config *config;
    struct sl_tokens
        *tokens; /* where sources of the clouds' tokens are kept; NULL: there are none */
};

/* What is said of a provider. Borrowed. */
struct sl_provider_draft {
    const struct sl_config_provider *said; /* NULL: nothing but its id */
    const char *id;
    const struct sl_adapter *adapter;
    const char *source;
};

/* Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID, with the place: a header or a proxy whose reference leads nowhere. A key
 * that is not there is none. The caller owns a reference. */
enum sl_code sl_provider_make(const struct sl_maker *maker, const struct sl_provider_draft *draft,
                              struct sl_registry_provider **out, struct sl_err *err) SL_MUST_CHECK;

/* What is said of a model. Borrowed. */
struct sl_model_draft {
    const struct sl_config_model *said;
    struct sl_registry_provider *provider;
    const char *source;
};

/* The same for a model; it takes a reference to its provider. */
enum sl_code sl_model_make(const struct sl_maker *maker, const struct sl_model_draft *draft,
                           struct sl_registry_model **out, struct sl_err *err) SL_MUST_CHECK;

/* A copy in one block of memory, with its own references to provider and key; strings of the provider are shared. */
struct sl_registry_model *sl_model_pack(const struct sl_registry_model *from) SL_MUST_CHECK;

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

#endif
