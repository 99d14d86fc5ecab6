/* Reads protobuf's wire format (protobuf.dev, "Encoding") from borrowed bytes, never past their end. Pure. */
#ifndef SL_RPC_WIRE_H
#define SL_RPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/str.h"

enum sl_wire_type {
    SL_WIRE_VARINT = 0,
    SL_WIRE_64BIT = 1,
    SL_WIRE_BYTES = 2,
    SL_WIRE_GROUP_START = 3,
    SL_WIRE_GROUP_END = 4,
    SL_WIRE_32BIT = 5,
};

enum { SL_WIRE_MAX_FIELD = 536870911 }; /* 2^29 - 1, the largest field number */

struct sl_wire {
    const uint8_t *p, *end;
};

static inline bool sl_wire_at_end(const struct sl_wire *w)
{
    return w->p == w->end;
}

/* At most 10 bytes, of which the last holds one bit. */
static inline bool sl_wire_varint(struct sl_wire *w, uint64_t *out)
{
    const uint8_t *p = w->p;
    if (SL_LIKELY(p < w->end && *p < 0x80)) {
        *out = *p;
        w->p = p + 1;
        return true;
    }
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && p < w->end; shift += 7) {
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = v;
            w->p = p;
            return true;
        }
    }
    return false;
}

/* A field's number and wire type, in at most 5 bytes (protobuf-c reads no longer keys). */
static inline bool sl_wire_key(struct sl_wire *w, uint32_t *field, unsigned *type)
{
    const uint8_t *start = w->p;
    uint64_t key;
    if (!sl_wire_varint(w, &key) || w->p - start > 5)
        return false;
    *type = (unsigned)(key & 7);
    *field = (uint32_t)(key >> 3);
    return key >> 3 >= 1 && key >> 3 <= SL_WIRE_MAX_FIELD;
}

/* A length, in at most 5 bytes, and so many bytes. */
static inline bool sl_wire_bytes(struct sl_wire *w, struct sl_str *out)
{
    const uint8_t *start = w->p;
    uint64_t n;
    if (!sl_wire_varint(w, &n) || w->p - start > 5 || n > (uint64_t)(w->end - w->p))
        return false;
    *out = (struct sl_str){(const char *)w->p, (size_t)n};
    w->p += n;
    return true;
}

static inline bool sl_wire_fixed(struct sl_wire *w, size_t n)
{
    if ((size_t)(w->end - w->p) < n)
        return false;
    w->p += n;
    return true;
}

/* Steps over a value; false for groups, which proto3 does not have. */
static inline bool sl_wire_skip(struct sl_wire *w, unsigned type)
{
    uint64_t number;
    struct sl_str bytes;
    switch (type) {
    case SL_WIRE_VARINT:
        return sl_wire_varint(w, &number);
    case SL_WIRE_64BIT:
        return sl_wire_fixed(w, 8);
    case SL_WIRE_BYTES:
        return sl_wire_bytes(w, &bytes);
    case SL_WIRE_32BIT:
        return sl_wire_fixed(w, 4);
    default:
        return false;
    }
}

#endif
