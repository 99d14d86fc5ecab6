/* One HTTP request to a model and what comes of it, once more where a kept-alive connection had gone stale: the part
 * that an exchange and an operation share. Embedded in its owner; one loop's thread. */
#ifndef SL_EXCHANGE_ATTEMPT_H
#define SL_EXCHANGE_ATTEMPT_H

#include "adapters/adapters.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "registry/lease.h"
#include "registry/registry.h"
#include "upstream/upstream.h"

struct sl_attempt_ops {
    /* Fills http, afresh for each request that goes out, and the answer that is to be filled. */
    enum sl_code (*build)(void *owner, struct sl_http_request *http,
                          struct sl_err *err) SL_MUST_CHECK;
    /* The head of a 2xx answer is there. NULL: not wanted. */
    void (*on_head)(void *owner);
    /* As in adapters/adapter.h. */
    enum sl_code (*on_frame)(void *owner, const struct sl_frame *frame,
                             struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*on_body)(void *owner, char *body, size_t n, struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*on_eof)(void *owner, struct sl_err *err) SL_MUST_CHECK;
    /* True: pause the transfer. */
    bool (*on_batch)(void *owner);
    /* Once, the last callback: SL_OK where the answer was taken. The owner may be gone when it returns. */
    void (*on_end)(void *owner, struct sl_err *err);
};

struct sl_attempt {
    /* set by the owner */
    const struct sl_attempt_ops *ops;
    void *owner;
    struct sl_upstream *upstream;
    struct sl_loop *loop;
    struct sl_arena *arena;
    const struct sl_registry *registry; /* that the model is of */
    const struct sl_model *model;
    const struct sl_answer *answer; /* for the adapter's on_failure */
    /* read by the owner */
    struct sl_target target; /* the model's, with the key or token of this moment; from build on */
    int requests;            /* that a provider may have seen */
    const char *provider_request_id; /* NULL: none was said */
    struct sl_http_request http;
    /* private */
    bool repeated;
    struct sl_transfer *transfer;
    struct sl_token_wait *wait; /* for a token; NULL: none */
    struct sl_lease lease;      /* the key that is no token, and the endpoint for it */
    struct sl_secret *token;    /* a reference, behind target.key; NULL: the lease's key */
    int64_t waited_ms;          /* of the clocks */
};

/* Gets the model's key, SL_FAILED_PRECONDITION, PROVIDER_KEY_MISSING, where it needs one and has none; or a token, maybe
 * after a wait (within the model's clocks); builds and starts. After an error no callback follows. */
enum sl_code sl_attempt_start(struct sl_attempt *t, struct sl_err *err) SL_MUST_CHECK;
/* The first token is there; does nothing where no request is under way. */
void sl_attempt_mark_token(struct sl_attempt *t);
/* After a pause. */
void sl_attempt_resume(struct sl_attempt *t);
/* Tears it down at once; no callback follows. Does nothing where no request is under way. */
void sl_attempt_cancel(struct sl_attempt *t);

#endif
