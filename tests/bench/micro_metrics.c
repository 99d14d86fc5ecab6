/* What counting costs: all that is counted of one call, on one thread and on several at a time, and a reading of many
 * series.
 *
 *     micro_metrics [THREADS]      2 unless said otherwise */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/compiler.h"
#include "telemetry/metrics.h"
#include "telemetry/request_metrics.h"

enum { CALLS = 1000000, MANY = 900, MAX_THREADS = 64 };

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void count_call(void)
{
    static const char method[] = "/sluice.v1.Completion/StreamComplete";
    static const struct sl_call_facts facts = {
        .model_label = "claude-sonnet-4-5",
        .provider_label = "anthropic",
        .first_token_us = 200000,
        .input_tokens = 1000,
        .cache_read_tokens = 800,
        .output_tokens = 200,
    };
    static const struct sl_request_line line = {
        .method = method, .total_us = 1500000, .facts = &facts};
    struct sl_series *open = sl_request_open(method);
    sl_series_add(open, 1);
    sl_metric_add(SL_METRIC_AUTH_CHECKS, 1, SL_LABELS("OK"));
    sl_metric_add(SL_METRIC_UPSTREAM_REQUESTS, 1, SL_LABELS("anthropic", "OK"));
    sl_request_count(&line);
    sl_series_add(open, -1);
}

static void *run(void *ns)
{
    double before = cpu_ns();
    for (int i = 0; i < CALLS; i++)
        count_call();
    *(double *)ns = (cpu_ns() - before) / CALLS;
    return NULL;
}

static void run_on(long n)
{
    pthread_t threads[MAX_THREADS];
    double ns[MAX_THREADS], worst = 0;
    for (long i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, run, &ns[i]))
            exit(EXIT_FAILURE);
    for (long i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        worst = ns[i] > worst ? ns[i] : worst;
    }
    printf("one call, %ld thread%s: %.0f ns of CPU\n", n, n > 1 ? "s" : "", worst);
}

static void read_many(void)
{
    char name[32];
    struct sl_buf text;
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "model-%d", i);
        sl_metric_add(SL_METRIC_MODEL_CALLS, 1, SL_LABELS(name, "OK"));
        sl_metric_observe(SL_METRIC_RPC_SECONDS, i, SL_LABELS(name));
    }
    sl_buf_init(&text, 64 * 1024 * 1024);
    double before = cpu_ns();
    if (!sl_metrics_write(&text))
        exit(EXIT_FAILURE);
    printf("a reading of %d counters and %d histograms, %zu KiB: %.2f ms of CPU\n", MANY, MANY,
           text.n / 1024, (cpu_ns() - before) / 1e6);
    sl_buf_fini(&text);
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 2;
    if (n < 1 || n > MAX_THREADS)
        return EXIT_FAILURE;
    run_on(1);
    run_on(n);
    read_many();
    return EXIT_SUCCESS;
}
