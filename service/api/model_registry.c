/* GetModel and ResolveModel, from this thread's snapshot. */
#include "api/model_registry.h"

#include <string.h>

#include "api/ask.h"
#include "api/checks.h"
#include "api/model_message.h"
#include "api/service.h"
#include "base/clock.h"
#include "routing/resolve.h"
#include "sluice/v1/model_registry.pb-c.h"

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

void sl_get_model(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__GetModelRequest *request = (const Sluice__V1__GetModelRequest *)message;
    struct sl_err err = {0};
    struct sl_candidates found;
    if (!request->name[0]) {
        sl_err_field(&err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "name", "is required");
        sl_call_fail(call, &err);
    } else if (sl_resolve(call->service->registry, call->principal, request->name, &found, &err) !=
               SL_OK) {
        sl_call_fail(call, &err);
    } else {
        sl_call_reply(call, &sl_model_message(call->arena, call->service->registry,
                                              found.list[0].model, call->principal)
                                 ->base);
    }
}

static void set_notes(struct sl_arena *arena, const struct sl_candidates *found,
                      Sluice__V1__ResolvedModel *m)
{
    m->notes = sl_arena_zalloc(arena, (found->n_notes + 1) * sizeof(*m->notes));
    for (; m->n_notes < found->n_notes; m->n_notes++)
        m->notes[m->n_notes] = text(found->notes[m->n_notes].text);
}

void sl_resolve_model(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__ResolveModelRequest *request =
        (const Sluice__V1__ResolveModelRequest *)message;
    const struct sl_registry *registry = call->service->registry;
    const struct sl_resolve_spec spec = {
        .registry = registry,
        .principal = call->principal,
        .name = request->model,
        .conversation = request->conversation_id,
        .task = request->task,
        .now_ms = sl_wall_ms(),
        .arena = call->arena,
    };
    struct sl_violations violations = {.arena = call->arena};
    struct sl_err err = {0};
    struct sl_candidates found;
    sl_check_task(&violations, "task", request->task);
    if (violations.count) {
        sl_ask_refuse(call, &violations);
        return;
    }
    if (sl_resolve_request(&spec, &found, &err) != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    Sluice__V1__ResolveModelResponse r = SLUICE__V1__RESOLVE_MODEL_RESPONSE__INIT;
    r.n_candidates = found.count;
    r.candidates = sl_arena_zalloc(call->arena, found.count * sizeof(*r.candidates));
    for (size_t i = 0; i < found.count; i++) {
        Sluice__V1__ResolvedModel *m = SL_ARENA_NEW(call->arena, Sluice__V1__ResolvedModel);
        sluice__v1__resolved_model__init(m);
        m->model = sl_model_message(call->arena, registry, found.list[i].model, call->principal);
        m->reason = text(found.list[i].reason);
        set_notes(call->arena, &found, m);
        r.candidates[i] = m;
    }
    sl_call_reply(call, &r.base);
}
