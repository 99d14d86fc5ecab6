/* What is counted of calls. */
#ifndef SL_TELEMETRY_REQUEST_METRICS_H
#define SL_TELEMETRY_REQUEST_METRICS_H

#include "telemetry/metrics.h"
#include "telemetry/request_log.h"

/* The call's part of the calls that are open now: 1 is added where it begins, taken off where it ends. */
struct sl_series *sl_request_open(const char *method) SL_MUST_CHECK;
/* A call that ended. */
void sl_request_count(const struct sl_request_line *line);

#endif
