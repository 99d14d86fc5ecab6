/* A call beside chat (embeddings, pictures, ranking, moderation, token counts, a provider's models), to its single end: one
 * HTTP request or several, for batches of inputs and pages of listings. Runs on one loop's thread. */
#ifndef SL_EXCHANGE_JOB_H
#define SL_EXCHANGE_JOB_H

#include "adapters/adapters.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "registry/registry.h"
#include "routing/resolve.h"
#include "telemetry/request_log.h"
#include "upstream/upstream.h"

struct sl_job;

enum { SL_JOB_PARALLEL = 4 /* HTTP requests of one job at a time */ };

/* How it ended. Borrowed during on_end, but for the response, which lives in the arena. */
struct sl_job_end {
    const struct sl_err *err;               /* NULL: OK */
    const Sluice__V1__FailureInfo *failure; /* with err */
    union {                                 /* by operation; SL_GENERATE_IMAGE: finished */
        Sluice__V1__EmbedResponse *embed;
        Sluice__V1__ImageFinished *finished;
        Sluice__V1__RerankResponse *rerank;
        Sluice__V1__ModerateResponse *moderate;
        Sluice__V1__CountTokensResponse *count;
        Sluice__V1__DiscoverModelsResponse *models; /* models and truncated are filled in */
        ProtobufCMessage *response;
    };
};

struct sl_job_ops {
    /* SL_GENERATE_IMAGE: an event for the client, numbered; borrowed. True: stop sending until sl_job_writable. */
    bool (*on_event)(void *owner, const Sluice__V1__ImageEvent *event);
    /* Once, the last callback. The job is gone when it returns. */
    void (*on_end)(void *owner, const struct sl_job_end *end);
};

struct sl_job_spec {
    enum sl_operation operation;
    const ProtobufCMessage *request; /* the operation's, in the arena; NULL: SL_LIST_MODELS */
    struct sl_arena *arena;          /* of the call */
    struct sl_upstream *upstream;
    struct sl_json_parser *parser;
    struct sl_loop *loop;
    struct sl_registry *registry; /* a reference is taken */
    struct sl_candidate candidate;
    const char *call_id;
    const char *model_asked;
    int64_t arrived_us;
    struct sl_warnings *warnings;
    const struct sl_job_ops *ops;
    void *owner;
    /* facts for the request log, filled before on_end */
    struct sl_call_facts *facts;
};

/* Starts. on_end is never called before this returned. Errors of its own: SL_FAILED_PRECONDITION, PROVIDER_UNSUPPORTED,
 * where the provider has no such call. */
struct sl_job *sl_job_start(const struct sl_job_spec *spec) SL_MUST_CHECK;
/* The client can take more. */
void sl_job_writable(struct sl_job *job);
/* The client is gone, or its deadline passed: everything is torn down at once; no callback follows. Accepts NULL. */
void sl_job_cancel(struct sl_job *job);

#endif
