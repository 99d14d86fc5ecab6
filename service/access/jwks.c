/* A key set from its document. */
#include "access/jwks.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

enum { MIN_RSA_BITS = 2048, MAX_RSA_BITS = 8192, MAX_NUMBER = MAX_RSA_BITS / 8, MAX_ID = 256 };

struct sl_jwks {
    atomic_uint refs;
    size_t n;
    struct sl_jwk keys[SL_JWKS_MAX_KEYS];
};

static const struct {
    const char *name;
    enum sl_jwk_kind kind;
} algorithms[] = {{"none", SL_JWK_RSA}, /* of SL_JWA_NONE, and never found */
#define ROW(name, kind) {#name, SL_JWK_##kind},
                  SL_JWAS(ROW)
#undef ROW
};

/* RFC 7518, section 6.2.1.1, and OpenSSL's names; bytes of a coordinate. */
static const struct curve {
    const char *name, *group;
    enum sl_jwk_kind kind;
    size_t bytes;
} curves[] = {
    {"P-256", "P-256", SL_JWK_P256, 32},
    {"P-384", "P-384", SL_JWK_P384, 48},
    {"P-521", "P-521", SL_JWK_P521, 66},
};

enum sl_jwa sl_jwa_find(const char *name)
{
    for (size_t i = 1; i < SL_ARRAY_LEN(algorithms); i++) {
        if (!strcmp(algorithms[i].name, name))
            return (enum sl_jwa)i;
    }
    return SL_JWA_NONE;
}

enum sl_jwk_kind sl_jwa_kind(enum sl_jwa alg)
{
    return algorithms[alg].kind;
}

/* ---- one key ---- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s ? s : "";
}

static bool bytes_of(const json_t *object, const char *name, unsigned char *out, size_t cap,
                     size_t *n)
{
    const char *s = text_of(object, name);
    return sl_base64_decode(SL_BASE64_URL, s, strlen(s), out, cap, n) && *n > 0;
}

/* Takes the parameters. NULL where they make no key. */
static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *bld)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *make_rsa(const json_t *object)
{
    unsigned char n[MAX_NUMBER], e[8];
    size_t n_n = 0, n_e = 0;
    EVP_PKEY *key = NULL;
    if (!bytes_of(object, "n", n, sizeof(n), &n_n) || !bytes_of(object, "e", e, sizeof(e), &n_e))
        return NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_n, NULL), *exponent = BN_bin2bn(e, (int)n_e, NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (modulus && exponent && bld && BN_num_bits(modulus) >= MIN_RSA_BITS &&
        BN_num_bits(exponent) >= 2 && BN_is_odd(exponent) && BN_is_odd(modulus) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = build("RSA", bld);
    OSSL_PARAM_BLD_free(bld);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *make_ec(const json_t *object, const struct curve *curve)
{
    unsigned char point[1 + 2 * 66];
    size_t x = 0, y = 0;
    EVP_PKEY *key = NULL;
    point[0] = 4; /* uncompressed: SEC 1, section 2.3.3 */
    if (!bytes_of(object, "x", point + 1, curve->bytes, &x) || x != curve->bytes ||
        !bytes_of(object, "y", point + 1 + x, curve->bytes, &y) || y != curve->bytes)
        return NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (bld &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x + y) == 1)
        key = build("EC", bld);
    OSSL_PARAM_BLD_free(bld);
    return key;
}

static EVP_PKEY *make_ed25519(const json_t *object)
{
    unsigned char x[32];
    size_t n = 0;
    if (!bytes_of(object, "x", x, sizeof(x), &n) || n != sizeof(x))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, n);
}

static EVP_PKEY *make_key(const json_t *object, enum sl_jwk_kind *kind)
{
    const char *type = text_of(object, "kty"), *name = text_of(object, "crv");
    *kind = SL_JWK_RSA;
    if (!strcmp(type, "RSA"))
        return make_rsa(object);
    for (size_t i = 0; !strcmp(type, "EC") && i < SL_ARRAY_LEN(curves); i++) {
        *kind = curves[i].kind;
        if (!strcmp(name, curves[i].name))
            return make_ec(object, &curves[i]);
    }
    *kind = SL_JWK_ED25519;
    return !strcmp(type, "OKP") && !strcmp(name, "Ed25519") ? make_ed25519(object) : NULL;
}

/* Whether it says it is for verifying (RFC 7517, sections 4.2 and 4.3), or says nothing. */
static bool is_for_verifying(const json_t *object)
{
    const json_t *use = json_object_get(object, "use"), *ops = json_object_get(object, "key_ops");
    size_t i;
    json_t *op;
    if (use && strcmp(text_of(object, "use"), "sig") != 0)
        return false;
    if (!ops)
        return true;
    json_array_foreach(ops, i, op)
    {
        const char *s = json_string_value(op);
        if (s && !strcmp(s, "verify"))
            return true;
    }
    return false;
}

static bool has_id(const struct sl_jwks *s, const char *id)
{
    for (size_t i = 0; *id && i < s->n; i++) {
        if (!strcmp(s->keys[i].id, id))
            return true;
    }
    return false;
}

static void add_key(struct sl_jwks *s, const json_t *object)
{
    struct sl_jwk *slot = &s->keys[s->n];
    const char *id = text_of(object, "kid"), *alg = text_of(object, "alg");
    enum sl_jwk_kind kind;
    enum sl_jwa pinned = sl_jwa_find(alg);
    if (s->n == SL_JWKS_MAX_KEYS || strlen(id) > MAX_ID || has_id(s, id) ||
        !is_for_verifying(object) || (*alg && pinned == SL_JWA_NONE))
        return;
    EVP_PKEY *key = make_key(object, &kind);
    if (!key || (pinned != SL_JWA_NONE && sl_jwa_kind(pinned) != kind)) {
        EVP_PKEY_free(key);
        return;
    }
    *slot = (struct sl_jwk){.id = sl_strdup(id), .kind = kind, .alg = pinned, .key = key};
    s->n++;
}

/* ---- the set ---- */

static enum sl_code garbage(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "the key set %s", what);
}

enum sl_code sl_jwks_parse(const char *text, size_t n, struct sl_jwks **out, struct sl_err *err)
{
    json_error_t ignored;
    json_t *key;
    size_t i;
    if (n > SL_JWKS_MAX_BYTES)
        return garbage(err, "is longer than 256 KiB");
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &ignored);
    const json_t *keys = json_object_get(root, "keys");
    if (!json_is_array(keys)) {
        json_decref(root);
        return garbage(err, root ? "has no list of keys" : "is no JSON");
    }
    struct sl_jwks *s = SL_NEW(struct sl_jwks);
    atomic_init(&s->refs, 1);
    json_array_foreach(keys, i, key) add_key(s, key);
    json_decref(root);
    if (!s->n) {
        sl_jwks_unref(s);
        return garbage(err, "has no key that can be used");
    }
    *out = s;
    return SL_OK;
}

struct sl_jwks *sl_jwks_ref(struct sl_jwks *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void sl_jwks_unref(struct sl_jwks *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->n; i++) {
        EVP_PKEY_free(s->keys[i].key);
        sl_free((char *)s->keys[i].id);
    }
    sl_free(s);
}

size_t sl_jwks_count(const struct sl_jwks *s)
{
    return s->n;
}

const struct sl_jwk *sl_jwks_get(const struct sl_jwks *s, size_t i)
{
    return &s->keys[i];
}

static bool may_verify(const struct sl_jwk *k, enum sl_jwa alg)
{
    return alg != SL_JWA_NONE && k->kind == sl_jwa_kind(alg) &&
           (k->alg == SL_JWA_NONE || k->alg == alg);
}

const struct sl_jwk *sl_jwks_find(const struct sl_jwks *s, const char *id, enum sl_jwa alg)
{
    const struct sl_jwk *found = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct sl_jwk *k = &s->keys[i];
        if (!may_verify(k, alg) || (*id && strcmp(k->id, id) != 0))
            continue;
        if (found)
            return NULL;
        found = k;
    }
    return found;
}

static bool has_key(const struct sl_jwks *s, const struct sl_jwk *wanted)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct sl_jwk *k = &s->keys[i];
        if (k->alg == wanted->alg && !strcmp(k->id, wanted->id) &&
            EVP_PKEY_eq(k->key, wanted->key) == 1)
            return true;
    }
    return false;
}

bool sl_jwks_covers(const struct sl_jwks *s, const struct sl_jwks *old)
{
    for (size_t i = 0; i < old->n; i++) {
        if (!has_key(s, &old->keys[i]))
            return false;
    }
    return true;
}
