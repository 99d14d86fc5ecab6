/* A keyring from its text. What a secret is sealed under is derived from the entry's key, so that
 * the key can serve for other purposes later, and the id takes part: the same bytes under two ids
 * are two keys. */
#include "registry/vault/keyring.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/str.h"
#include "registry/vault/internal.h"

static const char separators[] = ",\r\n";
static const char label[] = "sluice secrets v1:";

static bool is_id(struct sl_str s)
{
    if (!s.n || s.n > SL_KEY_ID_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!ok && (!c || !strchr("._-", c)))
            return false;
    }
    return true;
}

/* HKDF-SHA256 (RFC 5869) with the label and the id as info. */
static bool derive(const unsigned char key[SL_VAULT_KEY], struct sl_vault_key *out)
{
    char info[sizeof(label) + SL_KEY_ID_MAX];
    size_t n = sizeof(label) - 1, id = strlen(out->id);
    memcpy(info, label, n);
    memcpy(info + n, out->id, id);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    unsigned char copy[SL_VAULT_KEY];
    memcpy(copy, key, sizeof(copy));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, copy, sizeof(copy)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, n + id),
        OSSL_PARAM_construct_end(),
    };
    bool ok = ctx && EVP_KDF_derive(ctx, out->derived, sizeof(out->derived), params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    sl_wipe(copy, sizeof(copy));
    return ok;
}

static enum sl_code bad_entry(struct sl_err *err, const char *name, size_t number, const char *what)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "encryption.keys",
                        "%.300s: entry %zu %s", name, number, what);
}

/* entry: not empty. number: from 1. */
static enum sl_code add_entry(struct sl_keyring *k, const char *name, struct sl_str entry,
                              size_t number, struct sl_err *err)
{
    unsigned char key[SL_VAULT_KEY];
    size_t n = 0;
    const char *colon = memchr(entry.p, ':', entry.n);
    struct sl_str id = {entry.p, colon ? (size_t)(colon - entry.p) : 0};
    if (number > SL_KEYRING_MAX)
        return bad_entry(err, name, number, "is one too many: at most 16 keys are kept");
    if (!colon)
        return bad_entry(err, name, number, "has no colon: entries are written ID:BASE64");
    if (!is_id(id))
        return bad_entry(err, name, number,
                         "has no usable id: 1 to 32 letters, digits, '.', '_' and '-'");
    if (sl_keyring_find(k, id.p, id.n))
        return bad_entry(err, name, number, "has the same id as one before it");
    struct sl_vault_key *slot = &k->keys[k->n];
    sl_copy_n(slot->id, sizeof(slot->id), id.p, id.n);
    bool decoded =
        sl_base64_decode(SL_BASE64_STANDARD, colon + 1, entry.n - id.n - 1, key, sizeof(key), &n) &&
        n == sizeof(key);
    enum sl_code code = SL_OK;
    if (!decoded)
        code = bad_entry(err, name, number,
                         "does not hold 32 bytes in base64 (44 characters, as 'openssl rand "
                         "-base64 32' prints them)");
    else if (!derive(key, slot))
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no HKDF with SHA-256");
    else
        k->n++;
    sl_wipe(key, sizeof(key));
    return code;
}

static struct sl_str trim(struct sl_str s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static enum sl_code add_all(struct sl_keyring *k, const char *name, struct sl_str text,
                            struct sl_err *err)
{
    size_t number = 0;
    while (text.n) {
        size_t n = 0;
        while (n < text.n && (!text.p[n] || !strchr(separators, text.p[n])))
            n++;
        struct sl_str entry = trim((struct sl_str){text.p, n});
        n += n < text.n;
        text = (struct sl_str){text.p + n, text.n - n};
        if (entry.n && add_entry(k, name, entry, ++number, err))
            return err->code;
    }
    return number ? SL_OK
                  : sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                                 "encryption.keys", "%.300s holds no key", name);
}

enum sl_code sl_keyring_parse(const char *name, const char *text, size_t n, struct sl_keyring **out,
                              struct sl_err *err)
{
    struct sl_keyring *k = SL_NEW(struct sl_keyring);
    atomic_init(&k->refs, 1);
    k->aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    enum sl_code code = k->aes ? add_all(k, name, (struct sl_str){text, n}, err)
                               : sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no AES-256-GCM");
    if (code)
        sl_keyring_unref(k);
    else
        *out = k;
    return code;
}

struct sl_keyring *sl_keyring_ref(struct sl_keyring *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void sl_keyring_unref(struct sl_keyring *k)
{
    if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_CIPHER_free(k->aes);
    sl_wipe(k, sizeof(*k));
    sl_free(k);
}

size_t sl_keyring_count(const struct sl_keyring *k)
{
    return k->n;
}

const char *sl_keyring_id(const struct sl_keyring *k, size_t i)
{
    return k->keys[i].id;
}

const struct sl_vault_key *sl_keyring_find(const struct sl_keyring *k, const char *id, size_t n)
{
    for (size_t i = 0; i < k->n; i++) {
        if (sl_str_eq((struct sl_str){id, n}, k->keys[i].id))
            return &k->keys[i];
    }
    return NULL;
}

bool sl_keyring_has(const struct sl_keyring *k, const char *id)
{
    return sl_keyring_find(k, id, strlen(id)) != NULL;
}
