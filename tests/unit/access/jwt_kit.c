/* See jwt_kit.h. */
#include "jwt_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "base/base64.h"

static const char *group_of(enum sl_jwk_kind kind)
{
    return kind == SL_JWK_P256 ? "P-256" : kind == SL_JWK_P384 ? "P-384" : "P-521";
}

struct signer signer_create(enum sl_jwa alg, unsigned bits)
{
    struct signer s = {NULL, alg};
    enum sl_jwk_kind kind = sl_jwa_kind(alg);
    if (kind == SL_JWK_RSA)
        s.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)(bits ? bits : 2048));
    else if (kind == SL_JWK_ED25519)
        s.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        s.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group_of(kind));
    assert_non_null(s.key);
    return s;
}

void signer_destroy(struct signer *s)
{
    EVP_PKEY_free(s->key);
    s->key = NULL;
}

char *base64url(const void *p, size_t n)
{
    char *text = malloc(SL_BASE64_LENGTH(n) + 1);
    assert_non_null(text);
    sl_base64_encode(SL_BASE64_URL, p, n, text);
    return text;
}

/* A number of the key, n bytes long; 0: as long as it is. */
static char *number(const struct signer *s, const char *name, int n)
{
    unsigned char bytes[1100];
    BIGNUM *v = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(s->key, name, &v), 1);
    n = n ? n : BN_num_bytes(v);
    assert_int_equal(BN_bn2binpad(v, bytes, n), n);
    BN_free(v);
    return base64url(bytes, (size_t)n);
}

char *signer_jwk(const struct signer *s, const char *more)
{
    enum sl_jwk_kind kind = sl_jwa_kind(s->alg);
    char *x = NULL, *y = NULL, *out = malloc(4096);
    if (kind == SL_JWK_RSA) {
        x = number(s, OSSL_PKEY_PARAM_RSA_N, 0);
        y = number(s, OSSL_PKEY_PARAM_RSA_E, 0);
        snprintf(out, 4096, "{%s\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", more, x, y);
    } else if (kind == SL_JWK_ED25519) {
        unsigned char raw[32];
        size_t n = sizeof(raw);
        assert_int_equal(EVP_PKEY_get_raw_public_key(s->key, raw, &n), 1);
        x = base64url(raw, n);
        snprintf(out, 4096, "{%s\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}", more, x);
    } else {
        int n = kind == SL_JWK_P256 ? 32 : kind == SL_JWK_P384 ? 48 : 66;
        x = number(s, OSSL_PKEY_PARAM_EC_PUB_X, n);
        y = number(s, OSSL_PKEY_PARAM_EC_PUB_Y, n);
        snprintf(out, 4096, "{%s\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", more,
                 group_of(kind), x, y);
    }
    free(x);
    free(y);
    return out;
}

static const EVP_MD *digest(enum sl_jwa alg)
{
    switch ((alg - 1) % 3) {
    case 0:
        return EVP_sha256();
    case 1:
        return EVP_sha384();
    default:
        return EVP_sha512();
    }
}

/* DER to r and s of fixed length. */
static size_t to_raw(const struct signer *s, unsigned char *sig, size_t n)
{
    enum sl_jwk_kind kind = sl_jwa_kind(s->alg);
    int half = kind == SL_JWK_P256 ? 32 : kind == SL_JWK_P384 ? 48 : 66;
    const unsigned char *p = sig;
    ECDSA_SIG *v = d2i_ECDSA_SIG(NULL, &p, (long)n);
    assert_non_null(v);
    unsigned char raw[132];
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(v), raw, half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(v), raw + half, half), half);
    memcpy(sig, raw, 2 * (size_t)half);
    ECDSA_SIG_free(v);
    return 2 * (size_t)half;
}

static size_t sign(const struct signer *s, const char *text, unsigned char sig[2048])
{
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    enum sl_jwk_kind kind = sl_jwa_kind(s->alg);
    size_t n = 2048;
    assert_int_equal(
        EVP_DigestSignInit(md, &ctx, kind == SL_JWK_ED25519 ? NULL : digest(s->alg), NULL, s->key),
        1);
    if (s->alg >= SL_JWA_PS256 && s->alg <= SL_JWA_PS512) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(md, sig, &n, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(md);
    return kind >= SL_JWK_P256 && kind <= SL_JWK_P521 ? to_raw(s, sig, n) : n;
}

char *signer_token(const struct signer *s, const char *header, const char *claims)
{
    unsigned char sig[2048];
    char *h = base64url(header, strlen(header)), *c = base64url(claims, strlen(claims));
    size_t n = strlen(h) + 1 + strlen(c);
    char *out = malloc(n + 3000);
    snprintf(out, n + 1, "%s.%s", h, c);
    size_t sig_n = sign(s, out, sig);
    char *third = base64url(sig, sig_n);
    snprintf(out + n, 3000, ".%s", third);
    free(h);
    free(c);
    free(third);
    return out;
}
