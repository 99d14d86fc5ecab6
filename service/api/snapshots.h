/* The current snapshots of registry and access, made from the configuration and the store, and handed to every service
 * when they change. Any thread but the services' own: everything here may block on the database. Locks itself. */
#ifndef SL_API_SNAPSHOTS_H
#define SL_API_SNAPSHOTS_H

#include <stddef.h>
#include <stdint.h>

#include "access/access.h"
#include "access/tokens/tokens.h"
#include "base/err.h"
#include "config/config.h"
#include "registry/load.h"
#include "registry/registry.h"
#include "store/store.h"

struct sl_service;
struct sl_snapshots;

/* Makes the first ones. from: all but catalogue (which setting catalogue.file leads to) and revision are set. Its config is
 * borrowed until the next reload; the rest as long as the snapshots live. *out is set on success only. */
enum sl_code sl_snapshots_create(const struct sl_registry_sources *from, struct sl_snapshots **out,
                                 struct sl_err *err) SL_MUST_CHECK;
/* After the loops of the services have stopped. Accepts NULL. */
void sl_snapshots_destroy(struct sl_snapshots *s);

/* Gives the service the current ones, and new ones from then on, by letter to its loop. Before the loop starts. */
void sl_snapshots_attach(struct sl_snapshots *s, struct sl_service *service);

/* Takes up what the store holds; returns once the services' letters are posted. Does nothing where that revision is
 * there already. On an error the old ones stay. */
enum sl_code sl_snapshots_refresh(struct sl_snapshots *s, int64_t revision,
                                  struct sl_err *err) SL_MUST_CHECK;
/* Takes up all that the store holds, where its revision went back. On an error the old ones stay. */
enum sl_code sl_snapshots_restore(struct sl_snapshots *s, struct sl_err *err) SL_MUST_CHECK;
/* Takes up a new configuration, and borrows it instead of the old one. On an error nothing changes. */
enum sl_code sl_snapshots_reload(struct sl_snapshots *s, const struct sl_config *config,
                                 struct sl_err *err) SL_MUST_CHECK;
/* The current snapshot with rows of models and credentials that are not stored (registry/load.h): the caller's own, who gives
 * it back. */
struct sl_registry *sl_snapshots_with(struct sl_snapshots *s, const struct sl_row *const *rows,
                                      size_t n) SL_MUST_CHECK;
/* Logs that snapshots could not be renewed. */
void sl_snapshots_complain(const struct sl_err *err);

struct sl_snapshots_facts {
    int64_t revision; /* of the store, that they have */
    int64_t made_us;  /* monotonic */
};
void sl_snapshots_facts(struct sl_snapshots *s, struct sl_snapshots_facts *out);

/* References to the current ones, which the caller gives back. */
struct sl_registry *sl_snapshots_registry(struct sl_snapshots *s) SL_MUST_CHECK;
struct sl_access *sl_snapshots_access(struct sl_snapshots *s) SL_MUST_CHECK;

#endif
