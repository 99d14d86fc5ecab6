/* What every command works with. */
#ifndef SLUICE_CLI_CLI_H
#define SLUICE_CLI_CLI_H

#include "client.h"
#include "options.h"
#include "status.h"
#include "term.h"

struct cli {
    struct options o;
    struct term out, err;
    struct client *client;
    char hint[256]; /* what to try where the caller is not known to the service; "" if nothing */
};

/* Where the service is and who calls, from options, environment and files; opens the client and fills hint. Error:
 * SL_INVALID_ARGUMENT. */
enum sl_code connect_open(struct cli *cli, struct sl_err *err) SL_MUST_CHECK;
/* "host:port", "host", "[v6]:port" or "unix:path" as the gRPC core wants it; false for anything else. */
bool connect_target(const char *address, char *dst, size_t size);
/* A unix socket, localhost or a loopback address. */
bool connect_is_local(const char *address);

/* Runs one call with the timeout of the options, or otherwise_s. */
void cli_call(struct cli *cli, struct client_call *call, double otherwise_s,
              struct client_status *out);
/* Tells how the call failed, unless it was the reader of our output who went away. Returns the exit code. */
int cli_fail(struct cli *cli, const struct client_status *status);
/* A failure on this side, in the same form. Returns code. */
int cli_fail_local(struct cli *cli, int code, const char *name, const char *text);
/* Prints one message as a JSON line. */
void cli_print_json(struct cli *cli, const ProtobufCMessage *message);

/* The commands; each returns the exit code. */
int chat_run(struct cli *cli);
int doctor_run(struct cli *cli);
int health_run(struct cli *cli);
int import_run(struct cli *cli);
int embed_run(struct cli *cli);
int image_run(struct cli *cli);
int rerank_run(struct cli *cli);
int moderate_run(struct cli *cli);
int count_tokens_run(struct cli *cli);
int whoami_run(struct cli *cli);

#endif
