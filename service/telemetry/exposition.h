/* Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
#ifndef SL_TELEMETRY_EXPOSITION_H
#define SL_TELEMETRY_EXPOSITION_H

#include "telemetry/metrics.h"

#define SL_EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Upper bounds of a histogram's buckets, in microseconds; one more without a bound follows. From a call that the service
 * answers by itself to the longest that a model may take. */
enum { SL_HISTOGRAM_BOUNDS = 16 };
extern const int64_t sl_histogram_bounds_us[SL_HISTOGRAM_BOUNDS];
/* Of the bucket that an observation falls into: its bound is the first that is not less. */
size_t sl_histogram_bucket(int64_t us);

/* Each returns false where it does not fit into the buffer. */

/* The lines # HELP and # TYPE. */
bool sl_exposition_head(struct sl_buf *to, const struct sl_metric_facts *m) SL_MUST_CHECK;
/* name="value",...: backslash, quote and line break of a value escaped, what is no UTF-8 replaced. "" without labels. */
bool sl_exposition_labels(struct sl_buf *to, const struct sl_metric_facts *m,
                          const char *const *values) SL_MUST_CHECK;
/* A line of a counter or a gauge; labels as above. */
bool sl_exposition_value(struct sl_buf *to, const struct sl_metric_facts *m, const char *labels,
                         double value) SL_MUST_CHECK;
/* The lines of a histogram: counts of each bucket alone, then the sum in microseconds. */
bool sl_exposition_histogram(struct sl_buf *to, const struct sl_metric_facts *m, const char *labels,
                             const int64_t cells[SL_HISTOGRAM_BOUNDS + 2]) SL_MUST_CHECK;

#endif
