/* The reaper. Batches that this thread starts mostly complete while it starts them, so the queue is looked at after every
 * turn that has some under way; what other threads complete (a cancel, a message of the client's) is seen on a tick. */
#include "rpc/home.h"

#include <string.h>

#include "rpc/call.h"

enum {
    PENDING_TICK_MS = 1,
    PENDING_PATIENCE_US =
        20000, /* after so long without an answer, pending operations wait for the slow tick */
};

static void pump_dirty(struct sl_rpc_home *home)
{
    while (home->dirty) {
        struct sl_rpc_call *c = home->dirty;
        home->dirty = c->next_dirty;
        c->is_dirty = false;
        sl_rpc_call_pump(c);
        sl_rpc_call_unref(c);
    }
}

static void reap(struct sl_rpc_home *home, bool all)
{
    while (all || home->pending > 0) {
        grpc_event e = grpc_completion_queue_next(home->cq, gpr_time_0(GPR_CLOCK_MONOTONIC), NULL);
        if (e.type != GRPC_OP_COMPLETE)
            return;
        struct sl_rpc_tag *tag = e.tag;
        tag->fn(tag->call, e.success != 0);
        pump_dirty(home);
    }
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer; /* the turn that follows does the work */
}

static unsigned wanted_tick(struct sl_rpc_home *home, int64_t now)
{
    if (home->pending > 0) {
        if (!home->pending_since_us)
            home->pending_since_us = now;
        if (now - home->pending_since_us < PENDING_PATIENCE_US)
            return PENDING_TICK_MS;
    } else {
        home->pending_since_us = 0;
    }
    return home->live || home->pending ? home->reap_tick_ms : 0;
}

static void on_turn(struct sl_turn *turn)
{
    struct sl_rpc_home *home = SL_CONTAINER_OF(turn, struct sl_rpc_home, turn);
    if (home->closed)
        return;
    pump_dirty(home);
    int64_t now = sl_loop_now_us(home->loop);
    bool all = home->live && now - home->reaped_us >= (int64_t)home->reap_tick_ms * 1000;
    if (all)
        home->reaped_us = now;
    reap(home, all);
    unsigned want = wanted_tick(home, now);
    if (want == home->tick_ms)
        return;
    home->tick_ms = want;
    if (want)
        uv_timer_start(&home->tick, on_tick, want, want);
    else
        uv_timer_stop(&home->tick);
}

void sl_rpc_home_init(struct sl_rpc_home *home, struct sl_service *service,
                      struct sl_rpc_shared *shared, unsigned reap_tick_ms)
{
    memset(home, 0, sizeof(*home));
    home->loop = service->loop;
    home->service = service;
    home->shared = shared;
    home->reap_tick_ms = reap_tick_ms;
    home->cq = grpc_completion_queue_create_for_next(NULL);
    home->turn.on_turn = on_turn;
    uv_timer_init(sl_loop_uv(home->loop), &home->tick);
    sl_loop_add_turn(home->loop, &home->turn);
}

static void close_on_loop(void *arg)
{
    struct sl_rpc_home *home = arg;
    home->closed = true;
    grpc_completion_queue_shutdown(home->cq);
    for (;;) {
        grpc_event e =
            grpc_completion_queue_next(home->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            break;
        struct sl_rpc_tag *tag = e.tag;
        tag->fn(tag->call, e.success != 0);
        pump_dirty(home);
    }
    grpc_completion_queue_destroy(home->cq);
    sl_loop_remove_turn(home->loop, &home->turn);
    uv_timer_stop(&home->tick);
    uv_close((uv_handle_t *)&home->tick, NULL);
}

void sl_rpc_home_close(struct sl_rpc_home *home)
{
    sl_loop_call(home->loop, close_on_loop, home);
}

static void end_on_loop(void *arg)
{
    struct sl_rpc_home *home = arg;
    struct sl_rpc_call *next;
    for (struct sl_rpc_call *c = home->calls; c; c = next) {
        next = c->next;
        sl_rpc_call_shut(c);
    }
    pump_dirty(home);
}

void sl_rpc_home_end_calls(struct sl_rpc_home *home)
{
    sl_loop_call(home->loop, end_on_loop, home);
}
