/* The interactive session: asks, answers, and commands that begin with '/'. */
#ifndef SLUICE_CLI_SESSION_H
#define SLUICE_CLI_SESSION_H

#include "chat.h"

/* first: a message that --image and --file have begun, or NULL. Returns the exit code. */
int session_run(struct chat *chat, Sluice__V1__Message *first);

#endif
