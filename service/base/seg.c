/* Segment lists and the reader that encodes base64 (RFC 4648, section 4) on the way out. */
#include "base/seg.h"

#include <assert.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sl_segs_add(struct sl_segs *list, struct sl_arena *arena, enum sl_seg_kind kind, const void *p,
                 size_t n)
{
    if (n == 0)
        return;
    struct sl_seg *seg = SL_ARENA_NEW(arena, struct sl_seg);
    *seg = (struct sl_seg){.kind = kind, .p = p, .n = n};
    if (list->last)
        list->last->next = seg;
    else
        list->first = seg;
    list->last = seg;
    list->length += kind == SL_SEG_BASE64 ? ((uint64_t)n + 2) / 3 * 4 : n;
}

void sl_seg_reader_init(struct sl_seg_reader *r, const struct sl_segs *list)
{
    *r = (struct sl_seg_reader){.at = list->first};
}

static void encode3(char out[4], const unsigned char *in)
{
    unsigned v = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
    out[0] = alphabet[v >> 18];
    out[1] = alphabet[v >> 12 & 63];
    out[2] = alphabet[v >> 6 & 63];
    out[3] = alphabet[v & 63];
}

static void encode_tail(char out[4], const unsigned char *in, size_t n)
{
    unsigned char padded[3] = {in[0], n > 1 ? in[1] : 0, 0};
    encode3(out, padded);
    if (n == 1)
        out[2] = '=';
    out[3] = '=';
}

/* Hands out bytes encoded before that did not fit. */
static size_t read_carry(struct sl_seg_reader *r, char *dst, size_t n)
{
    size_t have = r->carried - r->carry_at;
    size_t taken = have < n ? have : n;
    memcpy(dst, r->carry + r->carry_at, taken);
    r->carry_at += (unsigned)taken;
    if (r->carry_at == r->carried)
        r->carried = r->carry_at = 0;
    return taken;
}

static size_t read_base64(struct sl_seg_reader *r, char *dst, size_t n)
{
    const unsigned char *in = (const unsigned char *)r->at->p + r->offset;
    size_t left = r->at->n - r->offset;
    size_t groups = left / 3 < n / 4 ? left / 3 : n / 4;
    for (size_t i = 0; i < groups; i++)
        encode3(dst + 4 * i, in + 3 * i);
    size_t written = groups * 4;
    r->offset += groups * 3;
    left -= groups * 3;
    if (left == 0 || written == n)
        return written;
    if (left >= 3) {
        encode3(r->carry, in + groups * 3);
        r->offset += 3;
    } else {
        encode_tail(r->carry, in + groups * 3, left);
        r->offset = r->at->n;
    }
    r->carried = 4;
    r->carry_at = 0;
    return written + read_carry(r, dst + written, n - written);
}

static size_t read_raw(struct sl_seg_reader *r, char *dst, size_t n)
{
    size_t left = r->at->n - r->offset;
    size_t taken = left < n ? left : n;
    memcpy(dst, (const char *)r->at->p + r->offset, taken);
    r->offset += taken;
    return taken;
}

size_t sl_seg_read(struct sl_seg_reader *r, void *dst, size_t n)
{
    char *to = dst;
    size_t done = 0;
    while (done < n) {
        if (r->carried) {
            done += read_carry(r, to + done, n - done);
            continue;
        }
        if (!r->at)
            break;
        if (r->offset == r->at->n) {
            r->at = r->at->next;
            r->offset = 0;
            continue;
        }
        if (r->at->kind == SL_SEG_BASE64)
            done += read_base64(r, to + done, n - done);
        else
            done += read_raw(r, to + done, n - done);
    }
    return done;
}

char *sl_segs_text(const struct sl_segs *list, struct sl_arena *arena)
{
    struct sl_seg_reader reader;
    char *text = sl_arena_alloc(arena, list->length + 1);
    size_t n = 0, got;
    sl_seg_reader_init(&reader, list);
    while ((got = sl_seg_read(&reader, text + n, list->length - n)))
        n += got;
    text[n] = '\0';
    return text;
}
