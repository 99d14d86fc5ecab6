/* TLS files are checked before they are used; handshakes, client certificates and reload against a real gRPC server and
 * channel in this process. */
#include "rpc/credentials.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "unit/rpc/pki.h"

static char dir[] = "/tmp/sl-test-tls-XXXXXX";
static struct pki_cert ca, other_ca, server_cert, other_server_cert;
static char *good_cert, *good_key, *good_ca; /* paths */

static int set_up_group(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    ca = pki_make("Test CA", NULL, NULL, 10);
    other_ca = pki_make("Other CA", NULL, NULL, 10);
    server_cert = pki_make("server", "DNS:localhost", &ca, 10);
    other_server_cert = pki_make("server", "DNS:localhost", &other_ca, 10);
    good_cert = pki_write(dir, "good.crt", server_cert.cert_pem);
    good_key = pki_write(dir, "good.key", server_cert.key_pem);
    good_ca = pki_write(dir, "good-ca.crt", ca.cert_pem);
    grpc_init();
    return 0;
}

static void remove_file(char *path)
{
    unlink(path);
    sl_free(path);
}

static int tear_down_group(void **state)
{
    (void)state;
    remove_file(good_cert);
    remove_file(good_key);
    remove_file(good_ca);
    rmdir(dir);
    pki_free(&ca);
    pki_free(&other_ca);
    pki_free(&server_cert);
    pki_free(&other_server_cert);
    grpc_shutdown();
    return 0;
}

/* ---- files ---- */

struct bad_files {
    const char *what;
    const char *certificate, *key, *client_ca; /* texts; NULL: the good one; "-": no such file */
    bool no_client_ca, require;
    const char *text; /* part of the error */
};

static char *path_of(const char *name, const char *text, const char *good)
{
    char missing[128];
    if (!text)
        return sl_strdup(good);
    if (strcmp(text, "-") != 0)
        return pki_write(dir, name, text);
    snprintf(missing, sizeof(missing), "%s/missing", dir);
    return sl_strdup(missing);
}

static void release_path(char *path, const char *good)
{
    if (strcmp(path, good) != 0)
        unlink(path);
    sl_free(path);
}

static void test_bad_files_are_refused(void **state)
{
    (void)state;
    char *locked = pki_locked_key(&server_cert);
    char cut[4096];
    snprintf(cut, sizeof(cut), "%s%.100s", server_cert.cert_pem, server_cert.cert_pem);
    const struct bad_files rows[] = {
        {.what = "no certificate", .certificate = "-", .text = "missing: No such file"},
        {.what = "no key", .key = "-", .text = "missing: No such file"},
        {.what = "no CA", .client_ca = "-", .text = "missing: No such file"},
        {.what = "empty certificate", .certificate = "", .text = "holds no valid PEM chain"},
        {.what = "text", .certificate = "hello", .text = "holds no valid PEM chain"},
        {.what = "chain cut off", .certificate = cut, .text = "holds no valid PEM chain"},
        {.what = "empty key", .key = "", .text = "without a pass phrase"},
        {.what = "locked key", .key = locked, .text = "without a pass phrase"},
        {.what = "certificate as key", .key = server_cert.cert_pem, .text = "pass phrase"},
        {.what = "other key", .key = ca.key_pem, .text = "does not belong"},
        {.what = "key as CA", .client_ca = ca.key_pem, .text = "holds no valid PEM chain"},
        {.what = "required, no CA", .no_client_ca = true, .require = true, .text = "no client CA"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char *cert = path_of("bad.crt", rows[i].certificate, good_cert);
        char *key = path_of("bad.key", rows[i].key, good_key);
        char *client_ca = path_of("bad-ca.crt", rows[i].client_ca, good_ca);
        struct sl_server_tls_files files = {
            .certificate = cert,
            .key = key,
            .client_ca = rows[i].no_client_ca ? "" : client_ca,
            .require_client_certificate = rows[i].require,
        };
        struct sl_server_tls *tls = NULL;
        struct sl_err err = {0};
        enum sl_code code = sl_server_tls_create(&files, &tls, &err);
        if (code != SL_FAILED_PRECONDITION || err.reason != SL_REASON_CONFIG_INVALID || tls ||
            !strstr(err.text, rows[i].text))
            fail_msg("%s: %s '%s'", rows[i].what, sl_code_name(code), err.text);
        release_path(cert, good_cert);
        release_path(key, good_key);
        release_path(client_ca, good_ca);
    }
    sl_free(locked);
}

static void test_a_folder_and_a_nul_are_refused(void **state)
{
    (void)state;
    struct sl_server_tls *tls = NULL;
    struct sl_err err = {0};
    struct sl_server_tls_files files = {.certificate = dir, .key = good_key, .client_ca = ""};
    assert_int_equal(sl_server_tls_create(&files, &tls, &err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "not a file"));

    char path[128];
    snprintf(path, sizeof(path), "%s/nul.crt", dir);
    FILE *f = fopen(path, "w");
    assert_int_equal(fwrite("a\0b", 1, 3, f), 3);
    fclose(f);
    err = (struct sl_err){0};
    files.certificate = path;
    assert_int_equal(sl_server_tls_create(&files, &tls, &err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "not PEM"));
    unlink(path);
}

static void test_an_expired_certificate_is_named_in_the_log(void **state)
{
    (void)state;
    struct pki_cert old = pki_make("server", "DNS:localhost", &ca, -1);
    char *cert = pki_write(dir, "old.crt", old.cert_pem);
    char *key = pki_write(dir, "old.key", old.key_pem);
    struct sl_server_tls_files files = {.certificate = cert, .key = key, .client_ca = ""};
    struct sl_server_tls *tls = NULL;
    struct sl_err err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    sl_log_set_fd(ends[1]);
    assert_int_equal(sl_server_tls_create(&files, &tls, &err), SL_OK);
    sl_log_set_fd(2);
    char line[1024];
    ssize_t n = read(ends[0], line, sizeof(line) - 1);
    assert_true(n > 0);
    line[n] = '\0';
    assert_non_null(strstr(line, "has expired"));
    close(ends[0]);
    close(ends[1]);
    sl_server_tls_destroy(tls);
    remove_file(cert);
    remove_file(key);
    pki_free(&old);
}

/* ---- handshakes ---- */

/* A server and its clients on one completion queue. */
struct world {
    grpc_server *server;
    grpc_completion_queue *cq;
    int port;
    grpc_call *incoming;
    grpc_call_details details;
    grpc_metadata_array metadata;
    bool armed;    /* the server waits for a call */
    char peer[64]; /* what sl_peer_certificate said of the last call; "" if it said no */
    size_t peer_size;
};

static void world_open(struct world *w, struct sl_server_tls *tls)
{
    memset(w, 0, sizeof(*w));
    w->peer_size = sizeof(w->peer);
    w->cq = grpc_completion_queue_create_for_next(NULL);
    w->server = grpc_server_create(NULL, NULL);
    grpc_server_register_completion_queue(w->server, w->cq, NULL);
    grpc_server_credentials *credentials = sl_server_credentials(tls);
    assert_non_null(credentials);
    w->port = grpc_server_add_http2_port(w->server, "127.0.0.1:0", credentials);
    grpc_server_credentials_release(credentials);
    assert_true(w->port > 0);
    grpc_server_start(w->server);
}

static gpr_timespec in_30_seconds(void)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(30, GPR_TIMESPAN));
}

static void *next_tag(struct world *w)
{
    grpc_event e = grpc_completion_queue_next(w->cq, in_30_seconds(), NULL);
    assert_int_equal(e.type, GRPC_OP_COMPLETE);
    return e.tag;
}

static void arm(struct world *w)
{
    if (w->armed)
        return;
    grpc_call_details_init(&w->details);
    grpc_metadata_array_init(&w->metadata);
    grpc_server_request_call(w->server, &w->incoming, &w->details, &w->metadata, w->cq, w->cq,
                             &w->incoming);
    w->armed = true;
}

static void disarm(struct world *w)
{
    if (!w->armed)
        return;
    grpc_call_details_destroy(&w->details);
    grpc_metadata_array_destroy(&w->metadata);
    w->armed = false;
}

static void world_close(struct world *w)
{
    grpc_server_shutdown_and_notify(w->server, w->cq, w);
    while (next_tag(w) != w) {
    }
    grpc_server_destroy(w->server);
    grpc_completion_queue_shutdown(w->cq);
    while (grpc_completion_queue_next(w->cq, in_30_seconds(), NULL).type != GRPC_QUEUE_SHUTDOWN) {
    }
    grpc_completion_queue_destroy(w->cq);
    disarm(w);
}

/* roots NULL: plaintext. */
static grpc_channel *make_channel(const struct world *w, const char *roots,
                                  const struct pki_cert *identity)
{
    grpc_arg args[] = {
        {.type = GRPC_ARG_STRING,
         .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
         .value.string = (char *)"localhost"},
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
         .value.integer = 1},
    };
    grpc_channel_args list = {SL_ARRAY_LEN(args), args};
    grpc_channel_credentials *credentials;
    if (roots) {
        grpc_ssl_pem_key_cert_pair pair = {0};
        if (identity)
            pair = (grpc_ssl_pem_key_cert_pair){identity->key_pem, identity->cert_pem};
        credentials = grpc_ssl_credentials_create(roots, identity ? &pair : NULL, NULL, NULL);
    } else {
        credentials = grpc_insecure_credentials_create();
    }
    char target[64];
    snprintf(target, sizeof(target), "127.0.0.1:%d", w->port);
    grpc_channel *channel = grpc_channel_create(target, credentials, &list);
    grpc_channel_credentials_release(credentials);
    return channel;
}

/* Takes the call that arrived and ends it with OK; ops completes. */
static void serve(struct world *w, grpc_op ops[3])
{
    static int cancelled;
    static grpc_slice empty;
    memset(ops, 0, 3 * sizeof(*ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[1].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    ops[1].data.send_status_from_server.status = GRPC_STATUS_OK;
    empty = grpc_empty_slice();
    ops[1].data.send_status_from_server.status_details = &empty;
    ops[2].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    ops[2].data.recv_close_on_server.cancelled = &cancelled;
    w->peer[0] = '\0';
    if (!sl_peer_certificate(w->incoming, w->peer, w->peer_size))
        assert_string_equal(w->peer, "");
    assert_int_equal(grpc_call_start_batch(w->incoming, ops, 3, ops, NULL), GRPC_CALL_OK);
}

/* One call on a connection of its own; its status. */
static grpc_status_code call_once(struct world *w, const char *roots,
                                  const struct pki_cert *identity)
{
    grpc_channel *channel = make_channel(w, roots, identity);
    grpc_slice method = grpc_slice_from_static_string("/test/Call");
    grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, w->cq,
                                               method, NULL, in_30_seconds(), NULL);
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice message;
    grpc_op ops[4], server_ops[3];
    grpc_metadata_array_init(&initial);
    grpc_metadata_array_init(&trailing);
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[1].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[2].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[2].data.recv_status_on_client.trailing_metadata = &trailing;
    ops[2].data.recv_status_on_client.status = &status;
    ops[2].data.recv_status_on_client.status_details = &message;
    ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &initial;
    arm(w);
    assert_int_equal(grpc_call_start_batch(call, ops, 4, ops, NULL), GRPC_CALL_OK);
    for (unsigned open = 1; open > 0;) {
        if (next_tag(w) == &w->incoming) {
            serve(w, server_ops);
            disarm(w);
            open++;
        } else {
            open--;
        }
    }
    if (w->incoming)
        grpc_call_unref(w->incoming);
    w->incoming = NULL;
    grpc_slice_unref(message);
    grpc_metadata_array_destroy(&initial);
    grpc_metadata_array_destroy(&trailing);
    grpc_call_unref(call);
    grpc_channel_destroy(channel);
    return status;
}

static struct sl_server_tls *make_tls(bool with_ca, bool require)
{
    struct sl_server_tls *tls = NULL;
    struct sl_err err = {0};
    struct sl_server_tls_files files = {
        .certificate = good_cert,
        .key = good_key,
        .client_ca = with_ca ? good_ca : "",
        .require_client_certificate = require,
    };
    assert_int_equal(sl_server_tls_create(&files, &tls, &err), SL_OK);
    return tls;
}

static void test_plaintext(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    assert_int_equal(call_once(&w, NULL, NULL), GRPC_STATUS_OK);
    assert_string_equal(w.peer, "");
    world_close(&w);
}

static void test_tls(void **state)
{
    (void)state;
    struct world w;
    struct sl_server_tls *tls = make_tls(false, false);
    world_open(&w, tls);
    assert_int_equal(call_once(&w, ca.cert_pem, NULL), GRPC_STATUS_OK);
    assert_string_equal(w.peer, "");
    assert_int_equal(call_once(&w, other_ca.cert_pem, NULL), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(call_once(&w, NULL, NULL), GRPC_STATUS_UNAVAILABLE);
    world_close(&w);
    sl_server_tls_destroy(tls);
}

struct visitor {
    const char *what, *common_name, *san;
    const struct pki_cert *issuer; /* NULL: no certificate */
    int days;
    grpc_status_code optional, required; /* where a certificate is optional, required */
    const char *name;
};

static const struct visitor visitors[] = {
    {"nobody", NULL, NULL, NULL, 0, GRPC_STATUS_OK, GRPC_STATUS_UNAVAILABLE, ""},
    {"common name", "alice", NULL, &ca, 9, GRPC_STATUS_OK, GRPC_STATUS_OK, "alice"},
    {"both", "alice", "DNS:a.example,URI:spiffe://x/y", &ca, 9, GRPC_STATUS_OK, GRPC_STATUS_OK,
     "a.example"},
    {"URI", NULL, "URI:spiffe://x/y", &ca, 9, GRPC_STATUS_OK, GRPC_STATUS_OK, "spiffe://x/y"},
    {"e-mail", NULL, "email:a@example.org", &ca, 9, GRPC_STATUS_OK, GRPC_STATUS_OK,
     "a@example.org"},
    {"a stranger's CA", "alice", NULL, &other_ca, 9, GRPC_STATUS_UNAVAILABLE,
     GRPC_STATUS_UNAVAILABLE, ""},
    {"expired", "alice", NULL, &ca, -1, GRPC_STATUS_UNAVAILABLE, GRPC_STATUS_UNAVAILABLE, ""},
    {"no name at all", NULL, NULL, &ca, 9, GRPC_STATUS_OK, GRPC_STATUS_OK, ""},
};

static void test_client_certificates(void **state)
{
    (void)state;
    for (int require = 0; require < 2; require++) {
        struct world w;
        struct sl_server_tls *tls = make_tls(true, require);
        world_open(&w, tls);
        for (size_t i = 0; i < SL_ARRAY_LEN(visitors); i++) {
            const struct visitor *v = &visitors[i];
            struct pki_cert own = {0};
            if (v->issuer)
                own = pki_make(v->common_name, v->san, v->issuer, v->days);
            w.peer[0] = '\0';
            grpc_status_code status = call_once(&w, ca.cert_pem, v->issuer ? &own : NULL);
            if (status != (require ? v->required : v->optional) || strcmp(w.peer, v->name) != 0)
                fail_msg("%s, required %d: status %d, peer '%s'", v->what, require, (int)status,
                         w.peer);
            if (v->issuer)
                pki_free(&own);
        }
        world_close(&w);
        sl_server_tls_destroy(tls);
    }
}

static void test_a_name_that_does_not_fit_is_nobodys(void **state)
{
    (void)state;
    struct world w;
    struct sl_server_tls *tls = make_tls(true, true);
    struct pki_cert alice = pki_make("alice", NULL, &ca, 9);
    world_open(&w, tls);
    w.peer_size = 5; /* "alic", cut, would be somebody else */
    assert_int_equal(call_once(&w, ca.cert_pem, &alice), GRPC_STATUS_OK);
    assert_string_equal(w.peer, "");
    w.peer_size = 6;
    assert_int_equal(call_once(&w, ca.cert_pem, &alice), GRPC_STATUS_OK);
    assert_string_equal(w.peer, "alice");
    world_close(&w);
    sl_server_tls_destroy(tls);
    pki_free(&alice);
}

/* Two servers share what is reloaded; a failed reload changes nothing. */
static void test_reload(void **state)
{
    (void)state;
    struct world w[2];
    struct sl_err err = {0};
    struct sl_server_tls *tls = NULL;
    char *cert = pki_write(dir, "live.crt", server_cert.cert_pem);
    char *key = pki_write(dir, "live.key", server_cert.key_pem);
    struct sl_server_tls_files files = {.certificate = cert, .key = key, .client_ca = ""};
    assert_int_equal(sl_server_tls_create(&files, &tls, &err), SL_OK);
    for (int i = 0; i < 2; i++) {
        world_open(&w[i], tls);
        assert_int_equal(call_once(&w[i], ca.cert_pem, NULL), GRPC_STATUS_OK);
    }

    sl_free(pki_write(dir, "live.crt", other_server_cert.cert_pem));
    assert_int_equal(sl_server_tls_reload(tls, &err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "does not belong"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(call_once(&w[i], ca.cert_pem, NULL), GRPC_STATUS_OK);

    sl_free(pki_write(dir, "live.key", other_server_cert.key_pem));
    err = (struct sl_err){0};
    assert_int_equal(sl_server_tls_reload(tls, &err), SL_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(call_once(&w[i], other_ca.cert_pem, NULL), GRPC_STATUS_OK);
        assert_int_equal(call_once(&w[i], ca.cert_pem, NULL), GRPC_STATUS_UNAVAILABLE);
    }
    for (int i = 0; i < 2; i++)
        world_close(&w[i]);
    sl_server_tls_destroy(tls);
    remove_file(cert);
    remove_file(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files_are_refused),
        cmocka_unit_test(test_a_folder_and_a_nul_are_refused),
        cmocka_unit_test(test_an_expired_certificate_is_named_in_the_log),
        cmocka_unit_test(test_plaintext),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_a_name_that_does_not_fit_is_nobodys),
        cmocka_unit_test(test_reload),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
