/* What fuzz_sse and fuzz_ndjson share: the stream is framed whole and in pieces whose sizes the input's first byte
 * chooses; both must give the same frames or the same error, and small caps must hold. */
#ifndef SL_TESTS_FUZZ_FRAMER_H
#define SL_TESTS_FUZZ_FRAMER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "upstream/framing.h"

struct seen {
    uint64_t hash, frames;
};

static enum sl_code fuzz_on_frame(void *owner, const struct sl_framer_frame *frame,
                                  struct sl_err *err)
{
    struct seen *s = owner;
    (void)err;
    if (frame->data[frame->n] || strlen(frame->event) > 63)
        abort();
    for (size_t i = 0; i < frame->n; i++)
        s->hash = (s->hash ^ (unsigned char)frame->data[i]) * 1099511628211u;
    s->hash = (s->hash ^ frame->n ^ strlen(frame->event)) * 1099511628211u;
    s->frames++;
    frame->data[0] = '\0'; /* it is the callback's to change */
    return SL_OK;
}

static enum sl_code fuzz_run(enum sl_framer_kind kind, struct sl_framer_caps caps, const uint8_t *p,
                             size_t n, size_t piece, struct seen *seen)
{
    struct sl_framer f;
    struct sl_err err = {0};
    enum sl_code code = SL_OK;
    sl_framer_init(&f, kind, caps);
    for (size_t at = 0; at < n && !code; at += piece) {
        size_t take = n - at < piece ? n - at : piece;
        char *copy = malloc(take);
        if (!copy)
            abort();
        memcpy(copy, p + at, take);
        code = sl_framer_feed(&f, copy, take, fuzz_on_frame, seen, &err);
        free(copy);
    }
    if (!code)
        code = sl_framer_finish(&f, fuzz_on_frame, seen, &err);
    if (f.line.cap > caps.line || f.data.cap > caps.event)
        abort();
    if (!code && f.frames != seen->frames)
        abort();
    sl_framer_fini(&f);
    return code;
}

static int fuzz_framer(enum sl_framer_kind kind, const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    static const struct sl_framer_caps all_caps[] = {{1 << 20, 1 << 20}, {32, 48}};
    size_t piece = 1 + data[0] % 64;
    for (size_t i = 0; i < sizeof(all_caps) / sizeof(all_caps[0]); i++) {
        struct seen whole = {0}, cut = {0};
        enum sl_code a = fuzz_run(kind, all_caps[i], data + 1, size - 1, size, &whole);
        enum sl_code b = fuzz_run(kind, all_caps[i], data + 1, size - 1, piece, &cut);
        if (a != b || whole.hash != cut.hash || whole.frames != cut.frames)
            abort();
    }
    return 0;
}

#endif
