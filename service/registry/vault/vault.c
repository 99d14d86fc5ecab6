/* Sealing and opening. The place is hashed into the associated data with the length of every part
 * before it, so that no two places look alike. */
#include "registry/vault/vault.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "registry/vault/internal.h"

enum { VERSION = 1, NONCE = 12, TAG = 16 };

/* An envelope's parts, borrowed. */
struct parts {
    const unsigned char *header;
    size_t header_n; /* version, length, id, nonce */
    struct sl_str id;
    const unsigned char *nonce, *cipher, *tag;
    size_t cipher_n;
};

static enum sl_code unreadable(struct sl_err *err, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_SECRET_UNREADABLE,
                      "a stored secret cannot be opened: %s; enter it again", why);
}

static bool split(const void *envelope, size_t n, struct parts *out)
{
    const unsigned char *p = envelope;
    if (n < 2 || n > SL_VAULT_MAX_ENVELOPE || p[0] != VERSION || !p[1] || p[1] > SL_KEY_ID_MAX)
        return false;
    size_t header = 2u + p[1] + NONCE;
    if (n <= header + TAG)
        return false;
    *out = (struct parts){.header = p,
                          .header_n = header,
                          .id = {(const char *)p + 2, p[1]},
                          .nonce = p + header - NONCE,
                          .cipher = p + header,
                          .tag = p + n - TAG,
                          .cipher_n = n - header - TAG};
    return true;
}

static bool add_data(EVP_CIPHER_CTX *ctx, const void *p, size_t n)
{
    int ignored;
    return !n || EVP_CipherUpdate(ctx, NULL, &ignored, p, (int)n) == 1;
}

static bool add_text(EVP_CIPHER_CTX *ctx, const char *s)
{
    size_t n = strlen(s);
    const unsigned char length[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                     (unsigned char)(n >> 8), (unsigned char)n};
    return n <= 0xffff && add_data(ctx, length, sizeof(length)) && add_data(ctx, s, n);
}

/* Key and nonce, and what is authenticated but not hidden. NULL: OpenSSL cannot, or a part of the
 * place is absurdly long. */
static EVP_CIPHER_CTX *begin(const struct sl_keyring *k, const struct sl_vault_key *key,
                             const struct sl_vault_place *at, const struct parts *e, bool seal)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx && EVP_CipherInit_ex2(ctx, k->aes, key->derived, e->nonce, seal, NULL) == 1 &&
        add_data(ctx, e->header, e->header_n) && add_text(ctx, at->purpose) &&
        add_text(ctx, at->row) && add_text(ctx, at->binding))
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

static bool encrypt(const struct sl_keyring *k, const struct sl_vault_place *at,
                    const struct sl_secret *secret, unsigned char *p)
{
    const struct sl_vault_key *key = &k->keys[0];
    size_t id = strlen(key->id), n = sl_secret_length(secret);
    int got = 0, last = 0;
    p[0] = VERSION;
    p[1] = (unsigned char)id;
    memcpy(p + 2, key->id, id);
    struct parts e = {.header = p, .header_n = 2 + id + NONCE, .nonce = p + 2 + id};
    unsigned char *cipher = p + e.header_n;
    if (RAND_bytes(p + 2 + id, NONCE) != 1)
        return false;
    EVP_CIPHER_CTX *ctx = begin(k, key, at, &e, true);
    bool ok = ctx &&
              EVP_CipherUpdate(ctx, cipher, &got, (const unsigned char *)sl_secret_reveal(secret),
                               (int)n) == 1 &&
              EVP_CipherFinal_ex(ctx, cipher + got, &last) == 1 &&
              (size_t)got + (size_t)last == n &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, cipher + n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

enum sl_code sl_vault_seal(const struct sl_keyring *k, const struct sl_vault_place *at,
                           const struct sl_secret *secret, struct sl_buf *out, struct sl_err *err)
{
    size_t n = sl_secret_length(secret);
    size_t whole = 2 + strlen(k->keys[0].id) + NONCE + n + TAG;
    if (!n || n > SL_VAULT_MAX_SECRET)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          n ? "a secret is longer than 64 KiB" : "a secret is empty");
    char *p = sl_buf_room(out, whole);
    if (!p)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          "there is no room for a sealed secret");
    if (!encrypt(k, at, secret, (unsigned char *)p))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "a secret could not be sealed");
    out->n += whole;
    out->p[out->n] = '\0';
    return SL_OK;
}

/* text: room for e->cipher_n bytes. False also where the tag does not fit. */
static bool decrypt(const struct sl_keyring *k, const struct sl_vault_key *key,
                    const struct sl_vault_place *at, const struct parts *e, unsigned char *text)
{
    int got = 0, last = 0;
    unsigned char tag[TAG];
    memcpy(tag, e->tag, TAG);
    EVP_CIPHER_CTX *ctx = begin(k, key, at, e, false);
    bool ok = ctx && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
              EVP_CipherUpdate(ctx, text, &got, e->cipher, (int)e->cipher_n) == 1 &&
              EVP_CipherFinal_ex(ctx, text + got, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

enum sl_code sl_vault_open(const struct sl_keyring *k, const struct sl_vault_place *at,
                           const void *envelope, size_t n, struct sl_secret **out,
                           struct sl_err *err)
{
    struct parts e;
    if (!split(envelope, n, &e))
        return unreadable(err, "it is damaged, or of a newer version");
    const struct sl_vault_key *key = sl_keyring_find(k, e.id.p, e.id.n);
    if (!key) {
        char id[SL_KEY_ID_MAX + 1] = "";
        (void)sl_vault_key_id(envelope, n, id);
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_ENCRYPTION_KEY_MISSING,
                          "a stored secret is sealed under the key '%s', which "
                          "SLUICE_ENCRYPTION_KEYS does not hold",
                          id);
    }
    unsigned char *text = sl_malloc(e.cipher_n);
    enum sl_code code = SL_OK;
    if (decrypt(k, key, at, &e, text))
        *out = sl_secret_create((const char *)text, e.cipher_n);
    else
        code = unreadable(err, "it was sealed for another row or host, under another key of the "
                               "same id, or was changed");
    sl_wipe(text, e.cipher_n);
    sl_free(text);
    return code;
}

bool sl_vault_needs_rotation(const struct sl_keyring *k, const void *envelope, size_t n)
{
    struct parts e;
    return split(envelope, n, &e) && !sl_str_eq(e.id, k->keys[0].id);
}

enum sl_code sl_vault_reseal(const struct sl_keyring *k, const struct sl_vault_place *at,
                             const void *envelope, size_t n, struct sl_buf *out, struct sl_err *err)
{
    struct sl_secret *secret = NULL;
    enum sl_code code = sl_vault_open(k, at, envelope, n, &secret, err);
    if (!code)
        code = sl_vault_seal(k, at, secret, out, err);
    sl_secret_unref(secret);
    return code;
}

/* Printable whatever the bytes are: it goes into messages. */
bool sl_vault_key_id(const void *envelope, size_t n, char id[SL_KEY_ID_MAX + 1])
{
    struct parts e;
    if (!split(envelope, n, &e))
        return false;
    for (size_t i = 0; i < e.id.n; i++)
        id[i] = e.id.p[i] > ' ' && e.id.p[i] < 0x7f ? e.id.p[i] : '?';
    id[e.id.n] = '\0';
    return true;
}
