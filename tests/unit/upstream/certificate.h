/* A self-signed certificate for 127.0.0.1 and localhost, made for the test, in memory and in files of a folder of its
 * own. */
#ifndef SL_TESTS_UPSTREAM_CERTIFICATE_H
#define SL_TESTS_UPSTREAM_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>

struct certificate {
    EVP_PKEY *key;
    X509 *x509;
    char folder[32], cert_file[48], key_file[48];
};

void certificate_make(struct certificate *c);
void certificate_remove(struct certificate *c);
/* A server's context; with ask_client it wants this very certificate from its clients, with h2 it offers HTTP/2. */
SSL_CTX *certificate_context(const struct certificate *c, bool ask_client, bool h2);

#endif
