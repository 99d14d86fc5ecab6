/* A loop's side of the gRPC server: the completion queue its calls are bound to, reaped without blocking after the
 * loop's own batches and on a tick, and its open calls. Private to rpc/; touched by the loop's thread only. */
#ifndef SL_RPC_HOME_H
#define SL_RPC_HOME_H

#include <grpc/grpc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "api/service.h"
#include "base/loop.h"

struct sl_rpc_call;

/* Figures all homes share. */
struct sl_rpc_shared {
    atomic_llong request_memory; /* bytes of requests held now */
    int64_t request_memory_max;
    atomic_uint open_calls;
    size_t stream_buffer; /* bytes queued for one client before `full` */
    size_t max_message;
};

/* A completion: what start_batch was given. */
struct sl_rpc_tag {
    void (*fn)(struct sl_rpc_call *call, bool ok);
    struct sl_rpc_call *call;
};

struct sl_rpc_home {
    struct sl_loop *loop;
    struct sl_service *service;
    struct sl_rpc_shared *shared;
    grpc_completion_queue *cq;
    struct sl_turn turn;
    uv_timer_t tick;
    unsigned tick_ms;      /* the timer's period now; 0: stopped */
    unsigned reap_tick_ms; /* how late a cancel may be seen */
    unsigned pending;      /* sends and receives that should complete soon */
    unsigned live;         /* calls whose end the core will tell */
    int64_t pending_since_us;
    int64_t reaped_us;         /* last time the queue was emptied whatever was pending */
    struct sl_rpc_call *dirty; /* calls with something to send */
    struct sl_rpc_call *calls; /* all open calls */
    bool closed;
};

/* Before the loop starts. */
void sl_rpc_home_init(struct sl_rpc_home *home, struct sl_service *service,
                      struct sl_rpc_shared *shared, unsigned reap_tick_ms);
/* From another thread, while the loop runs and no call is left: empties and destroys the queue. */
void sl_rpc_home_close(struct sl_rpc_home *home);
/* From another thread: ends every open call with UNAVAILABLE, SHUTTING_DOWN. */
void sl_rpc_home_end_calls(struct sl_rpc_home *home);

#endif
