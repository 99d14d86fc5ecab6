/* What the files of access/oidc/ share. Private to them, and to their tests. */
#ifndef SL_ACCESS_OIDC_INTERNAL_H
#define SL_ACCESS_OIDC_INTERNAL_H

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>

#include "access/jwks.h"
#include "access/oidc/oidc.h"
#include "upstream/upstream.h"

enum {
    OIDC_DIGEST = 32,
    OIDC_ASK_MS = 30 * 1000,      /* between two fetches for unknown keys */
    OIDC_AGE_MS = 15 * 60 * 1000, /* of a set whose answer says nothing */
    OIDC_MIN_AGE_MS = 60 * 1000,
    OIDC_MAX_AGE_MS = 6 * 3600 * 1000,
};

struct oidc_fetch;

struct oidc_issuer {
    struct sl_oidc *oidc;
    struct oidc_issuer *next; /* in the table */
    unsigned refs;            /* under the table's lock */
    char *url, *jwks_uri;     /* jwks_uri "" : by discovery */
    char *proxy, *ca_file;
    struct sl_endpoint endpoint;

    pthread_mutex_t lock; /* of what follows; never held across I/O */
    struct sl_jwks *keys; /* NULL: none yet */
    unsigned revoked;     /* how often a key went away */
    int64_t asked_ms;     /* when a fetch began for a key that was not there */
    bool asked;           /* since the last fetch ended */
    bool away;            /* the last fetch failed */

    /* the thread's own */
    struct oidc_fetch *fetch; /* under way */
    int64_t due_ms;
    unsigned failures;
};

struct sl_oidc {
    atomic_uint refs;
    struct sl_oidc_clock clock;
    pthread_mutex_t lock; /* of the table and the loop; taken before an issuer's */
    struct oidc_issuer *issuers;
    struct sl_loop *loop; /* NULL: not started */
    bool posted;          /* a letter is under way */
    struct sl_mail wake;
    /* the thread's own */
    struct sl_upstream *upstream;
    uv_timer_t timer;
    bool timer_open;
};

/* ---- issuers.c: the table ---- */

/* A reference to the issuer; the same for the same addresses while one is held. Starts the thread. */
enum sl_code oidc_issuer_open(struct sl_oidc *o, const char *url, const char *jwks_uri,
                              const struct sl_config *config, struct oidc_issuer **out,
                              struct sl_err *err) SL_MUST_CHECK;
void oidc_issuer_ref(struct oidc_issuer *i);
void oidc_issuer_unref(struct oidc_issuer *i);
/* A reference to its keys, NULL where there are none yet. *revoked: the count that goes with them. */
struct sl_jwks *oidc_issuer_keys(struct oidc_issuer *i, unsigned *revoked);
/* A key was not there: makes the thread fetch, unless it just did. Whether it is worth coming again. */
bool oidc_issuer_ask(struct oidc_issuer *i);
/* The fetch brought keys. Takes the reference. */
void oidc_issuer_take(struct oidc_issuer *i, struct sl_jwks *keys);
/* Wakes the thread. */
void oidc_wake(struct sl_oidc *o);

/* ---- fetch.c: the thread ---- */

enum sl_code oidc_thread_start(struct sl_oidc *o, struct sl_err *err) SL_MUST_CHECK;
/* On the thread: fetches what is due. */
void oidc_tick(struct sl_oidc *o);
/* On the thread: cuts what is under way, and closes the thread's handles. */
void oidc_thread_close(void *oidc);
/* max-age of a Cache-Control header in milliseconds, within bounds. value may be NULL. */
int64_t oidc_max_age_ms(const char *value);
/* jwks_uri of a discovery document whose issuer is the one that was asked. */
enum sl_code oidc_read_discovery(const char *text, size_t n, const char *issuer, char *jwks_uri,
                                 size_t size, struct sl_err *err) SL_MUST_CHECK;

/* ---- cache.c: tokens that were verified ---- */

struct oidc_cache;

/* An entry holds while its issuer has lost no key since. */
struct oidc_verified {
    unsigned char digest[OIDC_DIGEST];
    int64_t until_s; /* since 1970 */
    const struct oidc_issuer *issuer;
    unsigned revoked;
    struct sl_claims claims;
};

struct oidc_cache *oidc_cache_create(void) SL_MUST_CHECK;
void oidc_cache_destroy(struct oidc_cache *c);
/* Copies the claims into the arena. */
bool oidc_cache_find(struct oidc_cache *c, const unsigned char digest[OIDC_DIGEST], int64_t now_s,
                     struct sl_arena *arena, struct sl_claims *out);
void oidc_cache_put(struct oidc_cache *c, const struct oidc_verified *v);

#endif
