/* What this process counts of itself, for Prometheus. Two ways to feed a metric of telemetry/metric_list.h, each metric by
 * one of them:
 *
 * Series, where things happen: each thread adds to memory of its own, so that nothing on a call's way takes a lock or
 * writes what another thread writes; whoever reads sums up. Threads that end leave their counts behind.
 *
 * Collectors, where something is known anyway: asked when somebody reads.
 *
 * Labels are for what is bounded: methods, codes, providers and models of the registry; never for what callers write, nor
 * for who they are. A metric that has SL_METRIC_SERIES series all the same counts the rest under "(other)". */
#ifndef SL_TELEMETRY_METRICS_H
#define SL_TELEMETRY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "telemetry/metric_list.h"

enum sl_metric {
#define SL_METRIC_ENUM(id, ...) SL_METRIC_##id,
    SL_METRICS(SL_METRIC_ENUM)
#undef SL_METRIC_ENUM
        SL_METRIC_COUNT
};

enum sl_metric_type { SL_COUNTER, SL_GAUGE, SL_HISTOGRAM };

enum {
    SL_METRIC_LABELS = 3,   /* at most */
    SL_METRIC_SERIES = 1000 /* of one metric */
};

struct sl_metric_facts {
    const char *name, *help;
    enum sl_metric_type type;
    const char *labels[SL_METRIC_LABELS + 1]; /* NULL behind the last */
};

extern const struct sl_metric_facts sl_metric_facts[SL_METRIC_COUNT];

/* ---- series: any thread ---- */

/* The values of a metric's labels, in order. */
#define SL_LABELS(...) ((const char *const[]){__VA_ARGS__})

struct sl_series;

/* This thread's part of a series, for this thread alone; lives as long as the process. values: NULL where the metric has no
 * labels. Some tens of nanoseconds; a series that nobody asked for before takes a lock. */
struct sl_series *sl_series_get(enum sl_metric metric, const char *const *values) SL_MUST_CHECK;
/* Of a counter n >= 0; of a gauge any: its value is what all threads added together. */
void sl_series_add(struct sl_series *s, int64_t n);
/* Of a histogram. */
void sl_series_observe(struct sl_series *s, int64_t us);

static inline void sl_metric_add(enum sl_metric metric, int64_t n, const char *const *values)
{
    sl_series_add(sl_series_get(metric, values), n);
}

static inline void sl_metric_observe(enum sl_metric metric, int64_t us, const char *const *values)
{
    sl_series_observe(sl_series_get(metric, values), us);
}

/* ---- collectors ---- */

struct sl_samples; /* what a reader gathers */

/* Intrusive; owned by whoever adds it, until sl_collector_remove returned. */
struct sl_collector {
    /* On a reader's thread, one at a time: gives counters and gauges by sl_sample. */
    void (*collect)(struct sl_collector *c, struct sl_samples *to);
    struct sl_collector *next; /* private */
};

void sl_collector_add(struct sl_collector *c);
/* Returns when it does not run. Does nothing where it was not added. */
void sl_collector_remove(struct sl_collector *c);
/* A value of this moment; values as above, the same ones once. */
void sl_sample(struct sl_samples *to, enum sl_metric metric, double value,
               const char *const *values);

/* ---- reading ---- */

/* Appends everything, as telemetry/exposition.h writes it. False where it does not fit into the buffer. Any thread; takes
 * as long as the collectors do. */
bool sl_metrics_write(struct sl_buf *to) SL_MUST_CHECK;

#endif
