/* DiscoverModels: a provider's own listing, compared with the registry. */
#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/operations.h"
#include "api/service.h"
#include "exchange/job.h"
#include "registry/raw.h"

typedef Sluice__V1__DiscoverModelsRequest request_t;
typedef Sluice__V1__DiscoverModelsResponse response_t;

struct discovery {
    struct sl_call *call;
    struct sl_job *job;
    struct sl_warnings warnings; /* of the job; a listing has none */
    const struct sl_model *model;
};

static char *borrow(const char *s)
{
    return (char *)(uintptr_t)s;
}

/* ---- comparing ---- */

/* The registry's models of the provider, one after the other. */
static const struct sl_model *next_of(struct sl_registry_walk *w, const char *provider)
{
    const struct sl_model *m = sl_registry_next(w);
    while (m && (strcmp(m->provider, provider) != 0 || m->deleted_ms))
        m = sl_registry_next(w);
    return m;
}

static int by_model_id(const void *a, const void *b)
{
    const struct sl_model *const *x = a, *const *y = b;
    int order = strcmp((*x)->target.model_id, (*y)->target.model_id);
    return order ? order : strcmp((*x)->name, (*y)->name);
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(Sluice__V1__ProviderModel *const *)a)->id,
                  (*(Sluice__V1__ProviderModel *const *)b)->id);
}

/* The registry's models of the provider, by id. */
static const struct sl_model **registered_models(const struct discovery *d, size_t *n)
{
    const struct sl_registry *r = d->call->service->registry;
    struct sl_registry_walk w;
    const struct sl_model **list =
        sl_arena_alloc(d->call->arena, (r->n_models + 1) * sizeof(*list));
    *n = 0;
    sl_registry_walk(&w, r, "", NULL);
    for (const struct sl_model *m; *n < r->n_models && (m = next_of(&w, d->model->provider));)
        list[(*n)++] = m;
    qsort(list, *n, sizeof(*list), by_model_id);
    return list;
}

/* Both lists by id are walked together. */
static void compare(const struct discovery *d, response_t *r)
{
    struct sl_arena *arena = d->call->arena;
    size_t n, at = 0, end;
    const struct sl_model **known = registered_models(d, &n);
    Sluice__V1__ProviderModel **listed = sl_arena_alloc(arena, (r->n_models + 1) * sizeof(*listed));
    if (r->n_models)
        memcpy(listed, r->models, r->n_models * sizeof(*listed));
    qsort(listed, r->n_models, sizeof(*listed), by_id);
    r->gone = sl_arena_alloc(arena, (n + 1) * sizeof(*r->gone));
    for (size_t i = 0; i <= r->n_models; i++) {
        const char *id = i < r->n_models ? listed[i]->id : NULL;
        for (; at < n && (!id || strcmp(known[at]->target.model_id, id) < 0); at++)
            if (!r->truncated && (!i || strcmp(known[at]->target.model_id, listed[i - 1]->id) != 0))
                r->gone[r->n_gone++] = borrow(known[at]->target.model_id);
        for (end = at; id && end < n && !strcmp(known[end]->target.model_id, id);)
            end++;
        if (end == at || !id)
            continue;
        listed[i]->registered = sl_arena_alloc(arena, (end - at) * sizeof(char *));
        for (size_t k = at; k < end; k++)
            listed[i]->registered[listed[i]->n_registered++] = borrow(known[k]->name);
    }
}

/* ---- the job ---- */

static void on_end(void *owner, const struct sl_job_end *end)
{
    struct discovery *d = owner;
    d->job = NULL;
    if (end->err) {
        sl_ask_fail(d->call, end->err, end->failure);
        return;
    }
    compare(d, end->models);
    end->models->provider = borrow(d->model->provider);
    sl_call_reply(d->call, end->response);
}

static const struct sl_job_ops job_ops = {.on_event = NULL, .on_end = on_end};

/* ---- the call ---- */

static enum sl_code check(const request_t *r, struct sl_err *err)
{
    if (!r->provider[0] == !r->model[0])
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            r->provider[0] ? "model" : "provider", "set either provider or model");
    return SL_OK;
}

/* A provider is asked as one of its models is, the first that has a key. */
static enum sl_code find(const struct sl_call *call, const request_t *r, struct sl_candidate *out,
                         struct sl_err *err)
{
    const struct sl_registry *registry = call->service->registry;
    struct sl_candidates candidates;
    if (r->model[0]) {
        enum sl_code code = sl_resolve(registry, call->principal, r->model, &candidates, err);
        if (code == SL_OK)
            *out = candidates.list[0];
        return code;
    }
    struct sl_registry_walk w;
    out->reason = "a model of the provider";
    sl_registry_walk(&w, registry, "", NULL);
    for (const struct sl_model *m; (m = next_of(&w, r->provider));)
        if (!out->model || !sl_registry_has_key(registry, out->model))
            out->model = m;
    const struct sl_provider *p = sl_registry_provider(registry, r->provider);
    if (!out->model && p)
        out->model = sl_registry_make_raw(registry, p, NULL, r->provider, call->arena);
    if (out->model)
        return SL_OK;
    return sl_err_field(err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "provider",
                        "there is no provider \"%s\" whose address is known", r->provider);
}

void sl_discover_models(struct sl_call *call, const ProtobufCMessage *message)
{
    const request_t *r = (const request_t *)message;
    struct sl_candidate candidate = {0};
    struct sl_err err = {0};
    if (check(r, &err) != SL_OK || find(call, r, &candidate, &err) != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    struct discovery *d = SL_ARENA_NEW(call->arena, struct discovery);
    d->call = call;
    d->model = candidate.model;
    d->warnings.arena = call->arena;
    call->state = d;
    d->job = sl_job_start(&(struct sl_job_spec){
        .operation = SL_LIST_MODELS,
        .arena = call->arena,
        .upstream = call->service->upstream,
        .parser = &call->service->parser,
        .loop = call->loop,
        .registry = call->service->registry,
        .candidate = candidate,
        .call_id = call->id,
        .model_asked = r->model,
        .arrived_us = call->arrived_us,
        .warnings = &d->warnings,
        .ops = &job_ops,
        .owner = d,
        .facts = &call->facts,
    });
}

void sl_discover_models_cancel(struct sl_call *call)
{
    struct discovery *d = call->state;
    if (!d)
        return;
    sl_job_cancel(d->job);
    d->job = NULL;
}
