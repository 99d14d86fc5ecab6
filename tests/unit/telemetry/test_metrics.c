/* Counting on many threads, and reading meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "reading.h"

enum { THREADS = 8, ROUNDS = 2000 };

static void counts_add_up(void **state)
{
    (void)state;
    sl_metric_add(SL_METRIC_RPCS, 2, SL_LABELS("add", "OK"));
    sl_metric_add(SL_METRIC_RPCS, 1, SL_LABELS("add", "OK"));
    sl_metric_add(SL_METRIC_RPCS, 1, SL_LABELS("add", "NOT_FOUND"));
    assert_true(reading("sluice_rpcs_total{method=\"add\",code=\"OK\"}") == 3);
    assert_true(reading("sluice_rpcs_total{method=\"add\",code=\"NOT_FOUND\"}") == 1);
    assert_true(reading("sluice_rpcs_total{method=\"addOK\",code=\"\"}") == -1);
}

static void gauges_go_up_and_down(void **state)
{
    (void)state;
    struct sl_series *s = sl_series_get(SL_METRIC_RPCS_OPEN, SL_LABELS("gauge"));
    sl_series_add(s, 3);
    sl_series_add(s, -2);
    assert_ptr_equal(s, sl_series_get(SL_METRIC_RPCS_OPEN, SL_LABELS("gauge")));
    assert_true(reading("sluice_rpcs_open{method=\"gauge\"}") == 1);
}

static void histograms_keep_count_and_sum(void **state)
{
    (void)state;
    sl_metric_observe(SL_METRIC_RPC_SECONDS, 1000, SL_LABELS("h"));
    sl_metric_observe(SL_METRIC_RPC_SECONDS, 1001, SL_LABELS("h"));
    sl_metric_observe(SL_METRIC_RPC_SECONDS, 400 * 1000 * 1000, SL_LABELS("h"));
    assert_true(reading("sluice_rpc_duration_seconds_bucket{method=\"h\",le=\"0.001\"}") == 1);
    assert_true(reading("sluice_rpc_duration_seconds_bucket{method=\"h\",le=\"0.0025\"}") == 2);
    assert_true(reading("sluice_rpc_duration_seconds_bucket{method=\"h\",le=\"300\"}") == 2);
    assert_true(reading("sluice_rpc_duration_seconds_bucket{method=\"h\",le=\"+Inf\"}") == 3);
    assert_true(reading("sluice_rpc_duration_seconds_count{method=\"h\"}") == 3);
    assert_true(reading("sluice_rpc_duration_seconds_sum{method=\"h\"}") == 400.002001);
}

/* ---- threads ---- */

static atomic_bool reading_on, went_back;

static void *count(void *arg)
{
    char name[32];
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof(name), "thread-%d", i % 20);
        sl_metric_add(SL_METRIC_RPCS, 1, SL_LABELS(name, "OK"));
        sl_metric_observe(SL_METRIC_RPC_SECONDS, i, SL_LABELS("threads"));
    }
    return NULL;
}

static void *read_on(void *arg)
{
    double before = -1;
    (void)arg;
    while (atomic_load(&reading_on)) {
        double now = reading("sluice_rpcs_total{method=\"thread-0\",code=\"OK\"}");
        if (now < before)
            atomic_store(&went_back, true);
        before = now;
    }
    return NULL;
}

static void threads_lose_nothing(void **state)
{
    pthread_t threads[THREADS], reader;
    char series[64];
    (void)state;
    atomic_store(&reading_on, true);
    assert_int_equal(pthread_create(&reader, NULL, read_on, NULL), 0);
    for (int round = 0; round < 2; round++) { /* the second takes up what the first left behind */
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    atomic_store(&reading_on, false);
    pthread_join(reader, NULL);
    assert_false(atomic_load(&went_back));
    for (int i = 0; i < 20; i++) {
        snprintf(series, sizeof(series), "sluice_rpcs_total{method=\"thread-%d\",code=\"OK\"}", i);
        assert_true(reading(series) == 2.0 * THREADS * ROUNDS / 20);
    }
    assert_true(reading("sluice_rpc_duration_seconds_count{method=\"threads\"}") ==
                2.0 * THREADS * ROUNDS);
}

/* ---- bounds ---- */

static void *count_other(void *arg)
{
    sl_metric_add(SL_METRIC_RPCS_OPEN, 1, SL_LABELS(arg));
    return NULL;
}

static void too_many_series_are_one(void **state)
{
    enum { MORE = 50 };
    char name[32], late[] = "many-1040", early[] = "many-0";
    pthread_t thread;
    (void)state;
    for (int i = 0; i < SL_METRIC_SERIES + MORE; i++) {
        snprintf(name, sizeof(name), "many-%d", i);
        sl_metric_add(SL_METRIC_RPCS_OPEN, 1, SL_LABELS(name));
    }
    /* "gauge" of the test above, and the place for the others */
    assert_true(reading("sluice_rpcs_open{method=\"(other)\"}") == MORE + 2);
    assert_true(reading("sluice_rpcs_open{method=\"many-0\"}") == 1);
    assert_true(reading("sluice_rpcs_open{method=\"many-1040\"}") == -1);
    /* another thread sees it the same way */
    assert_int_equal(pthread_create(&thread, NULL, count_other, late), 0);
    pthread_join(thread, NULL);
    assert_int_equal(pthread_create(&thread, NULL, count_other, early), 0);
    pthread_join(thread, NULL);
    assert_true(reading("sluice_rpcs_open{method=\"(other)\"}") == MORE + 3);
    assert_true(reading("sluice_rpcs_open{method=\"many-0\"}") == 2);
    /* others have their room */
    sl_metric_add(SL_METRIC_RPCS, 1, SL_LABELS("one more", "OK"));
    assert_true(reading("sluice_rpcs_total{method=\"one more\",code=\"OK\"}") == 1);
}

/* ---- collectors ---- */

static void collect(struct sl_collector *c, struct sl_samples *to)
{
    (void)c;
    sl_sample(to, SL_METRIC_BUILD_INFO, 1, SL_LABELS("1.2.3 \"beta\""));
    sl_sample(to, SL_METRIC_PROCESS_THREADS, 2.5, NULL);
}

static void collectors_are_asked(void **state)
{
    struct sl_collector c = {.collect = collect};
    (void)state;
    assert_true(reading("process_threads") == -1);
    sl_collector_add(&c);
    assert_true(reading("process_threads") == 2.5);
    assert_true(reading("sluice_build_info{version=\"1.2.3 \\\"beta\\\"\"}") == 1);
    sl_collector_remove(&c);
    assert_true(reading("process_threads") == -1);
    sl_collector_remove(&c);
}

static void every_metric_is_told_once_and_in_order(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 16 * 1024 * 1024);
    assert_true(sl_metrics_write(&text));
    const char *at = text.p;
    for (size_t i = 0; i < SL_METRIC_COUNT; i++) {
        char head[128];
        snprintf(head, sizeof(head), "# HELP %s ", sl_metric_facts[i].name);
        at = strstr(at, head);
        assert_non_null(at);
        assert_null(strstr(at + 1, head));
        assert_true(sl_metric_facts[i].help[strlen(sl_metric_facts[i].help) - 1] != '.');
    }
    sl_buf_fini(&text);
    sl_buf_init(&text, 100);
    assert_false(sl_metrics_write(&text));
    sl_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_add_up),
        cmocka_unit_test(gauges_go_up_and_down),
        cmocka_unit_test(histograms_keep_count_and_sum),
        cmocka_unit_test(threads_lose_nothing),
        cmocka_unit_test(too_many_series_are_one),
        cmocka_unit_test(collectors_are_asked),
        cmocka_unit_test(every_metric_is_told_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
