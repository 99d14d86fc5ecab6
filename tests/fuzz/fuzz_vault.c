/* A sealed secret, a keyring's text, a URL to bind. Bytes that nobody sealed never open; what is
 * sealed opens again at its place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "registry/vault/vault.h"
#include "registry/vault/vault_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char keys[] = "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const struct sl_vault_place here = {"credential", "row", "https://a:443"};

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void try_envelope(const struct sl_keyring *k, const uint8_t *data, size_t size)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    char id[SL_KEY_ID_MAX + 1];
    require(sl_vault_open(k, &here, data, size, &secret, &err) && !secret);
    if (sl_vault_key_id(data, size, id))
        require(strlen(id) <= SL_KEY_ID_MAX);
    (void)sl_vault_needs_rotation(k, data, size);
}

static void try_text(const struct sl_keyring *k, const uint8_t *data, size_t size)
{
    char *text = sl_strndup((const char *)data, size), binding[256], again[256];
    struct sl_keyring *parsed = NULL;
    struct sl_buf out;
    struct sl_err err = {0}, ignored = {0};
    sl_buf_init(&out, SL_VAULT_CHECK_MAX);
    (void)!sl_vault_check_verify(k, text, &out, &ignored);
    if (!sl_keyring_parse("KEYS", (const char *)data, size, &parsed, &err))
        require(sl_keyring_count(parsed) > 0);
    if (sl_vault_bind(text, binding, sizeof(binding)))
        require(sl_vault_bind(binding, again, sizeof(again)) && !strcmp(binding, again));
    sl_keyring_unref(parsed);
    sl_buf_fini(&out);
    sl_free(text);
}

static void try_round(const struct sl_keyring *k, const uint8_t *data, size_t size)
{
    struct sl_secret *secret = sl_secret_create((const char *)data, size), *back = NULL;
    struct sl_buf out;
    struct sl_err err = {0};
    sl_buf_init(&out, SL_VAULT_MAX_ENVELOPE);
    if (!sl_vault_seal(k, &here, secret, &out, &err)) {
        require(!sl_vault_open(k, &here, out.p, out.n, &back, &err));
        require(sl_secret_length(back) == size && !memcmp(sl_secret_reveal(back), data, size));
    }
    sl_secret_unref(back);
    sl_secret_unref(secret);
    sl_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sl_keyring *k;
    struct sl_err err = {0};
    if (!k)
        require(!sl_keyring_parse("KEYS", keys, sizeof(keys) - 1, &k, &err));
    try_envelope(k, data, size);
    try_text(k, data, size);
    try_round(k, data, size);
    return 0;
}
