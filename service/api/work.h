/* Calls that read or write the database: they are checked and worked off on a thread of the control pool, and answered on
 * the control thread. A method's row has .on_message = sl_work_start, .on_cancel = sl_work_cancel and its .work. */
#ifndef SL_API_WORK_H
#define SL_API_WORK_H

#include <stdatomic.h>

#include "api/backend.h"
#include "api/call.h"
#include "api/service.h"
#include "api/validate.h"
#include "base/workers.h"

/* One call's work. Made on the control thread; belongs to the pool's thread while .work runs. */
struct sl_work {
    const struct sl_call
        *call; /* for its facts: principal, peer, id; its ops are not for this thread */
    const ProtobufCMessage *request; /* in the call's arena, read only */
    struct sl_arena *arena;          /* for the reply and whatever else; goes with the work */
    struct sl_backend *backend;
    const struct sl_registry *registry; /* the snapshots of the moment when the call came */
    const struct sl_access *access;

    /* Results, set by .work. */
    const ProtobufCMessage *reply; /* with SL_OK: never NULL */
    int64_t
        revision; /* of what it wrote, 0: nothing. The snapshots of this process have it before the caller hears */
    struct sl_violations
        violations; /* with SL_INVALID_ARGUMENT: all that is wrong, where it is more than err says */

    const void *result; /* for on_done of one's own, see sl_work_submit */

    /* private */
    struct sl_job job;
    void (*on_done)(struct sl_call *call, struct sl_work *work);
    struct sl_mail mail;
    struct sl_call *answered; /* NULL: the caller is gone. Control thread */
    atomic_bool gone;
    struct sl_arena memory;
    enum sl_code code;
    struct sl_err err;
};

void sl_work_start(struct sl_call *call, const ProtobufCMessage *message);
void sl_work_cancel(struct sl_call *call);

/* For methods whose answer is not the work's reply: runs .work, then on_done on the call's thread, which answers with what the
 * work has (code and err say how it went); the work is gone when on_done returns. NULL: the pool is full, and the call has
 * been refused. */
struct sl_work *sl_work_submit(struct sl_call *call, const ProtobufCMessage *message,
                               void (*on_done)(struct sl_call *call,
                                               struct sl_work *work)) SL_MUST_CHECK;
/* The caller is gone: on_done will not be called. */
void sl_work_abandon(struct sl_work *w);
/* Ends the call with the work's error. */
void sl_work_fail(struct sl_call *call, const struct sl_work *w);
/* Whether the caller is gone: long work may end early. Any thread. */
bool sl_work_is_unwanted(const struct sl_work *w);

#endif
