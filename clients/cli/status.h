/* What a call that failed says: for people, as JSON, and as the exit code. */
#ifndef SLUICE_CLI_STATUS_H
#define SLUICE_CLI_STATUS_H

#include <stdbool.h>

#include "client.h"
#include "term.h"

/* The program's exit codes; documented in --help and README.md. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_FORBIDDEN = 4,
    EXIT_NOT_FOUND = 5,
    EXIT_LIMITED = 6,
    EXIT_TIMEOUT = 7,
    EXIT_BROKEN_OFF = 8,
    EXIT_CANCELLED = 130,
};

/* EXIT_DONE for OK. UNAVAILABLE is EXIT_UNREACHABLE only where the service itself did not answer. */
int status_exit_code(const struct client_status *s);
/* "UNAVAILABLE"; "CODE_n" for a number that is no gRPC status. The result is valid until the next call. */
const char *status_code_name(int code);
/* Several lines on err: code, message and reason; fields; provider; when to try again; hint (may be NULL). */
void status_print(struct term *err, const struct client_status *s, const char *hint);
/* {"error":{"code","message","reason","details":[...],"exit"}} and a newline. */
void status_print_json(struct term *out, const struct client_status *s);
/* The same form for a failure on this side. */
void status_print_json_local(struct term *out, const char *code, const char *message,
                             int exit_code);

#endif
