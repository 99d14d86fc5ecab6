/* What sluiced does besides serving: `sluiced migrate`, `sluiced bootstrap`. */
#ifndef SL_COMMANDS_H
#define SL_COMMANDS_H

struct sl_command {
    const char *name;
    /* Arguments behind the name; the exit code. Main thread, signals as main left them. */
    int (*run)(int argc, char **argv, char **envp);
    const char *help;
};

/* The command that the first argument names; NULL where it names none. */
const struct sl_command *sl_command_find(int argc, char **argv);

#endif
