/* Admission, refusal and failure of calls to models. */
#include "api/ask.h"

#include <stdio.h>

#include "api/request_ids.h"
#include "api/service.h"
#include "base/clock.h"
#include "exchange/exchange.h"
#include "registry/label.h"
#include "telemetry/metrics.h"

void sl_ask_refuse(struct sl_call *call, const struct sl_violations *v)
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

void sl_ask_fail(struct sl_call *call, const struct sl_err *err,
                 const Sluice__V1__FailureInfo *failure)
{
    const Sluice__V1__CallReport *report = failure->report;
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
        .detail = &failure->base,
    };
    sl_call_finish(call, &status);
}

/* Whether anybody still asks for models that come to their end. */
static void count_ending(const struct sl_candidates *c, enum sl_code code)
{
    const char *outcome = code != SL_OK                   ? "refused"
                          : c->list[0].model == c->ending ? "served"
                                                          : "redirected";
    if (c->ending)
        sl_metric_add(SL_METRIC_ENDING_REQUESTS, 1, SL_LABELS(sl_model_label(c->ending), outcome));
}

enum sl_code sl_ask_admit(struct sl_call *call, const char *model, const char *request_id,
                          struct sl_candidates *candidates, struct sl_err *err)
{
    struct sl_service *service = call->service;
    const struct sl_resolve_spec spec = {
        .registry = service->registry,
        .principal = call->principal,
        .name = model,
        .conversation = call->facts.conversation_id,
        .task = call->facts.task,
        .now_ms = sl_wall_ms(),
        .arena = call->arena,
    };
    enum sl_code code = sl_resolve_request(&spec, candidates, err);
    count_ending(candidates, code);
    if (code != SL_OK)
        return code;
    if (request_id[0] && !sl_request_ids_claim(service->request_ids, call->principal->id,
                                               request_id, call->arrived_us))
        return sl_err_field(err, SL_ALREADY_EXISTS, SL_REASON_REQUEST_ID_USED, "request_id",
                            "this request_id was used less than ten minutes ago");
    return SL_OK;
}

void sl_ask_warn_unknown(struct sl_call *call, struct sl_warnings *warnings)
{
    warnings->arena = call->arena;
    for (size_t i = 0; i < call->n_unknown_fields; i++)
        sl_warn(warnings, "UNKNOWN_FIELD", call->unknown_fields[i],
                "this server does not know the field");
}

void sl_ask_note_completion(struct sl_call *call, const Sluice__V1__CompleteRequest *r)
{
    SL_ASK_NOTE(call, r);
    call->facts.conversation_id = r->conversation_id[0] ? r->conversation_id : NULL;
    call->facts.message_id = r->message_id[0] ? r->message_id : NULL;
    call->facts.task = r->task[0] ? r->task : NULL;
}

const char **sl_ask_labels(struct sl_call *call, size_t n)
{
    if (!n)
        return NULL;
    const char **list = sl_arena_zalloc(call->arena, (2 * n + 1) * sizeof(*list));
    call->facts.labels = list;
    return list;
}
