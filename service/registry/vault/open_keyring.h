/* The keyring of a configuration and a store that belong together. Main thread: blocks. */
#ifndef SL_REGISTRY_VAULT_OPEN_KEYRING_H
#define SL_REGISTRY_VAULT_OPEN_KEYRING_H

#include "config/config.h"
#include "registry/vault/keyring.h"
#include "store/store.h"

/* Whether the keys are in DATA_DIR/encryption.key. */
bool sl_keyring_is_in_file(const struct sl_config *config, const struct sl_store *store);
/* Where the keys come from, and whether the store holds a check value. Errors: the store's. */
enum sl_code sl_keyring_source_of(const struct sl_config *config, struct sl_store *store,
                                  struct sl_keyring_source *out, struct sl_err *err) SL_MUST_CHECK;
/* Loads the keyring, checks that it is the store's, and notes in the store that secrets may be
 * sealed under its current key from now on. Errors: those of sl_keyring_load and
 * sl_vault_check_verify; the store's. *out is set on success only. */
enum sl_code sl_keyring_open(const struct sl_config *config, struct sl_store *store,
                             struct sl_keyring **out, struct sl_keyring_file *file,
                             struct sl_err *err) SL_MUST_CHECK;

#endif
