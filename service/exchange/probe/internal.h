/* What the files of a probe share. Private to exchange/probe/; one loop's thread. */
#ifndef SL_EXCHANGE_PROBE_INTERNAL_H
#define SL_EXCHANGE_PROBE_INTERNAL_H

#include <uv.h>

#include "exchange/exchange.h"
#include "exchange/job.h"
#include "exchange/probe/probe.h"
#include "registry/lease.h"

typedef Sluice__V1__TestModelStep probe_step_t;

#define SL_PROBE_BIT(step) (1u << SL_PROBE_##step)

/* ---- plan.c: which steps, pure ---- */

enum sl_probe_kind {
    SL_PROBE_CHAT,
    SL_PROBE_EMBEDS,
    SL_PROBE_RANKS,
    SL_PROBE_MODERATES,
    SL_PROBE_PAINTS,
};

struct sl_probe_plan {
    enum sl_probe_kind kind;
    unsigned steps;                     /* bits of those that are told */
    const char *skip[SL_PROBE_N_STEPS]; /* why one is not tried, NULL: it is */
};

enum sl_probe_kind sl_probe_kind_of(const struct sl_model *m);
/* steps: as sl_probe_spec.steps. */
void sl_probe_plan(const struct sl_model *m, unsigned steps, struct sl_probe_plan *out);
/* What the model is known to be able to do in a step: 1 yes, 0 no, -1 not known, or no such thing. */
int sl_probe_capability(const struct sl_model *m, enum sl_probe_step step);

/* ---- asks.c: what is asked, pure ---- */

enum { SL_PROBE_RUNGS = 3 }; /* sizes of an answer that are tried, the smallest first */

/* Tokens that an answer of that step may have at a rung; 0: there is no such rung. */
int32_t sl_probe_tokens(enum sl_probe_step step, int rung);
/* The request of a step of a chat model. */
Sluice__V1__CompleteRequest *sl_probe_ask(struct sl_arena *arena, enum sl_probe_step step,
                                          int32_t tokens) SL_MUST_CHECK;
/* The request of another step, and its operation. */
ProtobufCMessage *sl_probe_ask_operation(struct sl_arena *arena, enum sl_probe_step step,
                                         enum sl_operation *operation) SL_MUST_CHECK;

/* ---- verdict.c: what an answer tells, pure ---- */

enum sl_probe_verdict {
    SL_PROBE_GOOD,
    SL_PROBE_BAD,   /* something is wrong */
    SL_PROBE_NEVER, /* it cannot do that */
    SL_PROBE_AGAIN, /* the answer had too little room to tell */
};

/* Of an answer to sl_probe_ask; detail is in the arena, or static. */
enum sl_probe_verdict sl_probe_judge(struct sl_arena *arena, enum sl_probe_step step,
                                     const Sluice__V1__Message *message,
                                     Sluice__V1__FinishReason finish, const char **detail);
/* Of an error. */
enum sl_probe_verdict sl_probe_judge_error(enum sl_probe_step step, const struct sl_err *err);
/* Whether it says that the provider does not take the key, or that there is none to send. */
bool sl_probe_is_about_key(const struct sl_err *err);

/* ---- findings.c: what is remembered of all steps ---- */

struct sl_probe_findings {
    int8_t known[SL_PROBE_N_STEPS]; /* what a step found out: 1 it can, 0 it cannot, -1 nothing */
    bool reasons;
    int32_t context_tokens, max_output_tokens; /* that the provider lists; 0: not said */
    Sluice__V1__TokenUsage usage;
    bool has_usage, has_cost;
    int64_t cost_nanos;
    int32_t attempts;
    unsigned passed, failed, skipped, unsupported;
    const char *reason; /* of the first failure */
};

void sl_probe_findings_init(struct sl_probe_findings *f);
/* Adds a step that is done; its reason lives as long as the findings. */
void sl_probe_findings_add(struct sl_probe_findings *f, const probe_step_t *step);
/* Fills the summary. */
void sl_probe_findings_sum(const struct sl_probe_findings *f, struct sl_arena *arena,
                           const struct sl_model *m, const char *name, probe_step_t *summary);

/* ---- probe.c ---- */

struct sl_probe {
    struct sl_probe_spec spec;
    struct sl_probe_plan plan;
    struct sl_probe_findings findings;
    struct sl_lease lease;
    bool leased;            /* lease is filled */
    struct sl_err no_lease; /* else why */
    uv_timer_t timer;       /* first it begins, then it bounds each step */
    bool begun;
    int64_t began_us;
    const char *stop; /* why no further step is tried; NULL: they are */

    enum sl_probe_step at; /* the step that runs, or is next */
    int64_t step_us;       /* when it began */
    int rung, floor;       /* of the answer's size; the one that did for the completion */
    probe_step_t *step;    /* what is to be told of it */
    /* what runs: one of them at most */
    struct sl_transfer *transfer;
    bool https; /* of the transfer */
    struct sl_job *job;
    struct sl_exchange *exchange;
    struct sl_call_facts facts; /* of the call that runs */
    struct sl_warnings warnings;
    int64_t events; /* of the stream */

    /* "credentials" waits for the first calls to tell, and "listing" behind it */
    bool undecided;
    bool answered;  /* a call with the key was */
    double told_ms; /* how long that took */
    probe_step_t *held;
};

/* A step in the arena, of now. */
probe_step_t *sl_probe_step_new(struct sl_probe *p, enum sl_probe_step step,
                                Sluice__V1__TestModelStep__Result result, const char *detail);
/* Fills result, reason, detail and what the provider said. */
void sl_probe_set_error(struct sl_probe *p, probe_step_t *step, const struct sl_err *err);
/* Tells a step. */
void sl_probe_tell(struct sl_probe *p, const probe_step_t *step);
/* "credentials" is decided, where it waits: refused by what err says, or not (NULL). Tells it and what is held. */
void sl_probe_decide(struct sl_probe *p, const struct sl_err *err);
/* The step p->at was told; goes on behind it. */
void sl_probe_next(struct sl_probe *p);
/* Milliseconds that the step p->at may take. */
int64_t sl_probe_time_left(const struct sl_probe *p);

/* ---- reach.c: "address" and "tls" ---- */

/* One HEAD request without a key, on a connection of its own; tells both. */
void sl_probe_reach(struct sl_probe *p);
/* It took too long. */
void sl_probe_reach_late(struct sl_probe *p);

/* ---- calls.c: the steps that ask the model ---- */

/* Starts the step p->at, which it tells in the end. */
void sl_probe_call(struct sl_probe *p);
/* It took too long. */
void sl_probe_call_late(struct sl_probe *p);

#endif
