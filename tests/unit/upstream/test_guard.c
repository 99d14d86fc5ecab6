/* Endpoints that strangers chose: no spelling, no name, no second look-up, no proxy and no kept
 * connection leads inside. This file's own getaddrinfo stands in for libc's. */
#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/address.h"
#include "probe.h"
#include "server.h"

/* Addresses that each name leads to; every other one is 127.0.0.1. The test's server listens there,
 * and 127.0.0.2 stands for a place that is not allowed, even where 127.0.0.1 is. */
static struct {
    const char *name, *addresses[2];
} names[] = {
    {"rebind.test", {"127.0.0.1"}},
    {"two.test", {"127.0.0.2", "127.0.0.1"}},
    {"ten.test", {"10.0.0.1"}},
    {"metadata.test", {"169.254.169.254"}},
};

struct answer {
    struct addrinfo info;
    struct sockaddr_in address;
};

static struct addrinfo *one(const char *address, const char *service)
{
    struct answer *a = calloc(1, sizeof(*a));
    a->address.sin_family = AF_INET;
    a->address.sin_port = htons(service ? (uint16_t)strtoul(service, NULL, 10) : 0);
    inet_pton(AF_INET, address, &a->address.sin_addr);
    a->info.ai_family = AF_INET;
    a->info.ai_socktype = SOCK_STREAM;
    a->info.ai_addrlen = sizeof(a->address);
    a->info.ai_addr = (struct sockaddr *)&a->address;
    return &a->info;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)hints;
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i].name) != 0)
            continue;
        *out = one(names[i].addresses[0], service);
        if (names[i].addresses[1])
            (*out)->ai_next = one(names[i].addresses[1], service);
        return 0;
    }
    *out = one("127.0.0.1", service);
    return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
    while (info) {
        struct addrinfo *next = info->ai_next;
        free(info);
        info = next;
    }
}

static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
static struct server server;
static struct rig rig;
static struct sl_arena arena;

static int setup(void **state)
{
    (void)state;
    server = (struct server){.replies = &reply, .n_replies = 1};
    server_start(&server, NULL);
    rig_start(&rig, NULL);
    sl_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(&rig);
    server_stop(&server);
    sl_arena_fini(&arena);
    return 0;
}

static const struct sl_address_list *allow(const char *entry)
{
    const struct sl_address_list *list = NULL;
    struct sl_err err = {0};
    assert_int_equal(sl_address_list_load(&entry, 1, &arena, &list, &err), SL_OK);
    return list;
}

/* A guarded transfer to host and the server's port. */
static void guarded(struct probe *p, const char *scheme_and_host,
                    const struct sl_address_list *allowed)
{
    static char url[128];
    snprintf(url, sizeof(url), "%s:%u/", scheme_and_host, server.port);
    probe_init(p, &rig, url, "{}");
    p->endpoint.pool_key = 77;
    p->endpoint.guard = true;
    p->endpoint.allowed = allowed;
}

static void expect_refused(struct probe *p)
{
    probe_run(p);
    if (p->result.err.code != SL_PERMISSION_DENIED)
        fail_msg("%s: %s", p->spec.url, p->result.err.text);
    assert_int_equal(p->result.err.reason, SL_REASON_ADDRESS_FORBIDDEN);
    assert_false(p->result.err.retryable);
    assert_false(p->result.request_sent);
    assert_string_equal(p->result.err.field, "upstream.allowed_addresses");
    assert_true(probe_says(p, "upstream.allowed_addresses"));
    probe_fini(p);
}

static void expect_answer(struct probe *p)
{
    probe_run(p);
    if (p->result.err.code)
        fail_msg("%s: %s", p->spec.url, p->result.err.text);
    assert_string_equal(p->text, "hello;");
    probe_fini(p);
}

static void no_spelling_leads_inside(void **state)
{
    static const char *const hosts[] = {
        "http://127.0.0.1",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0x7f.0.0.1",
        "http://0177.0.0.1",
        "http://017700000001",
        "http://127.0.0.1.",
        "http://localhost",
        "http://LOCALHOST.",
        "http://any.test",
        "http://ten.test",
        "http://metadata.test",
        "http://169.254.169.254",
        "http://2852039166",
        "http://10.0.0.1",
        "http://0",
        "http://0.0.0.0",
        "http://[::1]",
        "http://[::]",
        "http://[::ffff:127.0.0.1]",
        "http://[::ffff:7f00:1]",
        "http://[::127.0.0.1]",
        "http://[64:ff9b::7f00:1]",
        "http://[2002:7f00:1::1]",
        "http://[fd00:ec2::254]",
        "http://[fe80::1]",
        "http://user@127.0.0.1",
        "https://127.0.0.1",
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(hosts); i++) {
        struct probe p;
        guarded(&p, hosts[i], NULL);
        expect_refused(&p);
    }
    assert_int_equal(server.accepted, 0);
}

static void what_is_allowed_is_reached(void **state)
{
    static const struct {
        const char *host, *entry;
    } rows[] = {
        {"http://127.0.0.1", "127.0.0.1"},
        {"http://127.1", "127.0.0.0/8"},
        {"http://any.test", "any.test"},
        {"http://ANY.test.", "*.test"},
        {"http://any.test", "127.0.0.1"},
        {"http://two.test", "127.0.0.1"}, /* its second address */
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct probe p;
        guarded(&p, rows[i].host, allow(rows[i].entry));
        expect_answer(&p);
    }
}

static void a_name_that_changes_is_caught(void **state)
{
    struct probe p;
    struct rig first = rig;
    (void)state;
    guarded(&p, "http://rebind.test", allow("127.0.0.1"));
    expect_answer(&p);
    rig_stop(&first);
    rig_start(&rig, NULL); /* no name is remembered */
    names[0].addresses[0] = "127.0.0.2";
    guarded(&p, "http://rebind.test", allow("127.0.0.1"));
    expect_refused(&p);
    names[0].addresses[0] = "127.0.0.1";
    assert_int_equal(server.accepted, 1);
}

static void kept_connections_are_looked_at_again(void **state)
{
    struct probe p;
    (void)state;
    probe_init(&p, &rig, server.url, "{}"); /* the organisation's own model, not guarded */
    expect_answer(&p);
    guarded(&p, "http://127.0.0.1", NULL);
    expect_refused(&p);
    assert_int_equal(server.accepted, 1);
    guarded(&p, "http://127.0.0.1", allow("127.0.0.1"));
    expect_answer(&p);
    assert_int_equal(server.accepted, 2); /* not the other's connection */
    guarded(&p, "http://127.0.0.1", allow("127.0.0.1"));
    expect_answer(&p);
    assert_int_equal(server.accepted, 2);
    guarded(&p, "http://127.0.0.1", NULL); /* the list was made shorter */
    expect_refused(&p);
    assert_int_equal(server.requests, 3);
}

static void a_proxy_does_not_lead_inside(void **state)
{
    static const char *const inside[] = {"http://169.254.169.254", "http://2852039166",
                                         "http://127.0.0.1.",      "http://localhost",
                                         "http://x.localhost.",    "http://[::ffff:10.0.0.1]"};
    struct probe p;
    (void)state;
    guarded(&p, "http://provider.test", NULL);
    p.endpoint.proxy = server.url;
    expect_refused(&p); /* the proxy itself is inside */
    for (size_t i = 0; i < SL_ARRAY_LEN(inside); i++) {
        guarded(&p, inside[i], allow("127.0.0.1"));
        p.endpoint.proxy = server.url;
        expect_refused(&p);
    }
    assert_int_equal(server.accepted, 0);
    guarded(&p, "http://provider.test", allow("127.0.0.1"));
    p.endpoint.pool_key = 78;
    p.endpoint.proxy = server.url;
    expect_answer(&p);
}

static void a_unix_socket_is_inside(void **state)
{
    struct probe p;
    (void)state;
    guarded(&p, "http://provider.test", allow("*.test"));
    p.endpoint.unix_socket = "/tmp/nonexistent.sock";
    expect_refused(&p);
}

static void others_are_not_guarded(void **state)
{
    struct probe p;
    (void)state;
    guarded(&p, "http://any.test", NULL);
    p.endpoint.pool_key = 79;
    p.endpoint.guard = false;
    expect_answer(&p);
    assert_int_equal(rig_stats(&rig).started, 1);
    guarded(&p, "http://any.test", NULL);
    expect_refused(&p);
    assert_int_equal(rig_stats(&rig).started, 2);
    assert_int_equal(rig_stats(&rig).running, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_spelling_leads_inside),      TEST(what_is_allowed_is_reached),
        TEST(a_name_that_changes_is_caught), TEST(kept_connections_are_looked_at_again),
        TEST(a_proxy_does_not_lead_inside),  TEST(a_unix_socket_is_inside),
        TEST(others_are_not_guarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
