/* Complete and StreamComplete: check, resolve, start an exchange, and pass on what it gives. */
#include "api/completion.h"

#include <string.h>

#include "api/ask.h"
#include "api/service.h"
#include "exchange/exchange.h"

enum { STREAM_EVENTS_FIELD = 1 }; /* StreamCompleteResponse.events */

struct completion {
    struct sl_call *call;
    struct sl_exchange *exchange;
    struct sl_warnings warnings;
};

typedef Sluice__V1__CompleteRequest request_t;

static bool on_event(void *owner, const Sluice__V1__StreamEvent *event)
{
    struct completion *c = owner;
    return sl_call_emit_element(c->call, STREAM_EVENTS_FIELD, &event->base);
}

static void reply(struct completion *c, const struct sl_exchange_end *end)
{
    const Sluice__V1__Finished *f = end->finished;
    Sluice__V1__CompleteResponse r = SLUICE__V1__COMPLETE_RESPONSE__INIT;
    r.message = end->message;
    r.finish_reason = f->finish_reason;
    r.raw_finish_reason = f->raw_finish_reason;
    r.usage = f->usage;
    r.report = f->report;
    r.warnings = f->warnings;
    r.n_warnings = f->n_warnings;
    r.stop_sequence = f->stop_sequence;
    r.logprobs = end->logprobs;
    r.n_logprobs = end->n_logprobs;
    r.refusal_logprobs = end->refusal_logprobs;
    r.n_refusal_logprobs = end->n_refusal_logprobs;
    sl_call_reply(c->call, &r.base);
}

static void on_end(void *owner, const struct sl_exchange_end *end)
{
    struct completion *c = owner;
    c->exchange = NULL;
    if (end->err)
        sl_ask_fail(c->call, end->err, end->failure);
    else if (c->call->method->kind == SL_UNARY)
        reply(c, end);
    else
        sl_call_finish(c->call, &(struct sl_status){.code = SL_OK});
}

static const struct sl_exchange_ops stream_ops = {.on_event = on_event, .on_end = on_end};
static const struct sl_exchange_ops whole_ops = {.on_event = NULL, .on_end = on_end};

static void begin(struct sl_call *call, const request_t *r, bool stream)
{
    struct sl_violations violations = {.arena = call->arena};
    struct sl_candidates candidates = {0};
    struct sl_err err = {0};
    sl_ask_note_completion(call, r);
    if (!sl_validate_complete(r, &violations)) {
        sl_ask_refuse(call, &violations);
        return;
    }
    if (sl_ask_admit(call, r->model, r->request_id, &candidates, &err) != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    struct completion *c = SL_ARENA_NEW(call->arena, struct completion);
    c->call = call;
    sl_ask_warn_unknown(call, &c->warnings);
    call->state = c;
    c->exchange = sl_exchange_start(&(struct sl_exchange_spec){
        .arena = call->arena,
        .upstream = call->service->upstream,
        .parser = &call->service->parser,
        .loop = call->loop,
        .registry = call->service->registry,
        .request = r,
        .candidates = &candidates,
        .call_id = call->id,
        .model_asked = r->model,
        .arrived_us = call->arrived_us,
        .stream = stream,
        .assemble = !stream || r->include_message,
        .warnings = &c->warnings,
        .ops = stream ? &stream_ops : &whole_ops,
        .owner = c,
        .facts = &call->facts,
    });
}

void sl_complete(struct sl_call *call, const ProtobufCMessage *message)
{
    begin(call, (const request_t *)message, false);
}

void sl_stream_complete(struct sl_call *call, const ProtobufCMessage *message)
{
    begin(call, (const request_t *)message, true);
}

void sl_stream_complete_writable(struct sl_call *call)
{
    struct completion *c = call->state;
    if (c && c->exchange)
        sl_exchange_writable(c->exchange);
}

void sl_complete_cancel(struct sl_call *call)
{
    struct completion *c = call->state;
    if (!c)
        return;
    sl_exchange_cancel(c->exchange);
    c->exchange = NULL;
}
