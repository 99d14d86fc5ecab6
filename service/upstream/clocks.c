/* The clocks of all transfers of a loop: a heap of deadlines and one timer. Bytes that arrive only note the time; a
 * deadline is looked at again when it comes, and put off to what it really is by then. */
#include "internal.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "upstream/upstream.h"

enum clock {
    CLOCK_CONNECT,
    CLOCK_FIRST_BYTE,
    CLOCK_FIRST_TOKEN,
    CLOCK_IDLE,
    CLOCK_TOTAL,
    CLOCK_SLOW_READER,
    CLOCKS
};

static const struct {
    enum sl_code code;
    enum sl_reason reason;
    bool retryable;
    const char *text;
} clock_errors[CLOCKS] = {
    [CLOCK_CONNECT] = {SL_DEADLINE_EXCEEDED, SL_REASON_CONNECT_TIMEOUT, true, "no connection"},
    [CLOCK_FIRST_BYTE] = {SL_DEADLINE_EXCEEDED, SL_REASON_FIRST_BYTE_TIMEOUT, true, "no answer"},
    [CLOCK_FIRST_TOKEN] = {SL_DEADLINE_EXCEEDED, SL_REASON_FIRST_TOKEN_TIMEOUT, true, "no token"},
    [CLOCK_IDLE] = {SL_DEADLINE_EXCEEDED, SL_REASON_IDLE_TIMEOUT, true, "no byte in the answer"},
    [CLOCK_TOTAL] = {SL_DEADLINE_EXCEEDED, SL_REASON_TOTAL_TIMEOUT, false, "no complete answer"},
    [CLOCK_SLOW_READER] = {SL_RESOURCE_EXHAUSTED, SL_REASON_SLOW_READER, false,
                           "the caller did not read the answer"},
};

struct deadline {
    int64_t at_us, limit_ms;
    enum clock clock;
};

static void nearer(struct deadline *d, enum clock clock, int64_t from_us, int64_t limit_ms)
{
    if (limit_ms <= 0 || limit_ms > INT64_MAX / 2000)
        return;
    if (from_us + limit_ms * 1000 < d->at_us)
        *d = (struct deadline){from_us + limit_ms * 1000, limit_ms, clock};
}

static struct deadline next_deadline(const struct sl_transfer *t)
{
    struct deadline d = {INT64_MAX, 0, CLOCKS};
    if (t->timing.connected < 0)
        nearer(&d, CLOCK_CONNECT, t->started_us, t->clocks.connect_ms);
    if (!t->head.done)
        nearer(&d, CLOCK_FIRST_BYTE, t->started_us, t->clocks.first_byte_ms);
    if (!t->token)
        nearer(&d, CLOCK_FIRST_TOKEN, t->started_us, t->clocks.first_token_ms);
    if (t->head.done && !t->paused)
        nearer(&d, CLOCK_IDLE, t->activity_us, t->clocks.idle_ms);
    nearer(&d, CLOCK_TOTAL, t->started_us, t->clocks.total_ms);
    if (t->paused)
        nearer(&d, CLOCK_SLOW_READER, t->paused_us, t->clocks.slow_reader_ms);
    return d;
}

static void put(struct sl_clock_heap *h, uint32_t place, struct sl_transfer *t)
{
    h->at[place] = t;
    t->place = place;
}

static void sift_up(struct sl_clock_heap *h, struct sl_transfer *t)
{
    uint32_t place = t->place;
    while (place && h->at[(place - 1) / 2]->due_us > t->due_us) {
        put(h, place, h->at[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(h, place, t);
}

static void sift_down(struct sl_clock_heap *h, struct sl_transfer *t)
{
    uint32_t place = t->place;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child + 1 < h->count && h->at[child + 1]->due_us < h->at[child]->due_us)
            child++;
        if (child >= h->count || h->at[child]->due_us >= t->due_us)
            break;
        put(h, place, h->at[child]);
        place = child;
    }
    put(h, place, t);
}

static void insert(struct sl_clock_heap *h, struct sl_transfer *t)
{
    if (h->count == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->at = sl_realloc(h->at, h->cap * sizeof(struct sl_transfer *));
    }
    put(h, h->count++, t);
    sift_up(h, t);
}

/* Only ever makes the timer fire earlier: firing with nothing due costs less than moving it with every transfer. */
static void arm(struct sl_upstream *u)
{
    if (!u->clocks.count || u->clocks.at[0]->due_us >= u->clock_due_us)
        return;
    u->clock_due_us = u->clocks.at[0]->due_us;
    int64_t left = u->clock_due_us - sl_upstream_now(u);
    uv_timer_start(&u->clock_timer, sl_clock_on_timer, left > 0 ? (uint64_t)(left + 999) / 1000 : 0,
                   0);
}

void sl_clock_update(struct sl_transfer *t)
{
    int64_t due = next_deadline(t).at_us;
    if (t->place == SL_NO_PLACE) {
        if (due == INT64_MAX)
            return;
        t->due_us = due;
        insert(&t->u->clocks, t);
    } else if (due < t->due_us) {
        t->due_us = due;
        sift_up(&t->u->clocks, t);
    }
    arm(t->u);
}

void sl_clock_remove(struct sl_transfer *t)
{
    struct sl_clock_heap *h = &t->u->clocks;
    if (t->place == SL_NO_PLACE)
        return;
    struct sl_transfer *last = h->at[--h->count];
    if (last != t) {
        put(h, t->place, last);
        sift_up(h, last);
        sift_down(h, last);
    }
    t->place = SL_NO_PLACE;
}

static void expire(struct sl_transfer *t, const struct deadline *d)
{
    struct sl_err err = {0};
    char host[SL_HOST_MAX];
    sl_outcome_host(t, host, sizeof(host));
    sl_err_set(&err, clock_errors[d->clock].code, clock_errors[d->clock].reason,
               "%s: %s within %" PRId64 " ms", host, clock_errors[d->clock].text, d->limit_ms);
    err.retryable = clock_errors[d->clock].retryable;
    sl_transfer_fail(t, &err);
}

void sl_clock_on_timer(uv_timer_t *timer)
{
    struct sl_upstream *u = timer->data;
    struct sl_clock_heap *h = &u->clocks;
    /* the loop's clock may be a little behind the timer's */
    int64_t now = sl_upstream_now(u) + 999;
    u->clock_due_us = INT64_MAX;
    while (h->count && h->at[0]->due_us <= now) {
        struct sl_transfer *t = h->at[0];
        struct deadline d = next_deadline(t);
        if (d.at_us <= now) {
            sl_clock_remove(t);
            expire(t, &d);
        } else if (d.at_us == INT64_MAX) {
            sl_clock_remove(t);
        } else {
            t->due_us = d.at_us;
            sift_down(h, t);
        }
    }
    arm(u);
    sl_upstream_settle(u);
}

void sl_clock_fini(struct sl_upstream *u)
{
    sl_free(u->clocks.at);
    u->clocks = (struct sl_clock_heap){0};
}
