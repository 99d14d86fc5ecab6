/* What an access object is made of: for access/ only. */
#ifndef SL_ACCESS_INTERNAL_H
#define SL_ACCESS_INTERNAL_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "access/access.h"
#include "base/arena.h"
#include "store/store.h"

/* A key by its digest, in a table with open addressing. */
struct sl_access_key {
    unsigned char sha256[SL_STORE_DIGEST];
    const struct sl_principal *principal; /* NULL: a free slot */
};

struct sl_access_certificate {
    const char *name;
    const struct sl_principal *principal;
};

struct sl_access {
    struct sl_arena arena; /* principals and strings */
    atomic_uint refs;
    EVP_MD *sha256; /* fetched once */
    struct sl_access_key *keys;
    size_t n_keys, n_slots; /* n_slots: a power of two, more than twice n_keys */
    struct sl_access_certificate *certificates; /* by name */
    size_t n_certificates;
    const struct sl_principal *anonymous; /* NULL: nobody gets in without credentials */
};

/* The slot of the digest, or the free one where it would go. */
struct sl_access_key *sl_access_slot(const struct sl_access *a,
                                     const unsigned char sha256[SL_STORE_DIGEST]);

#endif
