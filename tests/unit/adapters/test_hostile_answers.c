/* Answers that nobody would want, at every adapter and API: the recorded ones (tests/wire/cases, and the recordings
 * beside the checkout where they are), changed in a fixed way. Values of other types, depth, size, ill-formed UTF-8,
 * U+0000, and cuts at every byte cost an error or give an answer that is whole; never a crash, and a stream that was cut
 * is never done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <jansson.h>

#include "base/alloc.h"
#include "kit.h"
#include "upstream/framing.h"

enum {
    MAX_CASES = 4096,
    MAX_FRAMES = 20000,
    BIG = 10 * 1024 * 1024,
    DEEP = 10000,
    CUTS = 400,         /* of one answer; every byte of a short one */
    TOKENS = 24,        /* of one text that are replaced */
    CHANGED_FRAMES = 4, /* of one stream */
    BAD_BYTES = 40,
};

/* ---- recordings ---- */

struct recording {
    char *id;
    const struct sl_adapter *adapter;
    bool framed;
    enum sl_framer_kind framing;
    char *bytes;
    size_t n;
};

static struct recording recordings[MAX_CASES];
static size_t n_recordings;

/* The model's api for a recorded one, where the names differ. */
static const char *api_of(const char *recorded)
{
    static const struct {
        const char *recorded, *api;
    } rows[] = {
        {"generateContent", "generate_content"},
        {"streamGenerateContent", "generate_content"},
        {"converse_stream", "converse"},
        {"invoke_stream", "invoke"},
    };

    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        if (!strcmp(rows[i].recorded, recorded))
            return rows[i].api;
    return recorded;
}

static const struct sl_adapter *adapter_of(const json_t *o)
{
    const char *provider = json_string_value(json_object_get(o, "provider"));
    const char *api = json_string_value(json_object_get(o, "api"));

    if (!provider || !api)
        return NULL;
    if (!strcmp(provider, "openai-compatible"))
        provider = "custom";
    const struct sl_adapter *a = sl_adapter_find(provider);
    return a ? sl_adapter_for_api(a, api_of(api)) : NULL;
}

static int base64_value(int c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void set_base64(struct recording *r, const char *text)
{
    unsigned bits = 0, held = 0;

    r->bytes = sl_malloc(strlen(text) + 1);
    for (; *text; text++) {
        int v = base64_value(*text);
        if (v < 0)
            continue;
        bits = (bits << 6 | (unsigned)v) & 0xffff;
        held += 6;
        if (held >= 8)
            r->bytes[r->n++] = (char)(bits >> (held -= 8));
    }
}

static void set_bytes(struct recording *r, const char *text, size_t n)
{
    r->bytes = sl_malloc(n + 1);
    memcpy(r->bytes, text, n);
    r->n = n;
}

static bool read_response(struct recording *r, const json_t *response)
{
    static const struct {
        const char *name;
        bool framed;
        enum sl_framer_kind kind;
    } framings[] = {
        {"json", false, SL_FRAMER_SSE},
        {"sse", true, SL_FRAMER_SSE},
        {"ndjson", true, SL_FRAMER_NDJSON},
        {"eventstream", true, SL_FRAMER_AWS},
    };
    const char *framing = json_string_value(json_object_get(response, "framing"));
    const json_t *text = json_object_get(response, "body_text");
    const json_t *coded = json_object_get(response, "body_base64");
    const json_t *body = json_object_get(response, "body");
    size_t i = 0;

    while (framing && i < SL_ARRAY_LEN(framings) && strcmp(framings[i].name, framing) != 0)
        i++;
    if (!framing || i == SL_ARRAY_LEN(framings) ||
        json_integer_value(json_object_get(response, "status")) != 200)
        return false;
    r->framed = framings[i].framed;
    r->framing = framings[i].kind;
    if (text) {
        set_bytes(r, json_string_value(text), json_string_length(text));
    } else if (coded) {
        set_base64(r, json_string_value(coded));
    } else {
        char *dumped = json_dumps(body, JSON_COMPACT);
        set_bytes(r, dumped, strlen(dumped));
        free(dumped);
    }
    return true;
}

static int on_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    size_t n = strlen(path);
    (void)st;
    (void)ftw;
    if (kind != FTW_F || n < 5 || strcmp(path + n - 5, ".json") != 0 || n_recordings == MAX_CASES)
        return 0;
    json_t *o = json_load_file(path, 0, NULL);
    struct recording r = {.adapter = json_is_object(o) ? adapter_of(o) : NULL};
    if (r.adapter && read_response(&r, json_object_get(o, "response"))) {
        r.id = sl_strdup(json_string_value(json_object_get(o, "id")));
        recordings[n_recordings++] = r;
    }
    json_decref(o);
    return 0;
}

static int load(void **state)
{
    (void)state;
    nftw(SOURCE_DIR "/tests/wire/cases", on_file, 16, FTW_PHYS);
    nftw(SOURCE_DIR "/../shared/wire/cases", on_file, 16, FTW_PHYS);
    return n_recordings < 100;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_recordings; i++) {
        sl_free(recordings[i].id);
        sl_free(recordings[i].bytes);
    }
    return 0;
}

/* ---- running one ---- */

static void open_kit(struct kit *k, const struct recording *r)
{
    kit_init(k, r->adapter->name);
    k->adapter = r->adapter;
    k->target.api = r->adapter->api;
    kit_restart(k);
    k->answer.stream = r->framed;
}

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct kit *k = owner;
    enum sl_code code = kit_frame_n(k, frame->event, frame->data, frame->n);

    if (code != SL_OK)
        *err = k->err;
    return code;
}

/* All bytes, then the end in good order. *marked: the provider's own end marker was among them; else a finish reason
 * may do (no-done-marker). */
static enum sl_code run(struct kit *k, const struct recording *r, const char *bytes, size_t n,
                        bool *marked)
{
    const struct sl_framer_caps caps = {32 * 1024 * 1024, 32 * 1024 * 1024};
    struct sl_framer f;
    struct sl_err err = {0};

    *marked = !r->framed;
    if (!r->framed)
        return kit_body_n(k, bytes, n);
    sl_framer_init(&f, r->framing, caps);
    enum sl_code code = sl_framer_feed(&f, bytes, n, on_frame, k, &err);
    if (code == SL_OK)
        code = sl_framer_finish(&f, on_frame, k, &err);
    sl_framer_fini(&f);
    *marked = k->answer.end.done;
    return code == SL_OK ? kit_eof(k) : code;
}

static const char *said(struct kit *k)
{
    return sl_arena_printf(&k->arena, "%s|%s|%s", k->text.p ? k->text.p : "",
                           k->reasoning.p ? k->reasoning.p : "", k->calls.p ? k->calls.p : "");
}

/* ---- cuts ---- */

static bool is_blank(const char *p, size_t n)
{
    return strspn(p, " \t\r\n") >= n;
}

static void cut(const struct recording *r, const char *whole, size_t n)
{
    struct kit k;
    bool marked;

    open_kit(&k, r);
    enum sl_code code = run(&k, r, r->bytes, n, &marked);
    const struct sl_answer_end *end = &k.answer.end;
    if (code == SL_OK && !r->framed && !is_blank(r->bytes + n, r->n - n))
        fail_msg("%s: a body cut at byte %zu of %zu is an answer", r->id, n, r->n);
    if (code == SL_OK && r->framed && !end->done && !end->has_finish_reason)
        fail_msg("%s: a stream cut at byte %zu of %zu is an answer", r->id, n, r->n);
    if (code == SL_OK && marked && strcmp(said(&k), whole) != 0)
        fail_msg("%s: cut at byte %zu of %zu it is done, but not whole", r->id, n, r->n);
    kit_fini(&k);
}

static void cuts_are_no_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_recordings; i++) {
        struct recording *r = &recordings[i];
        size_t step = r->n / CUTS + 1;
        struct kit k;
        bool marked;
        open_kit(&k, r);
        r->bytes[r->n] = '\0';
        if (run(&k, r, r->bytes, r->n, &marked) == SL_OK)
            for (size_t n = 0; n < r->n; n += step)
                cut(r, said(&k), n);
        kit_fini(&k);
    }
}

/* ---- values ---- */

static const char *const values[] = {
    "null",          "true",          "0",           "-1",   "1e308", "9223372036854775808",
    "\"\"",          "\"x\"",         "[]",          "[[]]", "{}",    "[null,1,\"x\",{}]",
    "{\"type\":[]}", "\"a\\u0000b\"", "\"\\ud800\"", "",     "\"\\",  "\xff",
    "nul",           "{\"a\":1,}",
};

/* text with [at, at + n) replaced; the caller frees. */
static char *replaced(const char *text, size_t length, size_t at, size_t n, const char *with,
                      size_t *out_n)
{
    size_t w = strlen(with);
    char *out = sl_malloc(length - n + w + 1);

    memcpy(out, text, at);
    memcpy(out + at, with, w);
    memcpy(out + at + w, text + at + n, length - at - n);
    *out_n = length - n + w;
    out[*out_n] = '\0';
    return out;
}

/* Frames of a stream, copied. */
struct frames {
    char **events, **data;
    size_t *sizes, n;
};

static enum sl_code keep_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct frames *f = owner;
    (void)err;
    assert_true(f->n < MAX_FRAMES);
    f->events[f->n] = sl_strdup(frame->event);
    f->data[f->n] = sl_malloc(frame->n + 1);
    memcpy(f->data[f->n], frame->data, frame->n + 1);
    f->sizes[f->n++] = frame->n;
    return SL_OK;
}

static void open_frames(struct frames *f, const struct recording *r)
{
    const struct sl_framer_caps caps = {32 * 1024 * 1024, 32 * 1024 * 1024};
    struct sl_framer framer;
    struct sl_err err = {0};

    *f = (struct frames){sl_malloc(MAX_FRAMES * sizeof(char *)),
                         sl_malloc(MAX_FRAMES * sizeof(char *)),
                         sl_malloc(MAX_FRAMES * sizeof(size_t)), 0};
    if (!r->framed) {
        struct sl_framer_frame whole = {"", r->bytes, r->n};
        r->bytes[r->n] = '\0';
        (void)keep_frame(f, &whole, &err);
        return;
    }
    sl_framer_init(&framer, r->framing, caps);
    if (sl_framer_feed(&framer, r->bytes, r->n, keep_frame, f, &err) != SL_OK ||
        sl_framer_finish(&framer, keep_frame, f, &err) != SL_OK)
        f->n = 0;
    sl_framer_fini(&framer);
}

static void close_frames(struct frames *f)
{
    for (size_t i = 0; i < f->n; i++) {
        sl_free(f->events[i]);
        sl_free(f->data[i]);
    }
    sl_free(f->events);
    sl_free(f->data);
    sl_free(f->sizes);
}

/* The answer with one frame changed. Returns whether it was taken for an answer. */
static bool run_changed(const struct recording *r, const struct frames *f, size_t at,
                        const char *data, size_t n)
{
    enum sl_code code = SL_OK;
    struct kit k;

    open_kit(&k, r);
    if (!r->framed) {
        code = kit_body_n(&k, data, n);
    } else {
        for (size_t i = 0; i < f->n && code == SL_OK; i++)
            code = i == at ? kit_frame_n(&k, f->events[i], data, n)
                           : kit_frame_n(&k, f->events[i], f->data[i], f->sizes[i]);
        if (code == SL_OK)
            code = kit_eof(&k);
        if (code == SL_OK && !k.answer.end.done && !k.answer.end.has_finish_reason)
            fail_msg("%s: frame %zu changed to %.200s: an answer without an end", r->id, at, data);
    }
    kit_fini(&k);
    return code == SL_OK;
}

static void change_values(const struct recording *r, const struct frames *f, size_t at)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err err = {0};
    size_t used = at; /* which value comes next: others for each frame */

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, f->data[at], f->sizes[at], &j, &err) == SL_OK) {
        int step = j.count / TOKENS + 1;
        for (int t = 0; t < j.count; t += step) {
            struct sl_str raw = sl_json_raw(&j, t);
            for (size_t v = 0; v < (r->framed ? 2 : SL_ARRAY_LEN(values)); v++) {
                size_t n;
                char *text = replaced(f->data[at], f->sizes[at], (size_t)(raw.p - f->data[at]),
                                      raw.n, values[used++ % SL_ARRAY_LEN(values)], &n);
                (void)run_changed(r, f, at, text, n);
                sl_free(text);
            }
        }
    }
    sl_json_parser_fini(&parser);
}

static void spoil_bytes(const struct recording *r, const struct frames *f, size_t at)
{
    static const char bad[] = {'\xff', '\xc3', '\x80', '\x01', '\0', '"', '\\'};
    size_t step = f->sizes[at] / BAD_BYTES + 1;

    for (size_t i = 0; i < f->sizes[at]; i += step) {
        char kept = f->data[at][i];
        f->data[at][i] = bad[i % sizeof(bad)];
        (void)run_changed(r, f, at, f->data[at], f->sizes[at]);
        f->data[at][i] = kept;
    }
}

static void wrong_values_cost_an_error_at_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_recordings; i++) {
        struct frames f;
        open_frames(&f, &recordings[i]);
        size_t step = f.n / CHANGED_FRAMES + 1;
        for (size_t at = 0; at < f.n; at += step) {
            change_values(&recordings[i], &f, at);
            spoil_bytes(&recordings[i], &f, at);
        }
        close_frames(&f);
    }
}

/* ---- size and depth ---- */

static char *filled(const char *from, char with, size_t n, const char *to)
{
    size_t before = strlen(from), after = strlen(to);
    char *out = sl_malloc(before + n + after + 1);

    memcpy(out, from, before);
    memset(out + before, with, n);
    memcpy(out + before + n, to, after + 1);
    return out;
}

/* Replaces the text's longest string by another one, and its first and last member by depth. */
static void grow(const struct recording *r, const struct frames *f, size_t at, const char *deep,
                 const char *big)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err err = {0};
    struct sl_str longest = {NULL, 0}, last = {NULL, 0};

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, f->data[at], f->sizes[at], &j, &err) == SL_OK) {
        for (int t = 1; t < j.count; t++) {
            struct sl_str raw = sl_json_raw(&j, t);
            if (sl_json_type(&j, t) == SL_JSON_STRING && raw.n > longest.n)
                longest = raw;
            last = raw;
        }
        size_t n;
        if (longest.n) {
            char *text = replaced(f->data[at], f->sizes[at], (size_t)(longest.p - f->data[at]),
                                  longest.n, big, &n);
            (void)run_changed(r, f, at, text, n);
            sl_free(text);
        }
        if (last.n) {
            char *text = replaced(f->data[at], f->sizes[at], (size_t)(last.p - f->data[at]), last.n,
                                  deep, &n);
            if (run_changed(r, f, at, text, n) && !r->framed)
                fail_msg("%s: took a depth of %d", r->id, DEEP);
            sl_free(text);
        }
    }
    sl_json_parser_fini(&parser);
}

static void size_and_depth_cost_an_error_at_most(void **state)
{
    char *deep = filled("", '[', DEEP, ""), *big = filled("\"", 'x', BIG, "\"");
    const struct sl_adapter *seen = NULL; /* one recording each is enough for what is big */

    (void)state;
    for (size_t i = 0; i < n_recordings; i++) {
        const struct recording *r = &recordings[i];
        struct frames f;
        open_frames(&f, r);
        for (size_t at = 0; at < f.n; at += f.n / 2 + 1)
            grow(r, &f, at, deep, r->adapter == seen ? "\"x\"" : big);
        seen = r->adapter;
        close_frames(&f);
    }
    sl_free(deep);
    sl_free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_no_answers),
        cmocka_unit_test(wrong_values_cost_an_error_at_most),
        cmocka_unit_test(size_and_depth_cost_an_error_at_most),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
