/* A few threads for work that may block: the database, the disk, key derivation. Jobs are started in the order in which
 * they were submitted. */
#ifndef SL_BASE_WORKERS_H
#define SL_BASE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"

struct sl_workers;

/* Intrusive: owned by the pool from submit until run is called, then by run. */
struct sl_job {
    struct sl_job *next;
    void (*run)(struct sl_job *job); /* on one of the pool's threads; may block */
};

/* name: of the threads, at most 12 bytes. max_waiting: jobs that may wait for a thread. *out is set on success only. */
enum sl_code sl_workers_create(const char *name, size_t threads, size_t max_waiting,
                               struct sl_workers **out, struct sl_err *err) SL_MUST_CHECK;
/* Any thread. False where as many jobs wait as may, or the pool is ending: the job is the caller's again. */
bool sl_workers_submit(struct sl_workers *workers, struct sl_job *job) SL_MUST_CHECK;
/* Runs what was submitted, then ends the threads and waits for them. Not from a thread of the pool. Accepts NULL. */
void sl_workers_destroy(struct sl_workers *workers);

#endif
