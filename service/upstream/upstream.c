/* One curl multi on a loop: its sockets are uv_polls, its timer a uv_timer. Curl is entered here, in two places of
 * transfer.c and one of siblings.c, never from inside itself. */
#include "internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

enum {
    MAX_CONNECTIONS = 4096,
    MAX_IDLE = 1024,
    IDLE_HANDLE_US =
        300 * 1000 * 1000, /* a pooled handle's, see design: it holds a credential's pool key */
    SWEEP_MS = 30 * 1000,
    /* Rounds of curl wanting to run again at once before the loop gets its turn. */
    ROUNDS = 8,
    /* How far the number of running transfers may move before curl's cache is told. */
    RUNNING_STEP = 64,
    /* Guarded endpoints get a quarter of the connections on top. */
    GUARDED_SHARE = 4,
};

enum sl_code sl_upstream_global_init(struct sl_err *err)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code)
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "curl: %s",
                          curl_easy_strerror(code));
    return SL_OK;
}

/* ---- into curl ---- */

/* max_idle is of idle connections, curl's figure of all that are open. */
static void tell_running(struct sl_upstream *u)
{
    unsigned apart =
        u->running > u->told_running ? u->running - u->told_running : u->told_running - u->running;
    if (apart < RUNNING_STEP)
        return;
    u->told_running = u->running;
    curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, (long)(u->options.max_idle + u->running));
}

static void run_curl(struct sl_upstream *u, curl_socket_t fd, int events)
{
    int running;
    u->in_curl = true;
    curl_multi_socket_action(u->multi, fd, events, &running);
    u->in_curl = false;
}

static bool take_message(struct sl_upstream *u)
{
    int left;
    CURLMsg *message = curl_multi_info_read(u->multi, &left);
    if (!message)
        return false;
    struct sl_handle *h = NULL;
    if (message->msg == CURLMSG_DONE) {
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&h);
        sl_transfer_curl_done(h->t, message->data.result);
    }
    return true;
}

void sl_upstream_queue(struct sl_transfer *t)
{
    struct sl_upstream *u = t->u;
    if (t->queued)
        return;
    t->queued = true;
    t->next_work = NULL;
    *u->work_end = t;
    u->work_end = &t->next_work;
}

static struct sl_transfer *take_work(struct sl_upstream *u)
{
    struct sl_transfer *t = u->work;
    if (!t)
        return NULL;
    u->work = t->next_work;
    if (!u->work)
        u->work_end = &u->work;
    t->queued = false;
    return t;
}

void sl_upstream_settle(struct sl_upstream *u)
{
    if (u->in_curl || u->settling)
        return;
    u->settling = true;
    do {
        for (struct sl_transfer *t; (t = take_work(u));)
            sl_transfer_work(t);
    } while (take_message(u));
    u->settling = false;
    tell_running(u);
}

/* Curl asked to be called at once: without going through the poll, but not for ever. */
static void drive(struct sl_upstream *u)
{
    sl_upstream_settle(u);
    for (int i = 0; u->run_now && i < ROUNDS; i++) {
        u->run_now = false;
        run_curl(u, CURL_SOCKET_TIMEOUT, 0);
        sl_upstream_settle(u);
    }
}

/* ---- out of curl: timer ---- */

static void on_curl_timer(uv_timer_t *timer)
{
    struct sl_upstream *u = timer->data;
    u->run_now = true;
    drive(u);
}

static int on_curl_wants_timer(CURLM *multi, long ms, void *upstream)
{
    struct sl_upstream *u = upstream;
    (void)multi;
    u->run_now = ms == 0;
    if (ms < 0)
        uv_timer_stop(&u->curl_timer);
    else
        uv_timer_start(&u->curl_timer, on_curl_timer, (uint64_t)ms, 0);
    return 0;
}

void sl_upstream_wake(struct sl_upstream *u)
{
    u->run_now = true;
    uv_timer_start(&u->curl_timer, on_curl_timer, 0, 0);
}

static void on_turn(struct sl_turn *turn)
{
    struct sl_upstream *u = SL_CONTAINER_OF(turn, struct sl_upstream, turn);
    if (u->work || u->run_now)
        drive(u);
}

/* ---- out of curl: sockets ---- */

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
    struct sl_socket *s = poll->data;
    struct sl_upstream *u = s->u;
    int bits = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
               (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    if (status < 0)
        bits = CURL_CSELECT_IN | CURL_CSELECT_OUT | CURL_CSELECT_ERR;
    run_curl(u, s->fd, bits);
    drive(u);
}

static void on_socket_closed(uv_handle_t *handle)
{
    sl_free(handle->data);
}

static int add_socket(struct sl_upstream *u, curl_socket_t fd, struct sl_socket **out)
{
    struct sl_socket *s = SL_NEW(struct sl_socket);
    s->u = u;
    s->fd = fd;
    int failed = uv_poll_init_socket(sl_loop_uv(u->loop), &s->poll, fd);
    if (failed) {
        sl_log(SL_LOG_ERROR, "a provider's socket cannot be polled",
               SL_F_STR("error", uv_strerror(failed)));
        sl_free(s);
        return -1;
    }
    s->poll.data = s;
    curl_multi_assign(u->multi, fd, s);
    *out = s;
    return 0;
}

static int on_curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *upstream,
                                void *socket)
{
    struct sl_upstream *u = upstream;
    struct sl_socket *s = socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            uv_close((uv_handle_t *)&s->poll, on_socket_closed);
        return 0;
    }
    if (!s && add_socket(u, fd, &s))
        return 0; /* -1 would be the end of the multi; so only this transfer waits for its clock */
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (events != s->events)
        uv_poll_start(&s->poll, events, on_socket_ready);
    s->events = events;
    return 0;
}

/* ---- life ---- */

static void on_sweep(uv_timer_t *timer)
{
    struct sl_upstream *u = timer->data;
    if (u->pool.count)
        sl_pool_sweep(u, sl_upstream_now(u) - IDLE_HANDLE_US);
}

static void open_timers(struct sl_upstream *u)
{
    uv_timer_t *timers[] = {&u->curl_timer, &u->clock_timer, &u->sweep_timer};
    for (size_t i = 0; i < SL_ARRAY_LEN(timers); i++) {
        uv_timer_init(sl_loop_uv(u->loop), timers[i]);
        timers[i]->data = u;
        u->closing++;
    }
    uv_timer_start(&u->sweep_timer, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void set_multi(struct sl_upstream *u)
{
    curl_multi_setopt(u->multi, CURLMOPT_SOCKETFUNCTION, on_curl_wants_socket);
    curl_multi_setopt(u->multi, CURLMOPT_SOCKETDATA, u);
    curl_multi_setopt(u->multi, CURLMOPT_TIMERFUNCTION, on_curl_wants_timer);
    curl_multi_setopt(u->multi, CURLMOPT_TIMERDATA, u);
    curl_multi_setopt(u->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, (long)u->options.max_idle);
    curl_multi_setopt(u->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)u->options.max_connections);
}

struct sl_upstream *sl_upstream_create(struct sl_loop *loop,
                                       const struct sl_upstream_options *options,
                                       struct sl_err *err)
{
    CURLM *multi = curl_multi_init();
    if (!multi) {
        sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "curl could not make a multi handle");
        return NULL;
    }
    struct sl_upstream *u = SL_NEW(struct sl_upstream);
    u->loop = loop;
    u->multi = multi;
    if (options)
        u->options = *options;
    if (!u->options.max_connections)
        u->options.max_connections = MAX_CONNECTIONS;
    if (!u->options.max_idle)
        u->options.max_idle = MAX_IDLE;
    u->work_end = &u->work;
    u->clock_due_us = INT64_MAX;
    u->turn.on_turn = on_turn;
    set_multi(u);
    open_timers(u);
    sl_loop_add_turn(loop, &u->turn);
    return u;
}

struct sl_upstream *sl_upstream_guarded(struct sl_upstream *u, struct sl_err *err)
{
    struct sl_upstream_options options = u->options;
    options.max_connections = 1 + options.max_connections / GUARDED_SHARE;
    options.max_idle = 1 + options.max_idle / GUARDED_SHARE;
    if (!u->guarded)
        u->guarded = sl_upstream_create(u->loop, &options, err);
    return u->guarded;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct sl_upstream *u = handle->data;
    if (--u->closing == 0)
        sl_free(u);
}

void sl_upstream_destroy(struct sl_upstream *u)
{
    if (!u)
        return;
    assert(!u->in_curl && !u->settling);
    sl_upstream_destroy(u->guarded);
    sl_loop_remove_turn(u->loop, &u->turn);
    u->settling = true;
    while (u->all)
        sl_transfer_free(u->all);
    sl_pool_sweep(u, INT64_MAX);
    curl_multi_cleanup(u->multi);
    sl_socket_table_fini(&u->table);
    sl_clock_fini(u);
    uv_close((uv_handle_t *)&u->curl_timer, on_timer_closed);
    uv_close((uv_handle_t *)&u->clock_timer, on_timer_closed);
    uv_close((uv_handle_t *)&u->sweep_timer, on_timer_closed);
}

void sl_upstream_stats(const struct sl_upstream *u, struct sl_upstream_stats *out)
{
    *out = (struct sl_upstream_stats){u->running, u->sockets, u->started, u->reused};
    if (!u->guarded)
        return;
    out->running += u->guarded->running;
    out->sockets += u->guarded->sockets;
    out->started += u->guarded->started;
    out->reused += u->guarded->reused;
}
