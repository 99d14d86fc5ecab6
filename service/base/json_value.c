/* Reading a tokenized document: look-ups, strings decoded in place, numbers. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/json_tok.h"
#include "base/utf8.h"

static struct sl_json_tok *tok_at(const struct sl_json *j, int value, enum sl_json_type type)
{
    if (value < 0)
        return NULL;
    assert(value < j->count);
    struct sl_json_tok *t = &j->tok[value];
    return t->type == type ? t : NULL;
}

static struct sl_json_tok *container_at(const struct sl_json *j, int value)
{
    struct sl_json_tok *t = tok_at(j, value, SL_JSON_OBJECT);
    return t ? t : tok_at(j, value, SL_JSON_ARRAY);
}

/* The token after a value and all that is inside it. */
static inline uint32_t after(const struct sl_json *j, uint32_t value)
{
    const struct sl_json_tok *t = &j->tok[value];
    return t->type >= SL_JSON_ARRAY ? t->next : value + 1;
}

enum sl_json_type sl_json_type(const struct sl_json *j, int value)
{
    if (value < 0)
        return SL_JSON_NONE;
    assert(value < j->count);
    return (enum sl_json_type)j->tok[value].type;
}

static inline bool bytes_are(const struct sl_json *j, const struct sl_json_tok *t, const char *s,
                             size_t n)
{
    return t->end - t->start == n + 2 && !(t->flags & JSON_ESCAPED) &&
           memcmp(j->text + t->start + 1, s, n) == 0;
}

int sl_json_member(const struct sl_json *j, int object, const char *key)
{
    const struct sl_json_tok *t = tok_at(j, object, SL_JSON_OBJECT);
    if (!t)
        return SL_JSON_ABSENT;
    size_t n = strlen(key);
    for (uint32_t k = (uint32_t)object + 1; k < t->next; k = after(j, k + 1)) {
        if (bytes_are(j, &j->tok[k], key, n))
            return (int)k + 1;
    }
    return SL_JSON_ABSENT;
}

int sl_json_present(const struct sl_json *j, int object, const char *key)
{
    int value = sl_json_member(j, object, key);
    return sl_json_type(j, value) == SL_JSON_NULL ? SL_JSON_ABSENT : value;
}

int sl_json_first(const struct sl_json *j, int container)
{
    const struct sl_json_tok *t = container_at(j, container);
    return t && t->size > 0 ? container + 1 : SL_JSON_ABSENT;
}

int sl_json_next(const struct sl_json *j, int container, int child)
{
    const struct sl_json_tok *t = container_at(j, container);
    if (!t || child < 0)
        return SL_JSON_ABSENT;
    uint32_t value = (uint32_t)child + (t->type == SL_JSON_OBJECT);
    uint32_t next = after(j, value);
    return next < t->next ? (int)next : SL_JSON_ABSENT;
}

int sl_json_size(const struct sl_json *j, int container)
{
    const struct sl_json_tok *t = container_at(j, container);
    return t ? (int)t->size : 0;
}

static unsigned hex4(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i];
        v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return v;
}

static size_t put_utf8(char *dst, unsigned cp)
{
    if (cp < 0x80) {
        dst[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        dst[0] = (char)(0xC0 | cp >> 6);
        dst[1] = (char)(0x80 | (cp & 63));
        return 2;
    }
    if (cp < 0x10000) {
        dst[0] = (char)(0xE0 | cp >> 12);
        dst[1] = (char)(0x80 | (cp >> 6 & 63));
        dst[2] = (char)(0x80 | (cp & 63));
        return 3;
    }
    dst[0] = (char)(0xF0 | cp >> 18);
    dst[1] = (char)(0x80 | (cp >> 12 & 63));
    dst[2] = (char)(0x80 | (cp >> 6 & 63));
    dst[3] = (char)(0x80 | (cp & 63));
    return 4;
}

/* Reads the character of "\uXXXX" or of a pair at p; returns the source bytes it takes. */
static size_t read_u(const char *p, const char *end, unsigned *cp, bool *repaired)
{
    unsigned v = hex4(p + 2);
    if (v >= 0xD800 && v < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        unsigned low = hex4(p + 8);
        if (low >= 0xDC00 && low < 0xE000) {
            *cp = 0x10000 + ((v - 0xD800) << 10) + (low - 0xDC00);
            return 12;
        }
    }
    *cp = v;
    if (v == 0 || (v >= 0xD800 && v < 0xE000)) {
        *cp = 0xFFFD;
        *repaired = true;
    }
    return 6;
}

static char plain_escape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c; /* '"', '\\', '/' */
    }
}

/* Decodes the (checked) escapes of s[0..n) in place; no escape is shorter than what it stands for.
 */
static size_t unescape(char *s, size_t n, bool *repaired)
{
    const char *p = s, *end = s + n;
    char *out = s;
    for (;;) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((slash ? slash : end) - p);
        if (out != p)
            memmove(out, p, run);
        out += run;
        p += run;
        if (!slash)
            return (size_t)(out - s);
        if (p[1] == 'u') {
            unsigned cp;
            p += read_u(p, end, &cp, repaired);
            out += put_utf8(out, cp);
        } else {
            *out++ = plain_escape(p[1]);
            p += 2;
        }
    }
}

/* A repaired copy, kept by the parser until its next parse: U+FFFD may be longer than what it
 * replaces. */
static char *make_side(const struct sl_json *j, struct sl_json_tok *t, size_t *n)
{
    struct sl_json_parser *p = j->parser;
    char *copy = sl_malloc(sl_utf8_repair_bound(*n) + 1);
    *n = sl_utf8_repair(copy, j->text + t->start + 1, *n);
    /* Doubled at powers of two. */
    if ((p->sides & (p->sides - 1)) == 0)
        p->side = sl_realloc(p->side, (p->sides ? p->sides * 2 : 1) * sizeof(*p->side));
    t->size = p->sides & 0xFFFFFF; /* fewer sides than tokens */
    t->flags |= JSON_SIDE | JSON_REPAIRED;
    p->side[p->sides++] = copy;
    return copy;
}

static char *string_bytes(const struct sl_json *j, const struct sl_json_tok *t)
{
    return t->flags & JSON_SIDE ? j->parser->side[t->size] : j->text + t->start + 1;
}

static void decode(const struct sl_json *j, struct sl_json_tok *t)
{
    char *s = j->text + t->start + 1;
    size_t n = t->end - t->start - 2;
    if ((t->flags & JSON_HIGH) && !sl_utf8_valid(s, n))
        s = make_side(j, t, &n);
    if (t->flags & JSON_ESCAPED) {
        bool repaired = false;
        n = unescape(s, n, &repaired);
        if (repaired)
            t->flags |= JSON_REPAIRED;
    }
    s[n] = '\0';
    t->next = (uint32_t)n;
    t->flags |= JSON_DECODED;
}

char *sl_json_string(struct sl_json *j, int value, size_t *len, bool *repaired)
{
    struct sl_json_tok *t = tok_at(j, value, SL_JSON_STRING);
    if (!t)
        return NULL;
    if (!(t->flags & JSON_DECODED))
        decode(j, t);
    if (len)
        *len = t->next;
    if (repaired && (t->flags & JSON_REPAIRED))
        *repaired = true;
    return string_bytes(j, t);
}

bool sl_json_string_is(const struct sl_json *j, int value, const char *s)
{
    const struct sl_json_tok *t = tok_at(j, value, SL_JSON_STRING);
    return t && bytes_are(j, t, s, strlen(s));
}

struct sl_str sl_json_raw(const struct sl_json *j, int value)
{
    if (value < 0)
        return (struct sl_str){NULL, 0};
    assert(value < j->count);
    const struct sl_json_tok *t = &j->tok[value];
    return (struct sl_str){j->text + t->start, t->end - t->start};
}

bool sl_json_bool(const struct sl_json *j, int value, bool *out)
{
    const struct sl_json_tok *t = tok_at(j, value, SL_JSON_BOOL);
    if (t)
        *out = j->text[t->start] == 't';
    return t != NULL;
}

/* A number as digits x 10^exponent. */
struct decimal {
    uint64_t digits;
    int64_t exponent;
    bool negative;
    bool exact; /* false: more significant digits than fit */
};

static int64_t read_exponent(const char *p, const char *end)
{
    enum {
        LARGEST = 1000000000
    }; /* past any text's length in digits, so that clipping cannot matter */
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    int64_t v = 0;
    for (; p < end; p++) {
        if (v < LARGEST)
            v = v * 10 + (*p - '0');
    }
    return negative ? -v : v;
}

/* text is a number by RFC 8259. */
static struct decimal read_decimal(struct sl_str text)
{
    const char *p = text.p, *end = text.p + text.n;
    struct decimal d = {.negative = *p == '-', .exact = true};
    bool fraction = false;
    for (p += d.negative; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        uint64_t digit = (uint64_t)(*p - '0');
        if (d.digits < UINT64_MAX / 10 - 1) {
            d.digits = d.digits * 10 + digit;
            d.exponent -= fraction;
            continue;
        }
        d.exact = d.exact && digit == 0;
        d.exponent += !fraction;
    }
    if (p < end)
        d.exponent += read_exponent(p + 1, end);
    return d;
}

bool sl_json_int(const struct sl_json *j, int value, int64_t *out)
{
    if (!tok_at(j, value, SL_JSON_NUMBER))
        return false;
    struct decimal d = read_decimal(sl_json_raw(j, value));
    if (!d.exact)
        return false;
    for (; d.exponent < 0 && d.digits; d.exponent++) {
        if (d.digits % 10 != 0)
            return false;
        d.digits /= 10;
    }
    for (; d.exponent > 0 && d.digits; d.exponent--) {
        if (__builtin_mul_overflow(d.digits, (uint64_t)10, &d.digits))
            return false;
    }
    if (d.digits > (uint64_t)INT64_MAX + d.negative)
        return false;
    *out = d.negative ? (int64_t)(0 - d.digits) : (int64_t)d.digits;
    return true;
}

static bool slow_double(struct sl_str raw, double *out)
{
    char small[64];
    char *copy = raw.n < sizeof(small) ? small : sl_malloc(raw.n + 1);
    memcpy(copy, raw.p, raw.n);
    copy[raw.n] = '\0';
    double v = strtod(copy, NULL);
    if (copy != small)
        sl_free(copy);
    if (!isfinite(v))
        return false;
    *out = v;
    return true;
}

bool sl_json_double(const struct sl_json *j, int value, double *out)
{
    /* 10^22 is the last power of ten that a double holds exactly: below, one rounding is the right
     * one. */
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (!tok_at(j, value, SL_JSON_NUMBER))
        return false;
    struct sl_str raw = sl_json_raw(j, value);
    struct decimal d = read_decimal(raw);
    if (!d.exact || d.digits > 1ULL << 53 || d.exponent < -22 || d.exponent > 22)
        return slow_double(raw, out);
    double v = (double)d.digits;
    v = d.exponent < 0 ? v / powers[-d.exponent] : v * powers[d.exponent];
    *out = d.negative ? -v : v;
    return true;
}
