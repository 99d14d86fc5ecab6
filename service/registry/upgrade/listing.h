/* What providers list of the registry's models, from one check to the next. Pure.
 *
 * The rule, made so that nothing is reported gone that is not: a model is asked after where its account is (provider, address,
 * key), and counts as gone only where a whole listing of that place had its very id before and has it no more. Ids that no
 * listing ever showed (deployments, inference profiles, fine-tuned models of another account, aliases) are never gone. A
 * listing that failed, was cut, was empty, or is less than half as long as the one before changes nothing; the shorter one
 * counts once the next is as short. */
#ifndef SL_REGISTRY_UPGRADE_LISTING_H
#define SL_REGISTRY_UPGRADE_LISTING_H

#include <stddef.h>

#include "base/arena.h"
#include "registry/upgrade/outdated.h"

enum { SL_LISTING_PLACE = 640 };

/* A model that was listed at least once. */
struct sl_listing_entry {
    const char *id;
    int64_t gone_ms; /* 0: it is listed */
    const char *newer;
};

/* One account at one address. */
struct sl_listing_place {
    const char *key;
    size_t listed; /* how long its last whole listing was */
    const struct sl_listing_entry *entries;
    size_t n;
};

/* What is known after a check; immutable. All of it lives in the arena it was made in. */
struct sl_listing_state {
    int64_t checked_ms; /* 0: never */
    const struct sl_listing_place *places;
    size_t n;
};

/* What a place answered. ids: of the registry's models there, each once. listed: all ids of the answer; n_listed 0: it failed,
 * or listed none. */
struct sl_listing_answer {
    const char *key;
    const char *const *ids;
    size_t n_ids;
    const char *const *listed;
    size_t n_listed;
    bool cut;
};

/* The state after the answers: what places that did not answer well said before stays, places that are not in the list go. */
void sl_listing_compare(const struct sl_listing_state *before,
                        const struct sl_listing_answer *answers, size_t n, int64_t now_ms,
                        struct sl_arena *arena, struct sl_listing_state *out);

/* Whether it is time to ask again: the last check is wait_ms ago, or is none, or lies in the future, as a clock that was set
 * back makes it look. */
bool sl_listing_is_due(const struct sl_listing_state *s, int64_t wait_ms, int64_t now_ms);
/* Whether what another replica, or an earlier start, found out counts instead of what is known: it is later, and not of the
 * future (5 minutes between clocks are none). */
bool sl_listing_replaces(const struct sl_listing_state *s, const struct sl_listing_state *known,
                         int64_t now_ms);

/* The place of a model whose provider may be asked; false: its listing says nothing of it (a user's own; one that cannot be
 * used, or has no key; Azure's deployments, whose names are no ids; no listing at all). */
bool sl_listing_place_of(const struct sl_registry *r, const struct sl_model *m,
                         char key[SL_LISTING_PLACE]);
/* What the state says of a model; false: nothing. */
bool sl_listing_find(const struct sl_listing_state *state, const struct sl_registry *r,
                     const struct sl_model *m, struct sl_listed *out);
/* The listed id that is the same model of the latest later date ("gpt-4o-2024-11-20" for "gpt-4o-2024-08-06"); "" : none. */
const char *sl_listing_newer(const char *id, const char *const *listed, size_t n);

/* As JSON, and back; a text that is none leads to a state that was never checked. */
const char *sl_listing_write(const struct sl_listing_state *state, struct sl_arena *arena);
void sl_listing_read(const char *text, struct sl_arena *arena, struct sl_listing_state *out);

#endif
