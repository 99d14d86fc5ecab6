/* Rewrites pairs of surrogates; both forms, \uD83D\uDE00 and \U0001F600, are found where an
 * escape may stand only. */
#include "config/json_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPE = 6 /* bytes of \uXXXX */ };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of the escape \uXXXX at s; -1 where there is none. */
static int code_unit(const char *s, size_t n)
{
    int v = 0;
    if (n < ESCAPE || s[0] != '\\' || s[1] != 'u')
        return -1;
    for (int i = 2; i < ESCAPE; i++) {
        int d = hex_digit(s[i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

/* The character of the pair of escapes at s; 0 where there is none. */
static unsigned pair_at(const char *s, size_t n)
{
    int high = code_unit(s, n);
    if (high < 0xd800 || high > 0xdbff)
        return 0;
    int low = code_unit(s + ESCAPE, n - ESCAPE);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    return 0x10000 + ((unsigned)high - 0xd800) * 0x400 + ((unsigned)low - 0xdc00);
}

static bool is_json(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n'))
        i++;
    return i < n && (text[i] == '{' || text[i] == '[');
}

const char *sl_json_join_surrogates(struct sl_arena *arena, const char *text, size_t *n)
{
    if (!is_json(text, *n) || !memmem(text, *n, "\\u", 2))
        return text;
    char *copy = sl_arena_try(arena, *n + 1), *to = copy;
    if (!copy)
        return NULL;
    for (size_t i = 0; i < *n;) {
        unsigned code = text[i] == '\\' ? pair_at(text + i, *n - i) : 0;
        if (code) {
            char escape[16];
            int length = snprintf(escape, sizeof(escape), "\\U%08x", code);
            memcpy(to, escape, (size_t)length);
            to += length;
            i += (size_t)2 * ESCAPE;
            continue;
        }
        /* an escape is passed over as a whole: the second backslash of "\\" begins none */
        if (text[i] == '\\' && i + 1 < *n)
            *to++ = text[i++];
        *to++ = text[i++];
    }
    *n = (size_t)(to - copy);
    return copy;
}
