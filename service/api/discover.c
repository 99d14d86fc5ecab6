/* DiscoverModels: a provider's own listing, compared with the registry. */
#include <string.h>

#include "api/ask.h"
#include "api/operations.h"
#include "api/service.h"
#include "exchange/job.h"

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

/* Those with that id; names may be NULL. */
static size_t names_of(const struct discovery *d, const char *id, char **names)
{
    struct sl_registry_walk w;
    size_t n = 0;
    sl_registry_walk(&w, d->call->service->registry, "", NULL);
    for (const struct sl_model *m; (m = next_of(&w, d->model->provider));) {
        if (strcmp(m->target.model_id, id) != 0)
            continue;
        if (names)
            names[n] = borrow(m->name);
        n++;
    }
    return n;
}

static void set_registered(const struct discovery *d, Sluice__V1__ProviderModel *listed)
{
    listed->n_registered = names_of(d, listed->id, NULL);
    if (!listed->n_registered)
        return;
    listed->registered =
        sl_arena_alloc(d->call->arena, listed->n_registered * sizeof(*listed->registered));
    names_of(d, listed->id, listed->registered);
}

static bool is_listed(const response_t *r, const char *model_id)
{
    for (size_t i = 0; i < r->n_models; i++)
        if (!strcmp(r->models[i]->id, model_id))
            return true;
    return false;
}

static void set_gone(const struct discovery *d, response_t *out)
{
    const struct sl_registry *r = d->call->service->registry;
    struct sl_registry_walk w;
    out->gone = sl_arena_alloc(d->call->arena, (r->n_models + 1) * sizeof(*out->gone));
    sl_registry_walk(&w, r, "", NULL);
    for (const struct sl_model *m; (m = next_of(&w, d->model->provider));)
        if (out->n_gone < r->n_models && !is_listed(out, m->target.model_id))
            out->gone[out->n_gone++] = borrow(m->target.model_id);
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
    for (size_t i = 0; i < end->models->n_models; i++)
        set_registered(d, end->models->models[i]);
    if (!end->models->truncated)
        set_gone(d, end->models);
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
    if (out->model)
        return SL_OK;
    return sl_err_field(err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "provider",
                        "no model of the registry uses a provider \"%s\"", r->provider);
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
