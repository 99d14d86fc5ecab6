/* The table of commands, sorted by name. To add one, add a row, its bit in options.h, and a file with its run function;
 * help and completion follow. */
#include "cli.h"
#include "options.h"

const struct command_row command_rows[] = {
    {
        .name = "chat",
        .command = COMMAND_CHAT,
        .synopsis = "[OPTION]... [TEXT | -]...",
        .help = "ask a model, or talk to it",
        .details =
            "Streams the answer to TEXT; '-' stands for standard input. Without TEXT a terminal "
            "gets a\n"
            "session with history (/help lists its commands, Ctrl-C cancels an answer, Ctrl-D "
            "leaves),\n"
            "anything else is read as the question.\n"
            "The answer goes to standard output; reasoning, notes and warnings to standard error.",
        .run = chat_run,
    },
    {
        .name = "completion",
        .command = COMMAND_COMPLETION,
        .synopsis = "bash|zsh|fish",
        .verbs = "bash|zsh|fish",
        .help = "print a completion script for a shell",
        .details = "For example: source <(sluice completion bash)",
    },
    {
        .name = "health",
        .command = COMMAND_HEALTH,
        .synopsis = "[OPTION]... [SERVICE]",
        .help = "ask whether the service serves",
        .details = "SERVICE is a full name such as sluice.v1.Completion; none: the whole process.\n"
                   "Exits with 0 only when the answer is SERVING.",
        .run = health_run,
    },
    {
        .name = "help",
        .command = COMMAND_HELP,
        .synopsis = "[COMMAND]",
        .help = "show help",
    },
    {
        .name = "models",
        .command = COMMAND_MODELS,
        .synopsis = "[list | show NAME | resolve [NAME]] [OPTION]...",
        .verbs = "list|show|resolve",
        .help = "list models, show one, or say where a name leads",
        .run = models_run,
    },
    {.name = NULL},
};
