/* sluice, the command-line client: reads the command line, runs one command, and turns what happened into an exit code. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "help.h"
#include "interrupt.h"
#include "verbs.h"

static int usage(struct cli *cli, const char *text)
{
    const struct command_row *command = command_find(cli->o.command);
    int code = cli_fail_local(cli, EXIT_USAGE, "USAGE", text);

    if (!cli->o.json)
        term_printf(&cli->err, "Try 'sluice%s%s --help'.\n", command ? " " : "",
                    command ? command->name : "");
    return code;
}

static int run_completion(struct cli *cli)
{
    if (cli->o.args.n != 1 || !completion_print(stdout, cli->o.args.v[0]))
        return usage(cli, "sluice completion takes one of bash, zsh, fish");
    return EXIT_DONE;
}

static int run_help(struct cli *cli)
{
    for (const struct command_row *row = command_rows; row->name && cli->o.args.n == 1; row++) {
        if (!strcmp(row->name, cli->o.args.v[0])) {
            help_print(stdout, row->command);
            return EXIT_DONE;
        }
    }
    if (cli->o.args.n)
        return usage(cli, "sluice help takes the name of a command");
    help_print(stdout, COMMAND_NONE);
    return EXIT_DONE;
}

static int run_calling(struct cli *cli)
{
    const struct command_row *command;
    struct sl_err err = {0};
    int code;

    if (connect_open(cli, &err) != SL_OK)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE", err.text);
    command = command_find(cli->o.command);
    code = command->run ? command->run(cli) : verbs_run(cli, command->rows);
    client_close(cli->client);
    return code;
}

static int run(struct cli *cli)
{
    if (cli->o.version) {
        puts("sluice " SLUICE_VERSION);
        return EXIT_DONE;
    }
    if (cli->o.help) {
        help_print(stdout, cli->o.command);
        return EXIT_DONE;
    }
    switch (cli->o.command) {
    case COMMAND_NONE:
        help_print(stderr, COMMAND_NONE);
        return EXIT_USAGE;
    case COMMAND_COMPLETION:
        return run_completion(cli);
    case COMMAND_HELP:
        return run_help(cli);
    default:
        return run_calling(cli);
    }
}

/* A reader that went away (EPIPE) needs no telling; a full disk does. */
static int finish_output(struct cli *cli, int code)
{
    if (!cli->out.error && fflush(stdout))
        cli->out.error = errno;
    if (!cli->out.error)
        return code;
    if (cli->out.error == EPIPE)
        return 128 + SIGPIPE;
    fprintf(stderr, "sluice: cannot write the output: %s\n", strerror(cli->out.error));
    return EXIT_FAILED;
}

/* Names and answers are UTF-8, whatever the locale says. */
static void set_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    struct sl_err err = {0};
    enum sl_code parsed;
    int code;

    set_locale();
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    interrupt_start();
    parsed = options_parse(&cli.o, argc - 1, argv + 1, &err);
    term_init(&cli.out, stdout, cli.o.color);
    term_init(&cli.err, stderr, cli.o.color);
    code = parsed == SL_OK ? run(&cli) : usage(&cli, err.text);
    code = finish_output(&cli, code);
    options_fini(&cli.o);
    return code;
}
