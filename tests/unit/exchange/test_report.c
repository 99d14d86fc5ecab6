/* What a call tells of itself: only what is known, no key, and the same facts in the answer, the failure and the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "exchange/report.h"

static struct sl_call_facts facts;
static struct sl_model model = {
    .name = "gpt",
    .provider = "openai",
    .owner = "",
    .source = "config",
    .prices = {true, 2500000, -1, -1, 10000000, -1},
};

static struct sl_course course(struct sl_arena *arena)
{
    facts = (struct sl_call_facts){0};
    return (struct sl_course){.arena = arena,
                              .model = &model,
                              .call_id = "call-1",
                              .model_asked = "fast",
                              .attempts = 1,
                              .arrived_us = sl_now_us() - 2000000,
                              .first_token_us = -1,
                              .stream = true,
                              .facts = &facts};
}

static Sluice__V1__TokenUsage usage(void)
{
    Sluice__V1__TokenUsage u = SLUICE__V1__TOKEN_USAGE__INIT;
    u.input_tokens = 10;
    u.output_tokens = 4;
    return u;
}

static void a_report_says_what_is_known(void **state)
{
    (void)state;
    struct sl_arena arena;
    sl_arena_init(&arena, 1 << 16);
    struct sl_course c = course(&arena);
    Sluice__V1__TokenUsage u = usage();
    struct sl_answer_end end = {.model = "gpt-2026", .response_id = "resp-1"};
    Sluice__V1__CallReport *r = sl_course_report(&c, &end, &u);
    assert_string_equal(r->call_id, "call-1");
    assert_string_equal(r->model_asked, "fast");
    assert_string_equal(r->model, "gpt");
    assert_string_equal(r->provider_model, "gpt-2026");
    assert_string_equal(r->provider_response_id, "resp-1");
    assert_string_equal(r->provider_request_id, "");
    assert_int_equal(r->_cost_nanos_case, SLUICE__V1__CALL_REPORT___COST_NANOS_COST_NANOS);
    assert_int_equal(r->cost_nanos, 65000);
    assert_true(r->total_ms >= 2000);
    /* nothing came: no first token, no speed */
    assert_int_equal(r->_first_token_ms_case, 0);
    assert_true(r->tokens_per_second == 0);

    c.first_token_us = c.arrived_us + 1000000;
    r = sl_course_report(&c, &end, &u);
    assert_true(r->first_token_ms == 1000);
    assert_true(r->tokens_per_second > 0 && r->tokens_per_second <= 4);
    sl_arena_fini(&arena);
}

static void what_never_reached_a_provider_costs_nothing(void **state)
{
    (void)state;
    struct sl_arena arena;
    sl_arena_init(&arena, 1 << 16);
    struct sl_course c = course(&arena);
    Sluice__V1__TokenUsage u = usage();
    struct sl_answer_end end = {0};
    c.attempts = 0;
    Sluice__V1__CallReport *r = sl_course_report(&c, &end, &u);
    assert_int_equal(r->_cost_nanos_case, 0);
    sl_arena_fini(&arena);
}

static void a_failure_keeps_the_facts_and_no_key(void **state)
{
    (void)state;
    struct sl_arena arena;
    sl_arena_init(&arena, 1 << 16);
    struct sl_course c = course(&arena);
    Sluice__V1__TokenUsage u = usage();
    struct sl_answer_end end = {0};
    Sluice__V1__FailureInfo info = SLUICE__V1__FAILURE_INFO__INIT;
    struct sl_err err = {.http_status = 429,
                         .retryable = true,
                         .has_retry_after = true,
                         .retry_after_ms = 1500,
                         .provider_code = "rate_limit_exceeded",
                         .provider_request_id = "req-1"};
    sl_err_set(&err, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT,
               "the provider said: too many for sk-proj-abcdefghijklmnopqrstuvwxyz0123456789");
    sl_course_failure(&c, &err, &end, &u, &info);
    assert_null(strstr(info.provider_message, "abcdefghijklmnop"));
    assert_non_null(strstr(info.provider_message, "too many"));
    assert_int_equal(info.provider_status, 429);
    assert_string_equal(info.provider_code, "rate_limit_exceeded");
    assert_true(info.retryable);
    assert_false(info.partial);
    assert_int_equal(info.retry_after_ms, 1500);
    assert_ptr_equal(info.usage, &u);
    assert_string_equal(info.report->provider_request_id, "req-1");
    sl_arena_fini(&arena);
}

static void without_a_provider_there_are_no_words_of_it(void **state)
{
    (void)state;
    struct sl_arena arena;
    sl_arena_init(&arena, 1 << 16);
    struct sl_course c = course(&arena);
    Sluice__V1__TokenUsage u = usage();
    struct sl_answer_end end = {0};
    Sluice__V1__FailureInfo info = SLUICE__V1__FAILURE_INFO__INIT;
    struct sl_err err = {0};
    c.first_token_us = c.arrived_us;
    sl_err_set(&err, SL_DEADLINE_EXCEEDED, SL_REASON_CALLER_DEADLINE, "no answer in time");
    sl_course_failure(&c, &err, &end, &u, &info);
    assert_string_equal(info.provider_message, "");
    assert_int_equal(info._retry_after_ms_case, 0);
    assert_true(info.partial);
    sl_arena_fini(&arena);
}

static void the_log_gets_sums(void **state)
{
    (void)state;
    struct sl_arena arena;
    sl_arena_init(&arena, 1 << 16);
    struct sl_course c = course(&arena);
    Sluice__V1__TokenUsage u = usage();
    u.cache_read_tokens = 5;
    u.cache_write_tokens = 1;
    u.reasoning_tokens = 2;
    u.estimated = true;
    sl_course_facts(&c, &u);
    assert_string_equal(facts.model, "gpt");
    assert_int_equal(facts.input_tokens, 16);
    assert_int_equal(facts.output_tokens, 6);
    assert_int_equal(facts.first_token_us, -1);
    assert_true(facts.usage_estimated);
    c.first_token_us = c.arrived_us + 7;
    sl_course_facts(&c, &u);
    assert_int_equal(facts.first_token_us, 7);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_says_what_is_known),
        cmocka_unit_test(what_never_reached_a_provider_costs_nothing),
        cmocka_unit_test(a_failure_keeps_the_facts_and_no_key),
        cmocka_unit_test(without_a_provider_there_are_no_words_of_it),
        cmocka_unit_test(the_log_gets_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
