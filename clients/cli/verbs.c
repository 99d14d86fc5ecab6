/* Commands that are made of verbs. */
#include "verbs.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

enum { TIMEOUT_S = 30, USAGE_MAX = 1024 };

static int usage(struct cli *cli, const struct verb_row *rows, const struct verb_row *only)
{
    const struct command_row *command = command_find(cli->o.command);
    struct sl_buf text;
    bool ok;
    int code;

    sl_buf_init(&text, USAGE_MAX);
    ok = sl_buf_printf(&text, "sluice %s %s", command->name, only ? "" : "takes: ");
    for (const struct verb_row *row = only ? only : rows; ok && row->name; row++) {
        ok = sl_buf_printf(&text, "%s%s%s%s", row == rows || only ? "" : ", ", row->name,
                           *row->synopsis ? " " : "", row->synopsis);
        if (only)
            break;
    }
    code = cli_fail_local(cli, EXIT_USAGE, "USAGE", ok ? text.p : "wrong use");
    sl_buf_fini(&text);
    return code;
}

int verbs_run(struct cli *cli, const struct verb_row *rows)
{
    const struct option_list *given = &cli->o.args;
    const char *verb = given->n ? given->v[0] : rows->name;
    const char *args[VERB_ARGS_MAX];
    size_t n = given->n ? given->n - 1 : 0;

    for (const struct verb_row *row = rows; row->name; row++) {
        if (strcmp(row->name, verb) != 0)
            continue;
        if (n < row->min || n > row->max)
            return usage(cli, rows, row);
        for (size_t i = 0; i < VERB_ARGS_MAX; i++)
            args[i] = i < n ? given->v[i + 1] : "";
        return row->run(cli, args, n);
    }
    return usage(cli, rows, NULL);
}

static bool on_nothing(void *ctx, const ProtobufCMessage *message)
{
    (void)ctx;
    (void)message;
    return true;
}

int verbs_call(struct cli *cli, const struct verb_call *call)
{
    struct client_call wire = {
        .path = call->path,
        .request = call->request,
        .reply = call->reply,
        .on_message = call->on_message ? call->on_message : on_nothing,
        .ctx = call->ctx,
    };
    struct client_status status;
    int code = EXIT_DONE;

    cli_call(cli, &wire, call->timeout_s > 0 ? call->timeout_s : TIMEOUT_S, &status);
    if (status.code)
        code = cli_fail(cli, &status);
    client_status_fini(&status);
    return code;
}

void verbs_next_page(struct verb_list *list, const char *token)
{
    sl_free(list->next);
    list->next = *token ? sl_strdup(token) : NULL;
}

int verbs_list(struct verb_list *list, const struct verb_call *call, char **page_token)
{
    struct cli *cli = list->cli;
    char *token = NULL;
    int code;

    do {
        sl_free(token);
        token = list->next;
        list->next = NULL;
        if (token)
            *page_token = token;
        code = verbs_call(cli, call);
    } while (code == EXIT_DONE && list->next);
    if (code == EXIT_DONE && !cli->o.names && !cli->o.json)
        table_print(&list->table, &cli->out);
    table_fini(&list->table);
    sl_free(token);
    sl_free(list->next);
    return code;
}

void verbs_say(struct cli *cli, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (cli->o.quiet || cli->o.json)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    term_printf(&cli->err, "%s\n", text);
    term_flush(&cli->err);
}
