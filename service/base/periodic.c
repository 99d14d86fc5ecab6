/* A thread that sleeps until the next chore is due. */
#include "base/periodic.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { LONGEST_SLEEP_S = 3600 };

struct sl_periodic {
    pthread_mutex_t lock; /* guards ending */
    pthread_cond_t wake;
    bool ending, started;
    pthread_t thread;
    struct sl_chore *first; /* the thread's, once it runs */
};

struct sl_periodic *sl_periodic_create(void)
{
    struct sl_periodic *p = SL_NEW(struct sl_periodic);
    pthread_condattr_t attributes;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return p;
}

void sl_periodic_add(struct sl_periodic *p, struct sl_chore *chore, int64_t first_ms)
{
    chore->due_us = sl_now_us() + first_ms * 1000;
    chore->next = p->first;
    p->first = chore;
}

/* False where it has to end. */
static bool sleep_until(struct sl_periodic *p, int64_t due_us)
{
    struct timespec until = {due_us / 1000000, due_us % 1000000 * 1000};
    pthread_mutex_lock(&p->lock);
    while (!p->ending && sl_now_us() < due_us)
        pthread_cond_timedwait(&p->wake, &p->lock, &until);
    bool go_on = !p->ending;
    pthread_mutex_unlock(&p->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct sl_periodic *p = arg;
    for (;;) {
        int64_t next_us = sl_now_us() + LONGEST_SLEEP_S * INT64_C(1000000);
        for (struct sl_chore *c = p->first; c; c = c->next) {
            if (c->due_us <= sl_now_us()) {
                c->run(c);
                c->due_us = sl_now_us() + c->period_ms * 1000;
            }
            if (c->due_us < next_us)
                next_us = c->due_us;
        }
        if (!sleep_until(p, next_us))
            return NULL;
    }
}

enum sl_code sl_periodic_start(struct sl_periodic *p, struct sl_err *err)
{
    if (pthread_create(&p->thread, NULL, run, p))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "cannot start a thread");
    pthread_setname_np(p->thread, "periodic");
    p->started = true;
    return SL_OK;
}

void sl_periodic_stop(struct sl_periodic *p)
{
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    if (p->started)
        pthread_join(p->thread, NULL);
    p->started = false;
}

void sl_periodic_destroy(struct sl_periodic *p)
{
    if (!p)
        return;
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    sl_free(p);
}
