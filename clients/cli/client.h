/* Calls over the gRPC core: one channel, one call at a time or several, on the calling thread. The only file of the command-line
 * client that includes <grpc/...> is client.c. */
#ifndef SLUICE_CLI_CLIENT_H
#define SLUICE_CLI_CLIENT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

struct client_config {
    const char *target; /* as the gRPC core takes it: "dns:host:port", "unix:path" */
    bool local;         /* a loopback or unix address: no HTTP proxy */
    bool tls;
    const char *ca_file, *cert_file, *key_file, *server_name; /* NULL: none */
    struct sl_secret *key; /* sent as `authorization: Bearer`; NULL: none; borrowed */
    const char *user_agent;
};

struct client;

/* Error: SL_INVALID_ARGUMENT where a certificate file cannot be read. No connection is made yet. */
enum sl_code client_open(const struct client_config *config, struct client **out,
                         struct sl_err *err) SL_MUST_CHECK;
/* Accepts NULL. */
void client_close(struct client *c);

/* One unary or server-streaming call. */
struct client_call {
    const char *path; /* "/sluice.v1.Completion/Complete" */
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply;
    double timeout_s; /* 0: none */
    /* Each reply; it dies when this returns. False cancels the call. */
    bool (*on_message)(void *ctx, const ProtobufCMessage *message);
    void *ctx;
};

/* How a call ended. */
struct client_status {
    int code;         /* gRPC status */
    char *message;    /* never NULL */
    uint8_t *details; /* packed google.rpc.Status; NULL if there is none */
    size_t n_details;
    bool stopped;  /* on_message refused */
    bool answered; /* the service sent its headers, or a message, before the status */
    int signal;    /* cancelled by this signal; 0: not */
};

void client_run(struct client *c, const struct client_call *call, struct client_status *out);
/* n of them, so many at a time, on the calling thread; out[i] is of calls[i]. A signal cancels all of them. */
void client_run_all(struct client *c, const struct client_call *calls, size_t n, size_t parallel,
                    struct client_status *out);
void client_status_fini(struct client_status *s);

#endif
