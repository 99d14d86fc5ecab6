/* What an exchange tells of itself: usage, cost, timing, and the facts for the request log. */
#include "exchange/internal.h"

#include "base/clock.h"
#include "exchange/account.h"

Sluice__V1__TokenUsage *sl_exchange_usage(struct sl_exchange *x)
{
    if (!x->answer.end.has_usage)
        sl_estimate_usage(x->transfer || x->attempts ? sl_request_text_bytes(x->spec.request) : 0,
                          x->answer_bytes, x->reasoning_bytes, &x->answer.end.usage);
    return &x->answer.end.usage;
}

static void set_speed(struct sl_exchange *x, Sluice__V1__CallReport *r,
                      const Sluice__V1__TokenUsage *usage, int64_t now)
{
    r->total_ms = (double)(now - x->spec.arrived_us) / 1000;
    if (x->first_token_us < 0)
        return;
    r->first_token_ms = (double)(x->first_token_us - x->spec.arrived_us) / 1000;
    r->_first_token_ms_case = SLUICE__V1__CALL_REPORT___FIRST_TOKEN_MS_FIRST_TOKEN_MS;
    if (now > x->first_token_us && x->spec.stream)
        r->tokens_per_second = (double)(usage->output_tokens + usage->reasoning_tokens) * 1e6 /
                               (double)(now - x->first_token_us);
}

Sluice__V1__CallReport *sl_exchange_report(struct sl_exchange *x,
                                           const Sluice__V1__TokenUsage *usage)
{
    Sluice__V1__CallReport *r = SL_ARENA_NEW(x->spec.arena, Sluice__V1__CallReport);
    const struct sl_answer_end *end = &x->answer.end;
    sluice__v1__call_report__init(r);
    r->call_id = text(x->spec.call_id);
    r->model_asked = text(x->spec.model_asked);
    r->model = text(x->model->name);
    r->provider = text(x->model->provider);
    r->provider_model = text(end->model);
    r->provider_response_id = text(end->response_id);
    r->provider_request_id = text(x->provider_request_id);
    r->reason = text(x->why);
    r->attempts = x->attempts;
    r->system_fingerprint = text(end->system_fingerprint);
    r->service_tier = text(end->service_tier);
    set_speed(x, r, usage, sl_now_us());
    if (x->attempts && sl_cost_nanos(&x->model->prices, usage, &r->cost_nanos))
        r->_cost_nanos_case = SLUICE__V1__CALL_REPORT___COST_NANOS_COST_NANOS;
    return r;
}

void sl_exchange_fill_facts(struct sl_exchange *x, const Sluice__V1__TokenUsage *usage)
{
    struct sl_call_facts *f = x->spec.facts;
    f->model = sl_arena_strdup(x->spec.arena, x->model->name);
    f->provider = sl_arena_strdup(x->spec.arena, x->model->provider);
    f->why = x->why;
    f->provider_request_id = x->provider_request_id;
    f->attempts = x->attempts;
    f->first_token_us = x->first_token_us < 0 ? -1 : x->first_token_us - x->spec.arrived_us;
    f->input_tokens = usage->input_tokens + usage->cache_read_tokens + usage->cache_write_tokens;
    f->output_tokens = usage->output_tokens + usage->reasoning_tokens;
    f->usage_estimated = usage->estimated;
}
