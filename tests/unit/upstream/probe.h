/* A transfer watched from the test's thread: a loop with its upstream, and an owner of transfers that notes what its
 * callbacks were told. Its callbacks run on the loop's thread; the test reads after probe_wait, under the lock. */
#ifndef SL_TESTS_UPSTREAM_PROBE_H
#define SL_TESTS_UPSTREAM_PROBE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "upstream/upstream.h"

struct rig {
    struct sl_loop *loop;
    struct sl_upstream *u;
};

void rig_start(struct rig *r, const struct sl_upstream_options *options);
void rig_stop(struct rig *r);
struct sl_upstream_stats rig_stats(struct rig *r);

struct probe {
    struct rig *rig;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct sl_arena arena;
    struct sl_endpoint endpoint;
    struct sl_transfer_spec spec; /* endpoint, url, ops and owner are set by probe_init */
    struct sl_segs body;
    struct sl_transfer *t; /* on the loop's thread; NULL once it is gone */
    /* what to do */
    unsigned pause_at;        /* the batch that pauses, from 1; 0: none */
    unsigned cancel_at_frame; /* the frame that cancels, from 1 */
    unsigned refuse_at_frame; /* the frame that is refused */
    bool cancel_in_head, cancel_in_batch, cancel_in_done;
    bool mark_token;            /* at the first frame */
    struct probe *then_start;   /* started from within on_done */
    struct probe *resume_other; /* resumed from within on_frame */
    struct probe *cancel_other; /* cancelled from within on_frame */
    /* what was seen */
    unsigned heads, frames, batches, dones;
    size_t frame_bytes;
    char text[4096]; /* the frames' data, each followed by ';', as far as it fits */
    int status;
    char content_type[64];
    struct sl_transfer_result result; /* head and body are NULL; see below */
    int result_status;                /* of result.head, 0 where there was none */
    char *answer;                     /* a whole body */
    size_t answer_n;
    long done_at_us;
};

/* POST to url with body (may be NULL), framed as SSE, clocks off. */
void probe_init(struct probe *p, struct rig *r, const char *url, const char *body);
void probe_fini(struct probe *p);
void probe_start(struct probe *p);
void probe_cancel(struct probe *p);
void probe_resume(struct probe *p);
/* Waits, 20 s at most, until on_done came. */
void probe_wait(struct probe *p);
void probe_wait_frames(struct probe *p, unsigned frames);
void probe_wait_batches(struct probe *p, unsigned batches);
/* probe_start and probe_wait. */
void probe_run(struct probe *p);
void probe_header(struct probe *p, const char *name, const char *value);
/* Whether some text stands in the error's sentence. */
bool probe_says(const struct probe *p, const char *text);

/* "data: hello" as SSE of a 200 answer with Content-Length, kept alive. */
#define ANSWER_OK                                                                                  \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 13\r\n\r\ndata: "       \
    "hello\n\n"

#endif
