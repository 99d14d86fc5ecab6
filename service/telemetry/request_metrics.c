/* From a call's line to counters. */
#include "telemetry/request_metrics.h"

/* "/sluice.v1.Completion/Complete" without its slash; all that is served by no row of the method table is one. */
static const char *method_label(const char *method)
{
    return *method == '/' ? method + 1 : "(unknown)";
}

struct sl_series *sl_request_open(const char *method)
{
    return sl_series_get(SL_METRIC_RPCS_OPEN, SL_LABELS(method_label(method)));
}

static void add_tokens(const struct sl_call_facts *f, const char *kind, int32_t n)
{
    const char *source = f->usage_estimated ? "estimated" : "reported";
    if (n > 0)
        sl_metric_add(SL_METRIC_TOKENS, n, SL_LABELS(f->model_label, kind, source));
}

/* Kinds are disjoint, as in TokenUsage. */
static void count_tokens(const struct sl_call_facts *f)
{
    add_tokens(f, "input", f->input_tokens - f->cache_read_tokens - f->cache_write_tokens);
    add_tokens(f, "cache_read", f->cache_read_tokens);
    add_tokens(f, "cache_write", f->cache_write_tokens);
    add_tokens(f, "output", f->output_tokens - f->reasoning_tokens);
    add_tokens(f, "reasoning", f->reasoning_tokens);
}

static void count_model(const struct sl_request_line *line)
{
    const struct sl_call_facts *f = line->facts;
    sl_metric_add(SL_METRIC_MODEL_CALLS, 1, SL_LABELS(f->model_label, sl_code_name(line->code)));
    if (f->first_token_us >= 0)
        sl_metric_observe(SL_METRIC_FIRST_TOKEN, f->first_token_us, SL_LABELS(f->provider_label));
    count_tokens(f);
}

void sl_request_count(const struct sl_request_line *line)
{
    const char *method = method_label(line->method);
    if (line->facts && line->facts->model_label)
        count_model(line);
    sl_metric_add(SL_METRIC_RPCS, 1, SL_LABELS(method, sl_code_name(line->code)));
    sl_metric_observe(SL_METRIC_RPC_SECONDS, line->total_us, SL_LABELS(method));
}
