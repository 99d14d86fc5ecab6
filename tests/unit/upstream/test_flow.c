/* Back-pressure, and transfers cancelled and resumed from every place where an owner may do so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe.h"
#include "server.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SSE "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define CHUNKED SSE "Transfer-Encoding: chunked\r\n\r\n"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_start(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

/* ---- pause ---- */

enum { FLOOD_EVENTS = 20000, EVENT_SIZE = 1000 };

struct flood {
    bool chunked;
    atomic_uint sent; /* events */
};

static void flood(struct conn *c)
{
    struct flood *f = c->server->arg;
    char event[EVENT_SIZE + 16];
    size_t head = f->chunked ? (size_t)snprintf(event, sizeof(event), "%x\r\n", EVENT_SIZE) : 0;
    memset(event + head, 'x', EVENT_SIZE);
    memcpy(event + head, "data: ", 6);
    memcpy(event + head + EVENT_SIZE - 2, "\n\n", 2);
    if (f->chunked)
        memcpy(event + head + EVENT_SIZE, "\r\n", 2);
    if (!conn_read_request(c) || !conn_send_str(c, f->chunked ? CHUNKED : SSE "\r\n"))
        return;
    for (unsigned i = 0; i < FLOOD_EVENTS; i++) {
        if (!conn_send(c, event, head + EVENT_SIZE + (f->chunked ? 2 : 0)))
            return;
        atomic_fetch_add(&f->sent, 1);
    }
    if (f->chunked)
        conn_send_str(c, "0\r\n\r\n");
}

/* Waits until the provider has been stuck for 100 ms: the only sign of a full TCP window there is. */
static unsigned wait_until_stuck(struct flood *f)
{
    unsigned before, now = atomic_load(&f->sent);
    do {
        before = now;
        usleep(100000);
        now = atomic_load(&f->sent);
    } while (now != before);
    return now;
}

static void a_paused_transfer_holds_the_provider_back(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct flood f = {.chunked = chunked};
        struct server s = {.play = flood, .arg = &f};
        struct probe p;
        server_start(&s, NULL);
        probe_init(&p, &rig, s.url, "{}");
        p.pause_at = 1;
        probe_start(&p);
        probe_wait_batches(&p, 1);
        unsigned sent = wait_until_stuck(&f);
        assert_true(sent < FLOOD_EVENTS); /* the rest waits on the other side */
        pthread_mutex_lock(&p.lock);
        assert_int_equal(p.batches, 1);
        assert_true(p.frame_bytes <= 128 * 1024);
        assert_int_equal(p.dones, 0);
        pthread_mutex_unlock(&p.lock);
        probe_resume(&p);
        probe_wait(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        assert_int_equal(p.frames, FLOOD_EVENTS);
        assert_int_equal(p.frame_bytes, (size_t)FLOOD_EVENTS * (EVENT_SIZE - 8));
        probe_fini(&p);
        server_stop(&s);
    }
}

static void a_flood_is_handed_over_in_bounded_batches(void **state)
{
    struct flood f = {.chunked = true};
    struct server s = {.play = flood, .arg = &f};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    probe_run(&p);
    assert_int_equal(p.frames, FLOOD_EVENTS);
    assert_true(p.batches < p.frames);
    assert_true(p.batches >= p.frame_bytes / (128 * 1024));
    probe_fini(&p);
    server_stop(&s);
}

/* An answer that is complete when its owner pauses: nothing is lost, nothing comes twice. */
static void pausing_at_the_end_loses_nothing(void **state)
{
    static const struct reply replies[] = {
        {CHUNKED "9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\n", 0, END_KEEP},
        {CHUNKED "9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\n", 1, END_KEEP},
        {SSE "\r\ndata: a\n\ndata: b\n\n", 0, END_CLOSE},
        {SSE "\r\ndata: a\n\ndata: b\n\n", 1, END_CLOSE},
    };
    (void)state;
    for (size_t i = 0; i < LEN(replies); i++) {
        struct server s = {.replies = &replies[i], .n_replies = 1};
        struct probe p;
        server_start(&s, NULL);
        probe_init(&p, &rig, s.url, "{}");
        p.pause_at = 1;
        probe_start(&p);
        probe_wait_batches(&p, 1);
        probe_resume(&p);
        probe_resume(&p); /* a second one does nothing */
        probe_wait(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        assert_string_equal(p.text, "a;b;");
        assert_int_equal(p.dones, 1);
        probe_fini(&p);
        server_stop(&s);
    }
}

static void a_paused_transfer_can_be_cancelled(void **state)
{
    struct flood f = {.chunked = true};
    struct server s = {.play = flood, .arg = &f};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.pause_at = 1;
    probe_start(&p);
    probe_wait_batches(&p, 1);
    probe_cancel(&p);
    server_stop(&s);
    assert_int_equal(p.dones, 0);
    assert_int_equal(rig_stats(&rig).running, 0);
    probe_fini(&p);
}

static void a_transfer_can_resume_another_from_its_callback(void **state)
{
    static const struct reply hold = {CHUNKED "9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n", 1,
                                      END_HOLD};
    static const struct reply brief = {SSE "\r\ndata: x\n\ndata: y\n\n", 1, END_CLOSE};
    struct server one = {.replies = &hold, .n_replies = 1},
                  two = {.replies = &brief, .n_replies = 1};
    struct probe p, q;
    (void)state;
    server_start(&one, NULL);
    server_start(&two, NULL);
    probe_init(&p, &rig, one.url, "{}");
    probe_init(&q, &rig, two.url, "{}");
    p.pause_at = 1;
    q.resume_other = &p;
    probe_start(&p);
    probe_wait_batches(&p, 1);
    probe_run(&q);
    probe_wait_frames(&p, 2);
    assert_string_equal(q.text, "x;y;");
    probe_cancel(&p);
    assert_string_equal(p.text, "a;b;");
    probe_fini(&p);
    probe_fini(&q);
    server_stop(&one);
    server_stop(&two);
}

/* ---- cancel ---- */

static void a_cancel_closes_the_connection_at_once(void **state)
{
    static const struct reply hold = {CHUNKED "9\r\ndata: a\n\n\r\n", 0, END_HOLD};
    struct server s = {.replies = &hold, .n_replies = 1};
    struct probe p;
    struct rig own;
    (void)state;
    rig_start(&own, NULL);
    server_start(&s, NULL);
    probe_init(&p, &own, s.url, "{}");
    probe_start(&p);
    probe_wait_frames(&p, 1);
    assert_int_equal(rig_stats(&own).sockets, 1);
    long start = now_us();
    probe_cancel(&p);
    server_stop(&s);
    assert_int_equal(atomic_load(&s.closed), 1);
    assert_true(atomic_load(&s.closed_at_us) - start < 50000);
    assert_int_equal(p.dones, 0);
    assert_int_equal(rig_stats(&own).sockets, 0);
    assert_int_equal(rig_stats(&own).running, 0);
    rig_stop(&own);
    probe_fini(&p);
}

static void a_cancel_before_the_answer_closes_too(void **state)
{
    static const struct reply hold = {"", 0, END_HOLD};
    struct server s = {.replies = &hold, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    probe_start(&p);
    while (!atomic_load(&s.requests))
        usleep(1000);
    probe_cancel(&p);
    server_stop(&s);
    assert_int_equal(atomic_load(&s.closed), 1);
    assert_int_equal(p.dones, 0);
    probe_fini(&p);
}

struct cancel_row {
    const char *name;
    bool in_head, in_batch, in_done;
    unsigned at_frame;
    unsigned frames, dones;
};

static void an_owner_may_cancel_in_each_of_its_callbacks(void **state)
{
    static const struct cancel_row rows[] = {
        {"head", .in_head = true, .frames = 0},
        {"first of many frames", .at_frame = 1, .frames = 1},
        {"a later frame", .at_frame = 2, .frames = 2},
        {"the frame that the end delivers", .at_frame = 3, .frames = 3},
        {"batch", .in_batch = true, .frames = 2},
        {"done", .in_done = true, .frames = 3, .dones = 1},
    };
    static const struct reply reply = {SSE "\r\ndata: a\n\ndata: b\n\ndata: c", 0, END_CLOSE};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct server s = {.replies = &reply, .n_replies = 1};
        struct probe p;
        print_message("  %s\n", rows[i].name);
        server_start(&s, NULL);
        probe_init(&p, &rig, s.url, "{}");
        p.cancel_in_head = rows[i].in_head;
        p.cancel_in_batch = rows[i].in_batch;
        p.cancel_in_done = rows[i].in_done;
        p.cancel_at_frame = rows[i].at_frame;
        probe_start(&p);
        while (rig_stats(&rig).running)
            usleep(500);
        assert_int_equal(p.dones, rows[i].dones);
        /* with a cancel in on_batch, the last frame may or may not have come before it */
        assert_in_range(p.frames, rows[i].frames, rows[i].frames + rows[i].in_batch);
        probe_fini(&p);
        server_stop(&s);
    }
}

static void a_transfer_can_cancel_another_from_its_callback(void **state)
{
    static const struct reply hold = {CHUNKED "9\r\ndata: a\n\n\r\n", 0, END_HOLD};
    static const struct reply brief = {SSE "\r\ndata: x\n\n", 0, END_CLOSE};
    struct server one = {.replies = &hold, .n_replies = 1},
                  two = {.replies = &brief, .n_replies = 1};
    struct probe p, q;
    (void)state;
    server_start(&one, NULL);
    server_start(&two, NULL);
    probe_init(&p, &rig, one.url, "{}");
    probe_init(&q, &rig, two.url, "{}");
    q.cancel_other = &p;
    probe_start(&p);
    probe_wait_frames(&p, 1);
    probe_run(&q);
    server_stop(&one);
    server_stop(&two);
    assert_int_equal(atomic_load(&one.closed), 1);
    assert_int_equal(p.dones, 0);
    assert_int_equal(rig_stats(&rig).running, 0);
    probe_fini(&p);
    probe_fini(&q);
}

static void a_transfer_may_start_another_when_it_is_done(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p, q;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    probe_init(&q, &rig, s.url, "{}");
    p.then_start = &q;
    probe_run(&p);
    probe_wait(&q);
    assert_int_equal(q.result.err.code, SL_OK);
    assert_true(q.result.timing.reused);
    assert_int_equal(atomic_load(&s.accepted), 1);
    probe_fini(&p);
    probe_fini(&q);
    server_stop(&s);
}

static void a_start_can_be_taken_back_at_once(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    for (int i = 0; i < 20; i++) {
        probe_init(&p, &rig, s.url, "{}");
        probe_start(&p);
        probe_cancel(&p);
        assert_int_equal(rig_stats(&rig).running, 0);
        probe_fini(&p);
    }
    server_stop(&s);
}

static void destroying_the_upstream_ends_what_runs(void **state)
{
    static const struct reply hold = {CHUNKED "9\r\ndata: a\n\n\r\n", 0, END_HOLD};
    struct server s = {.replies = &hold, .n_replies = 1};
    static struct probe p[3];
    struct rig own;
    (void)state;
    server_start(&s, NULL);
    rig_start(&own, NULL);
    for (size_t i = 0; i < LEN(p); i++) {
        probe_init(&p[i], &own, s.url, "{}");
        p[i].pause_at = i;
        probe_start(&p[i]);
        probe_wait_frames(&p[i], 1);
    }
    rig_stop(&own);
    server_stop(&s);
    assert_int_equal(atomic_load(&s.closed), LEN(p));
    for (size_t i = 0; i < LEN(p); i++) {
        assert_int_equal(p[i].dones, 0);
        probe_fini(&p[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paused_transfer_holds_the_provider_back),
        cmocka_unit_test(a_flood_is_handed_over_in_bounded_batches),
        cmocka_unit_test(pausing_at_the_end_loses_nothing),
        cmocka_unit_test(a_paused_transfer_can_be_cancelled),
        cmocka_unit_test(a_transfer_can_resume_another_from_its_callback),
        cmocka_unit_test(a_cancel_closes_the_connection_at_once),
        cmocka_unit_test(a_cancel_before_the_answer_closes_too),
        cmocka_unit_test(an_owner_may_cancel_in_each_of_its_callbacks),
        cmocka_unit_test(a_transfer_can_cancel_another_from_its_callback),
        cmocka_unit_test(a_transfer_may_start_another_when_it_is_done),
        cmocka_unit_test(a_start_can_be_taken_back_at_once),
        cmocka_unit_test(destroying_the_upstream_ends_what_runs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
