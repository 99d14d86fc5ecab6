/* Each clock ends its own kind of waiting, with its own reason, near its time; and none runs where it should not. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe.h"
#include "server.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SSE "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

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
    struct sl_clocks clocks;
    bool mark_token;
    unsigned pause_at;
    enum sl_code code;
    enum sl_reason reason;
    int64_t ms; /* when at the earliest */
};

static const struct row rows[] = {
    {"first byte",
     {"", 0, END_HOLD},
     {.first_byte_ms = 80},
     false,
     0,
     SL_DEADLINE_EXCEEDED,
     SL_REASON_FIRST_BYTE_TIMEOUT,
     80},
    {"first byte, inside the head",
     {"HTTP/1.1 200 OK\r\nX: ", 0, END_HOLD},
     {.first_byte_ms = 80, .idle_ms = 20},
     false,
     0,
     SL_DEADLINE_EXCEEDED,
     SL_REASON_FIRST_BYTE_TIMEOUT,
     80},
    {"first token",
     {SSE "data: a\n\n", 0, END_HOLD},
     {.connect_ms = 50, .first_byte_ms = 60, .first_token_ms = 90},
     false,
     0,
     SL_DEADLINE_EXCEEDED,
     SL_REASON_FIRST_TOKEN_TIMEOUT,
     90},
    {"idle",
     {SSE "data: a\n\n", 0, END_HOLD},
     {.first_byte_ms = 70, .first_token_ms = 75, .idle_ms = 100},
     true,
     0,
     SL_DEADLINE_EXCEEDED,
     SL_REASON_IDLE_TIMEOUT,
     100},
    {"idle, without a body",
     {SSE, 0, END_HOLD},
     {.idle_ms = 60},
     false,
     0,
     SL_DEADLINE_EXCEEDED,
     SL_REASON_IDLE_TIMEOUT,
     60},
    {"total",
     {SSE "data: a\n\n", 0, END_HOLD},
     {.idle_ms = 5000, .total_ms = 80},
     false,
     0,
     SL_DEADLINE_EXCEEDED,
     SL_REASON_TOTAL_TIMEOUT,
     80},
    {"slow reader, not idle",
     {SSE "data: a\n\n", 0, END_HOLD},
     {.idle_ms = 40, .slow_reader_ms = 160},
     false,
     1,
     SL_RESOURCE_EXHAUSTED,
     SL_REASON_SLOW_READER,
     160},
};

static void each_clock_ends_with_its_own_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct server s = {.replies = &rows[i].reply, .n_replies = 1};
        struct probe p;
        char within[32];
        print_message("  %s\n", rows[i].name);
        server_start(&s, NULL);
        probe_init(&p, &rig, s.url, "{}");
        p.spec.clocks = rows[i].clocks;
        p.mark_token = rows[i].mark_token;
        p.pause_at = rows[i].pause_at;
        long start = now_us();
        probe_run(&p);
        assert_int_equal(p.result.err.code, rows[i].code);
        assert_int_equal(p.result.err.reason, rows[i].reason);
        snprintf(within, sizeof(within), "within %d ms", (int)rows[i].ms);
        assert_true(probe_says(&p, "127.0.0.1") && probe_says(&p, within));
        assert_true(p.done_at_us - start >= rows[i].ms * 1000 - 2000);
        probe_fini(&p);
        server_stop(&s);
        assert_int_equal(atomic_load(&s.closed), 1);
    }
}

/* A listener whose queue is full: the kernel drops further SYNs. */
static int full_listener(char *url, size_t size, int *held, size_t n_held)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    assert_int_equal(listen(fd, 0), 0);
    for (size_t i = 0; i < n_held; i++) {
        held[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(held[i], (struct sockaddr *)&a, sizeof(a));
    }
    snprintf(url, size, "http://127.0.0.1:%u", ntohs(a.sin_port));
    return fd;
}

static void the_connect_clock_ends_a_connection_that_is_not_made(void **state)
{
    char url[64];
    int held[4], fd = full_listener(url, sizeof(url), held, LEN(held));
    struct probe p;
    (void)state;
    probe_init(&p, &rig, url, "{}");
    p.spec.clocks = (struct sl_clocks){.connect_ms = 100, .first_byte_ms = 4000};
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_DEADLINE_EXCEEDED);
    assert_int_equal(p.result.err.reason, SL_REASON_CONNECT_TIMEOUT);
    assert_true(p.result.err.retryable);
    assert_false(p.result.request_sent);
    probe_fini(&p);
    for (size_t i = 0; i < LEN(held); i++)
        close(held[i]);
    close(fd);
}

/* Sends an event every 30 ms, ten of them: longer in all than the idle clock, never silent for as long. */
static void drip(struct conn *c)
{
    if (!conn_read_request(c) || !conn_send_str(c, SSE))
        return;
    for (int i = 0; i < 10; i++) {
        usleep(30000); /* the provider's pace, which is what is tested */
        if (!conn_send_str(c, "data: a\n\n"))
            return;
    }
}

static void bytes_put_the_idle_clock_off(void **state)
{
    struct server s = {.play = drip};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.spec.clocks = (struct sl_clocks){
        .connect_ms = 150, .first_byte_ms = 150, .idle_ms = 200, .total_ms = 20000};
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_int_equal(p.frames, 10);
    probe_fini(&p);
    server_stop(&s);
}

static void clocks_of_many_transfers_do_not_mix(void **state)
{
    static const struct reply hold = {SSE "data: a\n\n", 0, END_HOLD};
    static struct probe p[40];
    struct server s = {.replies = &hold, .n_replies = 1};
    (void)state;
    server_start(&s, NULL);
    for (size_t i = 0; i < LEN(p); i++) {
        probe_init(&p[i], &rig, s.url, "{}");
        /* in no order, and every third is cancelled before its time */
        p[i].spec.clocks.total_ms = i % 3 == 2 ? 20000 : 40 + (int64_t)(i * 7 % LEN(p)) * 5;
        probe_start(&p[i]);
    }
    for (size_t i = 2; i < LEN(p); i += 3)
        probe_cancel(&p[i]);
    for (size_t i = 0; i < LEN(p); i++) {
        if (i % 3 != 2) {
            probe_wait(&p[i]);
            assert_int_equal(p[i].result.err.reason, SL_REASON_TOTAL_TIMEOUT);
        }
    }
    for (size_t i = 0; i < LEN(p); i++) {
        assert_int_equal(p[i].dones, i % 3 != 2);
        for (size_t j = 0; j < LEN(p); j++) {
            if (i % 3 != 2 && j % 3 != 2 &&
                p[i].spec.clocks.total_ms + 50 < p[j].spec.clocks.total_ms)
                assert_true(p[i].done_at_us < p[j].done_at_us);
        }
    }
    for (size_t i = 0; i < LEN(p); i++)
        probe_fini(&p[i]);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_clock_ends_with_its_own_reason),
        cmocka_unit_test(the_connect_clock_ends_a_connection_that_is_not_made),
        cmocka_unit_test(bytes_put_the_idle_clock_off),
        cmocka_unit_test(clocks_of_many_transfers_do_not_mix),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
