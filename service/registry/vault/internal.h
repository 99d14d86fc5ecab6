/* What a keyring is made of: for registry/vault/ only. */
#ifndef SL_REGISTRY_VAULT_INTERNAL_H
#define SL_REGISTRY_VAULT_INTERNAL_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "registry/vault/keyring.h"

enum { SL_VAULT_KEY = 32 };

struct sl_vault_key {
    char id[SL_KEY_ID_MAX + 1];
    unsigned char derived[SL_VAULT_KEY]; /* of the id's key; the key itself is not kept */
};

struct sl_keyring {
    atomic_uint refs;
    EVP_CIPHER *aes; /* fetched once */
    size_t n;
    struct sl_vault_key keys[SL_KEYRING_MAX];
};

/* NULL where the keyring does not hold it. */
const struct sl_vault_key *sl_keyring_find(const struct sl_keyring *k, const char *id, size_t n);

#endif
