/* The models and providers of one moment: an immutable, reference-counted snapshot. A reload makes a new one; whoever
 * holds the old one goes on with it. Any thread may read. */
#ifndef SL_REGISTRY_REGISTRY_H
#define SL_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/principal.h"
#include "access/tokens/tokens.h"
#include "adapters/adapters.h"
#include "base/err.h"
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
    const char *name; /* what a client names; unique */
    const char *description;
    const char *provider; /* provider id */
    const struct sl_adapter *adapter;
    struct sl_target target; /* what the adapter gets */
    struct sl_token_source
        *tokens; /* NULL: the key is target.key; else it is got from here for each attempt */
    struct sl_endpoint endpoint; /* how it is reached */
    struct sl_clocks clocks;
    struct sl_transfer_caps caps;
    struct sl_prices prices;
    int32_t context_tokens;    /* 0: not known */
    int32_t max_output_tokens; /* 0: not known */
    /* capabilities: -1 not known, 0 no, 1 yes */
    int8_t cap_streaming, cap_tools, cap_vision, cap_json_schema, cap_reasoning;
    const char *const *aliases; /* NULL-terminated */
    const struct sl_label *labels;
    size_t n_labels;
    const char
        *key_reference; /* where the key comes from, "env:OPENAI_API_KEY"; "" if it needs none */
    const char *source; /* "config" */
};

struct sl_registry {
    int64_t revision;                     /* grows with every reload */
    const struct sl_model *const *models; /* by name */
    size_t n_models;
    const struct sl_model *default_model; /* NULL: none */
    /* private from here on */
    struct sl_registry_index *index;
};

/* By name or alias; *by_alias (may be NULL) says which. NULL if there is none. */
const struct sl_model *sl_registry_find(const struct sl_registry *r, const char *name,
                                        bool *by_alias);
/* Whether the principal may use the model. */
bool sl_registry_may_use(const struct sl_registry *r, const struct sl_model *m,
                         const struct sl_principal *p);
/* The name closest to it that the principal may use, for "did you mean"; NULL if none is close. */
const char *sl_registry_nearest(const struct sl_registry *r, const char *name,
                                const struct sl_principal *p);

struct sl_registry *sl_registry_ref(struct sl_registry *r);
/* Any thread. Accepts NULL. */
void sl_registry_unref(struct sl_registry *r);

#endif
