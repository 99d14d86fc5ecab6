/* Counts and latencies of a run, and the JSON line that says them. */
#include "load.h"

#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"

int64_t load_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void add(struct load_samples *s, int64_t us)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4096;
        s->us = sl_realloc(s->us, s->cap * sizeof(*s->us));
    }
    s->us[s->n++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void load_stats_fini(struct load_stats *s)
{
    sl_free(s->latency.us);
    sl_free(s->first.us);
}

void load_stats_call(struct load_stats *s, int64_t start_us, int64_t first_us, int64_t end_us)
{
    s->calls++;
    s->end_us = end_us;
    add(&s->latency, end_us - start_us);
    if (first_us)
        add(&s->first, first_us - start_us);
}

void load_stats_error(struct load_stats *s, const char *text)
{
    if (!s->errors++)
        sl_copy(s->first_error, sizeof(s->first_error), text);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_percentiles(struct load_samples *s, const char *name, FILE *to)
{
    static const struct {
        const char *name;
        double share;
    } rows[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
    if (s->n)
        qsort(s->us, s->n, sizeof(*s->us), compare);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        double ms = s->n ? s->us[(size_t)(rows[i].share * (double)(s->n - 1))] / 1000.0 : 0;
        fprintf(to, ", \"%s_%s_ms\": %.3f", name, rows[i].name, ms);
    }
}

void load_stats_print(struct load_stats *s, FILE *to)
{
    double seconds = (double)(s->end_us - s->begin_us) / 1e6;
    double per_second = seconds > 0 ? 1 / seconds : 0;
    fprintf(to,
            "{\"calls\": %llu, \"errors\": %llu, \"messages\": %llu, \"events\": %llu, "
            "\"seconds\": %.3f",
            (unsigned long long)s->calls, (unsigned long long)s->errors,
            (unsigned long long)s->messages, (unsigned long long)s->events, seconds);
    fprintf(to, ", \"calls_per_s\": %.1f, \"events_per_s\": %.1f", (double)s->calls * per_second,
            (double)s->events * per_second);
    print_percentiles(&s->latency, "call", to);
    print_percentiles(&s->first, "first", to);
    fprintf(to, "}\n");
    if (s->errors)
        fprintf(stderr, "bench_load: %llu calls failed, the first: %s\n",
                (unsigned long long)s->errors, s->first_error);
}
