/* One client call as the services see it: transport-neutral, so that an HTTP door can stand beside rpc/. A call belongs
 * to one thread (a loop's, or the control thread's); everything here happens on it, and nothing here blocks.
 *
 * Life: the transport authenticates, opens the call (on_open), gives each request message (on_message; exactly one for
 * unary and server-streaming methods), then on_half_close. The service emits messages and finishes exactly once; or the
 * client goes away, and on_cancel is the last thing the service hears (it must let go of everything, and may not use
 * the call after it returned). After sl_call_finish the service hears nothing more either. */
#ifndef SL_API_CALL_H
#define SL_API_CALL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/principal.h"
#include "access/rights.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/violations.h"
#include "telemetry/request_log.h"

struct sl_call;
struct sl_work;    /* api/work.h: a call's work on the control pool */
struct sl_service; /* api/service.h: what the handlers work with, one a thread */

enum sl_method_kind { SL_UNARY, SL_SERVER_STREAM, SL_BIDI };

/* Where a method runs: on the loops (calls to providers), or on the control thread (everything else). */
enum sl_method_home { SL_ON_LOOPS, SL_ON_CONTROL };

/* One row of the method table. */
struct sl_method {
    const char *path; /* "/sluice.v1.Completion/Complete" */
    enum sl_method_kind kind;
    enum sl_method_home home;
    bool open;             /* needs no credentials (health, reflection) */
    struct sl_needs needs; /* what the caller has to be, unless it is open */
    const ProtobufCMessageDescriptor *input, *output;
    void (*on_open)(struct sl_call *call); /* NULL: nothing to do */
    void (*on_message)(struct sl_call *call,
                       const ProtobufCMessage *message); /* message lives in the call's arena;
                                                                                  for SL_BIDI until it returns */
    void (*on_half_close)(struct sl_call *call);         /* NULL: nothing to do */
    void (*on_writable)(struct sl_call *call);           /* after a full emit; NULL: not wanted */
    void (*on_cancel)(struct sl_call *call);             /* NULL: nothing to let go of */
    /* with on_message sl_work_start and on_cancel sl_work_cancel: what runs on the control pool, and may block */
    enum sl_code (*work)(struct sl_work *work, struct sl_err *err);
};

/* How a call ends. */
struct sl_status {
    enum sl_code code;
    enum sl_reason reason;
    const char *message;                         /* at most 512 bytes are sent */
    const struct sl_field_violation *violations; /* google.rpc.BadRequest */
    size_t n_violations;
    bool has_retry_delay; /* google.rpc.RetryInfo and grpc-retry-pushback-ms */
    int64_t retry_delay_ms;
    bool no_retry; /* grpc-retry-pushback-ms: -1 */
    const char *const
        *metadata; /* google.rpc.ErrorInfo.metadata: key, value, key, value, ..., NULL */
    const ProtobufCMessage *detail; /* one message more for the details (FailureInfo), or NULL */
};

/* What the transport does for a call. */
struct sl_call_ops {
    /* Queues a message. True: the transport has more than it should hold; stop until on_writable. */
    bool (*emit)(struct sl_call *call, const ProtobufCMessage *message);
    /* Queues one element of the output message's repeated field; elements that are ready together travel in one message,
     * in order, never waiting for more. */
    bool (*emit_element)(struct sl_call *call, uint32_t field, const ProtobufCMessage *element);
    /* Ends the call, once. status is borrowed during the call. */
    void (*finish)(struct sl_call *call, const struct sl_status *status);
    /* Ends a unary call with its one message and OK. */
    void (*reply)(struct sl_call *call, const ProtobufCMessage *message);
    /* A value of the request's metadata; n 0 if absent. name in lower case. */
    struct sl_str (*metadata)(const struct sl_call *call, const char *name);
    /* Finds the caller anew in this thread's snapshot, for a call that lasts: principal is who it is now, and the one before
     * stays valid until the next time. On an error nothing changes. Errors: those of access/access.h and access/rights.h. */
    enum sl_code (*renew)(struct sl_call *call, struct sl_err *err);
    /* Keeps the call's memory (arena, principal, peer) until release, also after its end. On its own thread. */
    void (*hold)(struct sl_call *call);
    void (*release)(struct sl_call *call);
};

struct sl_call {
    const struct sl_call_ops *ops;
    const struct sl_method *method;
    struct sl_service *service;
    struct sl_loop *loop;
    struct sl_arena *arena;               /* dies with the call */
    const struct sl_principal *principal; /* NULL on open methods */
    const char *id;                       /* UUIDv7 */
    const char *peer;                     /* "ipv4:127.0.0.1:1234" */
    int64_t arrived_us;                   /* monotonic */
    int64_t deadline_us;                  /* monotonic; INT64_MAX: none */
    const char *const *unknown_fields;    /* paths of unknown request fields, at most 8 */
    size_t n_unknown_fields;
    struct sl_call_facts facts;
    void *state; /* the handler's own */
};

static inline bool sl_call_emit(struct sl_call *c, const ProtobufCMessage *m)
{
    return c->ops->emit(c, m);
}

static inline bool sl_call_emit_element(struct sl_call *c, uint32_t field,
                                        const ProtobufCMessage *m)
{
    return c->ops->emit_element(c, field, m);
}

static inline void sl_call_finish(struct sl_call *c, const struct sl_status *s)
{
    c->ops->finish(c, s);
}

static inline void sl_call_reply(struct sl_call *c, const ProtobufCMessage *m)
{
    c->ops->reply(c, m);
}

static inline struct sl_str sl_call_metadata(const struct sl_call *c, const char *name)
{
    return c->ops->metadata(c, name);
}

/* Ends the call with an error. */
void sl_call_fail(struct sl_call *c, const struct sl_err *err);

#endif
