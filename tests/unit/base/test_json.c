/* The tokenizer's grammar (RFC 8259), its limits, and the shape it leaves. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cm.h"

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

/* The text alone on the heap, so that a read past its end is seen. */
static enum sl_code parse_n(struct fixture *f, const char *text, size_t n, struct sl_err *err)
{
    sl_free(f->text);
    f->text = sl_malloc(n ? n : 1);
    memcpy(f->text, text, n);
    enum sl_code code = sl_json_parse(&f->parser, f->text, n, &f->json, err);
    assert_memory_equal(f->text, text, n);
    return code;
}

static void valid_texts_are_taken(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        enum sl_json_type type;
        int count;
    } rows[] = {
        {"{}", SL_JSON_OBJECT, 1},
        {"[]", SL_JSON_ARRAY, 1},
        {" \t\r\n{ \n} ", SL_JSON_OBJECT, 1},
        {"null", SL_JSON_NULL, 1},
        {" true ", SL_JSON_BOOL, 1},
        {"false", SL_JSON_BOOL, 1},
        {"0", SL_JSON_NUMBER, 1},
        {"-0", SL_JSON_NUMBER, 1},
        {"-12.5e+10", SL_JSON_NUMBER, 1},
        {"1E5", SL_JSON_NUMBER, 1},
        {"0.0", SL_JSON_NUMBER, 1},
        {"\"\"", SL_JSON_STRING, 1},
        {"\"\\u00e9\\\"\\\\\\/\\b\\f\\n\\r\\t\"", SL_JSON_STRING, 1},
        {"\"\x7F\xC3\xA9\"", SL_JSON_STRING, 1},
        {"\"\xFF\"", SL_JSON_STRING, 1}, /* providers cut characters: repaired when decoded */
        {"[1,2,[3,{}],\"x\"]", SL_JSON_ARRAY, 7},
        {"{\"a\":1,\"b\":{\"c\":[null]},\"\":\"\"}", SL_JSON_OBJECT, 10},
        {"[ [ ] , { } ]", SL_JSON_ARRAY, 3},
        {"{\"a\" : 1 , \"a\" : 2}", SL_JSON_OBJECT, 5},
        {"\"a string that is longer than one word, \xE2\x82\xAC and \\n more\"", SL_JSON_STRING, 1},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_err err = {0};
        assert_int_equal(parse_n(f, rows[i].text, strlen(rows[i].text), &err), SL_OK);
        assert_int_equal(err.code, SL_OK);
        assert_int_equal(f->json.count, rows[i].count);
        assert_int_equal(sl_json_type(&f->json, SL_JSON_ROOT), rows[i].type);
    }
}

static const struct {
    const char *text;
    size_t at; /* the offset that is named */
} invalid[] = {
    {"", 0},
    {"  ", 2},
    {"{", 1},
    {"[", 1},
    {"}", 0},
    {"]", 0},
    {"[1", 2},
    {"[1,", 3},
    {"[1,]", 3},
    {"[,1]", 1},
    {"[1 2]", 3},
    {"[1}", 2},
    {"{\"a\":1]", 6},
    {"{\"a\"}", 4},
    {"{\"a\" 1}", 5},
    {"{\"a\":}", 5},
    {"{\"a\":1,}", 7},
    {"{,}", 1},
    {"{1:2}", 1},
    {"{a:2}", 1},
    {"{\"a\":1 \"b\":2}", 7},
    {"{null:1}", 1},
    {"[1]]", 3},
    {"1 2", 2},
    {"{}{}", 2},
    {"nul", 0},
    {"nulL", 0},
    {"nullx", 4},
    {"True", 0},
    {"truefalse", 4},
    {"NaN", 0},
    {"Infinity", 0},
    {"-Infinity", 1},
    {"-", 1},
    {"+1", 0},
    {"01", 1},
    {"-01", 2},
    {"1.", 2},
    {".5", 0},
    {"1e", 2},
    {"1e+", 3},
    {"1.e5", 2},
    {"0x10", 1},
    {"1-", 1},
    {"\"", 1},
    {"\"abc", 4},
    {"\"abcdefghijklmnop", 17},
    {"'a'", 0},
    {"\"\\", 2},
    {"\"\\\"", 3},
    {"\"\\x\"", 2},
    {"\"\\u12\"", 5},
    {"\"\\u123g\"", 6},
    {"\"\\U0041\"", 2},
    {"\"a\nb\"", 2},
    {"\"a\tb\"", 2},
    {"\"0123456789\x1F\"", 11},
    {"// no\n1", 0},
    {"[1,/**/2]", 3},
    {"\xEF\xBB\xBF{}", 0},
    {"[1\xC2\xA0]", 2},
    {"\f1", 0},
    {"data: {}", 0},
};

static void invalid_texts_are_refused_with_the_place(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(invalid); i++) {
        struct sl_err err = {0};
        assert_int_equal(parse_n(f, invalid[i].text, strlen(invalid[i].text), &err),
                         SL_UNAVAILABLE);
        assert_int_equal(err.reason, SL_REASON_PROVIDER_GARBAGE);
        const char *at = strstr(err.text, "at byte ");
        assert_non_null(at);
        assert_int_equal(strtoul(at + 8, NULL, 10), invalid[i].at);
    }
    struct sl_err err = {0};
    assert_int_equal(parse_n(f, "1\0", 2, &err), SL_UNAVAILABLE);
    struct sl_err inside = {0};
    assert_int_equal(parse_n(f, "\"\0\"", 3, &inside), SL_UNAVAILABLE);
}

/* No prefix of a document that is an object is a document. */
static void truncation_is_always_seen(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "{\"a\":[1.5e3,true,null,\"x\\u0041\\n\"],\"b\":{\"c\":\"\xE2\x82\xAC\"}}";
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        struct sl_err err = {0};
        assert_int_equal(parse_n(f, text, n, &err), SL_UNAVAILABLE);
        struct sl_err check = {0};
        assert_false(sl_json_check(f->text, n, SL_JSON_NONE, &check));
    }
}

static char *nested(int depth, char open, char close)
{
    char *text = sl_malloc((size_t)depth * 2);
    memset(text, open, (size_t)depth);
    memset(text + depth, close, (size_t)depth);
    return text;
}

static void depth_is_limited(void **state)
{
    struct fixture *f = *state;
    for (int depth = 62; depth <= 66; depth++) {
        char *text = nested(depth, '[', ']');
        struct sl_err err = {0};
        enum sl_code want = depth <= SL_JSON_MAX_DEPTH ? SL_OK : SL_UNAVAILABLE;
        assert_int_equal(parse_n(f, text, (size_t)depth * 2, &err), want);
        struct sl_err check = {0};
        assert_int_equal(sl_json_check(text, (size_t)depth * 2, SL_JSON_NONE, &check),
                         want == SL_OK);
        sl_free(text);
    }
    /* A million brackets cost no stack. */
    char *deep = nested(1000000, '[', ']');
    struct sl_err err = {0};
    assert_int_equal(parse_n(f, deep, 2000000, &err), SL_UNAVAILABLE);
    assert_non_null(strstr(err.text, "too deep"));
    sl_free(deep);
}

/* "[0,0,...,0]" of n zeros. */
static char *zeros(size_t n, size_t *length)
{
    *length = 2 * n + 1;
    char *text = sl_malloc(*length);
    text[0] = '[';
    for (size_t i = 0; i < n; i++) {
        text[2 * i + 1] = '0';
        text[2 * i + 2] = i + 1 < n ? ',' : ']';
    }
    return text;
}

static void the_number_of_values_is_limited(void **state)
{
    struct fixture *f = *state;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t length;
        char *text = zeros(SL_JSON_MAX_TOKENS - 1 + extra, &length);
        struct sl_err err = {0}, check = {0};
        assert_int_equal(sl_json_parse(&f->parser, text, length, &f->json, &err),
                         extra ? SL_UNAVAILABLE : SL_OK);
        assert_int_equal(sl_json_check(text, length, SL_JSON_ARRAY, &check), !extra);
        if (!extra)
            assert_int_equal(sl_json_size(&f->json, SL_JSON_ROOT), SL_JSON_MAX_TOKENS - 1);
        sl_free(text);
    }
    /* The pool of a huge document is given back. */
    struct sl_err err = {0};
    assert_int_equal(parse_n(f, "[1]", 3, &err), SL_OK);
    assert_true(f->parser.cap < 1000);
}

static void checks_by_type(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sl_json_type type;
    } rows[] = {
        {" {\"a\":1}", SL_JSON_OBJECT}, {"[]", SL_JSON_ARRAY},  {"\"x\"", SL_JSON_STRING},
        {"-1", SL_JSON_NUMBER},         {"true", SL_JSON_BOOL}, {"null", SL_JSON_NULL},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        for (int type = SL_JSON_NONE; type <= SL_JSON_OBJECT; type++) {
            struct sl_err err = {0};
            bool want = type == SL_JSON_NONE || type == (int)rows[i].type;
            assert_int_equal(
                sl_json_check(rows[i].text, strlen(rows[i].text), (enum sl_json_type)type, &err),
                want);
            assert_int_equal(err.code, want ? SL_OK : SL_INVALID_ARGUMENT);
        }
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(invalid); i++) {
        struct sl_err err = {0};
        assert_false(sl_json_check(invalid[i].text, strlen(invalid[i].text), SL_JSON_NONE, &err));
        assert_int_equal(err.reason, SL_REASON_INVALID_REQUEST);
    }
    struct sl_err err = {0};
    assert_false(sl_json_check("\"a\xFF\"", 4, SL_JSON_NONE, &err));
    assert_string_equal(err.text, "not JSON: bytes that are not UTF-8 at byte 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(valid_texts_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invalid_texts_are_refused_with_the_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(truncation_is_always_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_values_is_limited, set_up, tear_down),
        cmocka_unit_test(checks_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
