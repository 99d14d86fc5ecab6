/* A resolver that hangs: this file's own getaddrinfo stands in for libc's. It costs the transfers that wait for it, and
 * nobody else. */
#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe.h"
#include "server.h"

/* "slow.test" waits for the test's word; every name is 127.0.0.1. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool hang;
static unsigned waiting;

struct one_address {
    struct addrinfo info;
    struct sockaddr_in address;
};

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    struct one_address *a = calloc(1, sizeof(*a));
    (void)hints;
    pthread_mutex_lock(&lock);
    while (!strcmp(name, "slow.test") && hang) {
        waiting++;
        pthread_cond_broadcast(&changed);
        pthread_cond_wait(&changed, &lock);
        waiting--;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    a->address.sin_family = AF_INET;
    a->address.sin_port = htons(service ? (uint16_t)strtoul(service, NULL, 10) : 0);
    a->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a->info.ai_family = AF_INET;
    a->info.ai_socktype = SOCK_STREAM;
    a->info.ai_addrlen = sizeof(a->address);
    a->info.ai_addr = (struct sockaddr *)&a->address;
    *out = &a->info;
    return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
    free(info);
}

static void set_hang(bool on)
{
    pthread_mutex_lock(&lock);
    hang = on;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for_waiting(unsigned n)
{
    pthread_mutex_lock(&lock);
    while (waiting != n)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
static struct server server;
static struct rig rig;
static char slow_url[64];

static int setup(void **state)
{
    (void)state;
    server = (struct server){.replies = &reply, .n_replies = 1};
    server_start(&server, NULL);
    snprintf(slow_url, sizeof(slow_url), "http://slow.test:%u/", server.port);
    rig_start(&rig, NULL);
    set_hang(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(&rig);
    set_hang(false);
    wait_for_waiting(0);
    server_stop(&server);
    return 0;
}

static void a_cancel_does_not_wait_for_the_resolver(void **state)
{
    struct probe p, other;
    (void)state;
    probe_init(&p, &rig, slow_url, "{}");
    probe_start(&p);
    wait_for_waiting(1);
    long start = now_us();
    probe_cancel(&p);
    assert_true(now_us() - start < 500000);
    assert_int_equal(rig_stats(&rig).running, 0);
    probe_init(&other, &rig, server.url, "{}");
    probe_run(&other);
    assert_int_equal(other.result.err.code, SL_OK);
    probe_fini(&p);
    probe_fini(&other);
}

static void the_connect_clock_runs_while_a_name_is_looked_up(void **state)
{
    struct probe p;
    (void)state;
    probe_init(&p, &rig, slow_url, "{}");
    p.spec.clocks.connect_ms = 100;
    probe_run(&p);
    assert_int_equal(p.result.err.reason, SL_REASON_CONNECT_TIMEOUT);
    assert_true(probe_says(&p, "slow.test"));
    assert_false(p.result.request_sent);
    probe_fini(&p);
}

static void others_go_on_meanwhile(void **state)
{
    struct probe slow, p;
    (void)state;
    probe_init(&slow, &rig, slow_url, "{}");
    probe_start(&slow);
    wait_for_waiting(1);
    for (int i = 0; i < 10; i++) {
        probe_init(&p, &rig, server.url, "{}");
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        probe_fini(&p);
    }
    set_hang(false);
    probe_wait(&slow);
    assert_int_equal(slow.result.err.code, SL_OK);
    assert_string_equal(slow.text, "hello;");
    probe_fini(&slow);
}

static void destroying_the_upstream_does_not_wait_either(void **state)
{
    struct probe p;
    struct rig own;
    (void)state;
    rig_start(&own, NULL);
    probe_init(&p, &own, slow_url, "{}");
    probe_start(&p);
    wait_for_waiting(1);
    long start = now_us();
    rig_stop(&own);
    assert_true(now_us() - start < 500000);
    assert_int_equal(p.dones, 0);
    probe_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cancel_does_not_wait_for_the_resolver, setup, teardown),
        cmocka_unit_test_setup_teardown(the_connect_clock_runs_while_a_name_is_looked_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(others_go_on_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(destroying_the_upstream_does_not_wait_either, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
