/* --help, from the tables. */
#include "help.h"

#include <string.h>

#include "verbs.h"

/* Column at which descriptions start, and the width they wrap to. */
enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

static void print_wrapped(FILE *to, const char *text, int at)
{
    while (*text) {
        int n = (int)strcspn(text, " ");

        if (at > HELP_COLUMN && at + 1 + n > HELP_WIDTH) {
            fprintf(to, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        }
        at += fprintf(to, "%s%.*s", at > HELP_COLUMN ? " " : "", n, text);
        text += n;
        text += *text == ' ';
    }
    putc('\n', to);
}

static void print_option(FILE *to, const struct option_row *row)
{
    const char *value = row->choices ? row->choices : row->value;
    int at;

    if (row->letter)
        at = fprintf(to, "  -%c, --%s", row->letter, row->name);
    else
        at = fprintf(to, "      --%s", row->name);
    if (value)
        at += fprintf(to, " %s", value);
    if (at + 2 > HELP_COLUMN) {
        putc('\n', to);
        at = 0;
    }
    at += fprintf(to, "%*s", HELP_COLUMN - at, "");
    if (row->env)
        at += fprintf(to, "[%s]", row->env);
    print_wrapped(to, row->help, at);
}

static void print_options(FILE *to, const char *title, unsigned command, bool own)
{
    bool first = true;

    for (const struct option_row *row = option_rows; row->name; row++) {
        bool shared = (row->commands & COMMAND_CALLING) == COMMAND_CALLING;

        if (!(row->commands & command) || shared == own)
            continue;
        if (first)
            fprintf(to, "\n%s:\n", title);
        first = false;
        print_option(to, row);
    }
}

static void print_verbs(FILE *to, const struct command_row *command)
{
    fputs("\nVerbs:\n", to);
    for (const struct verb_row *row = command->rows; row->name; row++)
        fprintf(to, "  %s%s%s\n", row->name, *row->synopsis ? " " : "", row->synopsis);
}

static void print_overview(FILE *to)
{
    fputs("sluice: talk to the models behind a Sluice service\n\nUsage:\n", to);
    for (const struct command_row *row = command_rows; row->name; row++)
        fprintf(to, "  sluice %-10s %s\n", row->name, row->synopsis);
    fputs("\nCommands:\n", to);
    for (const struct command_row *row = command_rows; row->name; row++)
        fprintf(to, "  %-12s %s\n", row->name, row->help);
    print_options(to, "Options of every command that calls the service", COMMAND_CALLING, false);
    fputs("\n'sluice help COMMAND' shows the options of a command.\n", to);
    fputs(
        "\nExit status:\n"
        "  0    the answer is whole\n"
        "  1    the call failed, its result could not be written, or doctor found something wrong\n"
        "  2    wrong use: an option, or a file that cannot be read\n"
        "  3    the service cannot be reached\n"
        "  4    not authenticated, or not allowed\n"
        "  5    no such model\n"
        "  6    a limit is used up; try again later\n"
        "  7    out of time\n"
        "  8    the stream broke off: part of the answer may be missing\n"
        "  130  cancelled\n",
        to);
}

void help_print(FILE *to, enum command command)
{
    const struct command_row *row = command_find(command);

    if (!row || command == COMMAND_HELP) {
        print_overview(to);
        return;
    }
    fprintf(to, "sluice %s: %s\n\nUsage: sluice %s %s\n", row->name, row->help, row->name,
            row->synopsis);
    if (row->details)
        fprintf(to, "\n%s\n", row->details);
    if (row->rows)
        print_verbs(to, row);
    print_options(to, "Options", command, true);
    print_options(to, "Options of every command that calls the service", command, false);
}
