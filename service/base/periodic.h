/* Work that is done again and again and may block, on one thread of its own: looking at files, sweeping caches, flushing
 * what has gathered. */
#ifndef SL_BASE_PERIODIC_H
#define SL_BASE_PERIODIC_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"

struct sl_periodic;

/* Intrusive; owned by whoever adds it, until sl_periodic_stop returned. */
struct sl_chore {
    void (*run)(struct sl_chore *chore); /* on the periodic's thread */
    int64_t period_ms;                   /* from the end of one run to the start of the next */
    int64_t due_us;                      /* private */
    struct sl_chore *next;               /* private */
};

struct sl_periodic *sl_periodic_create(void) SL_MUST_CHECK;
/* Before the start. The first run comes after first_ms. */
void sl_periodic_add(struct sl_periodic *p, struct sl_chore *chore, int64_t first_ms);
enum sl_code sl_periodic_start(struct sl_periodic *p, struct sl_err *err) SL_MUST_CHECK;
/* Returns when no chore runs any more. */
void sl_periodic_stop(struct sl_periodic *p);
/* After sl_periodic_stop, or without a start. Accepts NULL. */
void sl_periodic_destroy(struct sl_periodic *p);

#endif
