/* TLS: a certificate made here is refused until its file is named as the authority; a client's certificate; an https
 * proxy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certificate.h"
#include "probe.h"
#include "server.h"

static struct rig rig;
static struct certificate ours, another;

static int setup(void **state)
{
    (void)state;
    certificate_make(&ours);
    certificate_make(&another);
    rig_start(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(&rig);
    certificate_remove(&ours);
    certificate_remove(&another);
    return 0;
}

struct row {
    const char *name;
    const char *ca_file;
    const char *host; /* NULL: 127.0.0.1 */
    bool insecure, ask_client, client_cert;
    enum sl_reason reason;
};

static void run(const struct row *r, uint64_t pool_key)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {
        .replies = &reply, .n_replies = 1, .tls = certificate_context(&ours, r->ask_client, false)};
    struct probe p;
    char url[96];
    print_message("  %s\n", r->name);
    server_start(&s, NULL);
    snprintf(url, sizeof(url), "https://%s:%u/v1", r->host ? r->host : "127.0.0.1", s.port);
    probe_init(&p, &rig, url, "{}");
    p.endpoint.pool_key = pool_key;
    p.endpoint.ca_file = r->ca_file;
    p.endpoint.insecure = r->insecure;
    if (r->host)
        p.endpoint.connect_to = s.url + strlen("https://");
    if (r->client_cert) {
        p.endpoint.client_cert = ours.cert_file;
        p.endpoint.client_key = ours.key_file;
    }
    probe_run(&p);
    assert_int_equal(p.result.err.reason, r->reason);
    assert_int_equal(p.result.err.code, r->reason ? SL_UNAVAILABLE : SL_OK);
    if (r->reason)
        assert_true(probe_says(&p, r->host ? r->host : "127.0.0.1"));
    else
        assert_string_equal(p.text, "hello;");
    assert_int_equal(atomic_load(&s.requests), r->reason == SL_REASON_NONE);
    probe_fini(&p);
    server_stop(&s);
    SSL_CTX_free(s.tls);
}

static void certificates_are_verified(void **state)
{
    const struct row rows[] = {
        {.name = "unknown authority", .ca_file = "", .reason = SL_REASON_PROVIDER_TLS},
        {.name = "another authority",
         .ca_file = another.cert_file,
         .reason = SL_REASON_PROVIDER_TLS},
        {.name = "named authority", .ca_file = ours.cert_file},
        {.name = "named authority, wrong host",
         .ca_file = ours.cert_file,
         .host = "api.example.com",
         .reason = SL_REASON_PROVIDER_TLS},
        {.name = "named authority, its other name", .ca_file = ours.cert_file, .host = "localhost"},
        {.name = "not verified on request",
         .ca_file = "",
         .host = "api.example.com",
         .insecure = true},
        {.name = "authority file missing",
         .ca_file = "/nonexistent.pem",
         .reason = SL_REASON_PROVIDER_TLS},
        {.name = "client certificate",
         .ca_file = ours.cert_file,
         .ask_client = true,
         .client_cert = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run(&rows[i], 100 + i);
}

/* With TLS 1.3 the client learns of it only after it has sent its request. */
static void a_missing_client_certificate_is_an_error(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {
        .replies = &reply, .n_replies = 1, .tls = certificate_context(&ours, true, false)};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.endpoint.pool_key = 150;
    p.endpoint.ca_file = ours.cert_file;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_UNAVAILABLE);
    assert_int_equal(atomic_load(&s.requests), 0);
    probe_fini(&p);
    server_stop(&s);
    SSL_CTX_free(s.tls);
}

static void plain_text_where_tls_was_expected_is_a_tls_error(void **state)
{
    static const struct reply reply = {"HTTP/1.1 400 Bad\r\n\r\n", 0, END_CLOSE};
    struct server s = {.replies = &reply, .n_replies = 1};
    struct probe p;
    char url[96];
    (void)state;
    server_start(&s, NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", s.port);
    probe_init(&p, &rig, url, "{}");
    p.endpoint.pool_key = 151;
    p.spec.clocks.connect_ms =
        300; /* the server takes the handshake for a request that does not end */
    probe_run(&p);
    assert_true(p.result.err.reason == SL_REASON_PROVIDER_TLS ||
                p.result.err.reason == SL_REASON_CONNECT_TIMEOUT);
    assert_false(p.result.request_sent);
    probe_fini(&p);
    server_stop(&s);
}

static void a_connection_with_tls_is_reused(void **state)
{
    static const struct reply reply = {ANSWER_OK, 1, END_KEEP};
    struct server s = {
        .replies = &reply, .n_replies = 1, .tls = certificate_context(&ours, false, false)};
    (void)state;
    server_start(&s, NULL);
    for (int i = 0; i < 3; i++) {
        struct probe p;
        probe_init(&p, &rig, s.url, "{}");
        p.endpoint.pool_key = 152;
        p.endpoint.ca_file = ours.cert_file;
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        assert_string_equal(p.text, "hello;");
        assert_int_equal(p.result.timing.reused, i > 0);
        probe_fini(&p);
    }
    assert_int_equal(atomic_load(&s.accepted), 1);
    server_stop(&s);
    SSL_CTX_free(s.tls);
}

static void an_https_proxy_carries_plain_requests(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {
        .replies = &reply, .n_replies = 1, .tls = certificate_context(&ours, false, false)};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, "http://api.example.com/v1", "{}");
    p.endpoint.pool_key = 153;
    p.endpoint.ca_file = ours.cert_file;
    p.endpoint.proxy = s.url;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_memory_equal(s.last_request, "POST http://api.example.com/v1 ", 31);
    probe_fini(&p);
    server_stop(&s);
    SSL_CTX_free(s.tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(a_missing_client_certificate_is_an_error),
        cmocka_unit_test(plain_text_where_tls_was_expected_is_a_tls_error),
        cmocka_unit_test(a_connection_with_tls_is_reused),
        cmocka_unit_test(an_https_proxy_carries_plain_requests),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
