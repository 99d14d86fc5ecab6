/* The heap. Small fixed allocations never fail: out of memory aborts, here and nowhere else. What a peer sizes goes
 * into capped buffers (base/buf.h) and arenas (base/arena.h), which report instead. */
#ifndef SL_BASE_ALLOC_H
#define SL_BASE_ALLOC_H

#include <stddef.h>

#include "base/compiler.h"

/* Zeroed. Never NULL. */
void *sl_calloc(size_t count, size_t size) SL_MUST_CHECK;
/* Not zeroed. Never NULL. */
void *sl_malloc(size_t size) SL_MUST_CHECK;
/* Never NULL. */
void *sl_realloc(void *old, size_t size) SL_MUST_CHECK;
/* A copy of a NUL-terminated string; NULL for NULL. */
char *sl_strdup(const char *s) SL_MUST_CHECK;
char *sl_strndup(const char *s, size_t n) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_free(void *p);
/* Overwrites memory that held a secret; the compiler may not leave it out. */
void sl_wipe(void *p, size_t n);

#define SL_NEW(type) ((type *)sl_calloc(1, sizeof(type)))

#endif
