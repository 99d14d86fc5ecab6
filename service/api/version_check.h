/* The version check: asks every provider that has a key and a listing which models it lists, compares that with the registry
 * (registry/upgrade/listing.h), and keeps the outcome in memory and in the store, where other replicas and the next start
 * find it. Nothing waits for providers: they are asked on a loop, the comparing is done on the control pool. Any thread;
 * locks itself. */
#ifndef SL_API_VERSION_CHECK_H
#define SL_API_VERSION_CHECK_H

#include <stdatomic.h>

#include "base/loop.h"
#include "base/periodic.h"
#include "registry/upgrade/listing.h"

struct sl_backend;
struct sl_version_check;

/* interval_ms: from one check to the next; 0 or less: only where somebody asks for one. Reads
 * what the store has: blocks on it. */
struct sl_version_check *sl_version_check_create(struct sl_backend *b,
                                                 int64_t interval_ms) SL_MUST_CHECK;
void sl_version_check_set_interval(struct sl_version_check *c, int64_t interval_ms);
/* For a chore: looks whether a check is due, and sets when to look again. */
void sl_version_check_tick(struct sl_version_check *c, struct sl_chore *chore);
/* When to look first: replicas that start together do not ask together. */
int64_t sl_version_check_first_ms(const struct sl_version_check *c);
/* Ends a check that runs, and returns when it has ended; none is started any more. The loops and the pool run. Accepts NULL. */
void sl_version_check_stop(struct sl_version_check *c);
/* After sl_version_check_stop. Accepts NULL. */
void sl_version_check_destroy(struct sl_version_check *c);

/* Who waits for a check. Intrusive; the letter, whose deliver is set, is posted to the loop when the check is done, also
 * where it could not be. */
struct sl_version_waiter {
    struct sl_mail mail;
    struct sl_loop *loop;
    struct sl_version_waiter *next; /* private */
};
/* Starts a check, or joins the one that runs. waiter may be NULL. */
void sl_version_check_now(struct sl_version_check *c, struct sl_version_waiter *waiter);

/* Takes up what this or another replica stored, where it is newer. Blocks on the database. */
void sl_version_check_read(struct sl_version_check *c);

/* The last outcome; immutable. */
struct sl_version_state {
    struct sl_listing_state state;
    struct sl_arena arena; /* private */
    atomic_uint refs;      /* private */
};
/* A reference, which the caller gives back. */
struct sl_version_state *sl_version_check_state(struct sl_version_check *c) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_version_state_unref(struct sl_version_state *s);

/* For struct sl_listings, whose owner is one of these. What is found lives as long as the state. */
struct sl_version_finder {
    const struct sl_version_state *state;
    const struct sl_registry *registry;
};
bool sl_version_find(void *owner, const struct sl_model *m, struct sl_listed *out);

#endif
