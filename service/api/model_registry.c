/* ListModels, GetModel, ResolveModel, from this thread's snapshot. */
#include "api/model_registry.h"

#include <string.h>

#include "api/service.h"
#include "routing/resolve.h"
#include "sluice/v1/model_registry.pb-c.h"

enum { DEFAULT_PAGE = 100, MAX_PAGE = 1000 };

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

static Sluice__V1__ModelPrices *make_prices(struct sl_arena *arena, const struct sl_prices *p)
{
    Sluice__V1__ModelPrices *m = SL_ARENA_NEW(arena, Sluice__V1__ModelPrices);
    sluice__v1__model_prices__init(m);
    m->input_price_micros_per_mtok = p->input;
    m->output_price_micros_per_mtok = p->output;
    if (p->cache_read >= 0) {
        m->cache_read_price_micros_per_mtok = p->cache_read;
        m->_cache_read_price_micros_per_mtok_case =
            SLUICE__V1__MODEL_PRICES___CACHE_READ_PRICE_MICROS_PER_MTOK_CACHE_READ_PRICE_MICROS_PER_MTOK;
    }
    if (p->cache_write >= 0) {
        m->cache_write_price_micros_per_mtok = p->cache_write;
        m->_cache_write_price_micros_per_mtok_case =
            SLUICE__V1__MODEL_PRICES___CACHE_WRITE_PRICE_MICROS_PER_MTOK_CACHE_WRITE_PRICE_MICROS_PER_MTOK;
    }
    if (p->reasoning >= 0) {
        m->reasoning_price_micros_per_mtok = p->reasoning;
        m->_reasoning_price_micros_per_mtok_case =
            SLUICE__V1__MODEL_PRICES___REASONING_PRICE_MICROS_PER_MTOK_REASONING_PRICE_MICROS_PER_MTOK;
    }
    return m;
}

static Sluice__V1__ModelCapabilities *make_capabilities(struct sl_arena *arena,
                                                        const struct sl_model *from)
{
    Sluice__V1__ModelCapabilities *m = SL_ARENA_NEW(arena, Sluice__V1__ModelCapabilities);
    sluice__v1__model_capabilities__init(m);
#define SET(field, FIELD)                                                                          \
    if (from->cap_##field >= 0) {                                                                  \
        m->field = from->cap_##field;                                                              \
        m->_##field##_case = SLUICE__V1__MODEL_CAPABILITIES___##FIELD##_##FIELD;                   \
    }
    SET(streaming, STREAMING)
    SET(tools, TOOLS)
    SET(vision, VISION)
    SET(json_schema, JSON_SCHEMA)
    SET(reasoning, REASONING)
#undef SET
    return m;
}

static void set_labels(struct sl_arena *arena, const struct sl_model *from, Sluice__V1__Model *m)
{
    m->labels = sl_arena_zalloc(arena, from->n_labels * sizeof(*m->labels));
    m->n_labels = from->n_labels;
    for (size_t i = 0; i < from->n_labels; i++) {
        m->labels[i] = SL_ARENA_NEW(arena, Sluice__V1__Model__LabelsEntry);
        sluice__v1__model__labels_entry__init(m->labels[i]);
        m->labels[i]->key = text(from->labels[i].key);
        m->labels[i]->value = text(from->labels[i].value);
    }
}

static Sluice__V1__Model *make_model(struct sl_arena *arena, const struct sl_model *from)
{
    Sluice__V1__Model *m = SL_ARENA_NEW(arena, Sluice__V1__Model);
    sluice__v1__model__init(m);
    m->name = sl_arena_printf(arena, "models/%s", from->name);
    m->description = text(from->description);
    m->provider = text(from->provider);
    m->provider_kind = text(from->adapter->name);
    m->model_id = text(from->target.model_id);
    m->base_url = text(from->target.base_url);
    m->api = text(from->target.api[0] ? from->target.api : from->adapter->api);
    while (from->aliases && from->aliases[m->n_aliases])
        m->n_aliases++;
    m->aliases = (char **)(uintptr_t)from->aliases;
    m->capabilities = make_capabilities(arena, from);
    m->context_tokens = from->context_tokens;
    m->max_output_tokens = from->max_output_tokens;
    if (from->prices.known)
        m->prices = make_prices(arena, &from->prices);
    set_labels(arena, from, m);
    m->source = text(from->source);
    m->key_present =
        from->target.key || !from->adapter->key_required || from->target.auth == SL_AUTH_NONE;
    return m;
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
        r.models[r.n_models++] = make_model(call->arena, m);
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
        sl_call_reply(call, &make_model(call->arena, found.list[0].model)->base);
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
        m->model = make_model(call->arena, found.list[i].model);
        m->reason = text(found.list[i].reason);
        r.candidates[i] = m;
    }
    sl_call_reply(call, &r.base);
}
