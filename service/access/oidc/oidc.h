/* Callers with a token of an identity provider (OpenID Connect): whose tokens are taken, and who
 * they make of a caller. The keys of each issuer are fetched on a thread of this module's own, ahead
 * of need, and served on while the issuer is away; a call reads the set that is there.
 *
 * A token whose key is not in the set makes the thread fetch it anew, at most every 30 seconds an
 * issuer. Until that is done the caller is told to come again in a second (SL_UNAVAILABLE,
 * CREDENTIALS_UNVERIFIED, as while no keys are here at all); a key that is not there then, either,
 * is nobody's (SL_UNAUTHENTICATED). So a rotated key costs one retry, and made-up ids cost the
 * issuer two requests a minute. */
#ifndef SL_ACCESS_OIDC_OIDC_H
#define SL_ACCESS_OIDC_OIDC_H

#include <stdbool.h>
#include <stdint.h>

#include "access/access.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

struct sl_oidc; /* the issuers of a process and their keys */
struct
    sl_oidc_rules; /* access.jwt of one configuration: immutable, reference-counted, any thread */

/* Clocks of a test. */
struct sl_oidc_clock {
    int64_t (*now_ms)(void);  /* monotonic */
    int64_t (*wall_ms)(void); /* since 1970-01-01 UTC */
};

/* clock NULL: the real ones. */
struct sl_oidc *sl_oidc_create(const struct sl_oidc_clock *clock) SL_MUST_CHECK;
struct sl_oidc *sl_oidc_ref(struct sl_oidc *o);
/* The last one ends the thread, and waits for that. Any thread but its own. Accepts NULL. */
void sl_oidc_unref(struct sl_oidc *o);

/* The rules of a configuration; fetching begins. Issuers that were there before keep their keys. The
 * rules hold a reference to o.
 * Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID: upstream.proxy leads nowhere; SL_INTERNAL: no thread.
 * *out is set on success only. */
enum sl_code sl_oidc_rules_create(struct sl_oidc *o, const struct sl_config *config,
                                  struct sl_oidc_rules **out, struct sl_err *err) SL_MUST_CHECK;
struct sl_oidc_rules *sl_oidc_rules_ref(struct sl_oidc_rules *r);
/* Any thread. Accepts NULL. */
void sl_oidc_rules_unref(struct sl_oidc_rules *r);
/* Borrowed. */
struct sl_oidc *sl_oidc_rules_owner(const struct sl_oidc_rules *r);
/* Whether any token is taken at all. r may be NULL. */
bool sl_oidc_rules_any(const struct sl_oidc_rules *r);

/* Verifies a token; out's texts are in the arena, its subject is user_prefix and the user's claim. A token that was verified before costs one SHA-256
 * and a look-up, until it expires or its issuer takes a key back. Errors: SL_UNAUTHENTICATED,
 * CREDENTIALS_INVALID; SL_UNAVAILABLE, CREDENTIALS_UNVERIFIED (see above). Any thread. */
enum sl_code sl_oidc_check(const struct sl_oidc_rules *r, struct sl_str token,
                           struct sl_arena *arena, struct sl_claims *out,
                           struct sl_err *err) SL_MUST_CHECK;

#endif
