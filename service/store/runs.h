/* Import runs: what every row was before a run wrote it, so that the run can be undone. */
#ifndef SL_STORE_RUNS_H
#define SL_STORE_RUNS_H

#include "store/store.h"

/* A run is a row of SL_TABLE_IMPORT_RUNS; a write transaction whose session.run is that row's id
 * keeps an image of each row before and after each write. */

/* A row that was changed after the run wrote it. */
struct sl_run_conflict {
    enum sl_table table;
    const char *id, *name;
};

struct sl_run_undo {
    const char *run;
    bool force; /* restore rows that were changed since, too */
    /* Ids of users whose rows the run wrote, too, besides those that the session sees; for
     * administrators. NULL: none; ended by NULL. */
    const char *const *users;
    /* Called for each row that stands in the way (also with force); borrowed. May be NULL. */
    void (*on_conflict)(void *owner, const struct sl_run_conflict *conflict);
    void *owner;
};

/* Makes every row that the run wrote what it was before the run: each column, times included. Only
 * the revision is new (replicas and etags have to see the change); a row that the run made goes
 * for good. SL_ABORTED, CHANGED_SINCE, where rows were changed since and force is not set:
 * nothing was done. SL_NOT_FOUND, NOT_FOUND: no such run; SL_FAILED_PRECONDITION: it is undone
 * already.
 * *count (NULL allowed): rows. */
enum sl_code sl_tx_undo_run(struct sl_tx *tx, const struct sl_run_undo *undo, size_t *count,
                            struct sl_err *err) SL_MUST_CHECK;

#endif
