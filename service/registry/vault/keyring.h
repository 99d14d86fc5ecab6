/* The keys that stored secrets are sealed under: one current, and former ones that still open what
 * was sealed before. Immutable, reference-counted, any thread; wiped when the last reference goes.
 *
 * As text, entries ID:BASE64 separated by commas (or, in a file, line breaks), the current one
 * first. ID: 1 to 32 letters, digits, '.', '_', '-'; BASE64: 32 bytes, 44 characters, as `openssl
 * rand -base64 32` prints them. At most 16 entries. */
#ifndef SL_REGISTRY_VAULT_KEYRING_H
#define SL_REGISTRY_VAULT_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"

enum { SL_KEY_ID_MAX = 32, SL_KEYRING_MAX = 16 };

struct sl_keyring;

/* name says in errors where the text comes from, as in "SLUICE_ENCRYPTION_KEYS". Errors:
 * SL_INVALID_ARGUMENT, CONFIG_INVALID: which entry, by its number, and what is wrong with it, never
 * a part of its key. *out is set on success only. */
enum sl_code sl_keyring_parse(const char *name, const char *text, size_t n, struct sl_keyring **out,
                              struct sl_err *err) SL_MUST_CHECK;

/* What sl_keyring_load is to do. */
struct sl_keyring_source {
    const char *reference; /* setting encryption.keys: env:NAME, file:/path; "" : not set */
    const char *data_dir;  /* of the embedded store; NULL: the store is shared by replicas */
    bool sealed;           /* the store holds secrets (or a check value): make no new key */
};

enum { SL_KEY_FILE_PATH = 4096 };

struct sl_keyring_file {
    char path
        [SL_KEY_FILE_PATH]; /* of DATA_DIR/encryption.key; "" where the setting says where the keys are */
    bool created;           /* the file is new: announce it */
};

/* The setting's keys; without the setting, those of DATA_DIR/encryption.key (0600), which is made
 * with one random key where it is missing and nothing is sealed yet. Main thread or pool: reads
 * files. Errors: SL_FAILED_PRECONDITION, CONFIG_INVALID: the store is shared and there is no
 * setting; the file is open to others than its owner, is no regular file, cannot be made, or is
 * missing while the store holds secrets; those of sl_keyring_parse. */
enum sl_code sl_keyring_load(const struct sl_keyring_source *from, struct sl_keyring **out,
                             struct sl_keyring_file *file, struct sl_err *err) SL_MUST_CHECK;

struct sl_keyring *sl_keyring_ref(struct sl_keyring *k);
/* Accepts NULL. */
void sl_keyring_unref(struct sl_keyring *k);

size_t sl_keyring_count(const struct sl_keyring *k);
/* Id of the i-th entry; 0 is the current one. Borrowed. */
const char *sl_keyring_id(const struct sl_keyring *k, size_t i);
bool sl_keyring_has(const struct sl_keyring *k, const char *id);

#endif
