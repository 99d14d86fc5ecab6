/* The framers against tables of streams: whole, cut in two at every byte, byte by byte; then caps, errors of the
 * callback, and what finish does with a stream that stopped anywhere. */
#include "upstream/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Frames are written down as "name|data;" with the specials escaped, so that rows can be compared as text. */
struct log {
    char text[8192];
    size_t n;
    unsigned refuse_at; /* the frame that the callback refuses, counted from 1; 0: none */
    unsigned frames;
};

static void log_bytes(struct log *l, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
                                 p[i] == '\n' ? "\\n" : "%c", p[i]);
}

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct log *l = owner;
    assert_int_equal(frame->data[frame->n], '\0');
    frame->data[frame->n] = '\0'; /* the NUL is ours to overwrite */
    if (++l->frames == l->refuse_at)
        return sl_err_set(err, SL_ABORTED, SL_REASON_INTERNAL, "refused");
    log_bytes(l, frame->event, strlen(frame->event));
    log_bytes(l, "|", 1);
    log_bytes(l, frame->data, frame->n);
    log_bytes(l, ";", 1);
    return SL_OK;
}

static const struct sl_framer_caps roomy = {1 << 16, 1 << 16};

struct row {
    enum sl_framer_kind kind;
    const char *in;
    const char *frames;
    int64_t retry_ms; /* 0: none, else the value */
    uint64_t comments;
};

static const struct row rows[] = {
    /* line ends */
    {SL_FRAMER_SSE, "data: a\n\ndata: b\n\n", "|a;|b;", 0, 0},
    {SL_FRAMER_SSE, "data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;", 0, 0},
    {SL_FRAMER_SSE, "data: a\r\rdata: b\r\r", "|a;|b;", 0, 0},
    {SL_FRAMER_SSE, "data: a\r\n\rdata: b\n\r\ndata: c\r\n\n", "|a;|b;|c;", 0, 0},
    {SL_FRAMER_SSE, "data: a\n\r\n\r\ndata: b\r\n\n\n\n", "|a;|b;", 0, 0},
    /* fields */
    {SL_FRAMER_SSE, "event: x\ndata: a\n\ndata: b\n\n", "x|a;|b;", 0, 0},
    {SL_FRAMER_SSE, "event: x\nevent: y\ndata: a\n\n", "y|a;", 0, 0},
    {SL_FRAMER_SSE, "data: a\nevent: x\n\n", "x|a;", 0, 0},
    {SL_FRAMER_SSE, "event: x\n\ndata: a\n\n", "|a;", 0, 0},
    {SL_FRAMER_SSE, "data:a\n\ndata:  b\n\ndata: c: d\n\n", "|a;| b;|c: d;", 0, 0},
    {SL_FRAMER_SSE, "data: one\ndata: two\ndata:\ndata: four\n\n", "|one\\ntwo\\n\\nfour;", 0, 0},
    {SL_FRAMER_SSE, "data\n\ndata\ndata\n\ndata:\n\n", "|;|\\n;|;", 0, 0},
    {SL_FRAMER_SSE, "id: 7\nfoo: bar\nDATA: no\ndatax: no\n dat: no\ndata: a\n\n", "|a;", 0, 0},
    {SL_FRAMER_SSE, ": ping\n\n:\n:x\ndata: a\n: in between\ndata: b\n\n", "|a\\nb;", 0, 4},
    {SL_FRAMER_SSE, "retry: 1500\n\ndata: a\n\n", "|a;", 1500, 0},
    {SL_FRAMER_SSE, "retry: 12x\nretry:\nretry: -5\nretry: 1234567890123456789\ndata: a\n\n", "|a;",
     0, 0},
    {SL_FRAMER_SSE, "retry: 9\nretry: bad\n\n", "", 9, 0},
    /* BOM */
    {SL_FRAMER_SSE,
     "\xEF\xBB\xBF"
     "data: a\n\n",
     "|a;", 0, 0},
    {SL_FRAMER_SSE,
     "\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: a\n\ndata: b\n\n",
     "|b;", 0, 0},
    {SL_FRAMER_SSE,
     "\xEF\xBB"
     "data: a\n\ndata: b\n\n",
     "|b;", 0, 0},
    {SL_FRAMER_SSE, "\xEF\xBB\xBF", "", 0, 0},
    {SL_FRAMER_SSE, "\xEF\xBB", "", 0, 0},
    {SL_FRAMER_SSE,
     "data: \xEF\xBB\xBF"
     "a\n\n",
     "|\xEF\xBB\xBF"
     "a;",
     0, 0},
    /* ends */
    {SL_FRAMER_SSE, "", "", 0, 0},
    {SL_FRAMER_SSE, "\n\n\r\n\r", "", 0, 0},
    {SL_FRAMER_SSE, "data: a\n\ndata: b\n", "|a;|b;", 0, 0},
    {SL_FRAMER_SSE, "data: a\n\ndata: b", "|a;|b;", 0, 0},
    {SL_FRAMER_SSE, "data: a\n\nevent: end", "|a;", 0, 0},
    {SL_FRAMER_SSE, "data: [DONE]\r", "|[DONE];", 0, 0},
    /* a name longer than is kept: 63 bytes of it */
    {SL_FRAMER_SSE,
     "event: 0123456789012345678901234567890123456789012345678901234567890123456789\ndata: a\n\n",
     "012345678901234567890123456789012345678901234567890123456789012|a;", 0, 0},
    /* NDJSON */
    {SL_FRAMER_NDJSON, "{\"a\":1}\n{\"b\":2}\n", "|{\"a\":1};|{\"b\":2};", 0, 0},
    {SL_FRAMER_NDJSON, "{\"a\":1}\r\n{\"b\":2}\r\n", "|{\"a\":1};|{\"b\":2};", 0, 0},
    {SL_FRAMER_NDJSON, "\n\r\n  \t\n{}\n\n", "|{};", 0, 0},
    {SL_FRAMER_NDJSON, "{\"a\":1}\n{\"b\":2}", "|{\"a\":1};|{\"b\":2};", 0, 0},
    {SL_FRAMER_NDJSON, " {} \n", "| {} ;", 0, 0},
    {SL_FRAMER_NDJSON, "{}\n  ", "|{};", 0, 0},
    {SL_FRAMER_NDJSON, "", "", 0, 0},
};

static void start(struct sl_framer *f, struct log *l, const struct row *r)
{
    memset(l, 0, sizeof(*l));
    sl_framer_init(f, r->kind, roomy);
}

/* Feeds a copy of its own, so that a sanitizer sees a read past the piece. */
static enum sl_code feed(struct sl_framer *f, struct log *l, const char *p, size_t n,
                         struct sl_err *err)
{
    char *piece = malloc(n ? n : 1);
    assert_non_null(piece);
    memcpy(piece, p, n);
    enum sl_code code = sl_framer_feed(f, piece, n, on_frame, l, err);
    free(piece);
    return code;
}

static void end(struct sl_framer *f, struct log *l, const struct row *r)
{
    struct sl_err err = {0};
    assert_int_equal(sl_framer_finish(f, on_frame, l, &err), SL_OK);
    assert_string_equal(l->text, r->frames);
    assert_int_equal(f->frames, l->frames);
    assert_int_equal(f->retry_ms, r->retry_ms ? r->retry_ms : -1);
    assert_int_equal(f->comments, r->comments);
    sl_framer_fini(f);
}

static void rows_hold_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        size_t n = strlen(rows[i].in);
        for (size_t cut = 0; cut <= n; cut++) {
            struct sl_framer f;
            struct log l;
            struct sl_err err = {0};
            start(&f, &l, &rows[i]);
            assert_int_equal(feed(&f, &l, rows[i].in, cut, &err), SL_OK);
            assert_int_equal(feed(&f, &l, rows[i].in + cut, n - cut, &err), SL_OK);
            end(&f, &l, &rows[i]);
        }
    }
}

static void rows_hold_in_pieces(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        for (size_t s = 0; s < LEN(sizes); s++) {
            struct sl_framer f;
            struct log l;
            struct sl_err err = {0};
            size_t n = strlen(rows[i].in);
            start(&f, &l, &rows[i]);
            for (size_t at = 0; at < n; at += sizes[s]) {
                size_t piece = n - at < sizes[s] ? n - at : sizes[s];
                assert_int_equal(feed(&f, &l, rows[i].in + at, piece, &err), SL_OK);
            }
            end(&f, &l, &rows[i]);
        }
    }
}

/* Whatever is cut off, the frames before it stay the same and at most one more comes out of the rest. */
static void truncated_streams_keep_their_prefix(void **state)
{
    static const char in[] =
        "event: a\r\ndata: one\r\n\r\ndata: two\ndata: three\n\n: x\ndata: four\r\r";
    static const char whole[] = "a|one;|two\\nthree;|four;";
    (void)state;
    for (size_t n = 0; n < sizeof(in); n++) {
        struct sl_framer f;
        struct log l = {.n = 0};
        struct sl_err err = {0};
        sl_framer_init(&f, SL_FRAMER_SSE, roomy);
        assert_int_equal(feed(&f, &l, in, n, &err), SL_OK);
        unsigned before = l.frames;
        assert_memory_equal(l.text, whole, l.n);
        assert_int_equal(sl_framer_finish(&f, on_frame, &l, &err), SL_OK);
        assert_in_range(l.frames, before, before + 1);
        sl_framer_fini(&f);
    }
}

static void frames_are_delivered_as_soon_as_they_are_whole(void **state)
{
    struct sl_framer f;
    struct log l = {.n = 0};
    struct sl_err err = {0};
    (void)state;
    sl_framer_init(&f, SL_FRAMER_SSE, roomy);
    assert_int_equal(feed(&f, &l, "data: a\r\n\r", 10, &err), SL_OK);
    assert_string_equal(l.text, "|a;"); /* without waiting for the LF */
    assert_int_equal(feed(&f, &l, "\n", 1, &err), SL_OK);
    assert_int_equal(l.frames, 1);
    sl_framer_fini(&f);
}

struct cap_row {
    enum sl_framer_kind kind;
    struct sl_framer_caps caps;
    const char *in;
    bool fits;
};

static const struct cap_row cap_rows[] = {
    {SL_FRAMER_SSE, {8, 100}, "data: ab\n\n", true},
    {SL_FRAMER_SSE, {8, 100}, "data: abc\n\n", false},
    {SL_FRAMER_SSE, {8, 100}, "data: abc", false},
    {SL_FRAMER_SSE, {8, 100}, ": a long comment", false},
    {SL_FRAMER_SSE, {100, 5}, "data: ab\ndata: cd\n\n", true},
    {SL_FRAMER_SSE, {100, 5}, "data: ab\ndata: cde\n\n", false},
    {SL_FRAMER_SSE, {100, 5}, "data: abcde\n\ndata: abcde\n\n", true},
    {SL_FRAMER_SSE, {100, 5}, "data: abcdef\n\n", false},
    {SL_FRAMER_SSE, {100, 5}, "data\ndata\ndata\ndata\ndata\ndata\n\n", true},
    {SL_FRAMER_SSE, {100, 5}, "data\ndata\ndata\ndata\ndata\ndata\ndata\n\n", false},
    {SL_FRAMER_NDJSON, {4, 100}, "[12]\n[34]\n", true},
    {SL_FRAMER_NDJSON, {4, 100}, "[123]\n", false},
    {SL_FRAMER_NDJSON, {4, 100}, "[1234567", false},
    {SL_FRAMER_NDJSON, {100, 4}, "[123]\n", false},
};

static void caps_hold_however_the_stream_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cap_rows); i++) {
        size_t n = strlen(cap_rows[i].in);
        for (size_t cut = 0; cut <= n; cut++) {
            struct sl_framer f;
            struct log l = {.n = 0};
            struct sl_err err = {0};
            sl_framer_init(&f, cap_rows[i].kind, cap_rows[i].caps);
            enum sl_code code = feed(&f, &l, cap_rows[i].in, cut, &err);
            if (!code)
                code = feed(&f, &l, cap_rows[i].in + cut, n - cut, &err);
            assert_int_equal(code, cap_rows[i].fits ? SL_OK : SL_UNAVAILABLE);
            assert_int_equal(err.reason,
                             cap_rows[i].fits ? SL_REASON_NONE : SL_REASON_PROVIDER_TOO_LARGE);
            assert_true(f.line.cap <= cap_rows[i].caps.line);
            assert_true(f.data.cap <= cap_rows[i].caps.event);
            sl_framer_fini(&f);
        }
    }
}

static void a_refused_frame_ends_the_feed(void **state)
{
    struct sl_framer f;
    struct log l = {.refuse_at = 2};
    struct sl_err err = {0};
    (void)state;
    sl_framer_init(&f, SL_FRAMER_NDJSON, roomy);
    assert_int_equal(feed(&f, &l, "1\n2\n3\n", 6, &err), SL_ABORTED);
    assert_string_equal(l.text, "|1;");
    assert_string_equal(err.text, "refused");
    sl_framer_fini(&f);
}

static void a_refusal_at_the_end_is_reported(void **state)
{
    struct sl_framer f;
    struct log l = {.refuse_at = 1};
    struct sl_err err = {0};
    (void)state;
    sl_framer_init(&f, SL_FRAMER_SSE, roomy);
    assert_int_equal(feed(&f, &l, "data: x", 7, &err), SL_OK);
    assert_int_equal(sl_framer_finish(&f, on_frame, &l, &err), SL_ABORTED);
    sl_framer_fini(&f);
}

/* An idle stream must not hold the room that one large event took. */
static void large_events_do_not_keep_their_memory(void **state)
{
    static char in[1 << 15];
    struct sl_framer f;
    struct log l = {.n = 0};
    struct sl_err err = {0};
    (void)state;
    memset(in, ' ', sizeof(in));
    memcpy(in, "data: ", 6);
    memcpy(in + sizeof(in) - 2, "\n\n", 2);
    sl_framer_init(&f, SL_FRAMER_SSE, roomy);
    l.refuse_at = 1; /* it would not fit the log */
    assert_int_equal(feed(&f, &l, in, sizeof(in) / 2, &err), SL_OK);
    assert_int_equal(feed(&f, &l, in + sizeof(in) / 2, sizeof(in) / 2, &err), SL_ABORTED);
    assert_true(f.data.cap + f.line.cap <= 4096);
    sl_framer_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_however_they_are_cut),
        cmocka_unit_test(rows_hold_in_pieces),
        cmocka_unit_test(truncated_streams_keep_their_prefix),
        cmocka_unit_test(frames_are_delivered_as_soon_as_they_are_whole),
        cmocka_unit_test(caps_hold_however_the_stream_is_cut),
        cmocka_unit_test(a_refused_frame_ends_the_feed),
        cmocka_unit_test(a_refusal_at_the_end_is_reported),
        cmocka_unit_test(large_events_do_not_keep_their_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
