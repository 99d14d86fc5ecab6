/* Help and shell completion, from the tables of options.h. */
#ifndef SLUICE_CLI_HELP_H
#define SLUICE_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"

/* Help for one command; COMMAND_NONE: the overview. */
void help_print(FILE *to, enum command command);
/* The completion script for "bash", "zsh" or "fish"; false for another word. */
bool completion_print(FILE *to, const char *shell);

#endif
