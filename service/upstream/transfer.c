/* The life of a transfer: start, what its flags ask for, the end. */
#include "internal.h"

#include <string.h>

#include "base/alloc.h"

static void set_defaults(struct sl_transfer_caps *caps)
{
    const struct sl_transfer_caps ours = {.header = 64 * 1024,
                                          .line = 8u << 20,
                                          .event = 8u << 20,
                                          .body = 64u << 20,
                                          .failure = 64 * 1024};
    caps->header = caps->header ? caps->header : ours.header;
    caps->line = caps->line ? caps->line : ours.line;
    caps->event = caps->event ? caps->event : ours.event;
    caps->body = caps->body ? caps->body : ours.body;
    caps->failure = caps->failure ? caps->failure : ours.failure;
}

static struct sl_transfer *create(struct sl_upstream *u, const struct sl_transfer_spec *spec)
{
    struct sl_transfer *t = SL_NEW(struct sl_transfer);
    t->u = u;
    t->ops = spec->ops;
    t->owner = spec->owner;
    t->clocks = spec->clocks;
    t->caps = spec->caps;
    set_defaults(&t->caps);
    t->framed = spec->framed;
    t->framer_kind = spec->framer;
    t->started_us = t->activity_us = sl_upstream_now(u);
    t->timing = (struct sl_transfer_timing){-1, -1, -1, -1, -1, false, -1, -1, -1};
    t->place = SL_NO_PLACE;
    t->next = u->all;
    if (u->all)
        u->all->prev = t;
    u->all = t;
    u->running++;
    u->started++;
    return t;
}

static enum sl_code prepare(struct sl_transfer *t, const struct sl_transfer_spec *spec,
                            struct sl_err *err)
{
    t->handle = sl_pool_take(t->u, spec->endpoint);
    if (!t->handle)
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL,
                          "curl refused an endpoint's options");
    t->handle->t = t;
    t->handle->error[0] = '\0';
    return sl_request_prepare(t, spec, err);
}

struct sl_transfer *sl_transfer_start(struct sl_upstream *u, const struct sl_transfer_spec *spec)
{
    struct sl_err err = {0};
    struct sl_upstream *guarded = spec->endpoint->guard ? sl_upstream_guarded(u, &err) : NULL;
    u = guarded ? guarded : u;
    struct sl_transfer *t = create(u, spec);
    if (err.code || prepare(t, spec, &err)) {
        sl_transfer_fail(t, &err);
    } else {
        t->start = true;
        sl_upstream_queue(t);
        sl_clock_update(t);
    }
    sl_upstream_wake(u);
    return t;
}

void sl_transfer_mark_token(struct sl_transfer *t)
{
    t->token = true; /* the heap finds out when the deadline comes */
}

void sl_transfer_cancel(struct sl_transfer *t)
{
    if (!t || t->gone)
        return;
    t->cancelled = true;
    sl_upstream_queue(t);
    sl_upstream_settle(t->u);
}

void sl_transfer_resume(struct sl_transfer *t)
{
    if (!t->paused || t->gone || t->cancelled)
        return;
    t->paused = false;
    t->activity_us = sl_upstream_now(t->u);
    sl_clock_update(t);
    if (!t->held)
        return;
    t->resume = true;
    sl_upstream_queue(t);
    sl_upstream_settle(t->u);
}

void sl_transfer_fail(struct sl_transfer *t, const struct sl_err *err)
{
    if (t->err || t->gone)
        return;
    t->err = SL_NEW(struct sl_err);
    *t->err = *err;
    t->ended = true;
    sl_upstream_queue(t);
}

void sl_transfer_curl_done(struct sl_transfer *t, CURLcode code)
{
    /* a connection that ends inside the head is a good end to curl */
    t->curl_code = code == CURLE_OK && !t->head.done ? CURLE_PARTIAL_FILE : code;
    t->clean = code == CURLE_OK;
    t->ended = true;
    sl_upstream_queue(t);
}

void sl_transfer_forbid_reuse(struct sl_transfer *t)
{
    curl_easy_setopt(t->handle->easy, CURLOPT_FORBID_REUSE, 1L);
}

/* Takes it out of curl. Unless the answer is complete, that closes the connection or, where other streams share it, resets
 * the stream. */
static void release_handle(struct sl_transfer *t)
{
    struct sl_handle *h = t->handle;
    sl_request_release(t);
    if (!h)
        return;
    if (!t->clean)
        sl_transfer_forbid_reuse(t);
    if (t->added)
        curl_multi_remove_handle(t->u->multi, h->easy);
    t->added = false;
    sl_siblings_leave(t);
    t->handle = NULL;
    if (t->clean)
        sl_pool_give(h, sl_upstream_now(t->u));
    else
        sl_pool_destroy(h, t->held && t->head.head.http_version == 20);
}

void sl_transfer_free(struct sl_transfer *t)
{
    struct sl_upstream *u = t->u;
    release_handle(t);
    sl_clock_remove(t);
    sl_answer_release(t);
    if (t->prev)
        t->prev->next = t->next;
    else
        u->all = t->next;
    if (t->next)
        t->next->prev = t->prev;
    u->running--;
    sl_free(t->err);
    sl_free(t);
}

static bool request_sent(const struct sl_transfer *t)
{
    long bytes = 0;
    return t->timing.connected >= 0 &&
           !curl_easy_getinfo(t->handle->easy, CURLINFO_REQUEST_SIZE, &bytes) && bytes > 0;
}

/* Curl has 0 for what was not reached. */
static int64_t moment(const struct sl_transfer *t, CURLINFO info)
{
    curl_off_t us = 0;
    return !curl_easy_getinfo(t->handle->easy, info, &us) && us > 0 ? (int64_t)us : -1;
}

static void note_connecting(const struct sl_transfer *t, struct sl_transfer_timing *timing)
{
    if (!t->handle || timing->reused)
        return;
    timing->resolved = moment(t, CURLINFO_NAMELOOKUP_TIME_T);
    timing->reached = moment(t, CURLINFO_CONNECT_TIME_T);
    timing->secured = moment(t, CURLINFO_APPCONNECT_TIME_T);
}

static void report(struct sl_transfer *t)
{
    struct sl_transfer_result result = {.timing = t->timing, .body_cut = t->body_cut};
    note_connecting(t, &result.timing);
    result.request_sent = request_sent(t);
    if (t->err) {
        result.err = *t->err;
    } else if (t->curl_code && !t->body_cut) {
        result.stale_connection = sl_outcome_stale(t);
        sl_outcome(t, &result.err);
    }
    result.head = t->head.done ? &t->head.head : NULL;
    if (t->mode == SL_BODY_WHOLE || t->mode == SL_BODY_FAILURE) {
        result.body = t->body.n ? t->body.p : NULL;
        result.n = t->body.n;
    }
    release_handle(t); /* the connection is free, or closed, before the owner goes on */
    t->gone = true;
    t->ops->on_done(t->owner, &result);
}

/* The owner may cancel in each callback; a transfer that is on the work list is freed from there. */
static void finish(struct sl_transfer *t)
{
    if (!t->err && !t->curl_code)
        sl_answer_finish(t);
    if (!t->cancelled)
        sl_answer_batch(t);
    if (!t->cancelled)
        report(t);
    t->gone = true;
    if (!t->queued)
        sl_transfer_free(t);
}

/* Bytes that curl held come through the write callback before this returns. */
static void resume(struct sl_transfer *t)
{
    struct sl_upstream *u = t->u;
    t->resume = false;
    if (t->paused || !t->added)
        return;
    t->held = false;
    u->in_curl = true;
    CURLcode code = curl_easy_pause(t->handle->easy, CURLPAUSE_CONT);
    u->in_curl = false;
    if (code && !t->ended && !t->cancelled)
        sl_transfer_curl_done(t, code);
}

static void add_to_curl(struct sl_transfer *t)
{
    t->start = false;
    if (curl_multi_add_handle(t->u->multi, t->handle->easy) == CURLM_OK) {
        t->added = true;
        return;
    }
    struct sl_err err = {0};
    sl_err_set(&err, SL_INTERNAL, SL_REASON_INTERNAL, "curl could not take a transfer");
    sl_transfer_fail(t, &err);
}

void sl_transfer_work(struct sl_transfer *t)
{
    if (t->cancelled || t->gone) {
        sl_transfer_free(t);
        return;
    }
    if (t->start)
        add_to_curl(t);
    if (t->ended) {
        finish(t);
        return;
    }
    if (t->resume)
        resume(t);
    if (t->batch && !t->ended && !t->cancelled) {
        t->batch = false;
        sl_answer_batch(t);
    }
}
