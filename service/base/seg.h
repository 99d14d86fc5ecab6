/* A body as a list of segments, so that a 16 MiB image is never copied or encoded as a whole: text in the arena, and
 * borrowed ranges marked raw or base64, encoded while they are read. */
#ifndef SL_BASE_SEG_H
#define SL_BASE_SEG_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"

enum sl_seg_kind {
    SL_SEG_RAW,    /* sent as it is */
    SL_SEG_BASE64, /* sent base64-encoded (RFC 4648, with padding) */
};

struct sl_seg {
    enum sl_seg_kind kind;
    const void *p; /* borrowed; outlives the list */
    size_t n;
    struct sl_seg *next;
};

struct sl_segs {
    struct sl_seg *first, *last;
    uint64_t length; /* bytes as sent */
};

/* Adds a borrowed range; the node comes from the arena. */
void sl_segs_add(struct sl_segs *list, struct sl_arena *arena, enum sl_seg_kind kind, const void *p,
                 size_t n);

/* All of it as one text with a NUL behind it, in the arena: for short ones. */
char *sl_segs_text(const struct sl_segs *list, struct sl_arena *arena) SL_MUST_CHECK;

/* Reads a list from its beginning, any number of bytes at a time. */
struct sl_seg_reader {
    const struct sl_seg *at;
    size_t offset; /* into at, a multiple of 3 for base64 */
    char carry[4]; /* encoded bytes that did not fit */
    unsigned carried, carry_at;
};

void sl_seg_reader_init(struct sl_seg_reader *r, const struct sl_segs *list);
/* Writes up to n bytes; 0 at the end. */
size_t sl_seg_read(struct sl_seg_reader *r, void *dst, size_t n);

#endif
