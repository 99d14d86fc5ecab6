/* The tokenizer: one strict pass (RFC 8259) over the text, which leaves for every value 16 bytes
 * with its range and, for containers, where the next sibling is. jsmn finds ranges too, but accepts
 * much that is not JSON and has no way past a subtree but through it: the two passes that this
 * would add cost more than this one. */
#include "base/json.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/json_tok.h"
#include "base/utf8.h"

enum {
    FIRST_TOKENS = 64,
    KEPT_TOKENS = 16 * 1024, /* 256 KiB: a pool that a huge document grew is given back */
};

struct scan {
    const char *p, *end, *text;
    const char *why;             /* what is wrong at p */
    struct sl_json_parser *pool; /* NULL: only checks */
    unsigned count, depth;
    uint64_t objects;                 /* bit d: the container at depth d is an object */
    uint32_t open[SL_JSON_MAX_DEPTH]; /* the containers' tokens */
};

void sl_json_parser_init(struct sl_json_parser *p)
{
    *p = (struct sl_json_parser){0};
}

static void drop_sides(struct sl_json_parser *p)
{
    for (unsigned i = 0; i < p->sides; i++)
        sl_free(p->side[i]);
    sl_free(p->side);
    p->side = NULL;
    p->sides = 0;
}

void sl_json_parser_fini(struct sl_json_parser *p)
{
    drop_sides(p);
    sl_free(p->tok);
    sl_json_parser_init(p);
}

static bool fail(struct scan *s, const char *why)
{
    s->why = why;
    return false;
}

static bool grow(struct sl_json_parser *pool)
{
    unsigned cap = pool->cap ? pool->cap * 2 : FIRST_TOKENS;
    struct sl_json_tok *tok = realloc(pool->tok, cap * sizeof(*tok));
    if (!tok)
        return false;
    pool->tok = tok;
    pool->cap = cap;
    return true;
}

static inline char peek(const struct scan *s)
{
    return s->p < s->end ? *s->p : '\0';
}

static inline void skip_space(struct scan *s)
{
    while (s->p < s->end && (unsigned char)*s->p <= ' ' &&
           (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

/* Adds the value that began at start and ends at s->p. */
static inline bool add(struct scan *s, enum sl_json_type type, const char *start, unsigned flags)
{
    if (SL_UNLIKELY(s->count == SL_JSON_MAX_TOKENS))
        return fail(s, "too many values");
    if (s->pool) {
        if (SL_UNLIKELY(s->count == s->pool->cap) && !grow(s->pool))
            return fail(s, "no memory for the values");
        s->pool->tok[s->count] = (struct sl_json_tok){
            .start = (uint32_t)(start - s->text),
            .end = (uint32_t)(s->p - s->text),
            .type = type,
            .flags = flags & 31,
        };
    }
    s->count++;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* At a backslash. */
static bool scan_escape(struct scan *s)
{
    s->p++;
    char c = peek(s);
    if (c == 'u') {
        for (int i = 0; i < 4; i++) {
            s->p++;
            if (!is_hex(peek(s)))
                return fail(s, "bad escape");
        }
    } else if (!c || !strchr("\"\\/bfnrt", c)) {
        return fail(s, "bad escape");
    }
    s->p++;
    return true;
}

/* At a quote. */
static inline bool scan_string(struct scan *s)
{
    const char *start = s->p++;
    unsigned flags = 0;
    uint64_t high = 0;
    for (;;) {
        s->p += json_plain_run(s->p, (size_t)(s->end - s->p), &high);
        if (SL_UNLIKELY(s->p == s->end))
            return fail(s, "string without an end");
        if (SL_LIKELY(*s->p == '"'))
            break;
        if (*s->p != '\\')
            return fail(s, "control character in a string");
        flags |= JSON_ESCAPED;
        if (!scan_escape(s))
            return false;
    }
    s->p++;
    if (high)
        flags |= JSON_HIGH;
    return add(s, SL_JSON_STRING, start, flags);
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *s)
{
    if (!is_digit(peek(s)))
        return fail(s, "bad number");
    while (is_digit(peek(s)))
        s->p++;
    return true;
}

static bool scan_number(struct scan *s)
{
    const char *start = s->p;
    if (*s->p == '-')
        s->p++;
    if (peek(s) == '0')
        s->p++;
    else if (!scan_digits(s))
        return false;
    if (peek(s) == '.') {
        s->p++;
        if (!scan_digits(s))
            return false;
    }
    if ((peek(s) | 0x20) == 'e') {
        s->p++;
        if (peek(s) == '+' || peek(s) == '-')
            s->p++;
        if (!scan_digits(s))
            return false;
    }
    return add(s, SL_JSON_NUMBER, start, 0);
}

static inline bool scan_word(struct scan *s, enum sl_json_type type, const char *word, size_t n)
{
    const char *start = s->p;
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return fail(s, "unexpected byte");
    s->p += n;
    return add(s, type, start, 0);
}

static inline bool scan_scalar(struct scan *s)
{
    switch (peek(s)) {
    case '"':
        return scan_string(s);
    case 'n':
        return scan_word(s, SL_JSON_NULL, "null", 4);
    case 't':
        return scan_word(s, SL_JSON_BOOL, "true", 4);
    case 'f':
        return scan_word(s, SL_JSON_BOOL, "false", 5);
    case '-':
    case '0' ... '9':
        return scan_number(s);
    default:
        return fail(s, s->p == s->end ? "unexpected end" : "unexpected byte");
    }
}

static inline bool in_object(const struct scan *s)
{
    return s->objects >> (s->depth - 1) & 1;
}

/* At '{' or '['. */
static inline bool open_container(struct scan *s)
{
    if (SL_UNLIKELY(s->depth == SL_JSON_MAX_DEPTH))
        return fail(s, "nested too deep");
    bool object = *s->p == '{';
    s->open[s->depth] = s->count;
    s->objects = (s->objects & ~(1ULL << s->depth)) | (uint64_t)object << s->depth;
    s->depth++;
    const char *start = s->p++;
    return add(s, object ? SL_JSON_OBJECT : SL_JSON_ARRAY, start, 0);
}

/* Past '}' or ']'. */
static inline void close_container(struct scan *s)
{
    s->depth--;
    if (s->pool) {
        struct sl_json_tok *tok = &s->pool->tok[s->open[s->depth]];
        tok->end = (uint32_t)(s->p - s->text);
        tok->next = s->count;
    }
}

/* One more element or member begins in the open container; of a member, reads the key and its
 * colon. */
static inline bool begin_child(struct scan *s)
{
    if (s->pool)
        s->pool->tok[s->open[s->depth - 1]].size++;
    skip_space(s);
    if (!in_object(s))
        return true;
    if (peek(s) != '"')
        return fail(s, "expected a key");
    if (!scan_string(s))
        return false;
    skip_space(s);
    if (peek(s) != ':')
        return fail(s, "expected ':'");
    s->p++;
    skip_space(s);
    return true;
}

/* After a value: closes what ends here. True with *more where another value must follow. */
static inline bool end_value(struct scan *s, bool *more)
{
    for (;;) {
        skip_space(s);
        *more = s->depth > 0;
        if (s->depth == 0)
            return s->p == s->end || fail(s, "more after the value");
        char c = peek(s);
        if (c == ',') {
            s->p++;
            return begin_child(s);
        }
        if (c != (in_object(s) ? '}' : ']'))
            return fail(s, s->p == s->end ? "unexpected end" : "expected ',' or the end");
        s->p++;
        close_container(s);
    }
}

static bool scan_text(struct scan *s)
{
    bool more = true;
    skip_space(s);
    while (more) {
        char c = peek(s);
        if (c == '{' || c == '[') {
            if (!open_container(s))
                return false;
            skip_space(s);
            if (peek(s) != (c == '{' ? '}' : ']')) {
                if (!begin_child(s))
                    return false;
                continue;
            }
            s->p++;
            close_container(s);
        } else if (!scan_scalar(s)) {
            return false;
        }
        if (!end_value(s, &more))
            return false;
    }
    return true;
}

static enum sl_code garbage(struct sl_err *err, const struct scan *s)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "not JSON: %s at byte %zu",
                      s->why, (size_t)(s->p - s->text));
}

static bool short_enough(struct scan *s)
{
    return (uint64_t)(s->end - s->text) < UINT32_MAX || fail(s, "text too long");
}

enum sl_code sl_json_parse(struct sl_json_parser *p, char *text, size_t n, struct sl_json *out,
                           struct sl_err *err)
{
    if (p->sides)
        drop_sides(p);
    if (p->cap > KEPT_TOKENS) {
        sl_free(p->tok);
        p->tok = NULL;
        p->cap = 0;
    }
    struct scan s;
    s.text = s.p = text;
    s.end = text + n;
    s.why = NULL;
    s.pool = p;
    s.count = s.depth = 0;
    s.objects = 0;
    if (!short_enough(&s) || !scan_text(&s))
        return garbage(err, &s);
    *out = (struct sl_json){.text = text, .tok = p->tok, .count = (int)s.count, .parser = p};
    return SL_OK;
}

static enum sl_json_type type_of_first(const char *p)
{
    switch (*p) {
    case '{':
        return SL_JSON_OBJECT;
    case '[':
        return SL_JSON_ARRAY;
    case '"':
        return SL_JSON_STRING;
    case 'n':
        return SL_JSON_NULL;
    case 't':
    case 'f':
        return SL_JSON_BOOL;
    default:
        return SL_JSON_NUMBER;
    }
}

bool sl_json_check(const char *text, size_t n, enum sl_json_type type, struct sl_err *err)
{
    struct scan s = {.text = text, .p = text, .end = text + n};
    bool ok = short_enough(&s) && scan_text(&s);
    if (ok && type != SL_JSON_NONE) {
        s.p = text;
        skip_space(&s);
        if (type_of_first(s.p) != type)
            ok = fail(&s, "a value of another type");
    }
    if (ok && !sl_utf8_valid(text, n)) {
        s.p = text + sl_utf8_check_text(text, n);
        ok = fail(&s, "bytes that are not UTF-8");
    }
    if (!ok)
        sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "not JSON: %s at byte %zu",
                   s.why, (size_t)(s.p - s.text));
    return ok;
}
