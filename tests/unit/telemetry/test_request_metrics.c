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
        cmocka_unit_test(unknown_methods_are_one),
        cmocka_unit_test(open_calls_are_a_gauge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
