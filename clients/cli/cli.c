/* What the commands share: running a call and telling how it failed. */
#include "cli.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "json_print.h"

/* A reply (see client.c) as JSON, base64 and escapes included. */
enum { JSON_MAX = 128 * 1024 * 1024, CODE_UNAUTHENTICATED = 16 };

void cli_call(struct cli *cli, struct client_call *call, double otherwise_s,
              struct client_status *out)
{
    call->timeout_s = cli->o.timeout.set ? cli->o.timeout.v : otherwise_s;
    client_run(cli->client, call, out);
}

/* What to try next, or NULL. */
static const char *hint_for(const struct cli *cli, const struct client_status *status)
{
    if (status->code == CODE_UNAUTHENTICATED && *cli->hint)
        return cli->hint;
    if (status_exit_code(status) == EXIT_UNREACHABLE)
        return "nothing answers there: is sluiced running? --address or SLUICE_ADDRESS say where";
    return NULL;
}

int cli_fail(struct cli *cli, const struct client_status *status)
{
    int code = status_exit_code(status);

    if (cli->out.error)
        return EXIT_FAILED;
    if (cli->o.json)
        status_print_json(&cli->out, status);
    else if (!status->signal)
        status_print(&cli->err, status, hint_for(cli, status));
    return code;
}

int cli_fail_local(struct cli *cli, int code, const char *name, const char *text)
{
    if (cli->o.json) {
        status_print_json_local(&cli->out, name, text, code);
        return code;
    }
    term_end_line(&cli->err);
    term_style(&cli->err, TERM_RED);
    term_printf(&cli->err, "sluice: ");
    term_style(&cli->err, TERM_PLAIN);
    term_printf(&cli->err, "%s\n", text);
    term_flush(&cli->err);
    return code;
}

void cli_print_json(struct cli *cli, const ProtobufCMessage *message)
{
    struct sl_buf json;

    sl_buf_init(&json, JSON_MAX);
    if (json_print_message(&json, message) && sl_buf_add_char(&json, '\n'))
        term_raw(&cli->out, json.p, json.n);
    else
        cli->out.error = EFBIG;
    term_flush(&cli->out);
    sl_buf_fini(&json);
}
