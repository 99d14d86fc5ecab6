/* The writer: text gathers in chunks of the arena; a long run of bytes that need no escape becomes
 * a segment of its own, borrowed. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_tok.h"

/* A segment node costs 32 bytes and a turn of the reader: below this, copying is cheaper. */
enum { BORROW_FROM = 512, FIRST_CHUNK = 512, NEXT_CHUNK = 2048, LARGE_CHUNK = 16 * 1024 };

void sl_jw_init(struct sl_json_writer *w, struct sl_arena *arena, struct sl_segs *out)
{
    *w = (struct sl_json_writer){.arena = arena, .out = out};
}

/* The open chunk's text goes into the segments; its free rest stays open. */
static void flush(struct sl_json_writer *w)
{
    if (w->used == 0)
        return;
    sl_segs_add(w->out, w->arena, SL_SEG_RAW, w->chunk, w->used);
    w->chunk += w->used;
    w->size -= w->used;
    w->used = 0;
}

void sl_jw_finish(struct sl_json_writer *w)
{
    assert(w->depth == 0 && !w->after_key);
    flush(w);
}

/* n contiguous bytes to write to; the caller adds what it used to w->used. */
static inline char *room(struct sl_json_writer *w, size_t n)
{
    if (SL_UNLIKELY(w->size - w->used < n)) {
        flush(w);
        size_t size = w->out->length < FIRST_CHUNK      ? FIRST_CHUNK
                      : w->out->length < 4 * NEXT_CHUNK ? NEXT_CHUNK
                                                        : LARGE_CHUNK;
        w->size = size > n ? size : n;
        w->chunk = sl_arena_alloc(w->arena, w->size);
    }
    return w->chunk + w->used;
}

static inline void put(struct sl_json_writer *w, const char *p, size_t n)
{
    memcpy(room(w, n), p, n);
    w->used += n;
}

static inline void put_char(struct sl_json_writer *w, char c)
{
    *room(w, 1) = c;
    w->used++;
}

static void put_or_borrow(struct sl_json_writer *w, const char *p, size_t n)
{
    if (n < BORROW_FROM) {
        if (n)
            put(w, p, n);
        return;
    }
    flush(w);
    sl_segs_add(w->out, w->arena, SL_SEG_RAW, p, n);
}

/* Before a value or a key. */
static inline void separate(struct sl_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    uint64_t bit = 1ULL << w->depth;
    if (w->comma & bit)
        put_char(w, ',');
    w->comma |= bit;
}

static void begin(struct sl_json_writer *w, char c)
{
    separate(w);
    put_char(w, c);
    w->depth++;
    assert(w->depth < 64);
    w->comma &= ~(1ULL << w->depth);
}

static void end(struct sl_json_writer *w, char c)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    put_char(w, c);
}

void sl_jw_object(struct sl_json_writer *w)
{
    begin(w, '{');
}

void sl_jw_object_end(struct sl_json_writer *w)
{
    end(w, '}');
}

void sl_jw_array(struct sl_json_writer *w)
{
    begin(w, '[');
}

void sl_jw_array_end(struct sl_json_writer *w)
{
    end(w, ']');
}

void sl_jw_key(struct sl_json_writer *w, const char *key)
{
    assert(!w->after_key);
    separate(w);
    size_t n = strlen(key);
    char *to = room(w, n + 3);
    to[0] = '"';
    memcpy(to + 1, key, n);
    to[n + 1] = '"';
    to[n + 2] = ':';
    w->used += n + 3;
    w->after_key = true;
}

static void put_escape(struct sl_json_writer *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char *to = room(w, 6);
    to[0] = '\\';
    if (c >= 0x20 || letters[c]) {
        to[1] = c >= 0x20 ? (char)c : letters[c];
        w->used += 2;
        return;
    }
    memcpy(to + 1, "u00", 3);
    to[4] = hex[c >> 4];
    to[5] = hex[c & 15];
    w->used += 6;
}

static void put_escaped(struct sl_json_writer *w, const char *s, size_t n)
{
    uint64_t high = 0;
    for (size_t i = 0; i < n;) {
        size_t run = json_plain_run(s + i, n - i, &high);
        put_or_borrow(w, s + i, run);
        i += run;
        if (i < n)
            put_escape(w, (unsigned char)s[i++]);
    }
}

void sl_jw_string(struct sl_json_writer *w, const char *s)
{
    sl_jw_string_n(w, s, strlen(s));
}

void sl_jw_string_n(struct sl_json_writer *w, const char *s, size_t n)
{
    sl_jw_string_begin(w);
    put_escaped(w, s, n);
    sl_jw_string_end(w);
}

void sl_jw_string_begin(struct sl_json_writer *w)
{
    separate(w);
    put_char(w, '"');
}

void sl_jw_string_text(struct sl_json_writer *w, const char *s, size_t n)
{
    put_escaped(w, s, n);
}

void sl_jw_string_base64(struct sl_json_writer *w, const void *data, size_t n)
{
    flush(w);
    sl_segs_add(w->out, w->arena, SL_SEG_BASE64, data, n);
}

void sl_jw_string_end(struct sl_json_writer *w)
{
    put_char(w, '"');
}

void sl_jw_int(struct sl_json_writer *w, int64_t v)
{
    separate(w);
    char text[20], *p = text + sizeof(text);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        *--p = '-';
    put(w, p, (size_t)(text + sizeof(text) - p));
}

void sl_jw_double(struct sl_json_writer *w, double v)
{
    assert(isfinite(v));
    separate(w);
    /* What people write has few digits, so the first precisions nearly always do; 17 always reads
     * back. */
    char text[32];
    int n = 0;
    for (int precision = 1; precision <= 17; precision++) {
        n = snprintf(text, sizeof(text), "%.*g", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    put(w, text, (size_t)n);
}

void sl_jw_bool(struct sl_json_writer *w, bool v)
{
    separate(w);
    put(w, v ? "true" : "false", v ? 4 : 5);
}

void sl_jw_null(struct sl_json_writer *w)
{
    separate(w);
    put(w, "null", 4);
}

void sl_jw_raw(struct sl_json_writer *w, const char *json, size_t n)
{
    separate(w);
    put_or_borrow(w, json, n);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct sl_str trim(const char *p, size_t n)
{
    while (n > 0 && is_space(p[0])) {
        p++;
        n--;
    }
    while (n > 0 && is_space(p[n - 1]))
        n--;
    return (struct sl_str){p, n};
}

void sl_jw_members(struct sl_json_writer *w, const char *object_json, size_t n)
{
    assert(!w->after_key);
    struct sl_str text = trim(object_json, n);
    if (text.n == 0)
        return;
    bool object = text.n >= 2 && text.p[0] == '{' && text.p[text.n - 1] == '}';
    assert(object);
    if (!object)
        return;
    text = trim(text.p + 1, text.n - 2);
    if (text.n == 0)
        return;
    separate(w);
    put_or_borrow(w, text.p, text.n);
}
