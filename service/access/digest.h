/* SHA-256 of keys: for access/ only. */
#ifndef SL_ACCESS_DIGEST_H
#define SL_ACCESS_DIGEST_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "store/store.h"

/* False where OpenSSL cannot: out of memory, or SHA-256 is switched off. */
bool sl_sha256(const void *p, size_t n, unsigned char out[SL_STORE_DIGEST]) SL_MUST_CHECK;
/* The same with an algorithm that was fetched before: 0.33 us instead of 0.86, and no lock
 * shared by all threads. */
bool sl_sha256_fetched(const EVP_MD *md, const void *p, size_t n,
                       unsigned char out[SL_STORE_DIGEST]) SL_MUST_CHECK;

#endif
