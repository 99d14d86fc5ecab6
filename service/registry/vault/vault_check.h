/* The check value: a constant sealed under every key that the store's secrets may be sealed under.
 * It is text that the store keeps among its facts, and tells a wrong keyring from the right one
 * before anything is read or written. Pure; any thread.
 *
 * Text: envelopes in base64, separated by commas, one for each key id. Whoever writes it holds the
 * lock of migrations, so that replicas that start together agree. */
#ifndef SL_REGISTRY_VAULT_VAULT_CHECK_H
#define SL_REGISTRY_VAULT_VAULT_CHECK_H

#include "base/buf.h"
#include "base/err.h"
#include "registry/vault/keyring.h"

/* Name of the store's fact, and the longest text of it. */
#define SL_VAULT_CHECK_META "encryption_check"
enum { SL_VAULT_CHECK_MAX = 4096 };

/* Adds a new check value of the current key alone: for a new store, and when nothing is sealed under
 * a former key any more (which may then leave the keyring). */
enum sl_code sl_vault_check_make(const struct sl_keyring *k, struct sl_buf *out,
                                 struct sl_err *err) SL_MUST_CHECK;
/* Whether the keyring is the store's: it holds every key of the check value, with the bytes it had.
 * text: "" in a new store. Where the current key is not in it yet, the text to store from now on is
 * added to out, which else stays as it is. Errors: SL_FAILED_PRECONDITION, ENCRYPTION_KEY_MISSING
 * or SECRET_UNREADABLE, naming the key's id. */
enum sl_code sl_vault_check_verify(const struct sl_keyring *k, const char *text, struct sl_buf *out,
                                   struct sl_err *err) SL_MUST_CHECK;

#endif
