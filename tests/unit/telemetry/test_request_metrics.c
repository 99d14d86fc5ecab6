/* What a call adds to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reading.h"
#include "telemetry/request_metrics.h"

static void calls_are_counted_by_method_and_code(void **state)
{
    static const struct sl_call_facts facts = {.first_token_us = -1};
    struct sl_request_line line = {
        .method = "/sluice.v1.Completion/Complete", .total_us = 30000, .facts = &facts};
    (void)state;
    sl_request_count(&line);
    line.code = SL_NOT_FOUND;
    sl_request_count(&line);
    assert_true(
        reading("sluice_rpcs_total{method=\"sluice.v1.Completion/Complete\",code=\"OK\"}") == 1);
    assert_true(
        reading("sluice_rpcs_total{method=\"sluice.v1.Completion/Complete\",code=\"NOT_FOUND\"}") ==
        1);
    assert_true(
        reading("sluice_rpc_duration_seconds_sum{method=\"sluice.v1.Completion/Complete\"}") ==
        0.06);
}

static void models_have_calls_and_tokens(void **state)
{
    struct sl_call_facts facts = {
        .model_label = "fast",
        .provider_label = "acme",
        .first_token_us = 20000,
        .input_tokens = 100,
        .cache_read_tokens = 60,
        .cache_write_tokens = 30,
        .output_tokens = 7,
        .reasoning_tokens = 7,
    };
    struct sl_request_line line = {.method = "/a.B/C", .facts = &facts};
    (void)state;
    sl_request_count(&line);
    facts.usage_estimated = true;
    facts.first_token_us = -1;
    line.code = SL_CANCELLED;
    sl_request_count(&line);
    static const struct {
        const char *kind, *source;
        double n;
    } rows[] = {
        {"input", "reported", 10},       {"input", "estimated", 10}, {"cache_read", "reported", 60},
        {"cache_write", "reported", 30}, {"output", "reported", -1}, {"reasoning", "reported", 7},
        {"reasoning", "estimated", 7},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char series[256];
        snprintf(series, sizeof(series),
                 "sluice_tokens_total{model=\"fast\",kind=\"%s\",source=\"%s\"}", rows[i].kind,
                 rows[i].source);
        assert_true(reading(series) == rows[i].n);
    }
    assert_true(reading("sluice_model_calls_total{model=\"fast\",code=\"OK\"}") == 1);
    assert_true(reading("sluice_model_calls_total{model=\"fast\",code=\"CANCELLED\"}") == 1);
    assert_true(reading("sluice_first_token_seconds_count{provider=\"acme\"}") == 1);
    assert_true(reading("sluice_first_token_seconds_sum{provider=\"acme\"}") == 0.02);
}

static void unknown_methods_are_one(void **state)
{
    struct sl_request_line line = {.method = "?", .code = SL_UNIMPLEMENTED};
    (void)state;
    sl_request_count(&line);
    assert_true(reading("sluice_rpcs_total{method=\"(unknown)\",code=\"UNIMPLEMENTED\"}") == 1);
}

static void open_calls_are_a_gauge(void **state)
{
    (void)state;
    struct sl_series *open = sl_request_open("/sluice.v1.Completion/Chat");
    sl_series_add(open, 1);
    assert_true(reading("sluice_rpcs_open{method=\"sluice.v1.Completion/Chat\"}") == 1);
    sl_series_add(open, -1);
    assert_true(reading("sluice_rpcs_open{method=\"sluice.v1.Completion/Chat\"}") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted_by_method_and_code),
        cmocka_unit_test(models_have_calls_and_tokens),
        cmocka_unit_test(unknown_methods_are_one),
        cmocka_unit_test(open_calls_are_a_gauge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
