/* UTF-8 by RFC 3629, ASCII runs eight bytes at a time. What is ill-formed is counted as the Unicode
 * Standard recommends (3.9, "maximal subpart"): one U+FFFD for each longest prefix of a character.
 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

static uint64_t load8(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Bytes of p[0..n) that are ASCII, counted from the start; with stop_at_nul, up to the first NUL.
 */
static size_t ascii_run(const unsigned char *p, size_t n, bool stop_at_nul)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t v = load8(p + i);
        if (v & HIGHS)
            break;
        if (stop_at_nul && ((v - ONES) & HIGHS))
            break;
    }
    while (i < n && p[i] < 0x80 && !(stop_at_nul && p[i] == 0))
        i++;
    return i;
}

/* The length of the character at p, whose lead byte is not ASCII: 2 to 4. Where it is ill-formed, 0
 * and in *bad the length of the maximal subpart, at least 1. */
static size_t char_length(const unsigned char *p, size_t n, size_t *bad)
{
    unsigned char lead = p[0];
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    *bad = 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (lead == 0xE0)
        low = 0xA0; /* overlong */
    else if (lead == 0xED)
        high = 0x9F; /* surrogates */
    else if (lead == 0xF0)
        low = 0x90; /* overlong */
    else if (lead == 0xF4)
        high = 0x8F; /* past U+10FFFF */
    for (size_t i = 1; i < length; i++) {
        if (i == n || p[i] < low || p[i] > high) {
            *bad = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

/* The offset of the first byte that is ill-formed (or, if asked, NUL). */
static size_t check(const char *s, size_t n, bool stop_at_nul)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t i = 0;
    while (i < n) {
        if (p[i] >= 0x80) {
            size_t bad, length = char_length(p + i, n - i, &bad);
            if (length == 0)
                break;
            i += length;
            continue;
        }
        i += ascii_run(p + i, n - i, stop_at_nul);
        if (i < n && p[i] < 0x80)
            break;
    }
    return i;
}

bool sl_utf8_valid(const char *s, size_t n)
{
    return check(s, n, false) == n;
}

size_t sl_utf8_check_text(const char *s, size_t n)
{
    return check(s, n, true);
}

size_t sl_utf8_repair_bound(size_t n)
{
    return 3 * n;
}

size_t sl_utf8_repair(char *dst, const char *s, size_t n)
{
    size_t i = 0, out = 0;
    while (i < n) {
        size_t good = check(s + i, n - i, true);
        if (good) {
            memcpy(dst + out, s + i, good);
            out += good;
            i += good;
        }
        if (i == n)
            break;
        size_t bad = 1;
        if (s[i] != '\0')
            char_length((const unsigned char *)s + i, n - i, &bad);
        memcpy(dst + out, "\xEF\xBF\xBD", 3);
        out += 3;
        i += bad;
    }
    return out;
}

size_t sl_utf8_cut(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t lead = n;
    for (int back = 0; back < 4 && lead > 0; back++) {
        lead--;
        if ((p[lead] & 0xC0) != 0x80)
            break;
    }
    if (lead == n || p[lead] < 0xC0)
        return n;
    size_t length = p[lead] < 0xE0 ? 2 : p[lead] < 0xF0 ? 3 : 4;
    return lead + length > n ? lead : n;
}
