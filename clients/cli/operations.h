/* What the commands beside chat share. */
#ifndef SLUICE_CLI_OPERATIONS_H
#define SLUICE_CLI_OPERATIONS_H

#include "base/arena.h"
#include "cli.h"
#include "sluice/v1/completion.pb-c.h"

#define CLI_BAD(err, ...)                                                                          \
    sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

/* Texts: arguments, and lines of standard input. */
struct inputs {
    struct sl_arena arena;
    char **list;
    size_t n;
};

/* Arguments from first on; "-", or none at all, stands for the lines of standard input. in is to be released either
 * way. */
enum sl_code inputs_read(struct inputs *in, const struct option_list *args, size_t first,
                         struct sl_err *err) SL_MUST_CHECK;
void inputs_fini(struct inputs *in);

/* What has to be right before a request is made. */
enum sl_code operation_check(const struct options *o, struct sl_err *err) SL_MUST_CHECK;
/* Members that all requests have. */
#define OPERATION_COMMON(r, o)                                                                     \
    do {                                                                                           \
        if ((o)->model)                                                                            \
            (r)->model = (char *)(o)->model;                                                       \
        if ((o)->provider_options)                                                                 \
            (r)->provider_options_json = (char *)(o)->provider_options;                            \
        if ((o)->request_id)                                                                       \
            (r)->request_id = (char *)(o)->request_id;                                             \
        if ((o)->strict)                                                                           \
            (r)->on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;                 \
    } while (0)

/* Runs one call, within 120 s or --timeout; tells how it failed. Returns the exit code. */
int operation_call(struct cli *cli, struct client_call *call);
/* Warnings, and with --verbose a line about the call. */
void operation_end(struct cli *cli, const Sluice__V1__TokenUsage *usage,
                   const Sluice__V1__CallReport *report, Sluice__V1__Warning **warnings,
                   size_t n_warnings);

#endif
