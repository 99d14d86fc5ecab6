/* A bounded set of connections: the last one given back is the first one taken. */
#include "store/conn_pool.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/alloc.h"

struct sl_conn_pool {
    struct sl_store *store;
    unsigned which;
    size_t size;
    int64_t wait_ms;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct sl_conn *idle; /* under the lock */
    size_t open;          /* idle, in use, and about to be made */
    uint64_t opened, lost, waits, timeouts;
};

struct sl_conn_pool *sl_conn_pool_create(struct sl_store *store, unsigned which, size_t size,
                                         int64_t wait_ms)
{
    struct sl_conn_pool *p = SL_NEW(struct sl_conn_pool);
    pthread_condattr_t attributes;
    p->store = store;
    p->which = which;
    p->size = size;
    p->wait_ms = wait_ms;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->freed, &attributes);
    pthread_condattr_destroy(&attributes);
    return p;
}

static void disconnect_all(struct sl_conn_pool *p, struct sl_conn *list)
{
    for (struct sl_conn *c = list, *next; c; c = next) {
        next = c->next;
        p->store->ops->disconnect(c);
    }
}

void sl_conn_pool_destroy(struct sl_conn_pool *p)
{
    if (!p)
        return;
    disconnect_all(p, p->idle);
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
    sl_free(p);
}

/* Under the lock: all idle ones, out of the pool. */
static struct sl_conn *drop_idle(struct sl_conn_pool *p)
{
    struct sl_conn *list = p->idle;
    for (struct sl_conn *c = list; c; c = c->next) {
        p->open--;
        p->lost++;
    }
    p->idle = NULL;
    return list;
}

static struct timespec deadline_in(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Under the lock: an idle one, or NULL and a place to open one. */
static enum sl_code reserve(struct sl_conn_pool *p, struct sl_conn **out, struct sl_err *err)
{
    struct timespec until = deadline_in(p->wait_ms);
    int got = 0;
    p->waits += !p->idle && p->open >= p->size;
    while (!p->idle && p->open >= p->size && got != ETIMEDOUT)
        got = pthread_cond_timedwait(&p->freed, &p->lock, &until);
    *out = p->idle;
    if (p->idle) {
        p->idle = p->idle->next;
        return SL_OK;
    }
    if (p->open >= p->size) {
        p->timeouts++;
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_STORE,
                          "the store is busy: none of %zu connections became free in %lld ms",
                          p->size, (long long)p->wait_ms);
    }
    p->open++;
    return SL_OK;
}

/* The place that was reserved has a connection now, or is free again. */
static void note_made(struct sl_conn_pool *p, bool made)
{
    pthread_mutex_lock(&p->lock);
    if (made) {
        p->opened++;
    } else {
        p->open--;
        pthread_cond_signal(&p->freed);
    }
    pthread_mutex_unlock(&p->lock);
}

enum sl_code sl_conn_pool_take(struct sl_conn_pool *p, bool fresh, struct sl_conn **out,
                               struct sl_err *err)
{
    struct sl_conn *c = NULL, *old = NULL;
    pthread_mutex_lock(&p->lock);
    if (fresh)
        old = drop_idle(p);
    enum sl_code code = reserve(p, &c, err);
    pthread_mutex_unlock(&p->lock);
    disconnect_all(p, old);
    if (!code && !c) {
        code = p->store->ops->connect(p->store, p->which, &c, err);
        note_made(p, code == SL_OK);
        if (!code) {
            c->store = p->store;
            c->pool = p->which;
        }
    }
    if (!code)
        *out = c;
    return code;
}

void sl_conn_pool_give(struct sl_conn_pool *p, struct sl_conn *c)
{
    bool broken = c->broken;
    if (broken)
        p->store->ops->disconnect(c);
    pthread_mutex_lock(&p->lock);
    if (broken) {
        p->open--;
        p->lost++;
    } else {
        c->next = p->idle;
        p->idle = c;
    }
    pthread_cond_signal(&p->freed);
    pthread_mutex_unlock(&p->lock);
}

void sl_conn_pool_stats(struct sl_conn_pool *p, struct sl_store_pool *out)
{
    pthread_mutex_lock(&p->lock);
    *out = (struct sl_store_pool){
        .size = p->size,
        .opened = p->opened,
        .lost = p->lost,
        .waits = p->waits,
        .timeouts = p->timeouts,
    };
    for (const struct sl_conn *c = p->idle; c; c = c->next)
        out->idle++;
    out->in_use = p->open - out->idle;
    pthread_mutex_unlock(&p->lock);
}
