/* Secrets as they are stored: AES-256-GCM under a key of the keyring, bound to the place they were
 * stored for. Pure; any thread.
 *
 * An envelope is bytes: version (1), length of the key id (1), key id, nonce (12), ciphertext, tag
 * (16). Everything before the ciphertext, and the place, is authenticated: an envelope that was
 * moved to another row, or whose row was pointed at another host, does not open. Nonces are random;
 * 2^32 seals under one key id stay within NIST SP 800-38D, section 8.3. */
#ifndef SL_REGISTRY_VAULT_VAULT_H
#define SL_REGISTRY_VAULT_VAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/secret.h"
#include "registry/vault/keyring.h"

/* Longest secret, and what an envelope adds to it at most. */
enum { SL_VAULT_MAX_SECRET = 64 * 1024, SL_VAULT_OVERHEAD = 2 + SL_KEY_ID_MAX + 12 + 16 };
enum { SL_VAULT_MAX_ENVELOPE = SL_VAULT_MAX_SECRET + SL_VAULT_OVERHEAD };

/* Where a secret belongs. No part may be NULL; "" where there is none. */
struct sl_vault_place {
    const char *purpose; /* what it is for: "credential", "header:x-api-key" */
    const char *row;     /* id of the row that holds it */
    const char *binding; /* sl_vault_bind of the URL it may be sent to */
};

/* Adds the envelope to out. Errors: SL_INVALID_ARGUMENT where the secret is empty or too long, or
 * the buffer too small; SL_INTERNAL. */
enum sl_code sl_vault_seal(const struct sl_keyring *k, const struct sl_vault_place *at,
                           const struct sl_secret *secret, struct sl_buf *out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Errors: SL_FAILED_PRECONDITION, with ENCRYPTION_KEY_MISSING where the keyring does not hold the
 * envelope's key (named), with SECRET_UNREADABLE where it was damaged, or sealed for another place
 * or under another key of that id. *out is set on success only. */
enum sl_code sl_vault_open(const struct sl_keyring *k, const struct sl_vault_place *at,
                           const void *envelope, size_t n, struct sl_secret **out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Whether it is sealed under another key than the current one. False for what is no envelope: that
 * can only be opened, and fail. */
bool sl_vault_needs_rotation(const struct sl_keyring *k, const void *envelope, size_t n);
/* Opens it and adds a new envelope under the current key. Errors: those of both. */
enum sl_code sl_vault_reseal(const struct sl_keyring *k, const struct sl_vault_place *at,
                             const void *envelope, size_t n, struct sl_buf *out,
                             struct sl_err *err) SL_MUST_CHECK;
/* The id of the key that the envelope names; false where it is no envelope. Says nothing of
 * whether it opens. */
bool sl_vault_key_id(const void *envelope, size_t n, char id[SL_KEY_ID_MAX + 1]);

/* Scheme, host and port of a URL, in one spelling: "https://api.openai.com:443" for
 * "HTTPS://API.OpenAI.com./v1". False where it is no http or https URL with a host, holds a user,
 * or does not fit. */
bool sl_vault_bind(const char *url, char *dst, size_t size) SL_MUST_CHECK;

#endif
