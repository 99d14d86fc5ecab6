/* What an access snapshot is made of: for access/ only. All of it is immutable once made, and reference-counted, so that
 * snapshots share what did not change. */
#ifndef SL_ACCESS_INTERNAL_H
#define SL_ACCESS_INTERNAL_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "access/access.h"
#include "access/key_table.h"
#include "access/oidc/oidc.h"
#include "access/people.h"
#include "access/throttle.h"
#include "access/tiers.h"
#include "base/arena.h"
#include "config/config.h"

/* What the configuration says of a key or a certificate. */
struct sl_access_rule {
    const char *name, *tier;
    unsigned roles, scopes;
    const char *certificate; /* "" : a key */
};

/* The part of the configuration. */
struct sl_access_rules {
    atomic_uint refs;
    struct sl_arena arena;
    struct sl_access_rule *list;
    size_t n;
    struct sl_key_table keys;                   /* user: place in list + 1 */
    const struct sl_access_rule **certificates; /* by name */
    size_t n_certificates;
    bool anonymous;             /* callers on this machine need no credentials */
    struct sl_oidc_rules *oidc; /* NULL: no issuer of tokens was ever named */
    struct sl_throttle *throttle;
};

/* The store as it was when it was read whole, or when an overlay was worked in. */
struct sl_access_base {
    atomic_uint refs;
    struct sl_key_table keys;
    struct sl_people people; /* at the place of their number */
    size_t n_deleted;        /* of these */
};

/* What changed since. */
struct sl_access_overlay {
    atomic_uint refs;
    struct sl_key_table keys; /* new, changed and dead ones */
    struct sl_people changed; /* of the base, as they are now */
    struct sl_people fresh;   /* at the place of their number, less the base's count */
    char **gone;              /* ids of keys that were removed for good; sorted */
    size_t n_gone;
};

struct sl_access {
    atomic_uint refs;
    int64_t revision;
    EVP_MD *sha256; /* fetched once */
    struct sl_access_rules *rules;
    struct sl_access_base *base;
    struct sl_access_overlay *overlay; /* NULL: nothing changed */
    struct sl_tiers *tiers;
};

/* A snapshot that shares all of old but for what the caller replaces. */
struct sl_access *sl_access_copy(const struct sl_access *old);
void sl_access_rules_unref(struct sl_access_rules *r);
void sl_access_base_unref(struct sl_access_base *b);
void sl_access_overlay_unref(struct sl_access_overlay *o);
/* One of its own, with all that o holds. o may be NULL. */
struct sl_access_overlay *sl_access_overlay_copy(const struct sl_access_overlay *o);

/* One of its own, with the keys that are gone only; NULL where there are none. */
struct sl_access_overlay *sl_access_overlay_only_gone(const struct sl_access_overlay *o);
/* Whether the key of that id was removed for good. */
bool sl_access_is_gone(const struct sl_access *a, const char *id);

/* Stored keys and users, as they are now. NULL where there is none; deleted persons are none. */
const struct sl_key_entry *sl_access_key(const struct sl_access *a, const unsigned char *digest);
const struct sl_person *sl_access_person(const struct sl_access *a, uint32_t number);
const struct sl_person *sl_access_find_person(const struct sl_access *a, enum sl_people_by by,
                                              const char *key, size_t n);

/* The rules of a configuration: reads the files and variables its keys refer to. was: those before, whose issuers keep
 * their keys; NULL: none. Errors as sl_access_create. */
enum sl_code sl_access_rules_create(const struct sl_config *config,
                                    const struct sl_access_rules *was, struct sl_access_rules **out,
                                    struct sl_err *err) SL_MUST_CHECK;

#endif
