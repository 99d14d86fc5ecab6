/* The public keys of an identity provider (RFC 7517), and the algorithms they verify (RFC 7518, RFC
 * 8037). A set is immutable and reference-counted; any thread. */
#ifndef SL_ACCESS_JWKS_H
#define SL_ACCESS_JWKS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"

/* Name, kind of key. Symmetric algorithms and "none" are not here, and so nowhere. */
#define SL_JWAS(X)                                                                                 \
    X(RS256, RSA)                                                                                  \
    X(RS384, RSA)                                                                                  \
    X(RS512, RSA)                                                                                  \
    X(PS256, RSA)                                                                                  \
    X(PS384, RSA)                                                                                  \
    X(PS512, RSA)                                                                                  \
    X(ES256, P256)                                                                                 \
    X(ES384, P384)                                                                                 \
    X(ES512, P521)                                                                                 \
    X(EdDSA, ED25519)

enum sl_jwa {
    SL_JWA_NONE, /* no such algorithm */
#define SL_JWA_ENUM(name, kind) SL_JWA_##name,
    SL_JWAS(SL_JWA_ENUM)
#undef SL_JWA_ENUM
};

enum sl_jwk_kind { SL_JWK_RSA, SL_JWK_P256, SL_JWK_P384, SL_JWK_P521, SL_JWK_ED25519 };

/* Sets of algorithms: 1 << alg. */
#define SL_JWA_BIT(alg) (1u << (alg))
#define SL_JWA_ALL (0x7feu)

/* SL_JWA_NONE for any other name; upper and lower case differ. */
enum sl_jwa sl_jwa_find(const char *name);
enum sl_jwk_kind sl_jwa_kind(enum sl_jwa alg);

struct sl_jwk {
    const char *id; /* kid; "" : none */
    enum sl_jwk_kind kind;
    enum sl_jwa alg; /* the only one it may be used with; SL_JWA_NONE: any of its kind */
    EVP_PKEY *key;
};

struct sl_jwks;

/* Longest document, and most keys of one. */
enum { SL_JWKS_MAX_BYTES = 256 * 1024, SL_JWKS_MAX_KEYS = 64 };

/* Reads a document. Keys that cannot be used here are skipped: of an unknown kind or curve,
 * symmetric, for encryption, RSA of fewer than 2048 or more than 8192 bits, and a second key of an
 * id. Error: SL_UNAVAILABLE, PROVIDER_GARBAGE: no key set, or none of its keys can be used. */
enum sl_code sl_jwks_parse(const char *text, size_t n, struct sl_jwks **out,
                           struct sl_err *err) SL_MUST_CHECK;
struct sl_jwks *sl_jwks_ref(struct sl_jwks *s);
/* Accepts NULL. */
void sl_jwks_unref(struct sl_jwks *s);

size_t sl_jwks_count(const struct sl_jwks *s);
/* The i-th key. Borrowed. */
const struct sl_jwk *sl_jwks_get(const struct sl_jwks *s, size_t i);
/* The key of that id which may verify that algorithm. id "" : the only such key of the set. NULL
 * where there is none, or several for an empty id. */
const struct sl_jwk *sl_jwks_find(const struct sl_jwks *s, const char *id, enum sl_jwa alg);
/* Whether s still has every key of old. */
bool sl_jwks_covers(const struct sl_jwks *s, const struct sl_jwks *old);

#endif
