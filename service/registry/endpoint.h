/* How a provider's host is reached: for registry/ only. */
#ifndef SL_REGISTRY_ENDPOINT_H
#define SL_REGISTRY_ENDPOINT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"
#include "upstream/upstream.h"

struct sl_endpoint_source {
    const struct sl_config *config;
    const struct sl_config_provider *provider; /* NULL: no entry */
    const struct sl_secret *key;               /* NULL: none */
    const char *base_url;
    bool guard;                            /* a user chose the base_url */
    const struct sl_address_list *allowed; /* with guard; outlives the endpoint */
};

/* Fills out, strings in the arena. The pool key also changes when a certificate file does (by
 * its time and size), so that a reload takes a renewed one up. Errors: SL_INVALID_ARGUMENT,
 * CONFIG_INVALID: a proxy's reference leads nowhere. */
enum sl_code sl_endpoint_load(const struct sl_endpoint_source *from, struct sl_arena *arena,
                              struct sl_endpoint *out, struct sl_err *err) SL_MUST_CHECK;

/* Sets the pool key of an endpoint for another address or key. Errors: SL_INTERNAL. */
enum sl_code sl_endpoint_seal(struct sl_endpoint *e, const char *base_url,
                              const struct sl_secret *key, struct sl_err *err) SL_MUST_CHECK;

#endif
