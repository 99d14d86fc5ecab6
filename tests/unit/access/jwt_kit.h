/* An identity provider for tests: keys, their JWKs, and tokens signed with them. */
#ifndef TESTS_UNIT_ACCESS_JWT_KIT_H
#define TESTS_UNIT_ACCESS_JWT_KIT_H

#include <openssl/evp.h>

#include "access/jwks.h"

struct signer {
    EVP_PKEY *key;
    enum sl_jwa alg;
};

/* A new key for the algorithm. RSA keys have bits (0: 2048). */
struct signer signer_create(enum sl_jwa alg, unsigned bits);
void signer_destroy(struct signer *s);
/* Its public key as a JWK. more: members to add, as in "\"kid\":\"a\","; caller frees. */
char *signer_jwk(const struct signer *s, const char *more);
/* A token with that header and those claims (JSON), whatever they say; caller frees. */
char *signer_token(const struct signer *s, const char *header, const char *claims);
/* Base64url of bytes, no padding; caller frees. */
char *base64url(const void *p, size_t n);

#endif
