/* Writing for people: colours on terminals only, and nothing that a model or a service says can drive the terminal: on
 * one, control characters other than newline and tab come out as visible escapes. Elsewhere bytes pass unchanged. */
#ifndef SLUICE_CLI_TERM_H
#define SLUICE_CLI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/compiler.h"

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_RED, TERM_YELLOW, TERM_GREEN, TERM_CYAN };

struct term {
    FILE *file;
    bool tty, color;
    bool line_open; /* the last byte written was no newline */
    int error;      /* errno of the first failed write; nothing is written after it */
    enum term_style style;
};

/* when: "auto" (a terminal, NO_COLOR empty, TERM not "dumb"), "always", "never". */
void term_init(struct term *t, FILE *file, const char *when);
/* Writes text, escaped on a terminal. */
void term_text(struct term *t, const char *s, size_t n);
/* The same for formatted text, at most 64 KiB. */
void term_printf(struct term *t, const char *fmt, ...) SL_PRINTF(2, 3);
/* Changes the style of what follows. */
void term_style(struct term *t, enum term_style style);
/* Ends a line that is open. */
void term_end_line(struct term *t);
/* Writes bytes that are our own (JSON, a script), unchanged. */
void term_raw(struct term *t, const char *s, size_t n);
void term_flush(struct term *t);

/* What term_text writes to a terminal: C0 and DEL as \xHH (not \n, \t; \r before \n is left out), C1 and the bidirectional
 * overrides as \u{H}, ill-formed UTF-8 as U+FFFD. False where out is full. */
bool term_escape(struct sl_buf *out, const char *s, size_t n) SL_MUST_CHECK;
/* Columns that UTF-8 text takes; control characters count as nothing. */
size_t term_width(const char *s);

#endif
