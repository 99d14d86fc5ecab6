/* UTF-8 against the table of well-formed sequences (Unicode Standard, table 3-7), at every offset
 * from a word's edge. */
#include "base/utf8.h"

#include <string.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "cm.h"

#define FFFD "\xEF\xBF\xBD"

struct row {
    const char *s;
    const char *repaired; /* NULL: well-formed */
};

static const struct row rows[] = {
    {"", NULL},
    {"plain text, longer than one word of eight", NULL},
    {"\x7F", NULL},
    {"\xC2\x80", NULL},
    {"\xDF\xBF", NULL},
    {"\xE0\xA0\x80", NULL},
    {"\xED\x9F\xBF", NULL},
    {"\xEE\x80\x80", NULL},
    {"\xEF\xBF\xBF", NULL},
    {"\xF0\x90\x80\x80", NULL},
    {"\xF4\x8F\xBF\xBF", NULL},
    {"h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x98\x80 end", NULL},
    {"\x80", FFFD},
    {"\xBF\x80", FFFD FFFD},
    {"\xC0\x80", FFFD FFFD}, /* overlong NUL */
    {"\xC1\xBF", FFFD FFFD},
    {"\xC3", FFFD},
    {"\xC3(", FFFD "("},
    {"\xE0\x9F\xBF", FFFD FFFD FFFD},
    {"\xED\xA0\x80", FFFD FFFD FFFD}, /* a surrogate */
    {"\xE2\x82", FFFD},
    {"\xE2\x82"
     "A",
     FFFD "A"},
    {"\xF0\x8F\xBF\xBF", FFFD FFFD FFFD FFFD},
    {"\xF0\x9F\x98", FFFD},
    {"\xF0\x9F\x98"
     "A",
     FFFD "A"},
    {"\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD}, /* past U+10FFFF */
    {"\xF5\x80", FFFD FFFD},
    {"\xFF"
     "abcdefghijkl\xFE",
     FFFD "abcdefghijkl" FFFD},
    /* Unicode Standard, table 3-8 */
    {"\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64",
     "a" FFFD FFFD FFFD "b" FFFD "c" FFFD FFFD "d"},
};

/* text = pad letters, then s; the exact length on the heap, so that a read past it is seen. */
static char *padded(const char *s, size_t pad, size_t *n)
{
    *n = pad + strlen(s);
    char *text = sl_malloc(*n ? *n : 1);
    memset(text, 'p', pad);
    memcpy(text + pad, s, strlen(s));
    return text;
}

static void validity_at_every_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        for (size_t pad = 0; pad < 18; pad++) {
            size_t n;
            char *text = padded(rows[i].s, pad, &n);
            assert_int_equal(sl_utf8_valid(text, n), rows[i].repaired == NULL);
            if (!rows[i].repaired)
                assert_int_equal(sl_utf8_check_text(text, n), n);
            else
                assert_in_range(sl_utf8_check_text(text, n), pad, n - 1);
            sl_free(text);
        }
    }
}

static void repair_at_every_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *want = rows[i].repaired ? rows[i].repaired : rows[i].s;
        for (size_t pad = 0; pad < 18; pad++) {
            size_t n;
            char *text = padded(rows[i].s, pad, &n);
            char *out = sl_malloc(sl_utf8_repair_bound(n) + 1);
            size_t written = sl_utf8_repair(out, text, n);
            assert_int_equal(written, pad + strlen(want));
            assert_memory_equal(out + pad, want, strlen(want));
            assert_true(sl_utf8_valid(out, written));
            sl_free(out);
            sl_free(text);
        }
    }
}

static void every_pair_of_bytes_repairs_to_well_formed(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 0x10000; v++) {
        char text[2] = {(char)(v >> 8), (char)v}, out[6];
        size_t n = sl_utf8_repair(out, text, 2);
        assert_int_equal(sl_utf8_check_text(out, n), n);
        if (sl_utf8_check_text(text, 2) == 2)
            assert_true(n == 2 && memcmp(out, text, 2) == 0);
    }
}

static void a_nul_is_well_formed_but_no_text(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++) {
        char text[20], out[60];
        memset(text, 'a', sizeof(text));
        text[at] = '\0';
        assert_true(sl_utf8_valid(text, sizeof(text)));
        assert_int_equal(sl_utf8_check_text(text, sizeof(text)), at);
        assert_int_equal(sl_utf8_repair(out, text, sizeof(text)), sizeof(text) + 2);
        assert_memory_equal(out + at, FFFD, 3);
    }
}

static void cuts_end_at_a_character(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t n = 0; n < SL_ARRAY_LEN(want); n++)
        assert_int_equal(sl_utf8_cut(text, n), want[n]);
    /* Nothing to be saved: no lead byte near. */
    assert_int_equal(sl_utf8_cut("\x80\x80\x80\x80\x80\x80", 6), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validity_at_every_offset),
        cmocka_unit_test(repair_at_every_offset),
        cmocka_unit_test(every_pair_of_bytes_repairs_to_well_formed),
        cmocka_unit_test(a_nul_is_well_formed_but_no_text),
        cmocka_unit_test(cuts_end_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
