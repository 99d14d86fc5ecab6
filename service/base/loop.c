/* One libuv loop, one thread, one mailbox. A mailbox is a stack that any thread pushes to without a
 * lock; whoever finds it empty wakes the loop, which takes the whole stack at once and reverses it.
 */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

struct sl_loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_async_t wake;
    struct sl_turn *turns;
    struct sl_turn
        *next_turn; /* the hook after the one that runs: it may remove itself or others */
    int64_t now_us;
    bool now_known;      /* now_us was read in this turn */
    uint64_t next_timer; /* uv_now() at which the next timer fires, 0: other work is due at once */
    pthread_t thread;
    bool started, ended; /* the thread runs; has run */
    char name[16];
    struct sl_mail stop;
    /* Touched by senders: apart from what the loop writes all the time. */
    _Alignas(64) _Atomic(struct sl_mail *) mail;
    atomic_int senders; /* inside sl_loop_post now */
};

static _Thread_local const struct sl_loop *current;

static void deliver_mail(struct sl_loop *loop)
{
    struct sl_mail *newest = atomic_exchange_explicit(&loop->mail, NULL, memory_order_acquire);
    struct sl_mail *oldest = NULL;
    while (newest) {
        struct sl_mail *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct sl_mail *mail = oldest;
        oldest = mail->next;
        mail->deliver(mail);
    }
}

static void on_wake(uv_async_t *wake)
{
    deliver_mail(wake->data);
}

static void run_turns(struct sl_loop *loop)
{
    for (struct sl_turn *t = loop->turns; t; t = loop->next_turn) {
        loop->next_turn = t->next;
        t->on_turn(t);
    }
    sl_log_flush();
}

static void on_check(uv_check_t *check)
{
    struct sl_loop *loop = check->data;
    run_turns(loop);
    loop->now_known = false;
    /* -1: no timer; 0: a timer is due, or closed handles and the like will be called back before
     * the next poll. */
    int timeout = uv_backend_timeout(&loop->uv);
    loop->next_timer = timeout < 0    ? UINT64_MAX
                       : timeout == 0 ? 0
                                      : uv_now(&loop->uv) + (uint64_t)timeout;
}

/* Right before a poll that may block. What ran since the last turn (timers, close callbacks) gets
 * its turn first. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct sl_loop *loop = prepare->data;
    if (uv_now(&loop->uv) >= loop->next_timer)
        run_turns(loop);
    loop->now_known = false;
}

/* Opens what cannot fail once uv_loop_init has succeeded, but for the wake-up's descriptor. */
static int open_handles(struct sl_loop *loop)
{
    int rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (rc)
        return rc;
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    loop->wake.data = loop->prepare.data = loop->check.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    return 0;
}

static enum sl_code system_error(struct sl_err *err, const char *what, int rc)
{
    return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "%s: %s", what, uv_strerror(rc));
}

struct sl_loop *sl_loop_create(const char *name, struct sl_err *err)
{
    struct sl_loop *loop = aligned_alloc(64, sizeof(*loop));
    if (!loop) {
        system_error(err, "event loop", UV_ENOMEM);
        return NULL;
    }
    memset(loop, 0, sizeof(*loop));
    sl_copy(loop->name, sizeof(loop->name), name);
    int rc = uv_loop_init(&loop->uv);
    if (rc) {
        sl_free(loop);
        system_error(err, "event loop", rc);
        return NULL;
    }
    rc = open_handles(loop);
    if (rc) {
        uv_loop_close(&loop->uv);
        sl_free(loop);
        system_error(err, "event loop's wake-up", rc);
        return NULL;
    }
    return loop;
}

/* Closes the loop's own handles and lets their close callbacks, and those of others closed before,
 * run. */
static void close_handles(struct sl_loop *loop)
{
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

static void *run(void *arg)
{
    struct sl_loop *loop = arg;
    current = loop;
    pthread_setname_np(pthread_self(), loop->name);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    deliver_mail(loop);
    run_turns(loop);
    close_handles(loop);
    sl_log_flush();
    return NULL;
}

enum sl_code sl_loop_start(struct sl_loop *loop, struct sl_err *err)
{
    /* Signals are main's business: the new thread inherits a mask that blocks them all. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&loop->thread, NULL, run, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc)
        return system_error(err, "event loop's thread", uv_translate_sys_error(rc));
    loop->started = true;
    return SL_OK;
}

static void on_stop(struct sl_mail *mail)
{
    struct sl_loop *loop = SL_CONTAINER_OF(mail, struct sl_loop, stop);
    uv_stop(&loop->uv);
}

void sl_loop_stop(struct sl_loop *loop)
{
    if (!loop->started)
        return;
    loop->stop.deliver = on_stop;
    sl_loop_post(loop, &loop->stop);
    pthread_join(loop->thread, NULL);
    loop->started = false;
    loop->ended = true;
}

void sl_loop_destroy(struct sl_loop *loop)
{
    if (!loop)
        return;
    if (!loop->ended)
        close_handles(loop);
    /* A sender whose letter was already delivered may still be about to wake the loop. */
    while (atomic_load_explicit(&loop->senders, memory_order_acquire) > 0)
        sched_yield();
    if (uv_loop_close(&loop->uv) == UV_EBUSY) {
        /* Freed memory that a handle still points to would be worse than a leak. */
        sl_log(SL_LOG_ERROR, "event loop destroyed with open handles",
               SL_F_STR("loop", loop->name));
        return;
    }
    sl_free(loop);
}

void sl_loop_post(struct sl_loop *loop, struct sl_mail *mail)
{
    atomic_fetch_add_explicit(&loop->senders, 1, memory_order_relaxed);
    struct sl_mail *head = atomic_load_explicit(&loop->mail, memory_order_relaxed);
    do
        mail->next = head;
    while (!atomic_compare_exchange_weak_explicit(&loop->mail, &head, mail, memory_order_release,
                                                  memory_order_relaxed));
    if (!head)
        uv_async_send(&loop->wake);
    atomic_fetch_sub_explicit(&loop->senders, 1, memory_order_release);
}

struct call {
    struct sl_mail mail;
    void (*fn)(void *arg);
    void *arg;
    sem_t done;
};

static void on_call(struct sl_mail *mail)
{
    struct call *call = SL_CONTAINER_OF(mail, struct call, mail);
    call->fn(call->arg);
    sem_post(&call->done);
}

void sl_loop_call(struct sl_loop *loop, void (*fn)(void *arg), void *arg)
{
    assert(!sl_loop_is_current(loop));
    struct call call = {.mail = {.deliver = on_call}, .fn = fn, .arg = arg};
    sem_init(&call.done, 0, 0);
    sl_loop_post(loop, &call.mail);
    while (sem_wait(&call.done) && errno == EINTR)
        ;
    sem_destroy(&call.done);
}

uv_loop_t *sl_loop_uv(struct sl_loop *loop)
{
    return &loop->uv;
}

int64_t sl_loop_now_us(struct sl_loop *loop)
{
    if (!loop->now_known) {
        loop->now_us = sl_now_us();
        loop->now_known = current == loop;
    }
    return loop->now_us;
}

void sl_loop_add_turn(struct sl_loop *loop, struct sl_turn *turn)
{
    struct sl_turn **at = &loop->turns;
    while (*at)
        at = &(*at)->next;
    turn->next = NULL;
    *at = turn;
}

void sl_loop_remove_turn(struct sl_loop *loop, struct sl_turn *turn)
{
    struct sl_turn **at = &loop->turns;
    while (*at && *at != turn)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = turn->next;
    if (loop->next_turn == turn)
        loop->next_turn = turn->next;
}

bool sl_loop_is_current(const struct sl_loop *loop)
{
    return current == loop;
}
