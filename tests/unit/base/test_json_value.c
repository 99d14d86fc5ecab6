/* Reading values: look-ups, strings decoded in place (and the same a second time), numbers without
 * loss. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cm.h"

#define FFFD "\xEF\xBF\xBD"

struct fixture {
    struct sl_json_parser parser;
    struct sl_json json;
    char *text;
};

static int set_up(void **state)
{
    struct fixture *f = sl_calloc(1, sizeof(*f));
    sl_json_parser_init(&f->parser);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sl_json_parser_fini(&f->parser);
    sl_free(f->text);
    sl_free(f);
    return 0;
}

static struct sl_json *parse(struct fixture *f, const char *text)
{
    struct sl_err err = {0};
    size_t n = strlen(text);
    sl_free(f->text);
    f->text = sl_malloc(n);
    memcpy(f->text, text, n);
    assert_int_equal(sl_json_parse(&f->parser, f->text, n, &f->json, &err), SL_OK);
    return &f->json;
}

static void members_are_found(void **state)
{
    struct sl_json *j = parse(
        *state, "{\"a\":{\"a\":[1,{\"deep\":2}],\"n\":null},\"b\":2,\"a\":3,\"\":4,\"\\u0062\":5}");
    int a = sl_json_member(j, SL_JSON_ROOT, "a");
    assert_int_equal(sl_json_type(j, a), SL_JSON_OBJECT);
    assert_int_equal(sl_json_size(j, SL_JSON_ROOT), 5);
    int64_t v;
    assert_true(sl_json_int(j, sl_json_member(j, SL_JSON_ROOT, "b"), &v));
    assert_int_equal(v, 2);
    assert_true(sl_json_int(j, sl_json_member(j, SL_JSON_ROOT, ""), &v));
    assert_int_equal(v, 4);
    assert_int_equal(sl_json_member(j, SL_JSON_ROOT, "deep"), SL_JSON_ABSENT);
    assert_int_equal(sl_json_member(j, SL_JSON_ROOT, "bb"), SL_JSON_ABSENT);
    assert_int_equal(sl_json_type(j, sl_json_member(j, a, "n")), SL_JSON_NULL);
    assert_int_equal(sl_json_present(j, a, "n"), SL_JSON_ABSENT);
    assert_int_equal(sl_json_present(j, a, "a"), sl_json_member(j, a, "a"));
    /* A key that was decoded while walking neither matches by its escape nor by accident. */
    for (int k = sl_json_first(j, SL_JSON_ROOT); k >= 0; k = sl_json_next(j, SL_JSON_ROOT, k))
        assert_non_null(sl_json_string(j, k, NULL, NULL));
    assert_int_equal(sl_json_member(j, SL_JSON_ROOT, "a"), a);
    assert_true(sl_json_int(j, sl_json_member(j, SL_JSON_ROOT, "b"), &v));
    assert_int_equal(v, 2);
}

static void containers_are_walked(void **state)
{
    struct sl_json *j = parse(*state, "[1,[2,[3]],{\"x\":[4,5],\"y\":{}},[],6]");
    static const enum sl_json_type types[] = {SL_JSON_NUMBER, SL_JSON_ARRAY, SL_JSON_OBJECT,
                                              SL_JSON_ARRAY, SL_JSON_NUMBER};
    size_t n = 0;
    int object = SL_JSON_ABSENT;
    for (int k = sl_json_first(j, SL_JSON_ROOT); k >= 0; k = sl_json_next(j, SL_JSON_ROOT, k)) {
        assert_true(n < SL_ARRAY_LEN(types));
        assert_int_equal(sl_json_type(j, k), types[n++]);
        if (sl_json_type(j, k) == SL_JSON_OBJECT)
            object = k;
        else if (sl_json_size(j, k) == 0)
            assert_int_equal(sl_json_first(j, k), SL_JSON_ABSENT);
    }
    assert_int_equal(n, SL_ARRAY_LEN(types));
    static const char *const keys[] = {"x", "y"};
    n = 0;
    for (int k = sl_json_first(j, object); k >= 0; k = sl_json_next(j, object, k)) {
        assert_string_equal(sl_json_string(j, k, NULL, NULL), keys[n]);
        assert_int_equal(sl_json_type(j, k + 1), n++ ? SL_JSON_OBJECT : SL_JSON_ARRAY);
    }
    assert_int_equal(n, 2);
}

static void absent_values_are_accepted_everywhere(void **state)
{
    struct sl_json *j = parse(*state, "[true]");
    static const int not_containers[] = {SL_JSON_ABSENT, 1};
    for (size_t i = 0; i < SL_ARRAY_LEN(not_containers); i++) {
        int v = not_containers[i];
        int64_t integer;
        double real;
        assert_int_equal(sl_json_member(j, v, "a"), SL_JSON_ABSENT);
        assert_int_equal(sl_json_present(j, v, "a"), SL_JSON_ABSENT);
        assert_int_equal(sl_json_first(j, v), SL_JSON_ABSENT);
        assert_int_equal(sl_json_next(j, v, 1), SL_JSON_ABSENT);
        assert_int_equal(sl_json_size(j, v), 0);
        assert_null(sl_json_string(j, v, NULL, NULL));
        assert_false(sl_json_string_is(j, v, ""));
        assert_false(sl_json_int(j, v, &integer));
        assert_false(sl_json_double(j, v, &real));
    }
    bool b = false;
    assert_int_equal(sl_json_type(j, SL_JSON_ABSENT), SL_JSON_NONE);
    assert_false(sl_json_bool(j, SL_JSON_ABSENT, &b));
    assert_null(sl_json_raw(j, SL_JSON_ABSENT).p);
    assert_int_equal(sl_json_next(j, SL_JSON_ROOT, SL_JSON_ABSENT), SL_JSON_ABSENT);
    assert_int_equal(sl_json_member(j, SL_JSON_ROOT, "a"), SL_JSON_ABSENT);
    assert_true(sl_json_bool(j, 1, &b));
    assert_true(b);
}

static void strings_are_decoded(void **state)
{
    static const struct {
        const char *source, *want;
        bool repaired;
    } rows[] = {
        {"", "", false},
        {"plain", "plain", false},
        {"a string of more than eight bytes", "a string of more than eight bytes", false},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", false},
        {"\\u0041\\u00e9\\u20AC\\uFFFF", "A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF", false},
        {"\\ud83d\\ude00!", "\xF0\x9F\x98\x80!", false},
        {"\\uDBFF\\uDFFF", "\xF4\x8F\xBF\xBF", false},
        {"h\xC3\xA9 \\n \xF0\x9F\x98\x80", "h\xC3\xA9 \n \xF0\x9F\x98\x80", false},
        {"\\\\u0041", "\\u0041", false},
        {"a\\u0000b", "a" FFFD "b", true},
        {"\\ud83d", FFFD, true},
        {"\\ud83dx", FFFD "x", true},
        {"\\ude00\\ud83d", FFFD FFFD, true},
        {"\\ud83d\\u0041", FFFD "A", true},
        {"\\ud83d\\ud83d\\ude00", FFFD "\xF0\x9F\x98\x80", true},
        {"\\ud83d\\n", FFFD "\n", true},
        {"\\ud83d\\\\ude00", FFFD "\\ude00", true},
        {"\xFF", FFFD, true},
        {"\xFF\xFF\xFF\xFF", FFFD FFFD FFFD FFFD, true},
        {"\xE2\x82", FFFD, true},
        {"\xE2\\u0041\x82", FFFD "A" FFFD, true},
        {"\xED\xA0\x80\\n", FFFD FFFD FFFD "\n", true},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[256];
        snprintf(text, sizeof(text), "[\"%s\",\"after\"]", rows[i].source);
        struct sl_json *j = parse(*state, text);
        char *first = NULL;
        for (int again = 0; again < 3; again++) {
            size_t n = 99;
            bool repaired = false;
            char *s = sl_json_string(j, 1, &n, &repaired);
            assert_string_equal(s, rows[i].want);
            assert_int_equal(n, strlen(rows[i].want));
            assert_int_equal(repaired, rows[i].repaired);
            assert_true(sl_utf8_valid(s, n));
            assert_true(!first || s == first);
            first = s;
        }
        bool kept = true;
        assert_string_equal(sl_json_string(j, 2, NULL, &kept), "after");
        assert_true(kept);
    }
}

static void many_strings_grow(void **state)
{
    static const char one[] = ",\"\xFE\xFE\"";
    char text[1024];
    for (size_t i = 0; i < 100; i++)
        memcpy(text + 5 * i, one, 5);
    text[0] = '[';
    memcpy(text + 500, "]", 2);
    for (int round = 0; round < 3; round++) {
        struct sl_json *j = parse(*state, text);
        for (int i = 1; i <= 100; i++)
            assert_string_equal(sl_json_string(j, i, NULL, NULL), FFFD FFFD);
        for (int i = 1; i <= 100; i++)
            assert_string_equal(sl_json_string(j, i, NULL, NULL), FFFD FFFD);
    }
}

static void strings_compare_without_decoding(void **state)
{
    struct sl_json *j = parse(*state, "[\"stop\",\"st\\u006fp\",\"\",1]");
    for (int round = 0; round < 2; round++) {
        assert_true(sl_json_string_is(j, 1, "stop"));
        assert_false(sl_json_string_is(j, 1, "sto"));
        assert_false(sl_json_string_is(j, 1, "stopp"));
        assert_false(sl_json_string_is(j, 2, "stop"));
        assert_true(sl_json_string_is(j, 3, ""));
        assert_false(sl_json_string_is(j, 4, "1"));
        for (int i = 1; i <= 3; i++)
            assert_non_null(sl_json_string(j, i, NULL, NULL));
    }
}

static void integers_are_exact(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"9007199254740993", true, 9007199254740993},
        {"1e3", true, 1000},
        {"1E+3", true, 1000},
        {"1.0", true, 1},
        {"1.50e1", true, 15},
        {"1500e-2", true, 15},
        {"1e-1", false, 0},
        {"1.5", false, 0},
        {"1e19", false, 0},
        {"0e999999999999", true, 0},
        {"0.000", true, 0},
        {"1e999999999999", false, 0},
        {"1e-999999999999", false, 0},
        {"10000000000000000000000e-20", true, 100},
        {"5.0000000000000000000000000000000", true, 5},
        {"0.00000000000000000000000005e26", true, 5},
        {"1.00000000000000000000000000000001", false, 0},
        {"9223372036854775807.0", true, INT64_MAX},
        {"92233720368547758070e-1", true, INT64_MAX},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_json *j = parse(*state, rows[i].text);
        int64_t v = 77;
        assert_int_equal(sl_json_int(j, 0, &v), rows[i].ok);
        assert_int_equal(v, rows[i].ok ? rows[i].value : 77);
    }
}

static void doubles_round_right(void **state)
{
    static const char *const rows[] = {
        "0",
        "-0",
        "1",
        "0.1",
        "0.7",
        "-1.5e-7",
        "1e22",
        "1e23",
        "1e308",
        "5e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "123456789012345678901234567890",
        "0.3",
        "1e-22",
        "1e-23",
        "3.14159265358979312",
        "179769313486231570000000000000000000000",
        "1e-999",
        "0.100000000000000005551115123125782702118158340454101562500000000000000001",
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_json *j = parse(*state, rows[i]);
        double v = 77, want = strtod(rows[i], NULL);
        assert_true(sl_json_double(j, 0, &v));
        assert_memory_equal(&v, &want, sizeof(v));
    }
    double v = 77;
    assert_false(sl_json_double(parse(*state, "1e999"), 0, &v));
    assert_false(sl_json_double(parse(*state, "\"1\""), 0, &v));
    assert_true(v == 77);
}

static void raw_values_are_the_source(void **state)
{
    struct sl_json *j = parse(*state, "{\"a\": [1.50, \"x\\n\"] ,\"b\":1e2}");
    assert_true(sl_str_eq(sl_json_raw(j, sl_json_member(j, 0, "a")), "[1.50, \"x\\n\"]"));
    assert_true(sl_str_eq(sl_json_raw(j, sl_json_member(j, 0, "b")), "1e2"));
    assert_true(sl_str_eq(sl_json_raw(j, 0), "{\"a\": [1.50, \"x\\n\"] ,\"b\":1e2}"));
    assert_true(sl_str_eq(sl_json_raw(j, 1), "\"a\""));
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(members_are_found),
        WITH_FIXTURE(containers_are_walked),
        WITH_FIXTURE(absent_values_are_accepted_everywhere),
        WITH_FIXTURE(strings_are_decoded),
        WITH_FIXTURE(many_strings_grow),
        WITH_FIXTURE(strings_compare_without_decoding),
        WITH_FIXTURE(integers_are_exact),
        WITH_FIXTURE(doubles_round_right),
        WITH_FIXTURE(raw_values_are_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
