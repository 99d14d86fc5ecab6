/* Lines from a terminal, with editing and history where the program was built with libedit. History is in memory only:
 * what people ask does not go to disk. */
#ifndef SLUICE_CLI_LINES_H
#define SLUICE_CLI_LINES_H

#include "base/buf.h"

enum lines_result {
    LINES_OK,
    LINES_END,         /* Ctrl-D */
    LINES_INTERRUPTED, /* Ctrl-C */
    LINES_SIGNAL,      /* SIGTERM or SIGHUP */
};

struct lines;

struct lines *lines_open(void);
/* Accepts NULL. */
void lines_close(struct lines *l);
/* Fills out with one line without its newline. Lines that arrive together, as a paste does, stay together. */
enum lines_result lines_read(struct lines *l, const char *prompt, struct sl_buf *out);

#endif
