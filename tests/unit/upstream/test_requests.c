/* What goes out: request line, headers and body, as asked and nothing besides. */
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

static void requests_carry_what_was_asked_and_nothing_else(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_CLOSE};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    char url[128];
    (void)state;
    server_start(&s, NULL);
    snprintf(url, sizeof(url), "%s/v1/x?a=b", s.url);
    probe_init(&p, &rig, url, "{\"q\":1}");
    probe_header(&p, "Authorization", "Bearer sk-test-2");
    probe_header(&p, "X-Empty", "");
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_non_null(strstr(s.last_request, "POST /v1/x?a=b HTTP/1.1\r\n"));
    assert_non_null(strstr(s.last_request, "\r\nAuthorization: Bearer sk-test-2\r\n"));
    assert_non_null(strstr(s.last_request, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(s.last_request, "\r\nContent-Length: 7\r\n"));
    assert_non_null(strstr(s.last_request, "\r\n\r\n{\"q\":1}"));
    assert_null(strcasestr(s.last_request, "\r\ncontent-type"));
    assert_null(strcasestr(s.last_request, "\r\nexpect"));
    assert_null(strcasestr(s.last_request, "encoding"));
    probe_fini(&p);
    server_stop(&s);
}

struct method_row {
    const char *method;
    const char *body;
    const char *line;
    const char *length; /* NULL: no Content-Length at all */
};

static void methods_are_sent_as_named(void **state)
{
    static const struct reply reply = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, END_KEEP};
    static const struct method_row methods[] = {
        {"GET", NULL, "GET / ", NULL},
        {"POST", NULL, "POST / ", "Content-Length: 0\r\n"},
        {"DELETE", NULL, "DELETE / ", NULL},
        {"PUT", "abc", "PUT / ", "Content-Length: 3\r\n"},
        {"PATCH", "ab", "PATCH / ", "Content-Length: 2\r\n"},
        {"HEAD", NULL, "HEAD / ", NULL},
        {"GET", NULL, "GET / ", NULL},
        {"POST", "a", "POST / ", "Content-Length: 1\r\n"},
    };
    struct server s = {.replies = &reply, .n_replies = 1};
    (void)state;
    server_start(&s, NULL);
    for (size_t i = 0; i < LEN(methods); i++) {
        struct probe p;
        probe_init(&p, &rig, s.url, methods[i].body);
        p.spec.method = methods[i].method;
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        pthread_mutex_lock(&s.lock);
        assert_memory_equal(s.last_request, methods[i].line, strlen(methods[i].line));
        if (methods[i].length)
            assert_non_null(strstr(s.last_request, methods[i].length));
        else
            assert_null(strstr(s.last_request, "Content-Length"));
        pthread_mutex_unlock(&s.lock);
        probe_fini(&p);
    }
    server_stop(&s);
}

/* Bodies of one segment and of many, small enough for one write and larger; the base64 ones are encoded while they go. */
static void bodies_arrive_whole(void **state)
{
    static const size_t sizes[] = {1, 3, 1000, 16 * 1024, 16 * 1024 + 1, 50000, 3000000};
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {.replies = &reply, .n_replies = 1};
    (void)state;
    server_start(&s, NULL);
    for (size_t i = 0; i < LEN(sizes); i++) {
        struct probe p;
        char expected[32], *raw = malloc(sizes[i] + 1);
        probe_init(&p, &rig, s.url, "[\"");
        memset(raw, 'a', sizes[i]);
        sl_segs_add(&p.body, &p.arena, SL_SEG_BASE64, raw, sizes[i]);
        sl_segs_add(&p.body, &p.arena, SL_SEG_RAW, "\"]", 2);
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        pthread_mutex_lock(&s.lock);
        snprintf(expected, sizeof(expected), "Content-Length: %zu\r\n", (sizes[i] + 2) / 3 * 4 + 4);
        assert_non_null(strstr(s.last_request, expected));
        const char *body = strstr(s.last_request, "\r\n\r\n") + 4;
        assert_memory_equal(body, sizes[i] == 1 ? "[\"YQ" : "[\"YWFh", sizes[i] == 1 ? 4 : 6);
        if (sizes[i] <= 16 * 1024 + 1)
            assert_string_equal(body + strlen(body) - 2, "\"]");
        pthread_mutex_unlock(&s.lock);
        probe_fini(&p);
        free(raw);
    }
    assert_int_equal(atomic_load(&s.requests), LEN(sizes));
    server_stop(&s);
}

/* Reads the head only: the answer comes while the body is still on its way. */
static void refuse_early(struct conn *c)
{
    char head[1024];
    if (conn_read(c, head, sizeof(head)) &&
        conn_send_str(c, "HTTP/1.1 413 Too large\r\nContent-Length: 9\r\n\r\ntoo large"))
        conn_wait_close(c);
}

static void an_answer_may_come_before_the_request_is_out(void **state)
{
    struct server s = {.play = refuse_early};
    struct probe p;
    static char raw[8 << 20];
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "[");
    memset(raw, 'a', sizeof(raw));
    sl_segs_add(&p.body, &p.arena, SL_SEG_RAW, raw, sizeof(raw));
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_int_equal(p.result_status, 413);
    assert_string_equal(p.answer, "too large");
    probe_fini(&p);
    server_stop(&s);
}

static void headers_that_would_forge_a_request_are_refused(void **state)
{
    static const char *const bad[][2] = {
        {"X-A", "b\r\nX-Forged: 1"},
        {"X-A", "b\nc"},
        {"X A", "b"},
        {"", "b"},
        {"X-A:", "b"},
        {"Content-Length", "10"},
        {"expect", "100"},
        {"Accept-Encoding", "gzip"},
        {"Transfer-Encoding", "x"},
    };
    struct server s = {.replies = &(const struct reply){ANSWER_OK, 0, END_KEEP}, .n_replies = 1};
    (void)state;
    server_start(&s, NULL);
    for (size_t i = 0; i < LEN(bad); i++) {
        struct probe p;
        probe_init(&p, &rig, s.url, "{}");
        probe_header(&p, bad[i][0], bad[i][1]);
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_INVALID_ARGUMENT);
        assert_false(p.result.request_sent);
        probe_fini(&p);
    }
    assert_int_equal(atomic_load(&s.accepted), 0);
    server_stop(&s);
}

static void urls_that_cannot_be_used_are_the_configurations_fault(void **state)
{
    static const char *const bad[] = {"ftp://127.0.0.1/x", "file:///etc/passwd", "http://",
                                      "http://127.0.0.1:99999/"};
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct probe p;
        probe_init(&p, &rig, bad[i], "{}");
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_FAILED_PRECONDITION);
        assert_int_equal(p.result.err.reason, SL_REASON_CONFIG_INVALID);
        assert_false(p.result.request_sent);
        probe_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_carry_what_was_asked_and_nothing_else),
        cmocka_unit_test(methods_are_sent_as_named),
        cmocka_unit_test(bodies_arrive_whole),
        cmocka_unit_test(an_answer_may_come_before_the_request_is_out),
        cmocka_unit_test(headers_that_would_forge_a_request_are_refused),
        cmocka_unit_test(urls_that_cannot_be_used_are_the_configurations_fault),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
