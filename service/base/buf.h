/* A growing byte buffer, born with a ceiling that its purpose names. Always NUL-terminated after its last byte (the NUL
 * is not counted). One owner, one thread. */
#ifndef SL_BASE_BUF_H
#define SL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct sl_buf {
    char *p;    /* NULL while nothing was ever added */
    size_t n;   /* bytes in use */
    size_t cap; /* bytes allocated, without the NUL */
    size_t max; /* ceiling for n */
};

void sl_buf_init(struct sl_buf *b, size_t max);
/* Frees; the buffer is as after init. */
void sl_buf_fini(struct sl_buf *b);
/* Overwrites the bytes, then frees. */
void sl_buf_wipe(struct sl_buf *b);
/* Empties; keeps the memory, unless it is more than keep bytes. */
void sl_buf_reset(struct sl_buf *b, size_t keep);
/* Each adds or returns false and leaves the buffer as it was, where the ceiling would be passed. */
bool sl_buf_add(struct sl_buf *b, const void *p, size_t n) SL_MUST_CHECK;
bool sl_buf_add_str(struct sl_buf *b, const char *s) SL_MUST_CHECK;
bool sl_buf_add_char(struct sl_buf *b, char c) SL_MUST_CHECK;
bool sl_buf_printf(struct sl_buf *b, const char *fmt, ...) SL_PRINTF(2, 3) SL_MUST_CHECK;
/* Room for n more bytes at b->p + b->n; NULL past the ceiling. The caller adds what it used to b->n. */
char *sl_buf_room(struct sl_buf *b, size_t n) SL_MUST_CHECK;
/* Removes the first n bytes. */
void sl_buf_drop(struct sl_buf *b, size_t n);

#endif
