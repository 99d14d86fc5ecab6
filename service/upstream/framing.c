/* Server-sent events (WHATWG HTML, section 9.2.6) and newline-delimited JSON, and the binary messages of AWS event
 * streams, cut out of any splitting of the stream. A line that lies whole in the input is read where it is; only a line that the input cuts is copied. */
#include "upstream/framing.h"

#include <string.h>

#include "base/str.h"
#include "upstream/crc32.h"

/* What a stream's buffers keep between events; an idle stream holds no more than this. */
enum { KEEP_BYTES = 2048 };

static const unsigned char BOM[3] = {0xEF, 0xBB, 0xBF};

/* The input that is left, with the next CR and LF in it, so that each byte is looked at once. */
struct scan {
    const char *p, *end;
    const char *cr, *lf; /* end: none left */
};

struct sink {
    sl_framer_fn fn;
    void *owner;
    struct sl_err *err;
};

void sl_framer_init(struct sl_framer *f, enum sl_framer_kind kind, struct sl_framer_caps caps)
{
    memset(f, 0, sizeof(*f));
    f->kind = kind;
    f->caps = caps;
    f->retry_ms = -1;
    f->started = kind != SL_FRAMER_SSE;
    sl_buf_init(&f->line, caps.line);
    sl_buf_init(&f->data, caps.event);
}

void sl_framer_fini(struct sl_framer *f)
{
    sl_buf_fini(&f->line);
    sl_buf_fini(&f->data);
}

static enum sl_code too_large(struct sl_err *err, const char *what, size_t cap)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                      "the provider sent %s of more than %zu bytes", what, cap);
}

static enum sl_code deliver(struct sl_framer *f, const struct sink *sink)
{
    char none[1] = "";
    struct sl_framer_frame frame = {f->name, f->data.n ? f->data.p : none, f->data.n};
    f->frames++;
    enum sl_code code = sink->fn(sink->owner, &frame, sink->err);
    sl_buf_reset(&f->data, KEEP_BYTES);
    f->has_data = false;
    f->name[0] = '\0';
    return code;
}

static enum sl_code add_data(struct sl_framer *f, const char *p, size_t n, struct sl_err *err)
{
    if ((f->has_data && !sl_buf_add_char(&f->data, '\n')) || !sl_buf_add(&f->data, p, n))
        return too_large(err, "an event", f->caps.event);
    f->has_data = true;
    return SL_OK;
}

/* ASCII digits only, as the standard wants; what does not fit 18 of them is no delay anybody means. */
static void set_retry(struct sl_framer *f, const char *p, size_t n)
{
    int64_t ms = 0;
    if (!n || n > 18)
        return;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return;
        ms = ms * 10 + (p[i] - '0');
    }
    f->retry_ms = ms;
}

static bool field_is(const char *p, size_t n, const char *name)
{
    return n == strlen(name) && !memcmp(p, name, n);
}

static enum sl_code sse_line(struct sl_framer *f, const char *p, size_t n, const struct sink *sink)
{
    if (!n) {
        if (f->has_data)
            return deliver(f, sink);
        f->name[0] = '\0';
        return SL_OK;
    }
    if (*p == ':') {
        f->comments++;
        return SL_OK;
    }
    const char *colon = memchr(p, ':', n);
    size_t name = colon ? (size_t)(colon - p) : n;
    const char *value = colon ? colon + 1 : p + n;
    size_t length = (size_t)(p + n - value);
    if (length && *value == ' ') {
        value++;
        length--;
    }
    if (field_is(p, name, "data"))
        return add_data(f, value, length, sink->err);
    if (field_is(p, name, "event"))
        sl_copy_n(f->name, sizeof(f->name), value, length);
    else if (field_is(p, name, "retry"))
        set_retry(f, value, length);
    return SL_OK;
}

static enum sl_code ndjson_line(struct sl_framer *f, const char *p, size_t n,
                                const struct sink *sink)
{
    size_t blank = 0;
    if (n && p[n - 1] == '\r')
        n--;
    while (blank < n && (p[blank] == ' ' || p[blank] == '\t' || p[blank] == '\r'))
        blank++;
    if (blank == n)
        return SL_OK;
    enum sl_code code = add_data(f, p, n, sink->err);
    return code ? code : deliver(f, sink);
}

/* One line without its end: the part that came before, if any, and p[0..n). */
static enum sl_code end_line(struct sl_framer *f, const char *p, size_t n, const struct sink *sink)
{
    bool joined = f->line.n > 0;
    if (joined) {
        if (!sl_buf_add(&f->line, p, n))
            return too_large(sink->err, "a line", f->caps.line);
        p = f->line.p;
        n = f->line.n;
    } else if (n > f->caps.line) {
        return too_large(sink->err, "a line", f->caps.line);
    }
    enum sl_code code =
        f->kind == SL_FRAMER_SSE ? sse_line(f, p, n, sink) : ndjson_line(f, p, n, sink);
    if (joined)
        sl_buf_reset(&f->line, KEEP_BYTES);
    return code;
}

/* Skips a BOM, which may come byte by byte. False: the input was used up. */
static bool skip_bom(struct sl_framer *f, struct scan *s)
{
    while (f->bom < sizeof(BOM) && s->p < s->end && (unsigned char)*s->p == BOM[f->bom]) {
        f->bom++;
        s->p++;
    }
    if (f->bom < sizeof(BOM) && s->p == s->end)
        return false;
    f->started = true;
    return true;
}

static const char *find(const char *p, const char *end, char c)
{
    const char *at = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
    return at ? at : end;
}

/* The end of the next line, or s->end. */
static const char *next_end(const struct sl_framer *f, struct scan *s)
{
    if (s->lf < s->p)
        s->lf = find(s->p, s->end, '\n');
    if (f->kind != SL_FRAMER_SSE)
        return s->lf;
    if (s->cr < s->p)
        s->cr = find(s->p, s->end, '\r');
    return s->cr < s->lf ? s->cr : s->lf;
}

static enum sl_code feed_lines(struct sl_framer *f, struct scan *s, const struct sink *sink)
{
    s->lf = find(s->p, s->end, '\n');
    s->cr = f->kind == SL_FRAMER_SSE ? find(s->p, s->end, '\r') : s->end;
    while (s->p < s->end) {
        if (f->saw_cr) {
            f->saw_cr = false;
            if (*s->p == '\n') {
                s->p++;
                continue;
            }
        }
        const char *end = next_end(f, s);
        if (end == s->end) {
            if (!sl_buf_add(&f->line, s->p, (size_t)(s->end - s->p)))
                return too_large(sink->err, "a line", f->caps.line);
            break;
        }
        const char *line = s->p;
        s->p = end + 1;
        f->saw_cr = *end == '\r';
        enum sl_code code = end_line(f, line, (size_t)(end - line), sink);
        if (code)
            return code;
    }
    return SL_OK;
}

/* ---- AWS event streams ---- */

/* Lengths of message and headers, their CRC; headers; payload; CRC of all before it. */
enum { AWS_PRELUDE = 12, AWS_CRC = 4 };

/* The headers that say what a message is; p is NULL where there is none. */
struct aws_headers {
    struct sl_str kind, event, exception, error, text;
};

static uint32_t aws_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static enum sl_code aws_garbage(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                      "the provider sent an event stream message with %s", what);
}

/* Bytes of a header's value, by its type: booleans, integers, bytes, string, timestamp, UUID. False: there is no such
 * type, or the length stands behind the end. Strings and bytes begin with two bytes of length. */
static bool aws_value(unsigned char type, const char *p, const char *end, struct sl_str *out)
{
    static const unsigned char sizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
    size_t n;

    if (type >= sizeof(sizes))
        return false;
    n = sizes[type];
    if (type == 6 || type == 7) {
        if (end - p < 2)
            return false;
        n = (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
        p += 2;
    }
    *out = (struct sl_str){p, n};
    return (size_t)(end - p) >= n;
}

static bool aws_read_headers(const char *p, const char *end, struct aws_headers *h)
{
    while (p < end) {
        struct sl_str name = {p + 1, (unsigned char)*p}, value;
        if ((size_t)(end - p) < name.n + 2)
            return false;
        unsigned char type = (unsigned char)name.p[name.n];
        if (!aws_value(type, name.p + name.n + 1, end, &value))
            return false;
        p = value.p + value.n;
        if (type != 7)
            continue;
        if (sl_str_eq(name, ":event-type"))
            h->event = value;
        else if (sl_str_eq(name, ":message-type"))
            h->kind = value;
        else if (sl_str_eq(name, ":exception-type"))
            h->exception = value;
        else if (sl_str_eq(name, ":error-code"))
            h->error = value;
        else if (sl_str_eq(name, ":error-message"))
            h->text = value;
    }
    return true;
}

/* Writes the name without a NUL in it. */
static void aws_set_name(struct sl_framer *f, const char *prefix, struct sl_str name)
{
    size_t n = strlen(prefix);

    memcpy(f->name, prefix, n);
    f->name[n] = '\0';
    if (name.n)
        sl_copy_n(f->name + n, sizeof(f->name) - n, name.p, name.n);
}

/* The whole message is in data. The payload's NUL is written over its checksum. */
static enum sl_code aws_deliver(struct sl_framer *f, const struct sink *sink)
{
    char *p = f->data.p, *payload = p + AWS_PRELUDE + aws_u32(p + 4);
    size_t body = f->data.n - AWS_CRC, n = (size_t)(p + body - payload);
    struct aws_headers h = {0};

    if (sl_crc32(p, body) != aws_u32(p + body))
        return aws_garbage(sink->err, "a wrong checksum");
    if (!aws_read_headers(p + AWS_PRELUDE, payload, &h))
        return aws_garbage(sink->err, "broken headers");
    bool error = h.kind.p && sl_str_eq(h.kind, "error");
    if (error || (h.kind.p && sl_str_eq(h.kind, "exception")))
        aws_set_name(f, "exception:", error ? h.error : h.exception);
    else
        aws_set_name(f, "", h.event);
    if (error && !n && h.text.n) {
        n = h.text.n;
        payload = memmove(p, h.text.p, n);
    }
    payload[n] = '\0';
    struct sl_framer_frame frame = {f->name, payload, n};
    f->frames++;
    enum sl_code code = sink->fn(sink->owner, &frame, sink->err);
    sl_buf_reset(&f->data, KEEP_BYTES);
    f->name[0] = '\0';
    return code;
}

static enum sl_code aws_check_prelude(const struct sl_framer *f, struct sl_err *err)
{
    const char *p = f->data.p;
    uint32_t total = aws_u32(p), headers = aws_u32(p + 4);

    if (sl_crc32(p, 8) != aws_u32(p + 8))
        return aws_garbage(err, "a wrong checksum of its lengths");
    if (total < AWS_PRELUDE + AWS_CRC || headers > total - AWS_PRELUDE - AWS_CRC)
        return aws_garbage(err, "impossible lengths");
    return total > f->caps.event ? too_large(err, "an event", f->caps.event) : SL_OK;
}

static enum sl_code feed_aws(struct sl_framer *f, struct scan *s, const struct sink *sink)
{
    while (s->p < s->end) {
        size_t need = f->data.n < AWS_PRELUDE ? AWS_PRELUDE : aws_u32(f->data.p);
        size_t take = need - f->data.n, left = (size_t)(s->end - s->p);
        enum sl_code code = SL_OK;

        take = take < left ? take : left;
        if (!sl_buf_add(&f->data, s->p, take))
            return too_large(sink->err, "an event", f->caps.event);
        s->p += take;
        if (f->data.n == AWS_PRELUDE)
            code = aws_check_prelude(f, sink->err);
        else if (f->data.n > AWS_PRELUDE && f->data.n == need)
            code = aws_deliver(f, sink);
        if (code)
            return code;
    }
    return SL_OK;
}

enum sl_code sl_framer_feed(struct sl_framer *f, const char *p, size_t n, sl_framer_fn fn,
                            void *owner, struct sl_err *err)
{
    if (!n)
        return SL_OK;
    struct sink sink = {fn, owner, err};
    struct scan scan = {.p = p, .end = p + n};
    if (f->kind == SL_FRAMER_AWS)
        return feed_aws(f, &scan, &sink);
    if (!f->started) {
        if (!skip_bom(f, &scan))
            return SL_OK;
        /* the beginning of a BOM that was none belongs to the first line */
        if (f->bom < sizeof(BOM) && !sl_buf_add(&f->line, BOM, f->bom))
            return too_large(err, "a line", f->caps.line);
    }
    return feed_lines(f, &scan, &sink);
}

enum sl_code sl_framer_finish(struct sl_framer *f, sl_framer_fn fn, void *owner, struct sl_err *err)
{
    struct sink sink = {fn, owner, err};
    if (f->kind == SL_FRAMER_AWS && f->data.n) {
        sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
                   "the provider broke off its answer within a message");
        err->retryable = true;
        return err->code;
    }
    enum sl_code code = f->line.n ? end_line(f, "", 0, &sink) : SL_OK;
    if (!code && f->has_data)
        code = deliver(f, &sink);
    return code;
}
