/* Base64 both ways, and the many spellings that no encoder writes. */
#include "base/base64.h"

#include <string.h>

#include "cm.h"

static void encodes_and_decodes(void **state)
{
    /* RFC 4648, section 10, and a byte string that needs both special characters */
    static const struct {
        const char *plain, *standard, *url;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xef\xbe\xff", "++++/w==", "----_w"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *texts[] = {rows[i].standard, rows[i].url};
        for (int kind = 0; kind < 2; kind++) {
            char out[32], text[32];
            size_t n = 0;
            assert_int_equal(sl_base64_encode(kind, rows[i].plain, strlen(rows[i].plain), text),
                             strlen(texts[kind]));
            assert_string_equal(text, texts[kind]);
            assert_true(sl_base64_decode(kind, text, strlen(text), out, sizeof(out), &n));
            assert_int_equal(n, strlen(rows[i].plain));
            assert_memory_equal(out, rows[i].plain, n);
            if (n)
                assert_false(sl_base64_decode(kind, text, strlen(text), out, n - 1, &n));
        }
    }
}

static void refuses_other_spellings(void **state)
{
    static const struct {
        enum sl_base64 kind;
        const char *text;
    } rows[] = {
        {SL_BASE64_STANDARD, "Zg"},     {SL_BASE64_STANDARD, "Zg="},
        {SL_BASE64_STANDARD, "Zg==="},  {SL_BASE64_STANDARD, "Zg==Zg=="},
        {SL_BASE64_STANDARD, "Zh=="}, /* bits left over */
        {SL_BASE64_STANDARD, "Zm9="},   {SL_BASE64_STANDARD, "Zm8 "},
        {SL_BASE64_STANDARD, "Zm9v\n"}, {SL_BASE64_STANDARD, "----"},
        {SL_BASE64_STANDARD, "===="},   {SL_BASE64_STANDARD, "A==="},
        {SL_BASE64_URL, "Zg=="},        {SL_BASE64_URL, "Z"},
        {SL_BASE64_URL, "Zm9vZ"},       {SL_BASE64_URL, "++++"},
        {SL_BASE64_URL, "Zm9v "},       {SL_BASE64_URL, "Zh"},
        {SL_BASE64_URL, "\xc3\xa9"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char out[32];
        size_t n;
        if (sl_base64_decode(rows[i].kind, rows[i].text, strlen(rows[i].text), out, sizeof(out),
                             &n))
            fail_msg("'%s' was taken", rows[i].text);
    }
}

static void decodes_in_place(void **state)
{
    char text[] = "AP8Q+/8=", wrong[] = "AP8Q+/8";
    size_t n = strlen(text);
    (void)state;
    assert_true(sl_base64_decode_in_place(text, &n));
    assert_int_equal(n, 5);
    assert_memory_equal(text, "\x00\xff\x10\xfb\xff", 6);
    n = strlen(wrong);
    assert_false(sl_base64_decode_in_place(wrong, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes),
        cmocka_unit_test(decodes_in_place),
        cmocka_unit_test(refuses_other_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
