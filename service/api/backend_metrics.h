/* What stands behind the services, as metrics: the store and its pools, snapshots, models, users and keys, the cache of
 * secrets, guesses at keys. Gathered when somebody reads, on the reader's thread. */
#ifndef SL_API_BACKEND_METRICS_H
#define SL_API_BACKEND_METRICS_H

#include "base/compiler.h"

struct sl_backend;
struct sl_backend_metrics;

/* From now on the backend is read, on any thread, until stop returns. */
struct sl_backend_metrics *sl_backend_metrics_start(struct sl_backend *b) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_backend_metrics_stop(struct sl_backend_metrics *m);

#endif
