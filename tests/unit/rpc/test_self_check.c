/* Listeners that answer, hang up, and only look alive. */
#include "rpc/self_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { SHORT_MS = 100, LONG_MS = 30000 };

static char address[128];

static int listen_on_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

struct peer {
    int listener;
    const char *answer; /* NULL: it hangs up at once */
    char heard[24];
};

static void *serve(void *arg)
{
    struct peer *p = arg;
    int fd = accept(p->listener, NULL, NULL);
    if (p->answer) {
        (void)!recv(fd, p->heard, sizeof(p->heard), MSG_WAITALL);
        (void)!send(fd, p->answer, strlen(p->answer), MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static void whoever_answers_is_alive(void **state)
{
    struct peer peers[] = {{.answer = "hello"}, {.answer = NULL}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        pthread_t thread;
        peers[i].listener = listen_on_port();
        assert_int_equal(pthread_create(&thread, NULL, serve, &peers[i]), 0);
        assert_true(sl_self_check(address, LONG_MS));
        pthread_join(thread, NULL);
        close(peers[i].listener);
    }
    assert_memory_equal(peers[0].heard, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
}

static void a_socket_that_nobody_accepts_from_is_not(void **state)
{
    int fd = listen_on_port();
    int64_t started = sl_now_us();
    (void)state;
    assert_false(sl_self_check(address, SHORT_MS));
    assert_true(sl_now_us() - started >= (SHORT_MS - 1) * 1000);
    close(fd);
    assert_false(sl_self_check(address, LONG_MS)); /* at once */
    assert_false(sl_self_check("nowhere.invalid:1", SHORT_MS));
    assert_false(sl_self_check("no address", SHORT_MS));
    assert_false(sl_self_check("unix:/nowhere/at/all", SHORT_MS));
}

static void unix_sockets_too(void **state)
{
    char folder[] = "/tmp/sluice-check-XXXXXX";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct peer peer = {.answer = "hello"};
    pthread_t thread;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", folder);
    snprintf(address, sizeof(address), "unix:%s", at.sun_path);
    peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer.listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(peer.listener, 8), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &peer), 0);
    assert_true(sl_self_check(address, LONG_MS));
    pthread_join(thread, NULL);
    close(peer.listener);
    unlink(at.sun_path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_answers_is_alive),
        cmocka_unit_test(a_socket_that_nobody_accepts_from_is_not),
        cmocka_unit_test(unix_sockets_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
