/* Stored credentials of the big clouds: from a key that a row seals to a source of tokens, which opens it for each minting
 * and keeps none of it. For registry/ only. Any thread; no disk. */
#ifndef SL_REGISTRY_CLOUD_STORED_H
#define SL_REGISTRY_CLOUD_STORED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "registry/cloud.h"
#include "registry/index.h"
#include "registry/rows.h"

/* What a model makes of a stored key: strings are borrowed. */
struct sl_cloud_use {
    enum sl_cloud cloud;
    bool
        said; /* somebody said so; else it is the adapter's way, and a key that is none of the cloud's is just a key */
    bool
        personal; /* a user's: goes to the cloud's own token endpoint, whatever it says, and borrows nothing from others */
    const char *tenant, *client_id, *role, *region;
};

/* What opens a stored key. */
struct sl_cloud_opener {
    struct sl_keyring *keyring;
    struct sl_secret_cache *secrets;
    struct sl_references *references;
};

/* The key as it is stored, from the cache or opened now; a reference. Errors: SL_FAILED_PRECONDITION with SECRET_UNREADABLE,
 * ENCRYPTION_KEY_MISSING, or PROVIDER_KEY_MISSING (a reference that leads nowhere). */
enum sl_code sl_cloud_reveal(const struct sl_cloud_opener *o, const struct sl_stored_credential *c,
                             int64_t now_us, struct sl_secret **out,
                             struct sl_err *err) SL_MUST_CHECK;

/* Either *tokens is set, borrowed from the credential; or *key, a reference, is to be sent or signed with as it is. The first
 * time for a use the key is opened and checked. Errors: those of sl_cloud_reveal; SL_FAILED_PRECONDITION, MODEL_UNUSABLE: it
 * is no credential of that cloud. */
struct sl_cloud_found {
    struct sl_token_source *tokens;
    struct sl_secret *key;
};
enum sl_code sl_cloud_use_stored(const struct sl_registry_fixed *f,
                                 const struct sl_stored_credential *c, int64_t now_us,
                                 const struct sl_cloud_use *use, struct sl_cloud_found *out,
                                 struct sl_err *err) SL_MUST_CHECK;

/* The sources of one credential, shared by its copies in snapshots: they go with the last of them. */
struct sl_cloud_sources *sl_cloud_sources_create(void) SL_MUST_CHECK;
struct sl_cloud_sources *sl_cloud_sources_ref(struct sl_cloud_sources *s);
/* Accepts NULL. */
void sl_cloud_sources_unref(struct sl_cloud_sources *s);
/* Credentials that are in both, unchanged, and reach their token endpoints the same way, keep their tokens. from: NULL:
 * nothing. */
void sl_cloud_carry_sources(const struct sl_registry *to, const struct sl_registry *from);

#endif
