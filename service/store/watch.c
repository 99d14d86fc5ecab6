/* The watch's thread: waits for a wake-up of this process or a word of the database, at most a
 * second, and compares revisions. */
#include "store/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/backend.h"

/* Between two looks at the revision; between two attempts to listen. */
enum { LOOK_MS = 1000, FIRST_WAIT_MS = 100, LAST_WAIT_MS = 5000 };

struct sl_watch {
    struct sl_store *store;
    struct sl_watcher watcher;
    pthread_t thread;
    int wake_fd;
    atomic_bool stopping;
    /* of the thread */
    int64_t revision; /* told last */
    bool up;
    struct sl_conn *listener;
    int listen_fd;
    int64_t wait_ms, listen_at_us; /* of the next attempt to listen */
    pthread_mutex_t facts_lock;
    struct sl_watch_facts facts; /* under the lock */
};

static void set_watch(struct sl_store *s, struct sl_watch *w)
{
    pthread_mutex_lock(&s->watch_lock);
    s->watch = w;
    pthread_mutex_unlock(&s->watch_lock);
}

static void wake(struct sl_watch *w)
{
    uint64_t one = 1;
    ssize_t ignored = write(w->wake_fd, &one, sizeof(one));
    (void)ignored;
}

void sl_watch_wake(struct sl_store *s)
{
    pthread_mutex_lock(&s->watch_lock);
    if (s->watch)
        wake(s->watch);
    pthread_mutex_unlock(&s->watch_lock);
}

/* Before it is told. */
static void note_state(struct sl_watch *w)
{
    pthread_mutex_lock(&w->facts_lock);
    if (w->facts.up != w->up)
        w->facts.since_ms = sl_wall_ms();
    w->facts.up = w->up;
    w->facts.listens = w->listener != NULL;
    w->facts.revision = w->revision;
    pthread_mutex_unlock(&w->facts_lock);
}

static void note_word(struct sl_watch *w)
{
    pthread_mutex_lock(&w->facts_lock);
    w->facts.heard_ms = sl_wall_ms();
    pthread_mutex_unlock(&w->facts_lock);
}

void sl_store_watch_facts(struct sl_watch *w, struct sl_watch_facts *out)
{
    *out = (struct sl_watch_facts){.up = true};
    if (!w)
        return;
    pthread_mutex_lock(&w->facts_lock);
    *out = w->facts;
    pthread_mutex_unlock(&w->facts_lock);
}

bool sl_store_has_notices(const struct sl_store *s)
{
    return s->ops->notices;
}

static void tell_state(struct sl_watch *w, bool up, const char *why)
{
    if (w->up == up)
        return;
    w->up = up;
    note_state(w);
    if (w->watcher.on_state)
        w->watcher.on_state(w->watcher.owner, up, why);
}

static void take(struct sl_watch *w, int64_t revision)
{
    w->revision = revision;
    note_state(w);
}

/* What was known is no longer the latest. */
static void go_back(struct sl_watch *w, int64_t revision)
{
    atomic_store(&w->store->revision, revision);
    if (w->watcher.on_restored(w->watcher.owner, revision))
        take(w, revision);
}

static void look(struct sl_watch *w)
{
    struct sl_err err = {0};
    int64_t revision = 0;
    if (sl_store_revision(w->store, &revision, &err)) {
        tell_state(w, false, err.text);
        return;
    }
    atomic_store(&w->store->looked_us, sl_now_us());
    tell_state(w, true, "");
    if (revision < w->revision) {
        go_back(w, revision);
    } else if (revision > w->revision) {
        take(w, revision);
        w->watcher.on_change(w->watcher.owner, revision);
    }
}

static void stop_listening(struct sl_watch *w)
{
    if (w->listener)
        w->store->ops->disconnect(w->listener);
    w->listener = NULL;
    w->listen_fd = -1;
    note_state(w);
}

/* What is not heard is seen a second later: an error here is no more than a delay. */
static void listen_again(struct sl_watch *w)
{
    struct sl_err err = {0};
    if (w->listener || sl_now_us() < w->listen_at_us)
        return;
    if (!w->store->ops->listen(w->store, &w->listener, &w->listen_fd, &err)) {
        w->wait_ms = FIRST_WAIT_MS;
        note_state(w);
        return;
    }
    w->listen_at_us = sl_now_us() + w->wait_ms * 1000;
    w->wait_ms = w->wait_ms * 2 < LAST_WAIT_MS ? w->wait_ms * 2 : LAST_WAIT_MS;
}

static void wait_for_word(struct sl_watch *w)
{
    struct pollfd fds[2] = {{.fd = w->wake_fd, .events = POLLIN},
                            {.fd = w->listen_fd, .events = POLLIN}};
    uint64_t taken;
    int n = poll(fds, 2, w->up ? LOOK_MS : FIRST_WAIT_MS);
    if (n > 0 && fds[0].revents && read(w->wake_fd, &taken, sizeof(taken)) < 0)
        return;
    if (n <= 0 || !fds[1].revents)
        return;
    if (w->store->ops->hear(w->listener)) {
        note_word(w);
    } else {
        stop_listening(w);
        w->listen_at_us = 0;
    }
}

static void *run(void *arg)
{
    struct sl_watch *w = arg;
    while (!atomic_load(&w->stopping)) {
        listen_again(w);
        look(w);
        wait_for_word(w);
    }
    stop_listening(w);
    return NULL;
}

enum sl_code sl_store_watch_start(struct sl_store *s, const struct sl_watcher *watcher,
                                  int64_t after, struct sl_watch **out, struct sl_err *err)
{
    struct sl_watch *w = SL_NEW(struct sl_watch);
    w->store = s;
    w->watcher = *watcher;
    w->revision = after;
    w->up = true;
    w->listen_fd = -1;
    w->wait_ms = FIRST_WAIT_MS;
    w->facts = (struct sl_watch_facts){.up = true, .since_ms = sl_wall_ms(), .revision = after};
    pthread_mutex_init(&w->facts_lock, NULL);
    atomic_init(&w->stopping, false);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int problem = w->wake_fd < 0 ? errno : pthread_create(&w->thread, NULL, run, w);
    if (problem) {
        if (w->wake_fd >= 0)
            close(w->wake_fd);
        pthread_mutex_destroy(&w->facts_lock);
        sl_free(w);
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "the store cannot be watched: %s",
                          strerror(problem));
    }
    set_watch(s, w);
    *out = w;
    return SL_OK;
}

void sl_store_watch_stop(struct sl_watch *w)
{
    if (!w)
        return;
    set_watch(w->store, NULL);
    atomic_store(&w->stopping, true);
    wake(w);
    pthread_join(w->thread, NULL);
    close(w->wake_fd);
    pthread_mutex_destroy(&w->facts_lock);
    sl_free(w);
}
