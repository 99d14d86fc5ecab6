/* Pooled easy handles: one belongs to its pool key, is used again, and goes when it has been idle for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe.h"
#include "upstream/internal.h"

static const struct sl_endpoint one = {.pool_key = 1, .ca_file = "", .connect_to = "127.0.0.1:1"},
                                two = {.pool_key = 2, .ca_file = "", .proxy = "http://127.0.0.1:1"};

/* Seen on the loop's thread, asserted on the test's. */
struct seen {
    struct rig *rig;
    bool all_made, same_again, other_differs, last_first;
    unsigned idle, left_young, left_old;
};

static void on_loop(void *arg)
{
    struct seen *s = arg;
    struct sl_upstream *u = s->rig->u;
    struct sl_handle *a = sl_pool_take(u, &one), *b = sl_pool_take(u, &one),
                     *c = sl_pool_take(u, &two);
    s->all_made = a && b && c && a != b;
    sl_pool_give(a, 1000);
    sl_pool_give(b, 2000);
    sl_pool_give(c, 3000);
    s->idle = u->pool.count;
    struct sl_handle *again = sl_pool_take(u, &one);
    s->last_first = again == b;
    struct sl_handle *other = sl_pool_take(u, &two);
    s->other_differs = other == c;
    struct sl_handle *first = sl_pool_take(u, &one);
    s->same_again = first == a;
    sl_pool_give(again, 2000);
    sl_pool_give(other, 3000);
    sl_pool_give(first, 1000);
    sl_pool_sweep(u, 2000); /* what was given at 2000 stays */
    s->left_young = u->pool.count;
    sl_pool_sweep(u, 3001);
    s->left_old = u->pool.count;
}

static void handles_belong_to_their_key_until_they_are_swept(void **state)
{
    struct rig rig;
    struct seen s = {.rig = &rig};
    (void)state;
    rig_start(&rig, NULL);
    sl_loop_call(rig.loop, on_loop, &s);
    rig_stop(&rig);
    assert_true(s.all_made);
    assert_int_equal(s.idle, 3);
    assert_true(s.last_first);
    assert_true(s.same_again);
    assert_true(s.other_differs);
    assert_int_equal(s.left_young, 2);
    assert_int_equal(s.left_old, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_belong_to_their_key_until_they_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
