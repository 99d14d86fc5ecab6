/* The operators' port from outside, by plain sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telemetry/http.h"

enum { LARGE = 3 * 1024 * 1024 };

static void answer_text(void *owner, struct sl_http_answer *out)
{
    out->type = "text/cats";
    assert_true(sl_buf_add_str(out->body, owner));
}

static void answer_large(void *owner, struct sl_http_answer *out)
{
    (void)owner;
    char *room = sl_buf_room(out->body, LARGE);
    assert_non_null(room);
    memset(room, 'x', LARGE);
    out->body->n += LARGE;
}

static void answer_ill(void *owner, struct sl_http_answer *out)
{
    (void)owner;
    out->status = 503;
}

static char cats[] = "cats\n";
static const struct sl_http_route routes[] = {
    {"/cats", answer_text, cats}, {"/large", answer_large, NULL}, {"/ill", answer_ill, NULL}, {0}};

static struct sl_http *start(const char *listen)
{
    const struct sl_http_options options = {listen, routes};
    struct sl_http *h = NULL;
    struct sl_err err = {0};
    if (sl_http_start(&options, &h, &err))
        fail_msg("%s", err.text);
    return h;
}

static int connect_to(const struct sl_http *h)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {.tv_sec = 30};
    to.sin_port = htons((uint16_t)strtol(strrchr(sl_http_address(h), ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that comes until the end. */
static struct sl_buf receive(int fd)
{
    struct sl_buf b;
    char piece[65536];
    sl_buf_init(&b, 2 * LARGE);
    for (ssize_t n; (n = recv(fd, piece, sizeof(piece), 0)) > 0;)
        assert_true(sl_buf_add(&b, piece, (size_t)n));
    close(fd);
    return b;
}

static void expect(const struct sl_http *h, const char *request, const char *const *parts)
{
    int fd = connect_to(h);
    send_text(fd, request);
    struct sl_buf b = receive(fd);
    for (; *parts; parts++)
        if (!b.n || !strstr(b.p, *parts))
            fail_msg("no '%s' in '%s'", *parts, b.n ? b.p : "");
    sl_buf_fini(&b);
}

#define EXPECT(h, request, ...) expect(h, request, (const char *const[]){__VA_ARGS__, NULL})

static void paths_are_answered(void **state)
{
    struct sl_http *h = start("127.0.0.1:0");
    (void)state;
    assert_memory_equal(sl_http_address(h), "127.0.0.1:", 10);
    EXPECT(h, "GET /cats HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "Content-Type: text/cats",
           "Content-Length: 5", "\r\n\r\ncats\n");
    EXPECT(h, "GET /cats?x=y HTTP/1.0\r\n\r\n", " 200 ", "\r\n\r\ncats\n");
    EXPECT(h, "GET /ill HTTP/1.1\r\nHost: x\r\n\r\n", " 503 ", "Content-Length: 0");
    EXPECT(h, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ", "/cats /large /ill");
    EXPECT(h, "GET /cats/ HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    EXPECT(h, "GET /../cats HTTP/1.1\r\nHost: x\r\n\r\n", " 404 ");
    sl_http_stop(h);
}

static void only_reading_is_allowed(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"};
    struct sl_http *h = start("127.0.0.1:0");
    char request[128];
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(methods); i++) {
        snprintf(request, sizeof(request),
                 "%s /cats HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd", methods[i]);
        EXPECT(h, request, " 405 ", "Allow: GET, HEAD");
    }
    int fd = connect_to(h);
    send_text(fd, "HEAD /cats HTTP/1.1\r\nHost: x\r\n\r\n");
    struct sl_buf b = receive(fd);
    assert_non_null(strstr(b.p, " 200 "));
    assert_non_null(strstr(b.p, "Content-Length: 5"));
    assert_string_equal(b.p + b.n - 4, "\r\n\r\n");
    sl_buf_fini(&b);
    sl_http_stop(h);
}

static void what_is_no_request_is_turned_away(void **state)
{
    /* the beginning of a TLS handshake */
    static const char hello[] = "\x16\x03\x01\x02\0\1\0\1\xfc\x03\x03\r\n\r\n";
    static char long_line[64 * 1024];
    struct sl_http *h = start("127.0.0.1:0");
    (void)state;
    memset(long_line, 'a', sizeof(long_line) - 1);
    memcpy(long_line, "GET /", 5);
    int fd = connect_to(h);
    (void)!send(fd, long_line, sizeof(long_line) - 1, MSG_NOSIGNAL);
    struct sl_buf b = receive(fd);
    assert_true(!b.n || strstr(b.p, " 4") || strstr(b.p, " 5"));
    sl_buf_fini(&b);
    fd = connect_to(h);
    (void)!send(fd, hello, sizeof(hello), MSG_NOSIGNAL);
    b = receive(fd);
    assert_true(!b.n || strstr(b.p, " 400 ") || strstr(b.p, " 505 ") || strstr(b.p, " 405 "));
    sl_buf_fini(&b);
    EXPECT(h, "GET /cats HTTP/1.1\r\nHost: x\r\n\r\n", " 200 ");
    sl_http_stop(h);
}

static void a_reader_that_does_not_read_holds_nobody_up(void **state)
{
    enum { SLOW = 8 };
    struct sl_http *h = start("127.0.0.1:0");
    int slow[SLOW];
    (void)state;
    for (size_t i = 0; i < SLOW; i++) {
        slow[i] = connect_to(h);
        send_text(slow[i], "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (size_t i = 0; i < 20; i++)
        EXPECT(h, "GET /cats HTTP/1.1\r\nHost: x\r\n\r\n", " 200 ", "cats");
    for (size_t i = 0; i < SLOW; i++) {
        struct sl_buf b = receive(slow[i]);
        assert_true(b.n > LARGE);
        sl_buf_fini(&b);
    }
    sl_http_stop(h);
}

static void a_stop_ends_what_is_under_way(void **state)
{
    struct sl_http *h = start("127.0.0.1:0");
    int fd = connect_to(h);
    (void)state;
    send_text(fd, "GET /cats HTTP/1.1\r\n");
    sl_http_stop(h);
    struct sl_buf b = receive(fd);
    sl_buf_fini(&b);
    sl_http_stop(NULL);
}

static void an_address_that_cannot_be_had_is_an_error(void **state)
{
    static const char *const addresses[] = {"203.0.113.1:0", "nowhere.invalid:0", "no address"};
    struct sl_http *h = start("localhost:0"), *other = NULL;
    (void)state;
    struct sl_http_options options = {sl_http_address(h), routes};
    struct sl_err err = {0};
    assert_int_equal(sl_http_start(&options, &other, &err), SL_UNAVAILABLE);
    assert_non_null(strstr(err.text, "in use"));
    for (size_t i = 0; i < SL_ARRAY_LEN(addresses); i++) {
        err = (struct sl_err){0};
        options.listen = addresses[i];
        assert_int_equal(sl_http_start(&options, &other, &err), SL_UNAVAILABLE);
        assert_non_null(strstr(err.text, addresses[i]));
    }
    assert_null(other);
    sl_http_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_answered),
        cmocka_unit_test(only_reading_is_allowed),
        cmocka_unit_test(what_is_no_request_is_turned_away),
        cmocka_unit_test(a_reader_that_does_not_read_holds_nobody_up),
        cmocka_unit_test(a_stop_ends_what_is_under_way),
        cmocka_unit_test(an_address_that_cannot_be_had_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
