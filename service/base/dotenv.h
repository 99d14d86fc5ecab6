/* The lines of a .env file. Pure. */
#ifndef SL_BASE_DOTENV_H
#define SL_BASE_DOTENV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SL_DOTENV_MAX_LINES = 20000 };

struct sl_dotenv_line {
    const char *name;
    char *value; /* quotes and comments taken off; in the arena, to be wiped by the reader */
    unsigned line;
};

struct sl_dotenv {
    struct sl_dotenv_line *list;
    size_t n;
};

/* NAME=VALUE, export NAME="VALUE" # comment, NAME: VALUE; blank lines and comments are passed over. Of a name that
 * comes twice both are kept. Quoted values may have several lines. Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID,
 * "NAME:LINE: what": a line without '=', a name that is none, a quote that does not end, a zero byte, no UTF-8. */
enum sl_code sl_dotenv_parse(struct sl_arena *arena, const char *file, struct sl_str text,
                             struct sl_dotenv *out, struct sl_err *err) SL_MUST_CHECK;

#endif
