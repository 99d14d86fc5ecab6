/* SHA-256 (FIPS 180-4) and HMAC over it (RFC 2104), for signatures of requests. */
#ifndef SL_BASE_SHA256_H
#define SL_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SL_SHA256 = 32, SL_SHA256_BLOCK = 64 };

struct sl_sha256 {
    uint32_t h[8];
    uint64_t n; /* bytes so far */
    unsigned char block[SL_SHA256_BLOCK];
};

void sl_sha256_init(struct sl_sha256 *s);
void sl_sha256_add(struct sl_sha256 *s, const void *p, size_t n);
void sl_sha256_end(struct sl_sha256 *s, unsigned char out[SL_SHA256]);
void sl_hmac_sha256(const void *key, size_t n_key, const void *p, size_t n,
                    unsigned char out[SL_SHA256]);

#endif
