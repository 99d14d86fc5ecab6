/* AWS event streams: messages written here byte for byte ("Event Stream Encoding" of the Smithy specification), cut at
 * every byte; then what is no such message, and caps. */
#include "upstream/crc32.h"
#include "upstream/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct bytes {
    char p[4096];
    size_t n;
};

static void put_u32(char *p, uint32_t v)
{
    p[0] = (char)(v >> 24);
    p[1] = (char)(v >> 16);
    p[2] = (char)(v >> 8);
    p[3] = (char)v;
}

static void put(struct bytes *b, const void *p, size_t n)
{
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void put_header(struct bytes *b, const char *name, const char *value)
{
    char head = (char)strlen(name);
    char length[3] = {7, 0, (char)strlen(value)};

    put(b, &head, 1);
    put(b, name, strlen(name));
    put(b, length, sizeof(length));
    put(b, value, strlen(value));
}

/* headers: name, value, ..., NULL */
static void put_message(struct bytes *b, const char *const *headers, const char *payload)
{
    struct bytes h = {.n = 0};
    char prelude[12], crc[4];
    size_t at = b->n;

    for (; *headers; headers += 2)
        put_header(&h, headers[0], headers[1]);
    put_u32(prelude, (uint32_t)(12 + h.n + strlen(payload) + 4));
    put_u32(prelude + 4, (uint32_t)h.n);
    put_u32(prelude + 8, sl_crc32(prelude, 8));
    put(b, prelude, sizeof(prelude));
    put(b, h.p, h.n);
    put(b, payload, strlen(payload));
    put_u32(crc, sl_crc32(b->p + at, b->n - at));
    put(b, crc, sizeof(crc));
}

static const char *const delta[] = {":event-type",
                                    "contentBlockDelta",
                                    ":content-type",
                                    "application/json",
                                    ":message-type",
                                    "event",
                                    NULL};
static const char *const stop[] = {":message-type", "event", ":event-type", "messageStop", NULL};
static const char *const throttled[] = {":exception-type", "throttlingException", ":message-type",
                                        "exception", NULL};
static const char *const failed[] = {":message-type",  "error",          ":error-code", "Internal",
                                     ":error-message", "It went wrong.", NULL};
static const char *const bare[] = {NULL};

static void put_all(struct bytes *b)
{
    put_message(b, delta, "{\"a\":1}");
    put_message(b, stop, "");
    put_message(b, throttled, "{\"message\":\"slow down\"}");
    put_message(b, failed, "");
    put_message(b, bare, "x");
}

static const char all_frames[] = "contentBlockDelta|{\"a\":1};messageStop|;"
                                 "exception:throttlingException|{\"message\":\"slow down\"};"
                                 "exception:Internal|It went wrong.;|x;";

struct log {
    char text[1024];
    size_t n;
};

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct log *l = owner;

    (void)err;
    assert_int_equal(frame->data[frame->n], '\0');
    assert_int_equal(strlen(frame->data), frame->n);
    l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n, "%s|%s;", frame->event,
                             frame->data);
    frame->data[frame->n] = '\0';
    return SL_OK;
}

static const struct sl_framer_caps roomy = {1 << 16, 1 << 16};

/* Fed in pieces, each in a block of its own, so that a read past a piece is seen. */
static enum sl_code run(const struct bytes *b, const size_t *cuts, size_t n_cuts, struct log *l,
                        struct sl_err *err)
{
    struct sl_framer f;
    enum sl_code code = SL_OK;
    size_t from = 0;

    sl_framer_init(&f, SL_FRAMER_AWS, roomy);
    for (size_t i = 0; i <= n_cuts && code == SL_OK; i++) {
        size_t to = i < n_cuts ? cuts[i] : b->n;
        char *piece = malloc(to - from + 1);
        assert_non_null(piece);
        memcpy(piece, b->p + from, to - from);
        code = sl_framer_feed(&f, piece, to - from, on_frame, l, err);
        free(piece);
        from = to;
    }
    if (code == SL_OK)
        code = sl_framer_finish(&f, on_frame, l, err);
    sl_framer_fini(&f);
    return code;
}

/* The check value of the CRC catalogue, and zlib's for other lengths. */
static void checksums_are_those_of_zlib(void **state)
{
    (void)state;
    assert_int_equal(sl_crc32("123456789", 9), 0xcbf43926);
    assert_int_equal(sl_crc32("", 0), 0);
    assert_int_equal(sl_crc32("a", 1), 0xe8b7be43);
    assert_int_equal(sl_crc32("abc", 3), 0x352441c2);
    assert_int_equal(sl_crc32("abcd", 4), 0xed82cd11);
}

static void messages_hold_however_they_are_cut(void **state)
{
    struct bytes b = {.n = 0};

    (void)state;
    put_all(&b);
    for (size_t cut = 0; cut <= b.n; cut++) {
        struct log l = {.n = 0};
        struct sl_err err = {0};
        assert_int_equal(run(&b, &cut, 1, &l, &err), SL_OK);
        assert_string_equal(l.text, all_frames);
    }
}

static void messages_hold_byte_by_byte(void **state)
{
    struct bytes b = {.n = 0};
    struct log l = {.n = 0};
    struct sl_err err = {0};
    size_t cuts[4096];

    (void)state;
    put_all(&b);
    for (size_t i = 0; i < b.n; i++)
        cuts[i] = i;
    assert_int_equal(run(&b, cuts, b.n, &l, &err), SL_OK);
    assert_string_equal(l.text, all_frames);
}

static void a_stream_that_breaks_off_in_a_message_is_truncated(void **state)
{
    struct bytes whole = {.n = 0};

    (void)state;
    put_message(&whole, delta, "{\"a\":1}");
    for (size_t n = 1; n < whole.n; n++) {
        struct bytes b = whole;
        struct log l = {.n = 0};
        struct sl_err err = {0};
        b.n = n;
        assert_int_equal(run(&b, NULL, 0, &l, &err), SL_UNAVAILABLE);
        assert_int_equal(err.reason, SL_REASON_PROVIDER_TRUNCATED);
        assert_true(err.retryable);
        assert_int_equal(l.n, 0);
    }
}

static void a_changed_bit_is_noticed_wherever_it_is(void **state)
{
    struct bytes whole = {.n = 0};

    (void)state;
    put_message(&whole, delta, "{\"a\":1}");
    for (size_t bit = 0; bit < whole.n * 8; bit++) {
        struct bytes b = whole;
        struct log l = {.n = 0};
        struct sl_err err = {0};
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(run(&b, NULL, 0, &l, &err), SL_UNAVAILABLE);
        assert_int_equal(err.reason, SL_REASON_PROVIDER_GARBAGE);
        assert_int_equal(l.n, 0);
    }
}

/* Right checksums, wrong contents. */
static void put_raw(struct bytes *b, uint32_t total, uint32_t headers, const char *rest, size_t n)
{
    char prelude[12], crc[4];

    put_u32(prelude, total);
    put_u32(prelude + 4, headers);
    put_u32(prelude + 8, sl_crc32(prelude, 8));
    put(b, prelude, sizeof(prelude));
    put(b, rest, n);
    put_u32(crc, sl_crc32(b->p, b->n));
    put(b, crc, sizeof(crc));
}

static void what_is_no_message_is_refused(void **state)
{
    static const struct {
        uint32_t total, headers;
        const char *rest;
        size_t n;
    } rows[] = {
        {15, 0, "", 0},
        {0, 0, "", 0},
        {16, 1, "", 0},
        {16, 0xffffffff, "", 0},
        {17, 1, "\x01", 1},
        {18, 2, "\x05:", 2},
        {19, 3, "\x01:\x07", 3},
        {20, 4, "\x01:\x07\x00", 4},
        {21, 5, "\x01:\x07\x00\x01", 5},
        {19, 3, "\x01:\x0a", 3},
        {19, 3, "\x01:\x04", 3},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct bytes b = {.n = 0};
        struct log l = {.n = 0};
        struct sl_err err = {0};
        put_raw(&b, rows[i].total, rows[i].headers, rows[i].rest, rows[i].n);
        assert_int_equal(run(&b, NULL, 0, &l, &err), SL_UNAVAILABLE);
        assert_int_equal(err.reason, SL_REASON_PROVIDER_GARBAGE);
    }
}

static void headers_of_every_type_are_stepped_over(void **state)
{
    static const char headers[] = "\x01"
                                  "a\x00\x01"
                                  "b\x01\x01"
                                  "c\x02x\x01"
                                  "d\x03xx\x01"
                                  "e\x04xxxx\x01"
                                  "f\x05xxxxxxxx\x01"
                                  "g\x06\x00\x02xx\x01"
                                  "h\x08xxxxxxxx\x01"
                                  "i\x09xxxxxxxxxxxxxxxx\x0b:event-type\x07\x00\x01y";
    struct bytes b = {.n = 0};
    struct log l = {.n = 0};
    struct sl_err err = {0};
    uint32_t n = sizeof(headers) - 1;

    (void)state;
    put_raw(&b, n + 16, n, headers, n);
    assert_int_equal(run(&b, NULL, 0, &l, &err), SL_OK);
    assert_string_equal(l.text, "y|;");
}

static void a_message_beyond_the_cap_is_refused_by_its_length(void **state)
{
    struct bytes b = {.n = 0};
    struct sl_framer f;
    struct log l = {.n = 0};
    struct sl_err err = {0};

    (void)state;
    put_message(&b, bare, "0123456789");
    sl_framer_init(&f, SL_FRAMER_AWS, (struct sl_framer_caps){8, b.n});
    assert_int_equal(sl_framer_feed(&f, b.p, b.n, on_frame, &l, &err), SL_OK);
    sl_framer_fini(&f);
    sl_framer_init(&f, SL_FRAMER_AWS, (struct sl_framer_caps){1 << 16, b.n - 1});
    assert_int_equal(sl_framer_feed(&f, b.p, 12, on_frame, &l, &err), SL_UNAVAILABLE);
    assert_int_equal(err.reason, SL_REASON_PROVIDER_TOO_LARGE);
    sl_framer_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_are_those_of_zlib),
        cmocka_unit_test(messages_hold_however_they_are_cut),
        cmocka_unit_test(messages_hold_byte_by_byte),
        cmocka_unit_test(a_stream_that_breaks_off_in_a_message_is_truncated),
        cmocka_unit_test(a_changed_bit_is_noticed_wherever_it_is),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(headers_of_every_type_are_stepped_over),
        cmocka_unit_test(a_message_beyond_the_cap_is_refused_by_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
