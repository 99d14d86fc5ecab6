/* Money is exact and rounded half-even once; tokens nobody counted are estimated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/account.h"

static const struct row {
    struct sl_prices prices;
    int32_t input, cache_read, cache_write, output, reasoning;
    int64_t nanos;
} rows[] = {
    /* gpt-4o: 2.50 and 10 dollars a million: 21 x 2500 + 32 x 10000 nano-dollars */
    {{true, 2500000, 1250000, -1, 10000000, -1}, 21, 0, 0, 32, 0, 372500},
    {{true, 2500000, 1250000, -1, 10000000, -1}, 0, 10, 0, 0, 0, 12500},
    {{true, 2500000, -1, -1, 10000000, -1},
     0,
     10,
     0,
     0,
     0,
     25000}, /* cache read at the input price */
    {{true, 2500000, -1, 3125000, 10000000, -1}, 0, 0, 10, 0, 0, 31250},
    {{true, 2500000, -1, -1, 10000000, -1},
     0,
     0,
     0,
     0,
     7,
     70000}, /* reasoning at the output price */
    {{true, 2500000, -1, -1, 10000000, 1000000}, 0, 0, 0, 0, 7, 7000},
    {{true, 500, -1, -1, 0, -1}, 1, 0, 0, 0, 0, 0}, /* 0.5 rounds to even */
    {{true, 500, -1, -1, 0, -1}, 3, 0, 0, 0, 0, 2}, /* 1.5 rounds to even */
    {{true, 500, -1, -1, 1, -1}, 1, 0, 0, 1, 0, 1}, /* 0.501: summed before it is rounded */
    {{true, 1, -1, -1, 0, -1}, 999, 0, 0, 0, 0, 1},
    {{true, 100000000000, -1, -1, 100000000000, -1},
     INT32_MAX,
     0,
     0,
     INT32_MAX,
     0,
     429496729400000000},
};

static void test_costs(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        Sluice__V1__TokenUsage u = SLUICE__V1__TOKEN_USAGE__INIT;
        int64_t nanos = -1;
        u.input_tokens = rows[i].input;
        u.cache_read_tokens = rows[i].cache_read;
        u.cache_write_tokens = rows[i].cache_write;
        u.output_tokens = rows[i].output;
        u.reasoning_tokens = rows[i].reasoning;
        assert_true(sl_cost_nanos(&rows[i].prices, &u, &nanos));
        assert_int_equal(nanos, rows[i].nanos);
    }
}

static void test_without_prices_there_is_no_cost(void **state)
{
    (void)state;
    struct sl_prices prices = {.known = false};
    Sluice__V1__TokenUsage u = SLUICE__V1__TOKEN_USAGE__INIT;
    int64_t nanos;
    assert_false(sl_cost_nanos(&prices, &u, &nanos));
}

static void test_estimates_are_marked(void **state)
{
    (void)state;
    Sluice__V1__TokenUsage u;
    sl_estimate_usage(9, 8, 0, &u);
    assert_true(u.estimated);
    assert_int_equal(u.input_tokens, 3);
    assert_int_equal(u.output_tokens, 2);
    assert_int_equal(u.reasoning_tokens, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_without_prices_there_is_no_cost),
        cmocka_unit_test(test_estimates_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
