/* Guessing gets slow, for the one who guesses; whoever has a good key does not notice. */
#include "access/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND (INT64_C(1000) * 1000)
#define BITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct sl_credentials shows(const char *peer, const char *authorization)
{
    return (struct sl_credentials){.peer = peer, .authorization = sl_str(authorization)};
}

/* Fails so many times; the pause after the last, in milliseconds. */
static int64_t fail_times(struct sl_throttle *t, const char *peer, int times, int64_t now_us)
{
    const struct sl_credentials c = shows(peer, "Bearer guess");
    struct sl_err err = {0};
    for (int i = 0; i < times; i++) {
        err = (struct sl_err){0};
        sl_throttle_failed(t, &c, now_us, &err);
    }
    return err.has_retry_after ? err.retry_after_ms : 0;
}

static bool admits(struct sl_throttle *t, const char *peer, const char *authorization,
                   int64_t now_us)
{
    const struct sl_credentials c = shows(peer, authorization);
    struct sl_err err = {0};
    if (!sl_throttle_admit(t, &c, now_us, &err))
        return true;
    assert_int_equal(err.code, SL_RESOURCE_EXHAUSTED);
    assert_int_equal(err.reason, SL_REASON_TOO_MANY_FAILURES);
    assert_true(err.has_retry_after && err.retry_after_ms > 0 && err.retry_after_ms <= 60000);
    return false;
}

static void pauses_grow(void **state)
{
    static const int64_t wanted_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    static const char peer[] = "ipv4:192.0.2.1:1000";
    struct sl_throttle *t = sl_throttle_create();
    struct sl_throttle_stats stats;
    (void)state;
    assert_int_equal(fail_times(t, peer, 20, 0), 0);
    assert_true(admits(t, peer, "Bearer guess", 0));
    for (size_t i = 0; i < SL_ARRAY_LEN(wanted_ms); i++)
        assert_int_equal(fail_times(t, peer, 1, 0), wanted_ms[i]);
    assert_false(admits(t, peer, "Bearer guess", 0));
    assert_false(admits(t, peer, "Bearer guess", 60 * SECOND - 1));
    assert_true(admits(t, peer, "Bearer guess", 60 * SECOND));
    sl_throttle_stats(t, &stats);
    assert_int_equal(stats.failures, 29);
    assert_int_equal(stats.refused, 2);
    assert_int_equal(stats.pauses, 9);
    sl_throttle_unref(t);
}

static void failures_are_forgotten(void **state)
{
    static const char peer[] = "ipv4:192.0.2.1:1000";
    struct sl_throttle *t = sl_throttle_create();
    int64_t now = 0;
    (void)state;
    /* six a minute are somebody's mistake, however long it goes on */
    for (int i = 0; i < 1000; i++, now += 10 * SECOND)
        assert_int_equal(fail_times(t, peer, 1, now), 0);
    assert_true(fail_times(t, peer, 100, now) > 0);
    now += 600 * SECOND;
    assert_int_equal(fail_times(t, peer, 20, now), 0);
    sl_throttle_unref(sl_throttle_ref(t));
    sl_throttle_unref(t);
}

static void each_address_for_itself(void **state)
{
    static const struct {
        const char *peer;
        bool same;
    } rows[] = {
        {"ipv6:%5B2001:db8:1:2::1%5D:1000", true},
        {"ipv6:[2001:db8:1:2:3:4:5:6]:2000", true},
        {"ipv6:[2001:db8:1:3::1]:1000", false},
        {"ipv4:192.0.2.1:1000", false},
        {"ipv6:[::ffff:192.0.2.1]:1000", false},
        {"unix:/run/x.sock", false},
        {"", false},
    };
    struct sl_throttle *t = sl_throttle_create();
    (void)state;
    fail_times(t, "ipv6:[2001:db8:1:2::9]:99", 30, 0);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        if (admits(t, rows[i].peer, "Bearer guess", 0) != !rows[i].same)
            fail_msg("%s", rows[i].peer);
    }
    fail_times(t, "ipv4:192.0.2.1:5", 30, 0);
    assert_false(admits(t, "ipv4:192.0.2.1:77", "Bearer guess", 0));
    assert_false(admits(t, "ipv6:[::ffff:192.0.2.1]:8", "Bearer guess", 0)); /* the same host */
    assert_true(admits(t, "ipv6:[::ffff:192.0.2.2]:8", "Bearer guess", 0));
    assert_true(admits(t, NULL, "Bearer guess", 0));
    sl_throttle_unref(t);
}

static void good_credentials_do_not_wait(void **state)
{
    static const char peer[] = "ipv4:192.0.2.1:1000";
    struct sl_throttle *t = sl_throttle_create();
    const struct sl_credentials chosen = shows("ipv4:198.51.100.7:1", "Bearer a-text-of-ours");
    (void)state;
    sl_throttle_passed(t, &chosen);
    fail_times(t, peer, 30, 0);
    assert_true(admits(t, peer, "Bearer sl_mine_" BITS, 0));
    assert_true(admits(t, peer, "bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA", 0));
    assert_true(admits(t, peer, "Bearer a-text-of-ours", 0));
    assert_true(admits(t, peer, "", 0)); /* a certificate, or nothing */
    assert_false(admits(t, peer, "Bearer another-text", 0));
    assert_false(admits(t, peer, "Bearer sl_mine_0123456789abcdef", 0));
    assert_false(admits(t, peer, "Bearer guess  ", 0));
    assert_false(admits(t, peer, "Basic dXNlcjpwYXNz", 0));
    assert_false(admits(t, peer, "guess", 0));
    sl_throttle_unref(t);
}

/* Whoever fails from more addresses than there are places neither grows it nor unblocks the worst. */
static void memory_is_fixed(void **state)
{
    static const char worst[] = "ipv4:192.0.2.1:1000";
    struct sl_throttle *t = sl_throttle_create();
    (void)state;
    fail_times(t, worst, 30, 0);
    for (unsigned i = 0; i < 50000; i++) {
        char peer[64];
        snprintf(peer, sizeof(peer), "ipv6:[2001:db8:%x:%x::1]:1", i >> 16, i & 0xffff);
        fail_times(t, peer, 1, 0);
    }
    assert_false(admits(t, worst, "Bearer guess", 0));
    sl_throttle_unref(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_grow),
        cmocka_unit_test(failures_are_forgotten),
        cmocka_unit_test(each_address_for_itself),
        cmocka_unit_test(good_credentials_do_not_wait),
        cmocka_unit_test(memory_is_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
