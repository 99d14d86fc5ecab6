/* See pki.h. */
#include "unit/rpc/pki.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static char *take_text(BIO *out)
{
    char *p;
    long n = BIO_get_mem_data(out, &p);
    char *text = sl_strndup(p, (size_t)n);
    BIO_free(out);
    return text;
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(e);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

struct pki_cert pki_make(const char *common_name, const char *san, const struct pki_cert *issuer,
                         int days)
{
    static long serial;
    struct pki_cert c = {.x509 = X509_new(), .key = EVP_EC_gen("P-256")};
    assert_non_null(c.key);
    X509_set_version(c.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c.x509), -86400L * 30);
    X509_gmtime_adj(X509_getm_notAfter(c.x509), 86400L * days);
    X509_set_pubkey(c.x509, c.key);
    X509_NAME *name = X509_get_subject_name(c.x509);
    if (common_name)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                   -1, -1, 0);
    X509 *signer = issuer ? issuer->x509 : c.x509;
    X509_set_issuer_name(c.x509, X509_get_subject_name(signer));
    add_extension(c.x509, signer, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (san)
        add_extension(c.x509, signer, NID_subject_alt_name, san);
    assert_true(X509_sign(c.x509, issuer ? issuer->key : c.key, EVP_sha256()) > 0);

    BIO *out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, c.x509);
    c.cert_pem = take_text(out);
    out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, c.key, NULL, NULL, 0, NULL, NULL);
    c.key_pem = take_text(out);
    return c;
}

char *pki_locked_key(const struct pki_cert *c)
{
    BIO *out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, c->key, EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL,
                             NULL);
    return take_text(out);
}

void pki_free(struct pki_cert *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    sl_free(c->cert_pem);
    sl_free(c->key_pem);
}

char *pki_write(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    return sl_strdup(path);
}
