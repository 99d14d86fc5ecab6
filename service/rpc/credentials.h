/* Server credentials: plaintext, TLS and mTLS, with certificates read again when they change. */
#ifndef SL_RPC_CREDENTIALS_H
#define SL_RPC_CREDENTIALS_H

#include <grpc/grpc_security.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct
    sl_server_tls; /* certificate, key and client CA of one server; shared with gRPC's handshake threads, locks itself */

struct sl_server_tls_files {
    const char *certificate, *key; /* PEM chains */
    const char *client_ca;         /* "" : client certificates are not asked for */
    bool require_client_certificate;
};

/* Reads and checks the files (that they parse, and that key and certificate belong together). */
enum sl_code sl_server_tls_create(const struct sl_server_tls_files *files,
                                  struct sl_server_tls **out, struct sl_err *err) SL_MUST_CHECK;
/* Reads the files again; new handshakes use them. On failure the old ones stay in use. Main thread. */
enum sl_code sl_server_tls_reload(struct sl_server_tls *tls, struct sl_err *err) SL_MUST_CHECK;
/* When no server uses it any more. Accepts NULL. */
void sl_server_tls_destroy(struct sl_server_tls *tls);
/* New credentials for grpc_server_add_http2_port; tls NULL: plaintext. The caller releases them. */
grpc_server_credentials *sl_server_credentials(struct sl_server_tls *tls);
/* The verified client certificate's first SAN, else its common name, copied into dst; false if there is none. */
bool sl_peer_certificate(grpc_call *call, char *dst, size_t size);

#endif
