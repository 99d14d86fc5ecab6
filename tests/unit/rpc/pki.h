/* Certificates made on the spot, and files to put them into. */
#ifndef SL_TEST_PKI_H
#define SL_TEST_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct pki_cert {
    X509 *x509;
    EVP_PKEY *key;
    char *cert_pem, *key_pem;
};

/* An issuer for NULL: a CA of its own. san may be NULL; valid from now for so many days (negative: expired). */
struct pki_cert pki_make(const char *common_name, const char *san, const struct pki_cert *issuer,
                         int days);
void pki_free(struct pki_cert *c);
/* The key in PEM under a pass phrase. The caller frees it. */
char *pki_locked_key(const struct pki_cert *c);
/* Writes dir/name and gives its path, which the caller frees. */
char *pki_write(const char *dir, const char *name, const char *text);

#endif
