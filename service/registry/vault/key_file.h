/* Changing DATA_DIR/encryption.key, which holds the keys of an embedded store without the setting
 * encryption.keys (registry/vault/keyring.h). At any moment, also after a crash, the file is whole
 * and holds every key that a stored secret may be sealed under. Main thread. Errors: those of
 * sl_keyring_load. */
#ifndef SL_REGISTRY_VAULT_KEY_FILE_H
#define SL_REGISTRY_VAULT_KEY_FILE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"

/* A service holds the folder's lock together with others as long as it runs, since it goes on
 * sealing under the keys that it read; who changes the file holds it alone. Goes with the process.
 * Errors besides: SL_ABORTED, STORE: others hold it. *fd is set on success only. */
enum sl_code sl_key_file_lock(const char *data_dir, bool alone, int *fd,
                              struct sl_err *err) SL_MUST_CHECK;
void sl_key_file_unlock(int fd);

/* Puts a new random key before the one that is there. *added false: there are several already, left
 * by a run that was interrupted. */
enum sl_code sl_key_file_add(const char *data_dir, bool *added, struct sl_err *err) SL_MUST_CHECK;
/* Takes all keys away but the current one. *dropped false: there is no other. */
enum sl_code sl_key_file_drop(const char *data_dir, bool *dropped,
                              struct sl_err *err) SL_MUST_CHECK;

#endif
