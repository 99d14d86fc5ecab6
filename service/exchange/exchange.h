/* One completion asked for, to its single terminal event. Runs on one loop's thread. */
#ifndef SL_EXCHANGE_EXCHANGE_H
#define SL_EXCHANGE_EXCHANGE_H

#include "adapters/adapters.h"
#include "base/arena.h"
#include "base/err.h"
#include "registry/registry.h"
#include "routing/resolve.h"
#include "telemetry/request_log.h"
#include "upstream/upstream.h"

struct sl_exchange;

/* How it ended. Borrowed during on_end. */
struct sl_exchange_end {
    const struct sl_err *err; /* NULL: OK */
    /* OK: the facts of the answer. An error: Failure facts; usage and report are set for both. */
    Sluice__V1__Finished *finished;
    Sluice__V1__FailureInfo *failure;
    Sluice__V1__Message *message;        /* assembled, where it was asked for */
    Sluice__V1__TokenLogprob **logprobs; /* of a whole answer */
    size_t n_logprobs;
    Sluice__V1__TokenLogprob **refusal_logprobs;
    size_t n_refusal_logprobs;
};

struct sl_exchange_ops {
    /* An event for the client, numbered; borrowed. True: stop sending until sl_exchange_writable. NULL: whole answers. */
    bool (*on_event)(void *owner, const Sluice__V1__StreamEvent *event);
    /* Once, the last callback. The exchange is gone when it returns. */
    void (*on_end)(void *owner, const struct sl_exchange_end *end);
};

struct sl_exchange_spec {
    struct sl_arena *arena; /* of the call */
    struct sl_upstream *upstream;
    struct sl_json_parser *parser;
    struct sl_loop *loop;
    struct sl_registry *registry;               /* a reference is taken */
    const Sluice__V1__CompleteRequest *request; /* lives in the arena */
    const struct sl_candidates *candidates;     /* copied */
    const char *call_id;
    const char *model_asked;
    int64_t arrived_us;
    bool stream;
    bool assemble; /* build the message */
    struct sl_warnings *warnings;
    const struct sl_exchange_ops *ops;
    void *owner;
    /* facts for the request log, filled before on_end */
    struct sl_call_facts *facts;
};

/* Starts. on_end is never called before this returned. */
struct sl_exchange *sl_exchange_start(const struct sl_exchange_spec *spec) SL_MUST_CHECK;
/* The client can take more. */
void sl_exchange_writable(struct sl_exchange *x);
/* The client is gone, or its deadline passed: everything is torn down at once; no callback follows. Accepts NULL. */
void sl_exchange_cancel(struct sl_exchange *x);

#endif
