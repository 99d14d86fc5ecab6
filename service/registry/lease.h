/* What one attempt at a model needs besides the model: the key of this moment, and what depends on it. */
#ifndef SL_REGISTRY_LEASE_H
#define SL_REGISTRY_LEASE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "registry/registry.h"

struct sl_lease {
    struct sl_target target;     /* the model's, with key and headers */
    struct sl_endpoint endpoint; /* the model's, for this key */
    struct sl_secret *key;       /* a reference, behind target.key; NULL: none */
    struct sl_token_source *
        tokens; /* where the key comes from then, which is not there yet; borrowed from the snapshot */
};

/* Finds the key: the model's own; else of the stored credentials of its owner for its provider the first enabled one that is
 * bound to where the model's requests go; else, for a global model, the provider's reference. A user's model never gets
 * another's key. No disk, no database; a stored key is opened where nobody asked for it in the last five minutes (2 us).
 * Headers go into the arena. What is asked with a token of a cloud gets no key, but where to have the token: a stored
 * credential's, else the model's own (model.tokens).
 *
 * Errors: SL_FAILED_PRECONDITION, PROVIDER_KEY_MISSING, naming the variable and the page where a key is made;
 * ENCRYPTION_KEY_MISSING, SECRET_UNREADABLE; MODEL_UNUSABLE where a stored key is none of the cloud's. out is filled on success only. Any thread. */
enum sl_code sl_lease_take(const struct sl_registry *r, const struct sl_model *m,
                           struct sl_arena *arena, int64_t now_us, struct sl_lease *out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Gives the key back; the lease is empty then. */
void sl_lease_end(struct sl_lease *l);

#endif
