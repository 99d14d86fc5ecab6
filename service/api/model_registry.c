/* ListModels, GetModel, ResolveModel, from this thread's snapshot. */
#include "api/model_registry.h"

#include <string.h>

#include "api/model_message.h"
#include "api/service.h"
#include "routing/resolve.h"
#include "sluice/v1/model_registry.pb-c.h"

enum { DEFAULT_PAGE = 100, MAX_PAGE = 1000 };

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

void sl_list_models(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__ListModelsRequest *request = (const Sluice__V1__ListModelsRequest *)message;
    const struct sl_registry *registry = call->service->registry;
    struct sl_err err = {0};
    if (request->page_size < 0 || request->page_size > MAX_PAGE) {
        sl_err_field(&err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "page_size",
                     "must be between 0 and %d", MAX_PAGE);
        sl_call_fail(call, &err);
        return;
    }
    size_t page = request->page_size ? (size_t)request->page_size : DEFAULT_PAGE;
    Sluice__V1__ListModelsResponse r = SLUICE__V1__LIST_MODELS_RESPONSE__INIT;
    r.models = sl_arena_zalloc(call->arena, page * sizeof(*r.models));
    const struct sl_model_place behind = {request->page_token, "\x7f"};
    struct sl_registry_walk walk;
    sl_registry_walk(&walk, registry, "", *request->page_token ? &behind : NULL);
    for (const struct sl_model *m; (m = sl_registry_next(&walk));) {
        if (!sl_registry_may_use(registry, m, call->principal))
            continue;
        if (r.n_models == page) {
            r.next_page_token = text(r.models[page - 1]->name + strlen("models/"));
            break;
        }
        r.models[r.n_models++] = sl_model_message(call->arena, registry, m, call->principal);
    }
    sl_call_reply(call, &r.base);
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

void sl_resolve_model(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__ResolveModelRequest *request =
        (const Sluice__V1__ResolveModelRequest *)message;
    struct sl_err err = {0};
    struct sl_candidates found;
    if (sl_resolve(call->service->registry, call->principal, request->model, &found, &err) !=
        SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    Sluice__V1__ResolveModelResponse r = SLUICE__V1__RESOLVE_MODEL_RESPONSE__INIT;
    r.n_candidates = found.count;
    r.candidates = sl_arena_zalloc(call->arena, found.count * sizeof(*r.candidates));
    for (size_t i = 0; i < found.count; i++) {
        Sluice__V1__ResolvedModel *m = SL_ARENA_NEW(call->arena, Sluice__V1__ResolvedModel);
        sluice__v1__resolved_model__init(m);
        m->model = sl_model_message(call->arena, call->service->registry, found.list[i].model,
                                    call->principal);
        m->reason = text(found.list[i].reason);
        r.candidates[i] = m;
    }
    sl_call_reply(call, &r.base);
}
