/* Keyrings as text: what is taken, and that what is refused is named without its key. */
#include "registry/vault/keyring.h"

#include "kit.h"

static void takes_keys(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *first;
    } rows[] = {
        {"k1:" KEY_A, 1, "k1"},
        {"2026-02:" KEY_B ",2026-01:" KEY_A, 2, "2026-02"},
        {" a.b_c-D9:" KEY_A " , b:" KEY_B " \n", 2, "a.b_c-D9"},
        {"a:" KEY_A "\r\nb:" KEY_B "\r\n", 2, "a"},
        {"a:" KEY_A ",,", 1, "a"},
        {"abcdefghijklmnopqrstuvwxyz012345:" KEY_A, 1, "abcdefghijklmnopqrstuvwxyz012345"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_keyring *k = keyring(rows[i].text);
        assert_int_equal(sl_keyring_count(k), rows[i].n);
        assert_string_equal(sl_keyring_id(k, 0), rows[i].first);
        assert_true(sl_keyring_has(k, rows[i].first));
        assert_false(sl_keyring_has(k, "other"));
        sl_keyring_unref(sl_keyring_ref(k));
        sl_keyring_unref(k);
    }
    sl_keyring_unref(NULL);
}

static void refuses_what_is_no_keyring(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "KEYS holds no key"},
        {" , \n", "KEYS holds no key"},
        {KEY_A, "entry 1 has no colon"},
        {":" KEY_A, "entry 1 has no usable id"},
        {"a b:" KEY_A, "entry 1 has no usable id"},
        {"abcdefghijklmnopqrstuvwxyz0123456:" KEY_A, "entry 1 has no usable id"},
        {"a:" KEY_A ",\xc3\xa9:" KEY_B, "entry 2 has no usable id"},
        {"a:" KEY_A ",a:" KEY_B, "entry 2 has the same id"},
        {"a:", "entry 1 does not hold 32 bytes"},
        {"a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "entry 1 does not hold 32 bytes"},
        {"a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", "entry 1 does not hold 32 bytes"},
        {"a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "entry 1 does not hold 32 bytes"},
        {"a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYX GBkaGxwdHh8=", "entry 1 does not hold 32 bytes"},
        {"a:" KEY_A ",b:" KEY_B "x", "entry 2 does not hold 32 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_keyring *k = NULL;
        struct sl_err err = {0};
        assert_int_equal(sl_keyring_parse("KEYS", rows[i].text, strlen(rows[i].text), &k, &err),
                         SL_INVALID_ARGUMENT);
        assert_null(k);
        assert_int_equal(err.reason, SL_REASON_CONFIG_INVALID);
        if (!strstr(err.text, rows[i].error))
            fail_msg("'%s' instead of '%s'", err.text, rows[i].error);
        assert_null(strstr(err.text, "AAECAwQF"));
        assert_null(strstr(err.text, "//79/Pv6"));
    }
}

static void refuses_too_many(void **state)
{
    char text[20 * 64] = "";
    struct sl_keyring *k = NULL;
    struct sl_err err = {0};
    size_t n = 0;
    (void)state;
    for (int i = 0; i <= SL_KEYRING_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "k%d:%s,", i, KEY_A);
    assert_int_equal(sl_keyring_parse("KEYS", text, n, &k, &err), SL_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "entry 17 is one too many"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_keys),
        cmocka_unit_test(refuses_what_is_no_keyring),
        cmocka_unit_test(refuses_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
