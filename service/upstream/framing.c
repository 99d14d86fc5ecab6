/* Server-sent events (WHATWG HTML, section 9.2.6) and newline-delimited JSON, cut out of any splitting of the stream.
 * A line that lies whole in the input is read where it is; only a line that the input cuts is copied. */
#include "upstream/framing.h"

#include <string.h>

#include "base/str.h"

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

enum sl_code sl_framer_feed(struct sl_framer *f, const char *p, size_t n, sl_framer_fn fn,
                            void *owner, struct sl_err *err)
{
    if (!n)
        return SL_OK;
    struct sink sink = {fn, owner, err};
    struct scan scan = {.p = p, .end = p + n};
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
    enum sl_code code = f->line.n ? end_line(f, "", 0, &sink) : SL_OK;
    if (!code && f->has_data)
        code = deliver(f, &sink);
    return code;
}
