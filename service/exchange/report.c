/* What a call tells of itself: cost, timing, failure, and the facts for the request log. */
#include "exchange/report.h"

#include "base/clock.h"
#include "exchange/account.h"
#include "registry/label.h"

static void set_speed(const struct sl_course *c, Sluice__V1__CallReport *r,
                      const Sluice__V1__TokenUsage *usage, int64_t now)
{
    r->total_ms = (double)(now - c->arrived_us) / 1000;
    if (c->first_token_us < 0)
        return;
    r->first_token_ms = (double)(c->first_token_us - c->arrived_us) / 1000;
    r->_first_token_ms_case = SLUICE__V1__CALL_REPORT___FIRST_TOKEN_MS_FIRST_TOKEN_MS;
    if (now > c->first_token_us && c->stream)
        r->tokens_per_second = (double)(usage->output_tokens + usage->reasoning_tokens) * 1e6 /
                               (double)(now - c->first_token_us);
}

Sluice__V1__CallReport *sl_course_report(const struct sl_course *c, const struct sl_answer_end *end,
                                         const Sluice__V1__TokenUsage *usage)
{
    Sluice__V1__CallReport *r = SL_ARENA_NEW(c->arena, Sluice__V1__CallReport);
    sluice__v1__call_report__init(r);
    r->call_id = sl_text(c->call_id);
    r->model_asked = sl_text(c->model_asked);
    r->model = sl_text(c->model->name);
    r->provider = sl_text(c->model->provider);
    r->provider_model = sl_text(end->model);
    r->provider_response_id = sl_text(end->response_id);
    r->provider_request_id = sl_text(c->provider_request_id);
    r->reason = sl_text(c->why);
    r->task = sl_text(c->facts ? c->facts->task : NULL);
    r->attempts = c->attempts;
    r->system_fingerprint = sl_text(end->system_fingerprint);
    r->service_tier = sl_text(end->service_tier);
    set_speed(c, r, usage, sl_now_us());
    if (c->attempts && sl_cost_nanos(&c->model->prices, usage, &r->cost_nanos))
        r->_cost_nanos_case = SLUICE__V1__CALL_REPORT___COST_NANOS_COST_NANOS;
    return r;
}

void sl_course_failure(struct sl_course *c, struct sl_err *err, const struct sl_answer_end *end,
                       Sluice__V1__TokenUsage *usage, Sluice__V1__FailureInfo *info)
{
    if (!err->provider_request_id[0] && c->provider_request_id)
        sl_copy(err->provider_request_id, sizeof(err->provider_request_id), c->provider_request_id);
    char *const said[] = {err->text, err->provider_code, err->provider_type, err->provider_param};
    for (size_t i = 0; i < SL_ARRAY_LEN(said); i++)
        sl_scrub(said[i], c->model->target.key);
    info->provider_status = err->http_status;
    info->provider_code = err->provider_code;
    info->provider_type = err->provider_type;
    info->provider_param = err->provider_param;
    info->provider_message = err->http_status ? err->text : sl_text("");
    info->retryable = err->retryable;
    info->partial = c->first_token_us >= 0;
    if (err->has_retry_after) {
        info->retry_after_ms = err->retry_after_ms;
        info->_retry_after_ms_case = SLUICE__V1__FAILURE_INFO___RETRY_AFTER_MS_RETRY_AFTER_MS;
    }
    if (err->provider_request_id[0])
        c->provider_request_id = sl_arena_strdup(c->arena, err->provider_request_id);
    info->usage = usage;
    info->report = sl_course_report(c, end, usage);
}

void sl_course_facts(const struct sl_course *c, const Sluice__V1__TokenUsage *usage)
{
    struct sl_call_facts *f = c->facts;
    f->model = sl_arena_strdup(c->arena, c->model->name);
    f->provider = sl_arena_strdup(c->arena, c->model->provider);
    f->model_label = sl_arena_strdup(c->arena, sl_model_label(c->model));
    f->provider_label = sl_arena_strdup(c->arena, sl_model_provider_label(c->model));
    f->why = c->why;
    f->provider_request_id = c->provider_request_id;
    f->attempts = c->attempts;
    f->first_token_us = c->first_token_us < 0 ? -1 : c->first_token_us - c->arrived_us;
    f->input_tokens = usage->input_tokens + usage->cache_read_tokens + usage->cache_write_tokens;
    f->output_tokens = usage->output_tokens + usage->reasoning_tokens;
    f->cache_read_tokens = usage->cache_read_tokens;
    f->cache_write_tokens = usage->cache_write_tokens;
    f->reasoning_tokens = usage->reasoning_tokens;
    f->usage_estimated = usage->estimated;
}

void sl_candidates_warn(const struct sl_candidates *c, struct sl_warnings *warnings)
{
    for (size_t i = 0; i < c->n_notes; i++)
        sl_warn(warnings, c->notes[i].reason, "model", "%s", c->notes[i].text);
}
