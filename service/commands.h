/* What sluiced does besides serving: `sluiced migrate`, `sluiced bootstrap`, `sluiced rotate-keys`. */
#ifndef SL_COMMANDS_H
#define SL_COMMANDS_H

#include "base/err.h"

struct sl_command {
    const char *name;
    /* Arguments behind the name; the exit code. Main thread, signals as main left them. */
    int (*run)(int argc, char **argv, char **envp);
    const char *help;
};

/* The command that the first argument names; NULL where it names none. */
const struct sl_command *sl_command_find(int argc, char **argv);

/* Says it on stderr; the exit code that goes with it. */
int sl_command_complain(const char *what, const struct sl_err *err);

#endif
