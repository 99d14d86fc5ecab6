/* The life of a probe: one step after the other, each within its time, then the summary. */
#include <string.h>

#include "base/alloc.h"
#include "exchange/probe/internal.h"

enum { LEAST_MS = 20 };

static void on_closed(uv_handle_t *timer)
{
    sl_free(timer->data);
}

/* What a probe holds, at its end. */
static void let_go(struct sl_probe *p)
{
    struct sl_call_facts *f = p->spec.facts;
    f->attempts = p->findings.attempts;
    if (p->findings.has_usage) {
        const Sluice__V1__TokenUsage *u = &p->findings.usage;
        f->input_tokens = u->input_tokens + u->cache_read_tokens + u->cache_write_tokens;
        f->output_tokens = u->output_tokens + u->reasoning_tokens;
        f->usage_estimated = u->estimated;
    }
    if (p->leased)
        sl_lease_end(&p->lease);
    sl_registry_unref(p->spec.registry);
    uv_close((uv_handle_t *)&p->timer, on_closed);
}

/* ---- telling ---- */

probe_step_t *sl_probe_step_new(struct sl_probe *p, enum sl_probe_step step,
                                Sluice__V1__TestModelStep__Result result, const char *detail)
{
    probe_step_t *s = SL_ARENA_NEW(p->spec.arena, probe_step_t);
    sluice__v1__test_model_step__init(s);
    s->step = (char *)(uintptr_t)sl_probe_step_name(step);
    s->result = result;
    s->detail = (char *)(uintptr_t)(detail ? detail : "");
    return s;
}

void sl_probe_set_error(struct sl_probe *p, probe_step_t *step, const struct sl_err *err)
{
    step->result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED;
    step->reason = (char *)(uintptr_t)sl_reason_name(err->reason);
    step->detail = sl_arena_strdup(p->spec.arena, err->text);
    step->provider_status = err->http_status;
    step->provider_code = sl_arena_strdup(p->spec.arena, err->provider_code);
}

void sl_probe_tell(struct sl_probe *p, const probe_step_t *step)
{
    sl_probe_findings_add(&p->findings, step);
    p->spec.ops->on_step(p->spec.owner, step);
}

static void skip(struct sl_probe *p, enum sl_probe_step step, const char *why)
{
    sl_probe_tell(
        p, sl_probe_step_new(p, step, SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED, why));
}

/* ---- the key ---- */

void sl_probe_decide(struct sl_probe *p, const struct sl_err *err)
{
    if (!p->undecided)
        return;
    p->undecided = false;
    probe_step_t *s = sl_probe_step_new(p, SL_PROBE_CREDENTIALS,
                                        SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED,
                                        "not known: no call was answered");
    if (err) {
        sl_probe_set_error(p, s, err);
        p->stop = "the key was refused";
    } else if (p->answered) {
        s->result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED;
        s->detail = (char *)(uintptr_t) "a call with the key was answered";
    }
    s->elapsed_ms = p->told_ms;
    sl_probe_tell(p, s);
    if (p->held)
        sl_probe_tell(p, p->held);
    p->held = NULL;
}

/* Whether there is a key to try is known at once; whether the provider takes it, the first calls will tell. */
static void begin_credentials(struct sl_probe *p)
{
    if (!p->leased) {
        probe_step_t *s = sl_probe_step_new(
            p, SL_PROBE_CREDENTIALS, SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED, NULL);
        sl_probe_set_error(p, s, &p->no_lease);
        p->stop = "there is no key to call with";
        sl_probe_tell(p, s);
    } else if (!p->lease.target.key && !p->lease.tokens) {
        skip(p, SL_PROBE_CREDENTIALS, "no key is sent");
    } else {
        p->undecided = true;
    }
}

/* ---- going on ---- */

static int64_t total_left(const struct sl_probe *p)
{
    return p->spec.total_ms - (sl_loop_now_us(p->spec.loop) - p->began_us) / 1000;
}

/* What no step could do anything in. */
static bool is_over(const struct sl_probe *p)
{
    int64_t least = p->spec.total_ms / 20;
    return total_left(p) <= (least < LEAST_MS ? least : LEAST_MS);
}

int64_t sl_probe_time_left(const struct sl_probe *p)
{
    int64_t left = total_left(p);
    return left < p->spec.step_ms ? left : p->spec.step_ms;
}

static void on_timer(uv_timer_t *timer);

static void run(struct sl_probe *p)
{
    p->step_us = sl_loop_now_us(p->spec.loop);
    uv_timer_start(&p->timer, on_timer, (uint64_t)sl_probe_time_left(p), 0);
    if (p->at <= SL_PROBE_TLS)
        sl_probe_reach(p);
    else
        sl_probe_call(p);
}

static void finish(struct sl_probe *p)
{
    sl_probe_decide(p, NULL);
    probe_step_t *s =
        sl_probe_step_new(p, SL_PROBE_SUMMARY,
                          p->findings.failed ? SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED
                                             : SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED,
                          NULL);
    s->elapsed_ms = (double)(sl_loop_now_us(p->spec.loop) - p->began_us) / 1000;
    sl_probe_findings_sum(&p->findings, p->spec.arena, p->spec.model, p->spec.name, s);
    p->spec.ops->on_step(p->spec.owner, s);
    let_go(p);
    p->spec.ops->on_end(p->spec.owner);
}

/* The first step from p->at on that is to be tried. */
static void go_on(struct sl_probe *p)
{
    for (; p->at < SL_PROBE_SUMMARY; p->at++) {
        const char *why = p->stop ? p->stop : p->plan.skip[p->at];
        if (!(p->plan.steps & 1u << p->at))
            continue;
        if (!why && is_over(p))
            why = p->stop = "no time is left";
        if (why) {
            if (p->at >= SL_PROBE_LISTING)
                sl_probe_decide(p, NULL);
            skip(p, p->at, why);
        } else if (p->at == SL_PROBE_CREDENTIALS) {
            begin_credentials(p);
        } else {
            run(p);
            return;
        }
    }
    finish(p);
}

void sl_probe_next(struct sl_probe *p)
{
    uv_timer_stop(&p->timer);
    p->at++;
    go_on(p);
}

static void on_timer(uv_timer_t *timer)
{
    struct sl_probe *p = timer->data;
    if (!p->begun) {
        p->begun = true;
        p->began_us = sl_loop_now_us(p->spec.loop);
        go_on(p);
    } else if (p->at <= SL_PROBE_TLS) {
        sl_probe_reach_late(p);
    } else {
        sl_probe_call_late(p);
    }
}

/* ---- starting, ending ---- */

struct sl_probe *sl_probe_start(const struct sl_probe_spec *spec)
{
    struct sl_probe *p = SL_NEW(struct sl_probe);
    p->spec = *spec;
    p->spec.registry = sl_registry_ref(spec->registry);
    p->warnings.arena = spec->arena;
    sl_probe_plan(spec->model, spec->steps, &p->plan);
    sl_probe_findings_init(&p->findings);
    p->leased = sl_lease_take(spec->registry, spec->model, spec->arena, sl_loop_now_us(spec->loop),
                              &p->lease, &p->no_lease) == SL_OK;
    spec->facts->model = sl_arena_strdup(spec->arena, spec->model->name);
    spec->facts->provider = sl_arena_strdup(spec->arena, spec->model->provider);
    uv_timer_init(sl_loop_uv(spec->loop), &p->timer);
    p->timer.data = p;
    uv_timer_start(&p->timer, on_timer, 0, 0);
    return p;
}

void sl_probe_cancel(struct sl_probe *p)
{
    if (!p)
        return;
    sl_transfer_cancel(p->transfer);
    sl_job_cancel(p->job);
    sl_exchange_cancel(p->exchange);
    if (p->step)
        p->findings.attempts += p->step->attempts + p->facts.attempts;
    let_go(p);
}
