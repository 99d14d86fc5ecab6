/* Errors: the first wins, texts are cut to fit at a character, names follow the tables. */
#include "base/err.h"

#include <string.h>

#include "base/utf8.h"
#include "cm.h"

static void the_first_error_wins(void **state)
{
    (void)state;
    struct sl_err err = {0};
    assert_int_equal(
        sl_err_set(&err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "no model '%s'", "x"),
        SL_NOT_FOUND);
    assert_int_equal(sl_err_set(&err, SL_INTERNAL, SL_REASON_INTERNAL, "later"), SL_NOT_FOUND);
    assert_int_equal(sl_err_field(&err, SL_INTERNAL, SL_REASON_INTERNAL, "f", "later"),
                     SL_NOT_FOUND);
    assert_int_equal(err.code, SL_NOT_FOUND);
    assert_int_equal(err.reason, SL_REASON_MODEL_NOT_FOUND);
    assert_string_equal(err.text, "no model 'x'");
    assert_string_equal(err.field, "");
}

static void a_field_error_names_its_field(void **state)
{
    (void)state;
    struct sl_err err = {0};
    assert_int_equal(sl_err_field(&err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                  "messages[2].role", "%d is no role", 9),
                     SL_INVALID_ARGUMENT);
    assert_string_equal(err.field, "messages[2].role");
    assert_string_equal(err.text, "9 is no role");
}

static void long_texts_are_cut_at_a_character(void **state)
{
    (void)state;
    char text[2000];
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA9", 3);
    for (int shift = 0; shift < 2; shift++) {
        struct sl_err err = {0};
        sl_err_field(&err, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, text + 0, "%s%s",
                     shift ? "x" : "", text);
        size_t n = strlen(err.text);
        assert_in_range(n, sizeof(err.text) - 3, sizeof(err.text) - 1);
        assert_true(sl_utf8_valid(err.text, n));
        assert_true(sl_utf8_valid(err.field, strlen(err.field)));
    }
}

static void names_follow_the_tables(void **state)
{
    (void)state;
    assert_string_equal(sl_code_name(SL_OK), "OK");
    assert_string_equal(sl_code_name(SL_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(sl_code_name((enum sl_code)11), "?");
    assert_string_equal(sl_reason_name(SL_REASON_NONE), "NONE");
    assert_string_equal(sl_reason_name(SL_REASON_PROVIDER_AUTH), "PROVIDER_AUTH");
    assert_string_equal(sl_reason_name((enum sl_reason)9999), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(a_field_error_names_its_field),
        cmocka_unit_test(long_texts_are_cut_at_a_character),
        cmocka_unit_test(names_follow_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
