/* The writer: commas and escapes are right, long runs are borrowed, and what it writes parses. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cm.h"

struct fixture {
    struct sl_arena arena;
    struct sl_segs segs;
    struct sl_json_writer w;
    char *text;
};

static int set_up(void **state)
{
    struct fixture *f = sl_calloc(1, sizeof(*f));
    sl_arena_init(&f->arena, 1 << 20);
    sl_jw_init(&f->w, &f->arena, &f->segs);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sl_arena_fini(&f->arena);
    sl_free(f->text);
    sl_free(f);
    return 0;
}

/* The text so far, which must be JSON; the next one starts afresh. */
static const char *written(struct fixture *f)
{
    sl_jw_finish(&f->w);
    sl_free(f->text);
    size_t n = (size_t)f->segs.length;
    f->text = sl_malloc(n + 1);
    struct sl_seg_reader r;
    sl_seg_reader_init(&r, &f->segs);
    assert_int_equal(sl_seg_read(&r, f->text, n + 1), n);
    f->text[n] = '\0';
    struct sl_err err = {0};
    assert_true(sl_json_check(f->text, n, SL_JSON_NONE, &err));
    f->segs = (struct sl_segs){0};
    sl_jw_init(&f->w, &f->arena, &f->segs);
    return f->text;
}

static void commas_and_colons(void **state)
{
    struct fixture *f = *state;
    struct sl_json_writer *w = &f->w;
    sl_jw_object(w);
    sl_jw_key(w, "a");
    sl_jw_int(w, 1);
    sl_jw_key(w, "b");
    sl_jw_array(w);
    sl_jw_array(w);
    sl_jw_array_end(w);
    sl_jw_object(w);
    sl_jw_object_end(w);
    sl_jw_null(w);
    sl_jw_bool(w, true);
    sl_jw_bool(w, false);
    sl_jw_string(w, "s");
    sl_jw_raw(w, "{\"r\": 1}", 8);
    sl_jw_double(w, 0.5);
    sl_jw_array_end(w);
    sl_jw_key(w, "c");
    sl_jw_object(w);
    sl_jw_key(w, "d");
    sl_jw_string_n(w, "xyz", 2);
    sl_jw_object_end(w);
    sl_jw_object_end(w);
    assert_string_equal(written(f), "{\"a\":1,\"b\":[[],{},null,true,false,\"s\",{\"r\": 1},0.5],"
                                    "\"c\":{\"d\":\"xy\"}}");
}

static void strings_are_escaped(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *s, *want;
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"\"", "\"\\\"\""},
        {"a\\b", "\"a\\\\b\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\""},
        {"h\xC3\xA9 \xF0\x9F\x98\x80", "\"h\xC3\xA9 \xF0\x9F\x98\x80\""},
        {"eight by\nte words \"and\" more", "\"eight by\\nte words \\\"and\\\" more\""},
        {"/", "\"/\""},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        sl_jw_string(&f->w, rows[i].s);
        assert_string_equal(written(f), rows[i].want);
    }
}

/* Every length around the chunk's and the borrowed run's edge, with an escape at every tenth place.
 */
static void every_length_reads_back(void **state)
{
    struct fixture *f = *state;
    struct sl_json_parser parser;
    sl_json_parser_init(&parser);
    static char text[3000];
    for (size_t n = 0; n<sizeof(text) - 1; n += n> 480 && n < 560 ? 1 : 61) {
        for (size_t every = 10; every <= 1000; every *= 10) {
            for (size_t i = 0; i < n; i++)
                text[i] = i % every == every - 1 ? '\n' : (char)('a' + i % 26);
            sl_jw_array(&f->w);
            sl_jw_string_n(&f->w, text, n);
            sl_jw_int(&f->w, (int64_t)n);
            sl_jw_array_end(&f->w);
            written(f);
            struct sl_json j;
            struct sl_err err = {0};
            assert_int_equal(sl_json_parse(&parser, f->text, strlen(f->text), &j, &err), SL_OK);
            size_t got;
            const char *s = sl_json_string(&j, 1, &got, NULL);
            assert_int_equal(got, n);
            assert_memory_equal(s, text, n);
            sl_arena_fini(&f->arena);
        }
    }
    sl_json_parser_fini(&parser);
}

static bool borrowed(const struct fixture *f, const void *p, size_t n)
{
    for (const struct sl_seg *s = f->segs.first; s; s = s->next) {
        if (s->p == p && s->n == n)
            return true;
    }
    return false;
}

static void long_runs_are_borrowed(void **state)
{
    struct fixture *f = *state;
    static char text[20000];
    memset(text, 'x', sizeof(text));
    static const char image[] = "\x89PNG";
    sl_jw_array(&f->w);
    sl_jw_string_n(&f->w, text, sizeof(text));
    sl_jw_string_begin(&f->w);
    sl_jw_string_text(&f->w, "data:\"", 6);
    sl_jw_string_base64(&f->w, image, 4);
    sl_jw_string_end(&f->w);
    sl_jw_raw(&f->w, "1", 1);
    sl_jw_array_end(&f->w);
    size_t before = f->arena.used;
    assert_true(before < 2000);
    sl_jw_finish(&f->w);
    assert_true(borrowed(f, text, sizeof(text)));
    assert_true(borrowed(f, image, 4));
    const char *out = written(f);
    assert_string_equal(out + strlen(out) - 23, "x\",\"data:\\\"iVBORw==\",1]");
}

static void members_are_added_unchanged(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *members, *want;
    } rows[] = {
        {"", "{\"a\":1,\"z\":2}"},
        {" \n", "{\"a\":1,\"z\":2}"},
        {"{}", "{\"a\":1,\"z\":2}"},
        {" { \t} ", "{\"a\":1,\"z\":2}"},
        {"{\"b\":1.50,\"c\":{}}", "{\"a\":1,\"b\":1.50,\"c\":{},\"z\":2}"},
        {"\n{ \"b\": [1, 2] }\n", "{\"a\":1,\"b\": [1, 2],\"z\":2}"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        sl_jw_object(&f->w);
        sl_jw_key(&f->w, "a");
        sl_jw_int(&f->w, 1);
        sl_jw_members(&f->w, rows[i].members, strlen(rows[i].members));
        sl_jw_key(&f->w, "z");
        sl_jw_int(&f->w, 2);
        sl_jw_object_end(&f->w);
        assert_string_equal(written(f), rows[i].want);
    }
    sl_jw_object(&f->w);
    sl_jw_members(&f->w, "{\"only\":1}", 10);
    sl_jw_object_end(&f->w);
    assert_string_equal(written(f), "{\"only\":1}");
}

static void integers_at_the_edges(void **state)
{
    struct fixture *f = *state;
    sl_jw_array(&f->w);
    sl_jw_int(&f->w, 0);
    sl_jw_int(&f->w, INT64_MAX);
    sl_jw_int(&f->w, INT64_MIN);
    sl_jw_array_end(&f->w);
    assert_string_equal(written(f), "[0,9223372036854775807,-9223372036854775808]");
}

static void doubles_are_short_and_read_back(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double v;
        const char *want;
    } rows[] = {
        {0.7, "0.7"},       {0.1, "0.1"},
        {1.0, "1"},         {0.30000000000000004, "0.30000000000000004"},
        {-2.5, "-2.5"},     {1e21, "1e+21"},
        {5e-324, "5e-324"}, {1.0 / 3, "0.3333333333333333"},
        {0.0, "0"},         {100000, "1e+05"},
        {0.95, "0.95"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        sl_jw_double(&f->w, rows[i].v);
        assert_string_equal(written(f), rows[i].want);
    }
    static const double edges[] = {
        DBL_MAX, DBL_MIN, DBL_EPSILON,  -DBL_TRUE_MIN, 9007199254740993.0,
        M_PI,    1e22,    123456789.125};
    for (size_t i = 0; i < SL_ARRAY_LEN(edges); i++) {
        sl_jw_double(&f->w, edges[i]);
        double back = strtod(written(f), NULL);
        assert_memory_equal(&back, &edges[i], sizeof(back));
    }
}

static void depth_is_its_business(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 63; i++) {
        sl_jw_array(&f->w);
        sl_jw_int(&f->w, i);
    }
    for (int i = 0; i < 63; i++) {
        sl_jw_null(&f->w);
        sl_jw_array_end(&f->w);
    }
    const char *text = written(f);
    assert_true(strncmp(text, "[0,[1,[2,", 9) == 0);
    assert_string_equal(text + strlen(text) - 18, ",null],null],null]");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(commas_and_colons),
        WITH_FIXTURE(strings_are_escaped),
        WITH_FIXTURE(every_length_reads_back),
        WITH_FIXTURE(long_runs_are_borrowed),
        WITH_FIXTURE(members_are_added_unchanged),
        WITH_FIXTURE(integers_at_the_edges),
        WITH_FIXTURE(doubles_are_short_and_read_back),
        WITH_FIXTURE(depth_is_its_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
