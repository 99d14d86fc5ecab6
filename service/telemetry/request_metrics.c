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

void sl_request_count(const struct sl_request_line *line)
{
    const char *method = method_label(line->method);
    sl_metric_add(SL_METRIC_RPCS, 1, SL_LABELS(method, sl_code_name(line->code)));
    sl_metric_observe(SL_METRIC_RPC_SECONDS, line->total_us, SL_LABELS(method));
}
