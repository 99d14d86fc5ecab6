/* The tokenizer and its readers over any bytes: nothing outside the text is touched, what is
 * decoded is well-formed and stays the same, what jansson accepts is accepted, and what is accepted
 * can be written and read again. */
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void read_string(struct sl_json *j, int value)
{
    size_t n, again;
    bool repaired = false, same = false;
    char *s = sl_json_string(j, value, &n, &repaired);
    require(s && s[n] == '\0' && sl_utf8_check_text(s, n) == n);
    require(sl_json_string(j, value, &again, &same) == s && again == n && same == repaired);
}

static void read_number(const struct sl_json *j, int value)
{
    int64_t integer;
    double real;
    bool whole = sl_json_int(j, value, &integer);
    bool finite = sl_json_double(j, value, &real);
    require(!finite || isfinite(real));
    require(!whole || !finite || (double)integer == real);
}

static void read_value(struct sl_json *j, int value)
{
    bool b;
    switch (sl_json_type(j, value)) {
    case SL_JSON_STRING:
        read_string(j, value);
        break;
    case SL_JSON_NUMBER:
        read_number(j, value);
        break;
    case SL_JSON_BOOL:
        require(sl_json_bool(j, value, &b));
        break;
    case SL_JSON_ARRAY:
    case SL_JSON_OBJECT: {
        int n = 0;
        bool object = sl_json_type(j, value) == SL_JSON_OBJECT;
        for (int k = sl_json_first(j, value); k >= 0; k = sl_json_next(j, value, k), n++) {
            if (object)
                read_string(j, k);
            read_value(j, k + object);
        }
        require(n == sl_json_size(j, value));
        sl_json_member(j, value, "choices");
        break;
    }
    default:
        require(sl_json_type(j, value) == SL_JSON_NULL);
    }
}

/* A decoded string, written and parsed, is itself. */
static void write_again(struct sl_json *j)
{
    size_t n, got;
    const char *s = sl_json_string(j, SL_JSON_ROOT, &n, NULL);
    if (!s)
        return;
    struct sl_arena arena;
    struct sl_segs segs = {0};
    struct sl_json_writer w;
    sl_arena_init(&arena, SIZE_MAX);
    sl_jw_init(&w, &arena, &segs);
    sl_jw_string_n(&w, s, n);
    sl_jw_finish(&w);
    char *text = sl_arena_alloc(&arena, (size_t)segs.length);
    struct sl_seg_reader r;
    sl_seg_reader_init(&r, &segs);
    require(sl_seg_read(&r, text, (size_t)segs.length) == segs.length);
    struct sl_json_parser parser;
    sl_json_parser_init(&parser);
    struct sl_json back;
    struct sl_err err = {0};
    require(sl_json_parse(&parser, text, (size_t)segs.length, &back, &err) == SL_OK);
    const char *again = sl_json_string(&back, SL_JSON_ROOT, &got, NULL);
    require(again && got == n && memcmp(again, s, n) == 0);
    sl_json_parser_fini(&parser);
    sl_arena_fini(&arena);
}

/* jansson takes a NUL byte after the value for the text's end; we do not. */
static bool jansson_accepts(const char *text, size_t n)
{
    if (memchr(text, '\0', n))
        return false;
    json_error_t error;
    json_t *v = json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    json_decref(v);
    return v != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sl_json_parser parser; /* reused, as on a loop */
    char *text = sl_malloc(size);
    if (size)
        memcpy(text, data, size);
    struct sl_err check = {0}, err = {0};
    bool checked = sl_json_check(text, size, SL_JSON_NONE, &check);
    struct sl_json j;
    bool parsed = sl_json_parse(&parser, text, size, &j, &err) == SL_OK;
    require(size == 0 || memcmp(text, data, size) == 0);
    require(checked == (parsed && sl_utf8_valid(text, size)));
    if (!parsed && !strstr(err.text, "too deep"))
        require(!jansson_accepts(text, size));
    if (parsed) {
        struct sl_str raw = sl_json_raw(&j, SL_JSON_ROOT);
        require(raw.p >= text && raw.p + raw.n <= text + size);
        read_value(&j, SL_JSON_ROOT);
        read_value(&j, SL_JSON_ROOT);
        write_again(&j);
    }
    sl_free(text);
    return 0;
}
