/* API keys by their digests, 32 bytes each in a table with open addressing: for access/ only. Filled by one thread, then
 * only read. */
#ifndef SL_ACCESS_KEY_TABLE_H
#define SL_ACCESS_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* 192 of SHA-256's bits: to hit one of a million keys takes 2^172 tries. */
enum { SL_KEY_DIGEST = 24 };

/* A slot. */
struct sl_key_entry {
    unsigned char digest[SL_KEY_DIGEST];
    uint32_t expires_s;  /* seconds since 1970; 0: never */
    uint32_t user : 26;  /* number + 1; 0: a free slot */
    uint32_t scopes : 5; /* of enum sl_scope */
    uint32_t dead : 1;   /* revoked or deleted */
};

enum { SL_MAX_USERS = (1 << 26) - 2 };

struct sl_key_table {
    struct sl_key_entry *slots;
    size_t n, n_slots; /* n_slots: any number, at least a fifth more than n */
};

/* Room for n keys without growing. */
void sl_key_table_init(struct sl_key_table *t, size_t n);
void sl_key_table_copy(struct sl_key_table *to, const struct sl_key_table *from);
void sl_key_table_fini(struct sl_key_table *t);
/* NULL where it is not there. The last comparison takes the same time wherever digests differ. */
const struct sl_key_entry *sl_key_table_find(const struct sl_key_table *t,
                                             const unsigned char *digest);
/* Adds it, or replaces the one with the same digest. */
void sl_key_table_put(struct sl_key_table *t, const struct sl_key_entry *entry);

#endif
