/* String helpers, row by row. */
#include "base/str.h"

#include "cm.h"

static void comparisons(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool eq, ieq;
    } rows[] = {
        {"", "", true, true},
        {"a", "a", true, true},
        {"a", "A", false, true},
        {"abc", "ab", false, false},
        {"ab", "abc", false, false},
        {"Bearer", "bEARER", false, true},
        {"[", "{", false, false}, /* 0x20 apart, but no letters */
        {"\xC3\x89", "\xC3\xA9", false, false},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        assert_int_equal(sl_str_eq(sl_str(rows[i].a), rows[i].b), rows[i].eq);
        assert_int_equal(sl_str_ieq(sl_str(rows[i].a), rows[i].b), rows[i].ieq);
    }
    assert_true(sl_str_eq(sl_str(NULL), ""));
    assert_int_equal(SL_STR("four").n, 4);
    assert_true(sl_starts_with("text/event-stream", "text/"));
    assert_true(sl_starts_with("x", ""));
    assert_false(sl_starts_with("te", "text"));
    assert_true(sl_ends_with("https://api.test/v1", "/v1"));
    assert_true(sl_ends_with("x", ""));
    assert_false(sl_ends_with("v1", "/v1"));
    assert_false(sl_ends_with("/v1/", "/v1"));
}

static void copies_are_cut_at_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *src;
        size_t size;
        const char *copy;
        bool whole;
    } rows[] = {
        {"abc", 4, "abc", true},
        {"abc", 3, "ab", false},
        {"", 1, "", true},
        {"a", 1, "", false},
        {"a\xC3\xA9", 4, "a\xC3\xA9", true},
        {"a\xC3\xA9", 3, "a", false},
        {"\xF0\x9F\x98\x80!", 5, "\xF0\x9F\x98\x80", false},
        {"\xF0\x9F\x98\x80!", 4, "", false},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char dst[16];
        memset(dst, 'x', sizeof(dst));
        assert_int_equal(sl_copy(dst, rows[i].size, rows[i].src), rows[i].whole);
        assert_string_equal(dst, rows[i].copy);
        assert_int_equal(dst[rows[i].size], 'x');
    }
    char dst[8];
    assert_true(sl_copy_n(dst, sizeof(dst), "abcdef", 2));
    assert_string_equal(dst, "ab");
    assert_true(sl_copy(dst, sizeof(dst), NULL));
    assert_string_equal(dst, "");
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-7", true, -7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
        {"--1", false, 0},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        int64_t v = 42;
        assert_int_equal(sl_parse_i64(sl_str(rows[i].text), &v), rows[i].ok);
        assert_int_equal(v, rows[i].ok ? rows[i].value : 42);
    }
}

static void distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"listen", "listen", 0},
        {"listen", "lisen", 1},
        {"kitten", "sitting", 3},
        {"flaw", "lawn", 2},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        assert_int_equal(sl_edit_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(sl_edit_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
    char edge[66];
    memset(edge, 'a', sizeof(edge));
    edge[64] = '\0';
    assert_int_equal(sl_edit_distance(edge, ""), 64);
    edge[64] = 'a';
    edge[65] = '\0';
    assert_true(sl_edit_distance(edge, "a") == SIZE_MAX);
    assert_true(sl_edit_distance("a", edge) == SIZE_MAX);
}

static void hashes(void **state)
{
    (void)state;
    assert_int_equal(sl_hash_text("a", 0), UINT64_C(0x089be207b544f1e4)); /* of "a" and its NUL */
    assert_int_not_equal(sl_hash_text("b", sl_hash_text("a", 0)),
                         sl_hash_text("", sl_hash_text("ab", 0)));
}

static void globs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *s;
        bool match;
    } rows[] = {
        {"gpt-4o", "gpt-4o", true},
        {"gpt-4o", "GPT-4O", true},
        {"gpt-4o", "gpt-4o-mini", false},
        {"gpt-*", "gpt-", true},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"*-mini", "gpt-4o-mini", true},
        {"*-mini", "gpt-mini-4o", false},
        {"*o*o*", "foo", true},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-c-b", false},
        {"?", "a", false},
        {"**x", "abx", true},
        {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"claude-*-4?", "claude-opus-4?", true},
        {"a*", "b", false},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        assert_int_equal(sl_glob_match(rows[i].pattern, rows[i].s), rows[i].match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons), cmocka_unit_test(copies_are_cut_at_a_character),
        cmocka_unit_test(integers),    cmocka_unit_test(distances),
        cmocka_unit_test(hashes),      cmocka_unit_test(globs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
