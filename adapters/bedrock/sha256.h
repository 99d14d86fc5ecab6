/* SHA-256 (FIPS 180-4) and HMAC over it (RFC 2104), for signatures of requests. */
#ifndef SL_ADAPTERS_BEDROCK_SHA256_H
#define SL_ADAPTERS_BEDROCK_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { BR_SHA256 = 32, BR_SHA256_BLOCK = 64 };

struct br_sha256 {
    uint32_t h[8];
    uint64_t n; /* bytes so far */
    unsigned char block[BR_SHA256_BLOCK];
};

void br_sha256_init(struct br_sha256 *s);
void br_sha256_add(struct br_sha256 *s, const void *p, size_t n);
void br_sha256_end(struct br_sha256 *s, unsigned char out[BR_SHA256]);
void br_hmac(const void *key, size_t n_key, const void *p, size_t n, unsigned char out[BR_SHA256]);

#endif
