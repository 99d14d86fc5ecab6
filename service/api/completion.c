/* Complete and StreamComplete: check, resolve, start an exchange, and pass on what it gives. */
#include "api/completion.h"

#include <stdio.h>
#include <string.h>

#include "api/request_ids.h"
#include "api/service.h"
#include "api/validate.h"
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

static void fail(struct completion *c, const struct sl_exchange_end *end)
{
    const struct sl_err *err = end->err;
    const Sluice__V1__CallReport *report = end->failure->report;
    const char *const metadata[] = {"model", report->model, "provider", report->provider, NULL};
    struct sl_field_violation violation = {err->field, err->text};
    struct sl_status status = {
        .code = err->code,
        .reason = err->reason,
        .message = err->text,
        .violations = &violation,
        .n_violations = err->field[0] ? 1 : 0,
        .has_retry_delay = err->has_retry_after,
        .retry_delay_ms = err->retry_after_ms,
        .no_retry = !err->retryable,
        .metadata = metadata,
        .detail = &end->failure->base,
    };
    sl_call_finish(c->call, &status);
}

static void on_end(void *owner, const struct sl_exchange_end *end)
{
    struct completion *c = owner;
    c->exchange = NULL;
    if (end->err)
        fail(c, end);
    else if (c->call->method->kind == SL_UNARY)
        reply(c, end);
    else
        sl_call_finish(c->call, &(struct sl_status){.code = SL_OK});
}

static const struct sl_exchange_ops stream_ops = {.on_event = on_event, .on_end = on_end};
static const struct sl_exchange_ops whole_ops = {.on_event = NULL, .on_end = on_end};

static void refuse(struct sl_call *call, const struct sl_violations *v)
{
    char message[512];
    snprintf(message, sizeof(message), "%s %s%s", v->list[0].field, v->list[0].description,
             v->count > 1 ? " (and more, see the details)" : "");
    struct sl_status status = {
        .code = SL_INVALID_ARGUMENT,
        .reason = SL_REASON_INVALID_REQUEST,
        .message = message,
        .violations = v->list,
        .n_violations = v->count,
    };
    sl_call_finish(call, &status);
}

static void note_facts(struct sl_call *call, const request_t *r)
{
    call->facts.model_asked = r->model;
    call->facts.conversation_id = r->conversation_id[0] ? r->conversation_id : NULL;
    call->facts.message_id = r->message_id[0] ? r->message_id : NULL;
    if (!r->n_labels)
        return;
    const char **labels = sl_arena_zalloc(call->arena, (2 * r->n_labels + 1) * sizeof(*labels));
    for (size_t i = 0; i < r->n_labels; i++) {
        labels[2 * i] = r->labels[i]->key;
        labels[2 * i + 1] = r->labels[i]->value;
    }
    call->facts.labels = labels;
}

/* Whether the caller's deadline has passed already, or its id was used, or the name leads nowhere. */
static enum sl_code admit(struct sl_call *call, const request_t *r,
                          struct sl_candidates *candidates, struct sl_err *err)
{
    struct sl_service *service = call->service;
    enum sl_code code = sl_resolve(service->registry, call->principal, r->model, candidates, err);
    if (code != SL_OK)
        return code;
    if (r->request_id[0] && !sl_request_ids_claim(service->request_ids, call->principal->id,
                                                  r->request_id, call->arrived_us))
        return sl_err_field(err, SL_ALREADY_EXISTS, SL_REASON_REQUEST_ID_USED, "request_id",
                            "this request_id was used less than ten minutes ago");
    return SL_OK;
}

static void begin(struct sl_call *call, const request_t *r, bool stream)
{
    struct sl_violations violations = {.arena = call->arena};
    struct sl_candidates candidates = {0};
    struct sl_err err = {0};
    note_facts(call, r);
    if (!sl_validate_complete(r, &violations)) {
        refuse(call, &violations);
        return;
    }
    if (admit(call, r, &candidates, &err) != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    struct completion *c = SL_ARENA_NEW(call->arena, struct completion);
    c->call = call;
    c->warnings.arena = call->arena;
    for (size_t i = 0; i < call->n_unknown_fields; i++)
        sl_warn(&c->warnings, "UNKNOWN_FIELD", call->unknown_fields[i],
                "this server does not know the field");
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
