/* Answers, good and bad, one a row: what the provider sends, and how the transfer has to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe.h"
#include "server.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SSE "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"

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

struct row {
    const char *name;
    struct reply reply;
    struct sl_transfer_caps caps;
    /* expected */
    enum sl_code code;
    enum sl_reason reason;
    const char *text; /* frames, or the body where there are none */
    int status;
    bool body_cut;
};

static const struct row rows[] = {
    {"length", {ANSWER_OK, 0, END_KEEP}, {0}, SL_OK, SL_REASON_NONE, "hello;", 200, false},
    {"length, byte by byte",
     {ANSWER_OK, 1, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "hello;",
     200,
     false},
    {"until close",
     {SSE "\r\ndata: a\n\ndata: b\n\n", 0, END_CLOSE},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "a;b;",
     200,
     false},
    {"http/1.0",
     {"HTTP/1.0 200 OK\r\n\r\ndata: a\r\rdata: b", 0, END_CLOSE},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "a;b;",
     200,
     false},
    {"chunked",
     {SSE "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n5\r\ndata:\r\n4\r\n "
          "b\n\n\r\n0\r\n\r\n",
      3, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "a;b;",
     200,
     false},
    {"chunked with trailers",
     {SSE
      "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n0\r\nX-Sum: 1\r\nHTTP/1.1: no\r\n\r\n",
      0, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "a;",
     200,
     false},
    {"interim answers",
     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nContent-Type: "
      "application/json\r\n\r\n" ANSWER_OK,
      0, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "hello;",
     200,
     false},
    {"an answer shorter than what follows it",
     {SSE "Content-Length: 9\r\n\r\ndata: a\n\ndata: b\n\n", 0, END_CLOSE},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "a;",
     200,
     false},
    {"json though a stream was asked for",
     {JSON "Content-Length: 8\r\n\r\n{\"a\":1}\n", 2, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "{\"a\":1}\n",
     200,
     false},
    {"no content",
     {"HTTP/1.1 204 No Content\r\n\r\n", 0, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "",
     204,
     false},
    {"failure",
     {"HTTP/1.1 429 Slow down\r\nContent-Length: 4\r\nRetry-After: 3\r\n\r\nslow", 0, END_KEEP},
     {0},
     SL_OK,
     SL_REASON_NONE,
     "slow",
     429,
     false},
    {"failure at its cap",
     {"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nslow", 0, END_KEEP},
     {.failure = 4},
     SL_OK,
     SL_REASON_NONE,
     "slow",
     500,
     false},
    {"failure over its cap",
     {"HTTP/1.1 500 Oh\r\nContent-Length: 900\r\n\r\nslow down", 0, END_HOLD},
     {.failure = 4},
     SL_OK,
     SL_REASON_NONE,
     "slow",
     500,
     true},
    {"redirect",
     {"HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/?key=1\r\nContent-Length: 0\r\n\r\n", 0,
      END_KEEP},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_REDIRECT,
     "",
     307,
     false},
    {"cut inside a length",
     {SSE "Content-Length: 100\r\n\r\ndata: a\n\ndata: b", 0, END_CLOSE},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TRUNCATED,
     "a;",
     200,
     false},
    {"cut between chunks",
     {SSE "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n", 0, END_CLOSE},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TRUNCATED,
     "a;",
     200,
     false},
    {"cut inside a whole body",
     {JSON "Content-Length: 100\r\n\r\n{", 0, END_CLOSE},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TRUNCATED,
     "{",
     200,
     false},
    {"cut inside the head",
     {"HTTP/1.1 200 OK\r\nContent-Ty", 0, END_CLOSE},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TRUNCATED,
     "",
     0,
     false},
    {"reset",
     {SSE "\r\ndata: a\n\n", 0, END_RESET},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TRUNCATED,
     NULL,
     200,
     false},
    {"no answer",
     {"", 0, END_CLOSE},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TRUNCATED,
     "",
     0,
     false},
    {"not http",
     {"SSH-2.0-OpenSSH_9.2\r\n", 0, END_CLOSE},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_GARBAGE,
     "",
     0,
     false},
    {"bad chunk",
     {SSE "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 0, END_HOLD},
     {0},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_GARBAGE,
     "",
     200,
     false},
    {"headers over their cap",
     {SSE "A: 0123456789012345678901234567890123456789\r\nB: 0123456789\r\n\r\n", 0, END_HOLD},
     {.header = 100},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TOO_LARGE,
     "",
     0,
     false},
    {"line over its cap",
     {SSE "\r\ndata: a\n\ndata: 0123456789", 0, END_HOLD},
     {.line = 12},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TOO_LARGE,
     "a;",
     200,
     false},
    {"event over its cap",
     {SSE "\r\ndata: a\n\ndata: 0123\ndata: 4567\n\n", 0, END_HOLD},
     {.event = 8},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TOO_LARGE,
     "a;",
     200,
     false},
    {"last event over its cap",
     {SSE "\r\ndata: a\n\ndata: 0123\ndata: 4567", 0, END_CLOSE},
     {.event = 8},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TOO_LARGE,
     "a;",
     200,
     false},
    {"body over its cap",
     {JSON "\r\n{\"a\":1}", 0, END_HOLD},
     {.body = 6},
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_TOO_LARGE,
     "",
     200,
     false},
};

static void check(const struct row *r, const struct probe *p)
{
    assert_int_equal(p->dones, 1);
    assert_int_equal(p->result.err.code, r->code);
    assert_int_equal(p->result.err.reason, r->reason);
    assert_int_equal(p->result_status, r->status);
    assert_int_equal(p->result.body_cut, r->body_cut);
    assert_int_equal(p->heads, r->status / 100 == 2);
    assert_true(p->result.request_sent);
    assert_false(p->result.stale_connection);
    if (r->text)
        assert_string_equal(p->frames ? p->text : p->answer ? p->answer : "", r->text);
    if (r->code) {
        assert_true(probe_says(p, "127.0.0.1") || probe_says(p, "the provider sent"));
        assert_false(probe_says(p, "key"));
    }
    assert_true(p->frames == 0 || p->batches > 0);
}

static void answers_end_as_their_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct server s = {.replies = &rows[i].reply, .n_replies = 1};
        struct probe p;
        char url[128];
        print_message("  %s\n", rows[i].name);
        server_start(&s, NULL);
        snprintf(url, sizeof(url), "%s/v1/chat?key=sk-test-1", s.url);
        probe_init(&p, &rig, url, "{}");
        p.spec.caps = rows[i].caps;
        probe_run(&p);
        check(&rows[i], &p);
        assert_int_equal(atomic_load(&s.requests), 1);
        probe_fini(&p);
        server_stop(&s);
    }
}

/* Lines that never end: curl stops before our cap does where a single line is over its own. */
static void send_endless_header(struct conn *c)
{
    char filler[1024];
    memset(filler, 'x', sizeof(filler));
    if (!conn_read_request(c) || !conn_send_str(c, "HTTP/1.1 200 OK\r\nX: "))
        return;
    while (conn_send(c, filler, sizeof(filler)))
        ;
}

static void send_endless_heads(struct conn *c)
{
    if (!conn_read_request(c))
        return;
    while (conn_send_str(c, "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n"))
        ;
}

static void send_tiny_headers(struct conn *c)
{
    if (!conn_read_request(c) || !conn_send_str(c, "HTTP/1.1 200 OK\r\n"))
        return;
    while (conn_send_str(c, "a:\r\nb:\r\nc:\r\nd:\r\n"))
        ;
}

static void send_endless_body(struct conn *c)
{
    char filler[4096];
    memset(filler, 'x', sizeof(filler));
    if (!conn_read_request(c) || !conn_send_str(c, SSE "\r\n"))
        return;
    while (conn_send(c, filler, sizeof(filler)))
        ;
}

static void floods_cost_a_bounded_number_of_bytes(void **state)
{
    void (*const floods[])(struct conn *) = {send_endless_header, send_endless_heads,
                                             send_tiny_headers, send_endless_body};
    (void)state;
    for (size_t i = 0; i < LEN(floods); i++) {
        struct server s = {.play = floods[i]};
        struct probe p;
        server_start(&s, NULL);
        probe_init(&p, &rig, s.url, "{}");
        p.spec.caps.line = 1 << 20;
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_UNAVAILABLE);
        assert_int_equal(p.result.err.reason, SL_REASON_PROVIDER_TOO_LARGE);
        probe_fini(&p);
        server_stop(&s);
    }
}

static void ndjson_is_framed_by_lines(void **state)
{
    static const struct reply reply = {
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n{\"a\":1}\n{\"a\":2}\n", 5,
        END_CLOSE};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.spec.framer = SL_FRAMER_NDJSON;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_string_equal(p.text, "{\"a\":1};{\"a\":2};");
    assert_string_equal(p.content_type, "application/x-ndjson");
    probe_fini(&p);
    server_stop(&s);
}

static void whole_answers_are_gathered(void **state)
{
    static const struct reply reply = {ANSWER_OK, 4, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.spec.framed = false;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_string_equal(p.answer, "data: hello\n\n");
    assert_int_equal(p.answer_n, 13);
    assert_int_equal(p.frames + p.batches, 0);
    assert_true(p.result.timing.connected >= 0);
    assert_true(p.result.timing.resolved >= 0);
    assert_true(p.result.timing.reached >= p.result.timing.resolved);
    assert_int_equal(p.result.timing.secured, -1); /* plain HTTP */
    assert_true(p.result.timing.sent >= p.result.timing.connected);
    assert_true(p.result.timing.head >= p.result.timing.sent);
    assert_true(p.result.timing.first_byte >= p.result.timing.head);
    assert_true(p.result.timing.last_byte >= p.result.timing.first_byte);
    probe_fini(&p);
    server_stop(&s);
}

static void a_refused_frame_ends_the_transfer_with_its_error(void **state)
{
    static const struct reply reply = {SSE "\r\ndata: a\n\ndata: b\n\ndata: c\n\n", 0, END_HOLD};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.refuse_at_frame = 2;
    probe_run(&p);
    assert_int_equal(p.result.err.reason, SL_REASON_PROVIDER_GARBAGE);
    assert_string_equal(p.result.err.text, "refused by the test");
    assert_int_equal(p.frames, 2);
    probe_fini(&p);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_end_as_their_row_says),
        cmocka_unit_test(floods_cost_a_bounded_number_of_bytes),
        cmocka_unit_test(ndjson_is_framed_by_lines),
        cmocka_unit_test(whole_answers_are_gathered),
        cmocka_unit_test(a_refused_frame_ends_the_transfer_with_its_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
