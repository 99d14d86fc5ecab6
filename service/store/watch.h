/* Word of changes, from this process and others. */
#ifndef SL_STORE_WATCH_H
#define SL_STORE_WATCH_H

#include "store/store.h"

struct sl_watch;

/* All are called on the watch's own thread, which they may block for a while, but not end. */
struct sl_watcher {
    /* The revision went up to that, or to something later meanwhile. */
    void (*on_change)(void *owner, int64_t revision);
    /* The revision went back to that: a backup was put back, or another server took over without the last changes. What
     * the caller has may be of changes that are gone. False: not taken up, to be told again. */
    bool (*on_restored)(void *owner, int64_t revision);
    /* The database went away (why: one sentence) or came back (why: ""). May be NULL. */
    void (*on_state)(void *owner, bool up, const char *why);
    void *owner;
};

/* Tells at once of what this process commits, and on PostgreSQL of what others do (LISTEN, on a
 * connection of its own); in both cases the revision is looked at once a second, so that nothing
 * that was lost stays unknown for longer. after: the revision that the caller has; a later one is
 * told at once. One watch a store. */
enum sl_code sl_store_watch_start(struct sl_store *s, const struct sl_watcher *watcher,
                                  int64_t after, struct sl_watch **out,
                                  struct sl_err *err) SL_MUST_CHECK;
/* Returns when no callback runs any more. Not from a callback. Accepts NULL. */
void sl_store_watch_stop(struct sl_watch *w);

/* How it goes. Any thread. */
struct sl_watch_facts {
    bool up;
    int64_t since_ms; /* since when it is up or away, wall clock */
    bool
        listens; /* word of other processes comes at once; false where the database has no such thing, too */
    int64_t heard_ms; /* when word came last; 0: never */
    int64_t revision; /* told last */
};
/* watch may be NULL: nothing is known, and taken for up. */
void sl_store_watch_facts(struct sl_watch *watch, struct sl_watch_facts *out);
/* Whether other processes can tell of changes at all. */
bool sl_store_has_notices(const struct sl_store *s);

/* For store/: look now. */
void sl_watch_wake(struct sl_store *s);

#endif
