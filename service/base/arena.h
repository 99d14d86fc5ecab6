/* Memory that is freed all at once: one arena a call. Blocks grow from 1 KiB (kept small: thousands
 * of streams are open at a time); the ceiling counts all bytes taken from the heap. One thread. */
#ifndef SL_BASE_ARENA_H
#define SL_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct sl_arena_block;

struct sl_arena {
    struct sl_arena_block *head;
    char *next, *end; /* free range of the head block */
    size_t used, max; /* bytes taken from the heap, and their ceiling */
};

/* max: ceiling in bytes; past it sl_arena_try returns NULL. The others go on: they are for what the
 * caller bounded. */
void sl_arena_init(struct sl_arena *a, size_t max);
void sl_arena_fini(struct sl_arena *a);
/* 16-byte aligned, not zeroed. NULL past the ceiling: for anything a peer sizes. */
void *sl_arena_try(struct sl_arena *a, size_t n) SL_MUST_CHECK;
/* 16-byte aligned, not zeroed; for things already bounded. Never NULL: may exceed the ceiling. */
void *sl_arena_alloc(struct sl_arena *a, size_t n) SL_MUST_CHECK;
/* The same, zeroed; for small fixed things. */
void *sl_arena_zalloc(struct sl_arena *a, size_t n) SL_MUST_CHECK;
/* Copies, NUL-terminated. Never NULL: may exceed the ceiling, so only for strings already bounded.
 */
char *sl_arena_strdup(struct sl_arena *a, const char *s) SL_MUST_CHECK;
char *sl_arena_strndup(struct sl_arena *a, const char *s, size_t n) SL_MUST_CHECK;
char *sl_arena_printf(struct sl_arena *a, const char *fmt, ...) SL_PRINTF(2, 3) SL_MUST_CHECK;

#define SL_ARENA_NEW(arena, type) ((type *)sl_arena_zalloc((arena), sizeof(type)))

#endif
