/* From credentials to a principal: from memory, no database. */
#ifndef SL_ACCESS_ACCESS_H
#define SL_ACCESS_ACCESS_H

#include "access/principal.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Users, tiers, keys and rules of one moment: an immutable, reference-counted snapshot; any thread may read. */
struct sl_access;

/* What a call shows of its caller. Borrowed. */
struct sl_credentials {
    struct sl_str authorization; /* metadata entry `authorization`, n 0 if absent */
    struct sl_str
        certificate; /* common name or first SAN of the verified client certificate, n 0 if none */
    struct sl_str user, tier; /* metadata entries `sluice-user` and `sluice-tier`, n 0 if absent */
    bool local;               /* the peer is on this machine (loopback or unix socket) */
    const char *peer;         /* its address as gRPC writes it; NULL: not known */
};

/* Finds the principal of a key, of a token of an issuer that access.jwt names, or of a certificate, which is put into the
 * arena, and borrows from the snapshot. Where the credentials name an end user
 * to act for (act_as), it is that user's. Errors: SL_UNAUTHENTICATED with CREDENTIALS_MISSING or CREDENTIALS_INVALID;
 * SL_PERMISSION_DENIED with ACT_AS_FORBIDDEN; SL_INVALID_ARGUMENT for an end user or tier that cannot be; SL_RESOURCE_EXHAUSTED
 * with TOO_MANY_FAILURES (access/throttle.h); SL_UNAVAILABLE with CREDENTIALS_UNVERIFIED while the keys of a token's issuer are being fetched. About a
 * microsecond: one SHA-256 and one look-up. */
enum sl_code sl_access_check(const struct sl_access *a, const struct sl_credentials *c,
                             struct sl_arena *arena, const struct sl_principal **out,
                             struct sl_err *err) SL_MUST_CHECK;

/* The same for a caller that was let in before, whose call goes on: wrong credentials are nobody's attempt at guessing, so
 * that they are neither slowed nor counted. */
enum sl_code sl_access_check_again(const struct sl_access *a, const struct sl_credentials *c,
                                   struct sl_arena *arena, const struct sl_principal **out,
                                   struct sl_err *err) SL_MUST_CHECK;
/* Whether both know the same callers, with the same rights: only the revision differs. */
bool sl_access_is_same(const struct sl_access *a, const struct sl_access *b);

/* What is counted of wrong credentials; borrowed from the snapshot. */
struct sl_throttle;
struct sl_throttle *sl_access_throttle(const struct sl_access *a);

/* What an identity provider says of a caller whose token it signed. */
struct sl_claims {
    const char *subject; /* not "" */
    const char *name;    /* for people; "" : the subject */
    const char *tier;    /* "" : the stored user's, or none */
    unsigned roles;      /* of enum sl_role; 0: the stored user's, or SL_ROLE_USER */
};

/* The principal of verified claims: the stored user of that subject, else one of this call only, whose id is "jwt#SUBJECT". Borrows the claims' texts.
 * Error: SL_UNAUTHENTICATED, CREDENTIALS_INVALID, where the user is disabled. */
enum sl_code sl_access_of_claims(const struct sl_access *a, const struct sl_claims *claims,
                                 struct sl_arena *arena, const struct sl_principal **out,
                                 struct sl_err *err) SL_MUST_CHECK;

/* The tier of that name, NULL where the store has none. */
const struct sl_tier *sl_access_tier(const struct sl_access *a, const char *name);

/* The i-th of the store's tiers, by name; NULL past the last. */
const struct sl_tier *sl_access_nth_tier(const struct sl_access *a, size_t i);

/* The stored user of that id, as its own key would let it in; borrows from the snapshot. False where there is none. */
bool sl_access_user(const struct sl_access *a, const char *id, struct sl_principal *out);

/* The name of the stored user of that id; "" where there is none. */
const char *sl_access_user_name(const struct sl_access *a, const char *id);

/* A key of the configuration. */
struct sl_configured_key {
    const char *name, *tier;
    unsigned roles, scopes;
};
/* The i-th of them, by their order there; false past the last. Certificates are none. */
bool sl_access_configured_key(const struct sl_access *a, size_t i, struct sl_configured_key *out);

/* What the stored user of that id prefers; NULL: nothing. */
const struct sl_preferences *sl_access_preferences(const struct sl_access *a, const char *id);
/* Calls on_user for each stored user (id) that has preferences; borrowed. */
void sl_access_each_preferences(const struct sl_access *a,
                                void (*on_user)(void *owner, const char *id,
                                                const struct sl_preferences *preferences),
                                void *owner);

/* Whether a key or certificate of the configuration is in the tier. */
bool sl_access_configures_tier(const struct sl_access *a, const char *tier);

struct sl_access_counts {
    size_t users, keys; /* stored ones; revoked keys, and those of users who are gone, are none */
    size_t configured_keys; /* and certificates */
};
/* Milliseconds where users were just deleted from among a million, else much less. */
void sl_access_count(const struct sl_access *a, struct sl_access_counts *out);

/* Revision of the store that the snapshot has. */
int64_t sl_access_revision(const struct sl_access *a);

struct sl_access *sl_access_ref(struct sl_access *a);
/* Accepts NULL. */
void sl_access_unref(struct sl_access *a);

#endif
