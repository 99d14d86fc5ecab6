/* Chores run again and again, each at its own pace, until they are stopped. */
#include "base/periodic.h"

#include <pthread.h>

#include "cm.h"

struct counted {
    struct sl_chore chore;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int runs;
};

static void count(struct sl_chore *chore)
{
    struct counted *c = SL_CONTAINER_OF(chore, struct counted, chore);
    pthread_mutex_lock(&c->lock);
    c->runs++;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static void init(struct counted *c, int64_t period_ms)
{
    *c = (struct counted){.chore = {.run = count, .period_ms = period_ms},
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
}

static void wait_for(struct counted *c, int runs)
{
    pthread_mutex_lock(&c->lock);
    while (c->runs < runs)
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

static void test_each_at_its_pace(void **state)
{
    (void)state;
    struct counted often, seldom;
    struct sl_err err = {0};
    struct sl_periodic *p = sl_periodic_create();
    init(&often, 1);
    init(&seldom, 3600 * 1000);
    sl_periodic_add(p, &often.chore, 0);
    sl_periodic_add(p, &seldom.chore, 0);
    assert_int_equal(sl_periodic_start(p, &err), SL_OK);
    wait_for(&often, 5);
    wait_for(&seldom, 1);
    sl_periodic_stop(p);
    assert_int_equal(seldom.runs, 1);
    int after = often.runs;
    sl_periodic_destroy(p);
    assert_true(after >= 5);
    assert_int_equal(often.runs, after);
}

static void test_stops_while_it_sleeps(void **state)
{
    (void)state;
    struct counted c;
    struct sl_err err = {0};
    struct sl_periodic *p = sl_periodic_create();
    init(&c, 3600 * 1000);
    sl_periodic_add(p, &c.chore, 3600 * 1000);
    assert_int_equal(sl_periodic_start(p, &err), SL_OK);
    sl_periodic_stop(p);
    sl_periodic_destroy(p);
    assert_int_equal(c.runs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_at_its_pace),
        cmocka_unit_test(test_stops_while_it_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
