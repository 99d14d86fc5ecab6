/* Base64 in both alphabets of RFC 4648. */
#include "base/base64.h"

#include <string.h>

static const char alphabets[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

/* 64 for what is not in the alphabet. */
static unsigned value_of(enum sl_base64 kind, char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == alphabets[kind][62])
        return 62;
    return c == alphabets[kind][63] ? 63 : 64;
}

/* Without the padding; false where there is too much or too little of it. */
static bool strip(enum sl_base64 kind, const char *p, size_t *n)
{
    if (kind == SL_BASE64_URL)
        return *n % 4 != 1;
    if (*n % 4)
        return false;
    for (int i = 0; i < 2 && *n && p[*n - 1] == '='; i++)
        --*n;
    return *n % 4 != 1;
}

bool sl_base64_decode(enum sl_base64 kind, const char *p, size_t n, void *out, size_t cap,
                      size_t *got)
{
    unsigned char *dst = out;
    size_t used = 0;
    unsigned bits = 0, held = 0;
    if (!strip(kind, p, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned v = value_of(kind, p[i]);
        if (v > 63)
            return false;
        bits = bits << 6 | v;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (used == cap)
            return false;
        dst[used++] = (unsigned char)(bits >> held);
        bits &= (1u << held) - 1;
    }
    if (bits)
        return false; /* bits that no encoder leaves behind */
    *got = used;
    return true;
}

/* What is written lies before what is read. */
bool sl_base64_decode_in_place(char *text, size_t *n)
{
    size_t got;
    if (!sl_base64_decode(SL_BASE64_STANDARD, text, *n, text, *n, &got))
        return false;
    text[got] = '\0';
    *n = got;
    return true;
}

size_t sl_base64_encode(enum sl_base64 kind, const void *p, size_t n, char *dst)
{
    const unsigned char *from = p;
    const char *alphabet = alphabets[kind];
    size_t at = 0;
    for (; n >= 3; n -= 3, from += 3) {
        dst[at++] = alphabet[from[0] >> 2];
        dst[at++] = alphabet[(from[0] & 3) << 4 | from[1] >> 4];
        dst[at++] = alphabet[(from[1] & 15) << 2 | from[2] >> 6];
        dst[at++] = alphabet[from[2] & 63];
    }
    if (n) {
        unsigned second = n == 2 ? from[1] : 0;
        dst[at++] = alphabet[from[0] >> 2];
        dst[at++] = alphabet[(from[0] & 3) << 4 | second >> 4];
        if (n == 2)
            dst[at++] = alphabet[(second & 15) << 2];
        while (kind == SL_BASE64_STANDARD && at % 4)
            dst[at++] = '=';
    }
    dst[at] = '\0';
    return at;
}
