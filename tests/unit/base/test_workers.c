/* A pool runs what it was given, on threads of its own, and takes no more than it may hold. */
#include "base/workers.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "cm.h"

enum { JOBS = 1000 };

static atomic_int ran;

struct counted {
    struct sl_job job;
    pthread_t *ran_on;
};

static void count(struct sl_job *job)
{
    struct counted *c = SL_CONTAINER_OF(job, struct counted, job);
    if (c->ran_on)
        *c->ran_on = pthread_self();
    atomic_fetch_add(&ran, 1);
    sl_free(c);
}

static struct counted *new_counted(void)
{
    struct counted *c = SL_NEW(struct counted);
    c->job.run = count;
    return c;
}

static struct sl_workers *new_workers(size_t threads, size_t max_waiting)
{
    struct sl_err err = {0};
    struct sl_workers *workers = NULL;
    assert_int_equal(sl_workers_create("test", threads, max_waiting, &workers, &err), SL_OK);
    return workers;
}

static void test_all_jobs_run(void **state)
{
    (void)state;
    atomic_store(&ran, 0);
    struct sl_workers *workers = new_workers(3, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_true(sl_workers_submit(workers, &new_counted()->job));
    sl_workers_destroy(workers);
    assert_int_equal(atomic_load(&ran), JOBS);
}

static void test_runs_on_a_thread_of_its_own(void **state)
{
    (void)state;
    pthread_t other = pthread_self();
    struct sl_workers *workers = new_workers(1, 1);
    struct counted *c = new_counted();
    c->ran_on = &other;
    assert_true(sl_workers_submit(workers, &c->job));
    sl_workers_destroy(workers);
    assert_false(pthread_equal(other, pthread_self()));
}

/* Holds its thread until it is let go. */
struct blocker {
    struct sl_job job;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool begun, released;
};

static void block(struct sl_job *job)
{
    struct blocker *b = SL_CONTAINER_OF(job, struct blocker, job);
    pthread_mutex_lock(&b->lock);
    b->begun = true;
    pthread_cond_signal(&b->changed);
    while (!b->released)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static void test_refuses_more_than_may_wait(void **state)
{
    (void)state;
    atomic_store(&ran, 0);
    struct blocker b = {
        .job.run = block, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct sl_workers *workers = new_workers(1, 2);
    assert_true(sl_workers_submit(workers, &b.job));
    pthread_mutex_lock(&b.lock);
    while (!b.begun)
        pthread_cond_wait(&b.changed, &b.lock);
    pthread_mutex_unlock(&b.lock);
    assert_true(sl_workers_submit(workers, &new_counted()->job));
    assert_true(sl_workers_submit(workers, &new_counted()->job));
    struct counted *refused = new_counted();
    assert_false(sl_workers_submit(workers, &refused->job));
    sl_free(refused);
    pthread_mutex_lock(&b.lock);
    b.released = true;
    pthread_cond_signal(&b.changed);
    pthread_mutex_unlock(&b.lock);
    sl_workers_destroy(workers);
    assert_int_equal(atomic_load(&ran), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_jobs_run),
        cmocka_unit_test(test_runs_on_a_thread_of_its_own),
        cmocka_unit_test(test_refuses_more_than_may_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
