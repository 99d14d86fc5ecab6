/* What json.c, json_value.c and json_writer.c share; nobody else includes it. */
#ifndef SL_BASE_JSON_TOK_H
#define SL_BASE_JSON_TOK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* enum sl_json_type fits 3 bits. */
enum {
    JSON_ESCAPED = 1,  /* a string with at least one backslash */
    JSON_HIGH = 2,     /* a string that may hold bytes past ASCII */
    JSON_DECODED = 4,  /* next holds the decoded length */
    JSON_SIDE = 8,     /* decoded into side[size] of the parser: it grew */
    JSON_REPAIRED = 16 /* decoding put a U+FFFD */
};

/* 16 bytes: a chunk's forty tokens are ten cache lines. */
struct sl_json_tok {
    uint32_t start, end; /* offsets; strings with their quotes */
    uint32_t next;       /* of a container: index of the token after its last one; of a string: see
                            JSON_DECODED */
    uint32_t size : 24;  /* elements or members */
    uint32_t type : 3;
    uint32_t flags : 5;
};

_Static_assert(sizeof(struct sl_json_tok) == 16, "packed");

#define JSON_ONES 0x0101010101010101ULL
#define JSON_HIGHS 0x8080808080808080ULL

/* Bytes of p[0..n) before the first that a string must escape: '"', '\\', below 0x20. *high gathers
 * whether one of them (or of the few after) is past ASCII. */
static inline size_t json_plain_run(const char *p, size_t n, uint64_t *high)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        uint64_t quote = v ^ (JSON_ONES * '"'), slash = v ^ (JSON_ONES * '\\');
        uint64_t hit = ((quote - JSON_ONES) & ~quote) | ((slash - JSON_ONES) & ~slash) |
                       ((v - JSON_ONES * 0x20) & ~v);
        hit &= JSON_HIGHS;
        *high |= v & JSON_HIGHS;
        if (hit) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            /* Borrows make false hits only above the first true one. */
            return i + (size_t)__builtin_ctzll(hit) / 8;
#else
            break;
#endif
        }
    }
    for (; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\' || c < 0x20)
            break;
        *high |= c & 0x80u;
    }
    return i;
}

#endif
