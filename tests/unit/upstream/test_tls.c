/* TLS: a certificate made here is refused until its file is named as the authority; a client's certificate; an https
 * proxy. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
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

static struct rig rig;
static char folder[] = "/tmp/sluice-test-XXXXXX", cert_file[64], key_file[64], other_file[64];
static EVP_PKEY *key;
static X509 *cert, *other;

/* Self-signed, for 127.0.0.1 and localhost. */
static X509 *make_cert(EVP_PKEY *pkey, long serial)
{
    X509 *x = X509_new();
    X509V3_CTX v3;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"sluice test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, pkey);
    X509V3_set_ctx(&v3, x, x, NULL, NULL, 0);
    X509_EXTENSION *e =
        X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
    return x;
}

static void write_pem(const char *path, X509 *x, EVP_PKEY *pkey)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(
        x ? PEM_write_X509(f, x) : PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(cert_file, sizeof(cert_file), "%s/cert.pem", folder);
    snprintf(key_file, sizeof(key_file), "%s/key.pem", folder);
    snprintf(other_file, sizeof(other_file), "%s/other.pem", folder);
    key = EVP_EC_gen("P-256");
    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    cert = make_cert(key, 1);
    other = make_cert(other_key, 2);
    EVP_PKEY_free(other_key);
    write_pem(cert_file, cert, NULL);
    write_pem(key_file, NULL, key);
    write_pem(other_file, other, NULL);
    rig_start(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_stop(&rig);
    unlink(cert_file);
    unlink(key_file);
    unlink(other_file);
    rmdir(folder);
    X509_free(cert);
    X509_free(other);
    EVP_PKEY_free(key);
    return 0;
}

static SSL_CTX *make_context(bool ask_client)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    assert_non_null(c);
    assert_int_equal(SSL_CTX_use_certificate(c, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(c, key), 1);
    if (ask_client) {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        assert_int_equal(SSL_CTX_load_verify_file(c, cert_file), 1);
    }
    return c;
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
    struct server s = {.replies = &reply, .n_replies = 1, .tls = make_context(r->ask_client)};
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
        p.endpoint.client_cert = cert_file;
        p.endpoint.client_key = key_file;
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
        {.name = "another authority", .ca_file = other_file, .reason = SL_REASON_PROVIDER_TLS},
        {.name = "named authority", .ca_file = cert_file},
        {.name = "named authority, wrong host",
         .ca_file = cert_file,
         .host = "api.example.com",
         .reason = SL_REASON_PROVIDER_TLS},
        {.name = "named authority, its other name", .ca_file = cert_file, .host = "localhost"},
        {.name = "not verified on request",
         .ca_file = "",
         .host = "api.example.com",
         .insecure = true},
        {.name = "authority file missing",
         .ca_file = "/nonexistent.pem",
         .reason = SL_REASON_PROVIDER_TLS},
        {.name = "client certificate",
         .ca_file = cert_file,
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
    struct server s = {.replies = &reply, .n_replies = 1, .tls = make_context(true)};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, s.url, "{}");
    p.endpoint.pool_key = 150;
    p.endpoint.ca_file = cert_file;
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
    struct server s = {.replies = &reply, .n_replies = 1, .tls = make_context(false)};
    (void)state;
    server_start(&s, NULL);
    for (int i = 0; i < 3; i++) {
        struct probe p;
        probe_init(&p, &rig, s.url, "{}");
        p.endpoint.pool_key = 152;
        p.endpoint.ca_file = cert_file;
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
    struct server s = {.replies = &reply, .n_replies = 1, .tls = make_context(false)};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    probe_init(&p, &rig, "http://api.example.com/v1", "{}");
    p.endpoint.pool_key = 153;
    p.endpoint.ca_file = cert_file;
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
