/* What may reach a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/compiler.h"
#include "term.h"

static void test_escape(void **state)
{
    static const struct {
        const char *in, *out;
        size_t n; /* 0: strlen */
    } rows[] = {
        {"plain\ttext\n", "plain\ttext\n", 0},
        {"\033[2J\033]0;title\a", "\\x1b[2J\\x1b]0;title\\x07", 0},
        {"a\rb", "a\\x0db", 0},
        {"a\r\nb", "a\nb", 0},
        {"a\x7f"
         "b",
         "a\\x7fb", 0},
        {"a\0b", "a\\x00b", 3},
        {"\xc2\x9b"
         "31m",
         "\\u{9b}31m", 0},
        {"\xc2\xa0", "\xc2\xa0", 0},
        {"\x9b"
         "31m",
         "\xef\xbf\xbd"
         "31m",
         0},
        {"\xe2\x80\xae"
         "abc",
         "\\u{202e}abc", 0},
        {"\xe2\x80\x8f", "\xe2\x80\x8f", 0},
        {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xe6\x97\xa5",
         "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xe6\x97\xa5", 0},
        {"\xc3", "\xef\xbf\xbd", 0},
        {"\xe6\x97", "\xef\xbf\xbd\xef\xbf\xbd", 0},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 0},
        {"\xc0\x9b", "\xef\xbf\xbd\xef\xbf\xbd", 0},
        {"\xf5\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 0},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_buf out;

        sl_buf_init(&out, 256);
        assert_true(term_escape(&out, rows[i].in, rows[i].n ? rows[i].n : strlen(rows[i].in)));
        assert_string_equal(out.p, rows[i].out);
        sl_buf_fini(&out);
    }
}

static void test_escape_leaves_no_control_character(void **state)
{
    unsigned char bytes[256];
    struct sl_buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    sl_buf_init(&out, 4096);
    assert_true(term_escape(&out, (const char *)bytes, sizeof(bytes)));
    for (size_t i = 0; i < out.n; i++) {
        unsigned char c = (unsigned char)out.p[i];

        assert_true(c >= 0x20 || c == '\n' || c == '\t');
        assert_int_not_equal(c, 0x7f);
    }
    sl_buf_fini(&out);
}

static void test_escape_says_when_full(void **state)
{
    struct sl_buf out;

    (void)state;
    sl_buf_init(&out, 8);
    assert_false(term_escape(&out, "\033\033\033", 3));
    sl_buf_fini(&out);
}

/* Not a terminal: bytes as they are, no colours. */
static void test_file_gets_bytes(void **state)
{
    char read_back[64] = "";
    struct term t;
    FILE *f = tmpfile();

    (void)state;
    assert_non_null(f);
    term_init(&t, f, "auto");
    assert_false(t.tty || t.color);
    term_style(&t, TERM_RED);
    term_printf(&t, "a\033%s", "b");
    assert_true(t.line_open);
    term_style(&t, TERM_PLAIN);
    term_end_line(&t);
    term_end_line(&t);
    term_flush(&t);
    rewind(f);
    assert_int_equal(fread(read_back, 1, sizeof(read_back), f), 4);
    assert_memory_equal(read_back, "a\033b\n", 4);
    fclose(f);
}

static void test_long_text(void **state)
{
    static char text[200 * 1024];
    struct term t;
    FILE *f = tmpfile();

    (void)state;
    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xe6\x97\xa5", 3);
    text[sizeof(text) - 2] = 0;
    term_init(&t, f, "never");
    t.tty = true; /* as on a terminal: in pieces, never inside a character */
    term_text(&t, text, strlen(text));
    term_flush(&t);
    assert_int_equal(ftell(f), strlen(text));
    term_printf(&t, "%s", text); /* cut, not lost */
    term_flush(&t);
    assert_true(ftell(f) > (long)strlen(text) + 60 * 1024);
    fclose(f);
}

static void test_write_error_is_kept(void **state)
{
    struct term t;
    FILE *f = fopen("/dev/full", "w");

    (void)state;
    if (!f)
        skip();
    term_init(&t, f, "never");
    term_raw(&t, "x", 1);
    term_flush(&t);
    assert_int_equal(t.error, ENOSPC);
    fclose(f);
}

static void test_width(void **state)
{
    (void)state;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    assert_int_equal(term_width("abc"), 3);
    assert_int_equal(term_width("\xc3\xbc"), 1);
    assert_int_equal(term_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
    assert_int_equal(term_width("\xff"
                                "a"),
                     2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_leaves_no_control_character),
        cmocka_unit_test(test_escape_says_when_full),
        cmocka_unit_test(test_file_gets_bytes),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_write_error_is_kept),
        cmocka_unit_test(test_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
