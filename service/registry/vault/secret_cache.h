/* Opened secrets, for at most five minutes: what a loop asks before it opens an envelope. Keyed by
 * credential, place and revision: a changed credential is never served from here. 8192 of them; any
 * thread, under short locks of a sixteenth of it each. */
#ifndef SL_REGISTRY_VAULT_SECRET_CACHE_H
#define SL_REGISTRY_VAULT_SECRET_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "registry/vault/vault.h"

enum { SL_SECRET_CACHE_US = 300 * 1000 * 1000 };

struct sl_secret_cache;

struct sl_secret_cache *sl_secret_cache_create(void) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_secret_cache_destroy(struct sl_secret_cache *c);

/* A stored credential. All borrowed. */
struct sl_sealed {
    const char *id; /* of the credential, unique among all */
    int64_t revision;
    struct sl_vault_place place;
    const void *envelope;
    size_t n;
};

/* The secret, from the cache or opened now (2 us for a key); the caller releases *out. now_us:
 * sl_now_us or the loop's. Errors: those of sl_vault_open. */
enum sl_code sl_secret_cache_open(struct sl_secret_cache *c, const struct sl_keyring *k,
                                  const struct sl_sealed *sealed, int64_t now_us,
                                  struct sl_secret **out, struct sl_err *err) SL_MUST_CHECK;
/* Lets go of what is too old: to be called every few seconds by one thread, else secrets that
 * nobody asks for stay. Returns how many are left. */
size_t sl_secret_cache_sweep(struct sl_secret_cache *c, int64_t now_us);
/* Lets go of everything: the keyring or the rules changed. */
void sl_secret_cache_clear(struct sl_secret_cache *c);

struct sl_secret_cache_stats {
    uint64_t hits, misses; /* asked for and there; not there, and opened or not */
    size_t entries;        /* there now */
};
void sl_secret_cache_stats(struct sl_secret_cache *c, struct sl_secret_cache_stats *out);

#endif
