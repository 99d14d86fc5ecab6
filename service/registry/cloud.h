/* Credentials of the big clouds: from the configuration and the environment to a source of tokens. For registry/ only. */
#ifndef SL_REGISTRY_CLOUD_H
#define SL_REGISTRY_CLOUD_H

#include "access/tokens/tokens.h"
#include "adapters/adapters.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"

enum sl_cloud { SL_CLOUD_NONE, SL_CLOUD_GOOGLE, SL_CLOUD_ENTRA, SL_CLOUD_AWS };

struct sl_cloud_source {
    struct sl_tokens *tokens;
    const struct sl_config *config;
    const struct sl_config_provider *provider; /* NULL: no entry */
    const struct sl_adapter *adapter;
    const char *key;      /* reference in the configuration; "" : none */
    const char *base_url; /* of the model */
    const char *region;   /* "" : not said */
    struct sl_arena *arena;
};

/* What was found. Both tokens and key NULL: nothing, and reference says what is missing. */
struct sl_cloud_credential {
    struct sl_token_source *tokens; /* a reference */
    struct sl_secret *key;          /* a reference; an access key that needs no minting */
    const char *reference;          /* where it comes from, in the arena */
};

/* Whose tokens the model is asked with: what the provider's auth says; else the adapter's own, where nothing else is
 * configured and the address is that cloud's. */
enum sl_cloud sl_cloud_of(const struct sl_cloud_source *from);
/* The same of a stored key: auth is what the model, or its provider, says ("" : nothing). *said: it does. */
enum sl_cloud sl_cloud_of_stored(const char *auth, const struct sl_adapter *adapter, bool *said);
/* Follows the reference, else the cloud's usual variables, as docs/cloud-credentials.md says. Reads files: main thread.
 * Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID, where a credential is there and is none. */
enum sl_code sl_cloud_open(const struct sl_cloud_source *from, enum sl_cloud cloud,
                           struct sl_cloud_credential *out, struct sl_err *err) SL_MUST_CHECK;
/* The region that requests go to: what is configured, else the usual variables of the adapter's cloud. "" : none. */
const char *sl_cloud_region(const struct sl_cloud_source *from);
/* The project of a Google adapter where none is configured: its usual variable, else what the credential says. s may be
 * NULL. "" : none. */
const char *sl_cloud_project(const struct sl_cloud_source *from, const struct sl_token_source *s);

#endif
