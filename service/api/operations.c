/* Embed, GenerateImage, Rerank, Moderate and CountTokens: check, resolve, start a job, and pass on what it gives. */
#include "api/operations.h"

#include <string.h>

#include "api/ask.h"
#include "api/service.h"
#include "exchange/job.h"
#include "exchange/report.h"

enum { IMAGE_EVENTS_FIELD = 1 }; /* GenerateImageResponse.events */

struct operation {
    struct sl_call *call;
    struct sl_job *job;
    struct sl_warnings warnings;
};

static bool on_event(void *owner, const Sluice__V1__ImageEvent *event)
{
    struct operation *o = owner;
    return sl_call_emit_element(o->call, IMAGE_EVENTS_FIELD, &event->base);
}

static void on_end(void *owner, const struct sl_job_end *end)
{
    struct operation *o = owner;
    o->job = NULL;
    if (end->err)
        sl_ask_fail(o->call, end->err, end->failure);
    else if (o->call->method->kind == SL_UNARY)
        sl_call_reply(o->call, end->response);
    else
        sl_call_finish(o->call, &(struct sl_status){.code = SL_OK});
}

static const struct sl_job_ops job_ops = {.on_event = on_event, .on_end = on_end};

/* What begin() has to know of a request. */
struct asked {
    enum sl_operation operation;
    const char *model, *request_id;
    const struct sl_violations *violations;
};

static void begin(struct sl_call *call, const ProtobufCMessage *request, const struct asked *asked)
{
    struct sl_candidates candidates = {0};
    struct sl_err err = {0};
    if (asked->violations->count) {
        sl_ask_refuse(call, asked->violations);
        return;
    }
    if (sl_ask_admit(call, asked->model, asked->request_id, &candidates, &err) != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    struct operation *o = SL_ARENA_NEW(call->arena, struct operation);
    o->call = call;
    sl_ask_warn_unknown(call, &o->warnings);
    sl_candidates_warn(&candidates, &o->warnings);
    call->state = o;
    o->job = sl_job_start(&(struct sl_job_spec){
        .operation = asked->operation,
        .request = request,
        .arena = call->arena,
        .upstream = call->service->upstream,
        .parser = &call->service->parser,
        .loop = call->loop,
        .registry = call->service->registry,
        .candidate = candidates.list[0],
        .call_id = call->id,
        .model_asked = asked->model,
        .arrived_us = call->arrived_us,
        .warnings = &o->warnings,
        .ops = &job_ops,
        .owner = o,
        .facts = &call->facts,
    });
}

/* One handler: notes the facts, validates, begins. */
#define HANDLER(name, type, kind, note, validate)                                                  \
    void name(struct sl_call *call, const ProtobufCMessage *message)                               \
    {                                                                                              \
        const type *r = (const type *)message;                                                     \
        struct sl_violations violations = {.arena = call->arena};                                  \
        note(call, r);                                                                             \
        (void)!validate(r, &violations);                                                           \
        begin(call, message, &(struct asked){kind, r->model, r->request_id, &violations});         \
    }

HANDLER(sl_embed, Sluice__V1__EmbedRequest, SL_EMBED, SL_ASK_NOTE, sl_validate_embed)
HANDLER(sl_generate_image, Sluice__V1__GenerateImageRequest, SL_GENERATE_IMAGE, SL_ASK_NOTE,
        sl_validate_image)
HANDLER(sl_rerank, Sluice__V1__RerankRequest, SL_RERANK, SL_ASK_NOTE, sl_validate_rerank)
HANDLER(sl_moderate, Sluice__V1__ModerateRequest, SL_MODERATE, SL_ASK_NOTE, sl_validate_moderate)
HANDLER(sl_count_tokens, Sluice__V1__CompleteRequest, SL_COUNT_TOKENS, sl_ask_note_completion,
        sl_validate_complete)

void sl_operation_writable(struct sl_call *call)
{
    struct operation *o = call->state;
    if (o && o->job)
        sl_job_writable(o->job);
}

void sl_operation_cancel(struct sl_call *call)
{
    struct operation *o = call->state;
    if (!o)
        return;
    sl_job_cancel(o->job);
    o->job = NULL;
}
