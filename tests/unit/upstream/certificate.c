/* See certificate.h. */
#include "certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static X509 *make(EVP_PKEY *key)
{
    static long serial;
    X509 *x = X509_new();
    X509V3_CTX v3;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"sluice test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    X509V3_set_ctx(&v3, x, x, NULL, NULL, 0);
    X509_EXTENSION *e =
        X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

void certificate_make(struct certificate *c)
{
    snprintf(c->folder, sizeof(c->folder), "/tmp/sluice-test-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    snprintf(c->cert_file, sizeof(c->cert_file), "%s/cert.pem", c->folder);
    snprintf(c->key_file, sizeof(c->key_file), "%s/key.pem", c->folder);
    c->key = EVP_EC_gen("P-256");
    c->x509 = make(c->key);
    FILE *f = fopen(c->cert_file, "w");
    assert_int_equal(PEM_write_X509(f, c->x509), 1);
    fclose(f);
    f = fopen(c->key_file, "w");
    assert_int_equal(PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
}

void certificate_remove(struct certificate *c)
{
    unlink(c->cert_file);
    unlink(c->key_file);
    rmdir(c->folder);
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                     const unsigned char *in, unsigned n, void *arg)
{
    static const unsigned char h2[] = "\x02h2";
    (void)ssl, (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_n, h2, sizeof(h2) - 1, in, n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *certificate_context(const struct certificate *c, bool ask_client, bool h2)
{
    SSL_CTX *x = SSL_CTX_new(TLS_server_method());
    assert_non_null(x);
    assert_int_equal(SSL_CTX_use_certificate(x, c->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(x, c->key), 1);
    if (ask_client) {
        SSL_CTX_set_verify(x, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        assert_int_equal(SSL_CTX_load_verify_file(x, c->cert_file), 1);
    }
    if (h2)
        SSL_CTX_set_alpn_select_cb(x, choose_h2, NULL);
    return x;
}
