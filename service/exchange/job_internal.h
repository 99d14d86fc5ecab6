/* What the files of a job share. Private to exchange/; one loop's thread. */
#ifndef SL_EXCHANGE_JOB_INTERNAL_H
#define SL_EXCHANGE_JOB_INTERNAL_H

#include "exchange/attempt.h"
#include "exchange/job.h"
#include "exchange/report.h"

/* One HTTP request of a job. */
struct sl_job_part {
    struct sl_job *job;
    struct sl_attempt attempt;
    struct sl_op_in in;
    struct sl_op_answer answer;
    bool running;
    struct sl_job_part *next;
};

struct sl_job {
    struct sl_job_spec spec;
    struct sl_course course;
    const struct sl_op_api *api;        /* NULL: the provider has none */
    Sluice__V1__CompleteRequest common; /* what all requests have, for the adapters' helpers */
    struct sl_job_part *first, *last;   /* those that were made, in order */
    size_t taken;                       /* inputs that belong to a part already */
    size_t running;
    Sluice__V1__TokenUsage *usage; /* the sum so far; in the arena */
    bool has_usage;
    bool truncated; /* SL_LIST_MODELS */
    size_t bytes;   /* of all results, about */
    bool full;      /* the client has enough for now */
    bool started;   /* SL_GENERATE_IMAGE: `started` was sent */
    int64_t sequence;
    int32_t images;
    bool cancelled; /* while the early letter was under way */
    bool waiting;   /* for that letter */
    struct sl_mail early;
    struct sl_err early_err;
};

/* ---- job_result.c ---- */

/* Inputs of the request that batches are made of; 1 where there are none such. */
size_t sl_job_inputs(const struct sl_job_spec *spec);
/* Fills common from the operation's request. */
void sl_job_fill_common(struct sl_job *job);
/* What can be known to be wrong before a provider is asked: vectors of that length that do not fit into a reply. */
enum sl_code sl_job_check(const struct sl_job *job, struct sl_err *err) SL_MUST_CHECK;
/* Adds a part's usage, and checks what it gave. */
enum sl_code sl_job_take(struct sl_job *job, struct sl_job_part *part,
                         struct sl_err *err) SL_MUST_CHECK;
/* The provider's figures, else an estimate from the request's text. */
Sluice__V1__TokenUsage *sl_job_usage(struct sl_job *job);
/* The operation's response, of all parts. */
ProtobufCMessage *sl_job_response(struct sl_job *job) SL_MUST_CHECK;

/* ---- job_images.c ---- */

void sl_job_on_image(void *owner, const struct sl_op_image *image);
void sl_job_on_text(void *owner, char *text);
/* Once, before everything else. */
void sl_job_send_started(struct sl_job *job);
void sl_job_send_finished(struct sl_job *job, Sluice__V1__ImageFinished *finished);

#endif
