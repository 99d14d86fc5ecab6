/* Connections: reused, gone stale, refused, through a proxy, a socket file or another address; and the rule that no
 * request ever goes out twice. */
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

static void connections_are_reused(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    (void)state;
    server_start(&s, NULL);
    for (int i = 0; i < 5; i++) {
        struct probe p;
        probe_init(&p, &rig, s.url, "{}");
        p.spec.fresh_connection = i == 3;
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        assert_int_equal(p.result.timing.reused, i && i != 3);
        assert_int_equal(atomic_load(&s.accepted), i < 3 ? 1 : 2);
        probe_fini(&p);
    }
    server_stop(&s);
}

/* ---- stale connections ---- */

/* Answers once; on the second request of a connection it closes or resets it, having read all of it. */
static void play_stale(struct conn *c)
{
    for (int i = 0; conn_read_request(c); i++) {
        atomic_fetch_add(&c->server->requests, 1);
        if (i == 1) {
            if (c->server->arg)
                conn_reset(c);
            return;
        }
        if (!conn_send_str(c, ANSWER_OK))
            return;
    }
}

struct stale_row {
    const char *method;
    size_t body; /* bytes; 0: none */
    bool reset;
};

static void run_stale(const struct stale_row *row)
{
    struct server s = {.play = play_stale, .arg = row->reset ? &s : NULL};
    struct probe first, second, third;
    char *body = malloc(row->body + 1);
    memset(body, 'x', row->body);
    body[row->body] = '\0';
    server_start(&s, NULL);
    probe_init(&first, &rig, s.url, "{}");
    probe_run(&first);
    assert_int_equal(first.result.err.code, SL_OK);

    probe_init(&second, &rig, s.url, row->body ? body : NULL);
    second.spec.method = row->method;
    probe_run(&second);
    assert_int_equal(second.result.err.code, SL_UNAVAILABLE);
    assert_int_equal(second.result.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    assert_true(second.result.stale_connection);
    assert_true(second.result.err.retryable);
    assert_true(second.result.timing.reused);
    assert_int_equal(second.result.timing.reached, -1);
    assert_int_equal(atomic_load(&s.requests), 2); /* seen once each: nothing was repeated */

    probe_init(&third, &rig, s.url, row->body ? body : NULL);
    third.spec.method = row->method;
    third.spec.fresh_connection = true;
    probe_run(&third); /* on the easy handle that just failed, were it kept */
    assert_int_equal(third.result.err.code, SL_OK);
    assert_false(third.result.stale_connection);
    assert_int_equal(atomic_load(&s.requests), 3);
    probe_fini(&first);
    probe_fini(&second);
    probe_fini(&third);
    server_stop(&s);
    free(body);
}

static void a_stale_connection_costs_one_attempt_and_no_repeat(void **state)
{
    static const struct stale_row rows[] = {
        {"POST", 2, false},   {"POST", 2, true},   {"POST", 40000, false},  {"POST", 40000, true},
        {"POST", 0, false},   {"POST", 0, true},   {"GET", 0, false},       {"GET", 0, true},
        {"DELETE", 0, false}, {"PUT", 100, false}, {"POST", 900000, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        print_message("  %s, %zu bytes%s\n", rows[i].method, rows[i].body,
                      rows[i].reset ? ", reset" : "");
        run_stale(&rows[i]);
    }
}

/* A connection that the provider closed while it was idle is noticed before anything is sent. */
static void a_connection_closed_while_idle_is_not_used(void **state)
{
    static const struct reply replies[] = {{ANSWER_OK, 0, END_CLOSE}, {ANSWER_OK, 0, END_KEEP}};
    struct server s = {.replies = replies, .n_replies = 2};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    for (int i = 0; i < 2; i++) {
        probe_init(&p, &rig, s.url, "{}");
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        assert_false(p.result.timing.reused);
        probe_fini(&p);
        usleep(20000); /* for the FIN, which nothing announces */
    }
    server_stop(&s);
}

static void a_fresh_connection_that_closes_is_not_stale(void **state)
{
    static const struct reply reply = {"", 0, END_CLOSE};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    probe_run(&p);
    assert_int_equal(p.result.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    assert_false(p.result.stale_connection);
    assert_true(p.result.request_sent);
    probe_fini(&p);
    server_stop(&s);
}

/* ---- not there ---- */

static void what_cannot_be_reached_says_so(void **state)
{
    static const char *const names[] = {"http://no-such-host.invalid/v1?key=sk-test-1", NULL};
    struct server s = {.replies = NULL};
    char closed[96];
    (void)state;
    server_start(&s, NULL);
    server_stop(&s); /* its port is free now, most likely for long enough */
    snprintf(closed, sizeof(closed), "%s/?key=sk-test-1", s.url);
    for (size_t i = 0; i < LEN(names); i++) {
        struct probe p;
        probe_init(&p, &rig, names[i] ? names[i] : closed, "{}");
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_UNAVAILABLE);
        assert_int_equal(p.result.err.reason, SL_REASON_PROVIDER_UNREACHABLE);
        assert_true(p.result.err.retryable);
        assert_false(p.result.request_sent);
        assert_true(probe_says(&p, names[i] ? "no-such-host.invalid" : "127.0.0.1"));
        assert_false(probe_says(&p, "sk-test"));
        probe_fini(&p);
    }
}

/* ---- ways around ---- */

static void another_address_can_stand_in_for_the_host(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, "http://api.example.com/v1", "{}");
    p.endpoint.pool_key = 21;
    p.endpoint.connect_to = s.url + strlen("http://");
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_non_null(strstr(s.last_request, "\r\nHost: api.example.com\r\n"));
    probe_fini(&p);
    server_stop(&s);
}

static void a_socket_file_can_stand_in_for_the_host(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    char folder[] = "/tmp/sluice-test-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/s", folder);
    server_start(&s, path);
    probe_init(&p, &rig, "http://localhost/v1", "{}");
    p.endpoint.pool_key = 22;
    p.endpoint.unix_socket = path;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_string_equal(p.text, "hello;");
    probe_fini(&p);
    server_stop(&s);
    unlink(path);
    rmdir(folder);
}

static void plain_requests_go_through_the_proxy(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    char proxy[160];
    (void)state;
    server_start(&s, NULL);
    snprintf(proxy, sizeof(proxy), "http://user:sk-test-3@%.100s", s.url + strlen("http://"));
    probe_init(&p, &rig, "http://api.example.com/v1", "{}");
    p.endpoint.pool_key = 23;
    p.endpoint.proxy = proxy;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_memory_equal(s.last_request, "POST http://api.example.com/v1 HTTP/1.1\r\n", 40);
    assert_non_null(strstr(s.last_request, "Proxy-Authorization: Basic "));
    probe_fini(&p);
    server_stop(&s);
}

static void a_proxy_that_refuses_is_told_apart(void **state)
{
    static const struct reply reply = {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 0,
                                       END_CLOSE};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, "https://api.example.com/v1", "{}");
    p.endpoint.pool_key = 24;
    p.endpoint.proxy = s.url;
    probe_run(&p);
    assert_int_equal(p.result.err.reason, SL_REASON_PROVIDER_UNREACHABLE);
    assert_true(probe_says(&p, "api.example.com") && probe_says(&p, "403"));
    assert_false(p.result.request_sent);
    assert_memory_equal(s.last_request, "CONNECT api.example.com:443 ", 28);
    probe_fini(&p);
    server_stop(&s);
}

static void the_environments_proxy_is_not_used(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    probe_init(&p, &rig, s.url, "{}");
    probe_run(&p);
    unsetenv("http_proxy");
    assert_int_equal(p.result.err.code, SL_OK);
    probe_fini(&p);
    server_stop(&s);
}

/* ---- limits and figures ---- */

static void transfers_over_the_limit_wait(void **state)
{
    static const struct sl_upstream_options two = {.max_connections = 2};
    static const struct reply hold = {"HTTP/1.1 200 OK\r\n\r\ndata: a\n\n", 0, END_HOLD};
    static struct probe p[5];
    struct server s = {.replies = &hold, .n_replies = 1};
    struct rig own;
    (void)state;
    server_start(&s, NULL);
    rig_start(&own, &two);
    for (size_t i = 0; i < LEN(p); i++) {
        probe_init(&p[i], &own, s.url, "{}");
        probe_start(&p[i]);
    }
    probe_wait_frames(&p[0], 1);
    probe_wait_frames(&p[1], 1);
    struct sl_upstream_stats stats = rig_stats(&own);
    assert_int_equal(stats.running, 5);
    assert_int_equal(stats.started, 5);
    assert_int_equal(stats.sockets, 2);
    for (size_t i = 0; i + 2 < LEN(p); i++) {
        probe_cancel(&p[i]);
        probe_wait_frames(&p[i + 2], 1); /* the next in line */
    }
    assert_int_equal(rig_stats(&own).sockets, 2);
    assert_int_equal(atomic_load(&s.accepted), 5);
    rig_stop(&own);
    server_stop(&s);
    for (size_t i = 0; i < LEN(p); i++)
        probe_fini(&p[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_reused),
        cmocka_unit_test(a_stale_connection_costs_one_attempt_and_no_repeat),
        cmocka_unit_test(a_connection_closed_while_idle_is_not_used),
        cmocka_unit_test(a_fresh_connection_that_closes_is_not_stale),
        cmocka_unit_test(what_cannot_be_reached_says_so),
        cmocka_unit_test(another_address_can_stand_in_for_the_host),
        cmocka_unit_test(a_socket_file_can_stand_in_for_the_host),
        cmocka_unit_test(plain_requests_go_through_the_proxy),
        cmocka_unit_test(a_proxy_that_refuses_is_told_apart),
        cmocka_unit_test(the_environments_proxy_is_not_used),
        cmocka_unit_test(transfers_over_the_limit_wait),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
