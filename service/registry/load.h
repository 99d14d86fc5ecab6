/* Makes snapshots. Main thread or control pool: reads environment variables, files and the database. */
#ifndef SL_REGISTRY_LOAD_H
#define SL_REGISTRY_LOAD_H

#include <stdint.h>

#include "access/tokens/tokens.h"
#include "base/err.h"
#include "config/config.h"
#include "registry/registry.h"
#include "registry/vault/keyring.h"
#include "registry/vault/references.h"
#include "registry/vault/secret_cache.h"
#include "store/store.h"

/* Where models come from; what comes later overrides what came before: the environment (models of the default line-up whose
 * provider's key is there, and DEFAULT_LLM_MODEL), the configuration, the store. All but config may be NULL: there is none. */
struct sl_registry_sources {
    const struct sl_config *config; /* borrowed during the call */
    struct sl_tokens *tokens;       /* of the big clouds; outlives the snapshots */
    struct sl_catalogue *
        catalogue; /* a reference is taken. Without it nothing is known, nor taken from the environment */
    struct sl_keyring *keyring;       /* a reference is taken */
    struct sl_references *references; /* these outlive the snapshots */
    struct sl_secret_cache *secrets;
    struct sl_store *store;
    int64_t revision; /* of the snapshot */
};

/* The models of all sources, with the keys that references lead to at this moment. A variable or file that is missing is no
 * error: the model stays, and who asks it hears PROVIDER_KEY_MISSING. A provider's usual key variable is used only where its
 * base URL is the usual one too, or the environment's (<PROVIDER>_BASE_URL): a key never goes to a host that it was not
 * given for. Stored entries that cannot be used stay, with their problem.
 *
 * Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID (a kind that has no adapter, a base URL that is missing, a header or a proxy
 * whose reference leads nowhere), with the place; the store's. *out is set on success only. */
enum sl_code sl_registry_create(const struct sl_registry_sources *from, struct sl_registry **out,
                                struct sl_err *err) SL_MUST_CHECK;
/* What a snapshot that was made anew keeps of the one before it: when models were last used, tokens of stored credentials.
 * Before anybody has `to`. from: NULL: nothing. */
void sl_registry_carry(const struct sl_registry *to, const struct sl_registry *from);
/* old with what was written to the store since, under the same configuration: reads the changes only (and
 * the models of providers that changed; all of the store where they are too many), and shares the rest. Errors: the store's. */
enum sl_code sl_registry_refresh(const struct sl_registry *old,
                                 const struct sl_registry_sources *from, struct sl_registry **out,
                                 struct sl_err *err) SL_MUST_CHECK;
/* old with rows of models and credentials that are not stored, for one who tries them: they stand before stored ones of their
 * id. Its sources are those of old. */
struct sl_registry *sl_registry_with(const struct sl_registry *old,
                                     const struct sl_registry_sources *from,
                                     const struct sl_row *const *rows, size_t n) SL_MUST_CHECK;

#endif
