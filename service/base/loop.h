/* An event loop on a thread of its own: libuv, a mailbox that any thread may post to, and hooks
 * that run once a turn. rpc/ attaches its completion queue's reaper, upstream/ its curl multi;
 * neither knows the other. */
#ifndef SL_BASE_LOOP_H
#define SL_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/compiler.h"
#include "base/err.h"

struct sl_loop;

/* A letter. Intrusive: owned by the sender until posted, by the loop until deliver is called (on
 * the loop's thread), then by deliver. */
struct sl_mail {
    struct sl_mail *next;
    void (*deliver)(struct sl_mail *mail);
};

/* Called on the loop's thread after every poll, timers, sockets and letters included; hooks run in
 * the order added. */
struct sl_turn {
    void (*on_turn)(struct sl_turn *turn);
    struct sl_turn *next;
};

/* name: of the thread, at most 15 bytes. The loop does not run yet; NULL with err filled on
 * failure. */
struct sl_loop *sl_loop_create(const char *name, struct sl_err *err) SL_MUST_CHECK;
/* Starts the thread. */
enum sl_code sl_loop_start(struct sl_loop *loop, struct sl_err *err) SL_MUST_CHECK;
/* Asks the loop to end and waits for its thread. Letters posted before are delivered first. All
 * handles that others opened on the loop must be closed by then. Not from the loop's own thread. */
void sl_loop_stop(struct sl_loop *loop);
/* After sl_loop_stop, or for a loop that was never started. Accepts NULL. */
void sl_loop_destroy(struct sl_loop *loop);

/* Any thread; wake-ups coalesce. Letters of one sender arrive in order. */
void sl_loop_post(struct sl_loop *loop, struct sl_mail *mail);
/* Runs fn(arg) on the loop's thread and waits until it returned. Not from the loop's own thread;
 * the loop must run. */
void sl_loop_call(struct sl_loop *loop, void (*fn)(void *arg), void *arg);

/* The rest: on the loop's thread only, or before it starts. */
uv_loop_t *sl_loop_uv(struct sl_loop *loop);
/* Monotonic microseconds, read once a turn and after each poll. */
int64_t sl_loop_now_us(struct sl_loop *loop);
void sl_loop_add_turn(struct sl_loop *loop, struct sl_turn *turn);
void sl_loop_remove_turn(struct sl_loop *loop, struct sl_turn *turn);
bool sl_loop_is_current(const struct sl_loop *loop);

#endif
