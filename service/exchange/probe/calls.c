/* The steps that ask the model: each is a job or an exchange of its own, as a client's would be. */
#include <string.h>

#include "base/str.h"
#include "exchange/probe/internal.h"

static bool is_main(enum sl_probe_step step)
{
    return step == SL_PROBE_COMPLETION || step >= SL_PROBE_EMBEDDING;
}

static double elapsed(const struct sl_probe *p)
{
    return (double)(sl_loop_now_us(p->spec.loop) - p->step_us) / 1000;
}

/* ---- what a call used ---- */

/* Of all calls of the step. */
static void add_usage(struct sl_probe *p, const Sluice__V1__TokenUsage *u,
                      const Sluice__V1__CallReport *report)
{
    probe_step_t *s = p->step;
    s->attempts += p->facts.attempts;
    if (!u)
        return;
    if (!s->usage) {
        s->usage = SL_ARENA_NEW(p->spec.arena, Sluice__V1__TokenUsage);
        sluice__v1__token_usage__init(s->usage);
    }
    s->usage->input_tokens += u->input_tokens;
    s->usage->cache_read_tokens += u->cache_read_tokens;
    s->usage->cache_write_tokens += u->cache_write_tokens;
    s->usage->output_tokens += u->output_tokens;
    s->usage->reasoning_tokens += u->reasoning_tokens;
    s->usage->estimated |= u->estimated;
    if (!report || !report->_cost_nanos_case)
        return;
    s->cost_nanos += report->cost_nanos;
    s->_cost_nanos_case = SLUICE__V1__TEST_MODEL_STEP___COST_NANOS_COST_NANOS;
}

/* ---- telling ---- */

static void tell(struct sl_probe *p)
{
    probe_step_t *s = p->step;
    p->step = NULL;
    s->elapsed_ms = elapsed(p);
    if (p->at == SL_PROBE_LISTING && p->undecided) {
        p->held = s;
    } else {
        sl_probe_decide(p, NULL);
        sl_probe_tell(p, s);
    }
    if (is_main(p->at) && s->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED)
        p->stop = "the model does not answer";
    sl_probe_next(p);
}

static void set(struct sl_probe *p, Sluice__V1__TestModelStep__Result result, const char *detail)
{
    p->step->result = result;
    if (detail)
        p->step->detail = (char *)(uintptr_t)detail;
}

static bool has_capability(enum sl_probe_step step)
{
    switch (step) {
    case SL_PROBE_STREAMING:
    case SL_PROBE_TOOLS:
    case SL_PROBE_VISION:
    case SL_PROBE_JSON:
    case SL_PROBE_EMBEDDING:
    case SL_PROBE_IMAGE:
        return true;
    default:
        return false;
    }
}

static void pass(struct sl_probe *p, const char *detail)
{
    if (has_capability(p->at))
        p->findings.known[p->at] = 1;
    set(p, SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED, detail);
    tell(p);
}

/* Somebody said it could: then something is wrong. */
static void never(struct sl_probe *p, const char *detail)
{
    bool said = sl_probe_capability(p->spec.model, p->at) == 1;
    p->findings.known[p->at] = 0;
    set(p,
        said ? SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED
             : SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_UNSUPPORTED,
        detail);
    if (said && !*p->step->reason)
        p->step->reason = (char *)(uintptr_t)sl_reason_name(SL_REASON_PROVIDER_UNSUPPORTED);
    tell(p);
}

/* ---- errors ---- */

/* The call's own step is not to blame where the key is. */
static void refuse_key(struct sl_probe *p, const struct sl_err *err)
{
    p->told_ms = elapsed(p);
    sl_probe_decide(p, err);
    set(p, SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED, p->stop);
    tell(p);
}

/* A key that may not list models may still be one that is good for them. */
static bool refuses_key(const struct sl_probe *p, const struct sl_err *err)
{
    enum { FORBIDDEN = 403 };
    return p->undecided && sl_probe_is_about_key(err) &&
           (p->at != SL_PROBE_LISTING || err->http_status != FORBIDDEN);
}

static bool climb(struct sl_probe *p)
{
    if (!sl_probe_tokens(p->at, p->rung + 1))
        return false;
    p->rung++;
    return true;
}

static void on_error(struct sl_probe *p, const struct sl_err *err,
                     const Sluice__V1__FailureInfo *failure)
{
    const Sluice__V1__TokenUsage *used = failure ? failure->usage : NULL;
    enum sl_probe_verdict verdict = sl_probe_judge_error(p->at, err);
    add_usage(p, used && !used->estimated ? used : NULL, failure ? failure->report : NULL);
    if (refuses_key(p, err)) {
        refuse_key(p, err);
    } else if (verdict == SL_PROBE_AGAIN && climb(p)) {
        sl_probe_call(p);
    } else if (verdict == SL_PROBE_NEVER && p->at == SL_PROBE_LISTING) {
        set(p, SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED, "the provider has no listing");
        tell(p);
    } else {
        sl_probe_set_error(p, p->step, err);
        if (verdict == SL_PROBE_NEVER)
            never(p, NULL);
        else
            tell(p);
    }
}

/* ---- chat ---- */

static bool on_event(void *owner, const Sluice__V1__StreamEvent *event)
{
    struct sl_probe *p = owner;
    (void)event;
    p->events++;
    return false;
}

static void take_stream(struct sl_probe *p, const Sluice__V1__CallReport *report)
{
    p->step->detail = sl_arena_printf(p->spec.arena, "%lld event%s", (long long)p->events,
                                      p->events == 1 ? "" : "s");
    if (!report->_first_token_ms_case)
        return;
    p->step->first_token_ms = report->first_token_ms;
    p->step->_first_token_ms_case = SLUICE__V1__TEST_MODEL_STEP___FIRST_TOKEN_MS_FIRST_TOKEN_MS;
}

static void on_answer(struct sl_probe *p, const struct sl_exchange_end *end)
{
    const Sluice__V1__Finished *f = end->finished;
    const char *detail = NULL;
    enum sl_probe_verdict verdict =
        sl_probe_judge(p->spec.arena, p->at, end->message, f->finish_reason, &detail);
    add_usage(p, f->usage, f->report);
    p->answered = true;
    p->told_ms = elapsed(p);
    if (p->at == SL_PROBE_COMPLETION)
        p->floor = p->rung;
    if (p->at == SL_PROBE_STREAMING)
        take_stream(p, f->report);
    if (verdict == SL_PROBE_AGAIN && climb(p)) {
        sl_probe_call(p);
    } else if (verdict == SL_PROBE_AGAIN) {
        set(p, SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED,
            "not known: the answer was cut off before it told");
        tell(p);
    } else if (verdict == SL_PROBE_NEVER) {
        never(p, detail);
    } else {
        pass(p, detail);
    }
}

static void on_exchange_end(void *owner, const struct sl_exchange_end *end)
{
    struct sl_probe *p = owner;
    p->exchange = NULL;
    if (end->err)
        on_error(p, end->err, end->failure);
    else
        on_answer(p, end);
}

static const struct sl_exchange_ops stream_ops = {.on_event = on_event, .on_end = on_exchange_end};
static const struct sl_exchange_ops whole_ops = {.on_event = NULL, .on_end = on_exchange_end};

static void start_exchange(struct sl_probe *p)
{
    const struct sl_probe_spec *spec = &p->spec;
    const struct sl_candidates candidates = {.count = 1, .list = {{spec->model, "tested"}}};
    bool stream = p->at == SL_PROBE_STREAMING;
    Sluice__V1__CompleteRequest *request =
        sl_probe_ask(spec->arena, p->at, sl_probe_tokens(p->at, p->rung));
    p->events = 0;
    p->exchange = sl_exchange_start(&(struct sl_exchange_spec){
        .arena = spec->arena,
        .upstream = spec->upstream,
        .parser = spec->parser,
        .loop = spec->loop,
        .registry = spec->registry,
        .request = request,
        .candidates = &candidates,
        .call_id = spec->call_id,
        .model_asked = spec->model->name,
        .arrived_us = sl_loop_now_us(spec->loop),
        .stream = stream,
        .assemble = true,
        .warnings = &p->warnings,
        .ops = stream ? &stream_ops : &whole_ops,
        .owner = p,
        .facts = &p->facts,
    });
}

/* ---- all other calls ---- */

static void take_listing(struct sl_probe *p, const Sluice__V1__DiscoverModelsResponse *r)
{
    const struct sl_model *m = p->spec.model;
    const Sluice__V1__ProviderModel *found = NULL;
    for (size_t i = 0; i < r->n_models && !found; i++) {
        if (!strcmp(r->models[i]->id, m->target.model_id))
            found = r->models[i];
    }
    if (found) {
        p->findings.context_tokens = found->context_tokens;
        p->findings.max_output_tokens = found->max_output_tokens;
    }
    add_usage(p, NULL, NULL);
    pass(p, sl_arena_printf(p->spec.arena, "lists %zu model%s, %s", r->n_models,
                            r->n_models == 1 ? "" : "s",
                            found ? "this one among them" : "this one is not among them"));
}

static void take_embedding(struct sl_probe *p, const Sluice__V1__EmbedResponse *r)
{
    size_t n = r->n_embeddings ? r->embeddings[0]->n_values : 0;
    add_usage(p, r->usage, r->report);
    pass(p, n ? sl_arena_printf(p->spec.arena, "%zu dimensions", n) : NULL);
}

static void take_picture(struct sl_probe *p, const Sluice__V1__ImageFinished *r)
{
    add_usage(p, r->usage, r->report);
    if (r->images)
        pass(p, NULL);
    else
        never(p, "there came no picture");
}

static void on_job_end(void *owner, const struct sl_job_end *end)
{
    struct sl_probe *p = owner;
    p->job = NULL;
    if (end->err) {
        on_error(p, end->err, end->failure);
        return;
    }
    p->answered = true;
    p->told_ms = elapsed(p);
    switch (p->at) {
    case SL_PROBE_EMBEDDING:
        take_embedding(p, end->embed);
        break;
    case SL_PROBE_RERANK:
        add_usage(p, end->rerank->usage, end->rerank->report);
        pass(p, NULL);
        break;
    case SL_PROBE_MODERATION:
        add_usage(p, end->moderate->usage, end->moderate->report);
        pass(p, NULL);
        break;
    case SL_PROBE_IMAGE:
        take_picture(p, end->finished);
        break;
    default:
        take_listing(p, end->models);
        break;
    }
}

static bool on_image(void *owner, const Sluice__V1__ImageEvent *event)
{
    (void)owner;
    (void)event;
    return false;
}

static const struct sl_job_ops job_ops = {.on_event = on_image, .on_end = on_job_end};

static void start_job(struct sl_probe *p)
{
    const struct sl_probe_spec *spec = &p->spec;
    enum sl_operation operation;
    const ProtobufCMessage *request = sl_probe_ask_operation(spec->arena, p->at, &operation);
    p->job = sl_job_start(&(struct sl_job_spec){
        .operation = operation,
        .request = request,
        .arena = spec->arena,
        .upstream = spec->upstream,
        .parser = spec->parser,
        .loop = spec->loop,
        .registry = spec->registry,
        .candidate = {spec->model, "tested"},
        .call_id = spec->call_id,
        .model_asked = spec->model->name,
        .arrived_us = sl_loop_now_us(spec->loop),
        .warnings = &p->warnings,
        .ops = &job_ops,
        .owner = p,
        .facts = &p->facts,
    });
}

/* ---- a step ---- */

void sl_probe_call(struct sl_probe *p)
{
    if (!p->step) {
        p->step = sl_probe_step_new(p, p->at,
                                    SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_UNSPECIFIED, NULL);
        p->rung = p->at == SL_PROBE_STREAMING ? p->floor : 0;
    }
    p->facts = (struct sl_call_facts){.first_token_us = -1};
    if (p->at >= SL_PROBE_COMPLETION && p->at <= SL_PROBE_JSON)
        start_exchange(p);
    else
        start_job(p);
}

void sl_probe_call_late(struct sl_probe *p)
{
    struct sl_err err = {0};
    sl_job_cancel(p->job);
    sl_exchange_cancel(p->exchange);
    p->job = NULL;
    p->exchange = NULL;
    sl_err_set(&err, SL_DEADLINE_EXCEEDED, SL_REASON_TOTAL_TIMEOUT,
               "the step took longer than %.0f ms", elapsed(p));
    on_error(p, &err, NULL);
}
