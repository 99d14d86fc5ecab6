/* See interrupt.h. */
#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    struct interrupt_guard *inner;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

void interrupt_die(int signal)
{
    sigset_t one;

    (void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigemptyset(&one);
    sigaddset(&one, signal);
    (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    (void)kill(getpid(), signal);
    _exit(128 + signal);
}

static void deliver(int signal)
{
    struct interrupt_guard *guard;

    pthread_mutex_lock(&state.lock);
    guard = state.inner;
    if (!guard || guard->signal)
        interrupt_die(signal);
    guard->signal = signal;
    for (struct interrupt_guard *g = guard->outer; g && signal != SIGINT; g = g->outer)
        g->signal = signal;
    if (guard->on_signal)
        guard->on_signal(guard->ctx);
    pthread_mutex_unlock(&state.lock);
}

static void *signal_thread(void *arg)
{
    const sigset_t *set = arg;
    int signal;

    for (;;) {
        if (!sigwait(set, &signal))
            deliver(signal);
    }
    return NULL;
}

void interrupt_start(void)
{
    static sigset_t set;
    pthread_t thread;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    /* without the thread the signals keep their usual meaning */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, signal_thread, &set))
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    else
        pthread_detach(thread);
}

void interrupt_push(struct interrupt_guard *guard)
{
    pthread_mutex_lock(&state.lock);
    guard->outer = state.inner;
    guard->signal = 0;
    state.inner = guard;
    pthread_mutex_unlock(&state.lock);
}

void interrupt_pop(struct interrupt_guard *guard)
{
    pthread_mutex_lock(&state.lock);
    state.inner = guard->outer;
    pthread_mutex_unlock(&state.lock);
}

int interrupt_seen(const struct interrupt_guard *guard)
{
    int signal;

    pthread_mutex_lock(&state.lock);
    signal = guard->signal;
    pthread_mutex_unlock(&state.lock);
    return signal;
}
