/* What the tests of the vault share: keyrings and secrets in one line. */
#ifndef TESTS_UNIT_VAULT_KIT_H
#define TESTS_UNIT_VAULT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "registry/vault/vault.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="

static inline struct sl_keyring *keyring(const char *text)
{
    struct sl_keyring *k = NULL;
    struct sl_err err = {0};
    if (sl_keyring_parse("KEYS", text, strlen(text), &k, &err))
        fail_msg("%s", err.text);
    return k;
}

static inline void seal(const struct sl_keyring *k, const struct sl_vault_place *at,
                        const char *text, struct sl_buf *out)
{
    struct sl_err err = {0};
    struct sl_secret *secret = sl_secret_create(text, strlen(text));
    sl_buf_init(out, SL_VAULT_MAX_ENVELOPE);
    if (sl_vault_seal(k, at, secret, out, &err))
        fail_msg("%s", err.text);
    sl_secret_unref(secret);
}

#endif
