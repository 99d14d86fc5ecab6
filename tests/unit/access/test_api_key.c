/* API keys: what is made can be read, and nothing else is taken for one. */
#include "access/api_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"

#define BITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void makes_keys(void **state)
{
    struct sl_api_key a, b, back;
    (void)state;
    assert_true(sl_api_key_make(&a));
    assert_true(sl_api_key_make(&b));
    assert_int_equal(strlen(a.text), 3 + 16 + 1 + 64);
    assert_string_not_equal(a.text, b.text);
    assert_string_not_equal(a.id, b.id);
    assert_memory_not_equal(a.sha256, b.sha256, sizeof(a.sha256));
    assert_true(sl_api_key_parse(sl_str(a.text), &back));
    assert_string_equal(back.text, a.text);
    assert_string_equal(back.id, a.id);
    assert_memory_equal(back.sha256, a.sha256, sizeof(a.sha256));
}

static void digests_the_whole_text(void **state)
{
    /* printf 'sl_mine_0123...' | sha256sum */
    static const unsigned char wanted[4] = {0x96, 0x3f, 0x73, 0x44};
    struct sl_api_key key;
    (void)state;
    assert_true(sl_api_key_parse(sl_str("sl_mine_" BITS), &key));
    assert_memory_equal(key.sha256, wanted, sizeof(wanted));
}

static void reads_strictly(void **state)
{
    static const struct {
        const char *text, *id; /* NULL: no key */
    } rows[] = {
        {"sl_mine_" BITS, "mine"},
        {"sl_A-9_" BITS, "A-9"},
        {"sl_abcdefghijklmnopqrstuvwxyz0123456789ABCD_" BITS,
         "abcdefghijklmnopqrstuvwxyz0123456789ABCD"},
        {"sl_abcdefghijklmnopqrstuvwxyz0123456789ABCDE_" BITS, NULL},
        {"", NULL},
        {"sl_", NULL},
        {"sl_a", NULL},
        {"sl_a_", NULL},
        {"sl__" BITS, NULL},
        {"sl_" BITS, NULL},
        {"SL_a_" BITS, NULL},
        {"sl-a_" BITS, NULL},
        {" sl_a_" BITS, NULL},
        {"sl_a_" BITS " ", NULL},
        {"sl_a_" BITS "\n", NULL},
        {"sl_a_" BITS "0", NULL},
        {"sl_a_b_" BITS, NULL},
        {"sl_a b_" BITS, NULL},
        {"sl_\xc3\xa9_" BITS, NULL},
        {"sl_a_0123456789abcdef", NULL},
        {"sl_a_0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", NULL},
        {"sl_a_0123456789abcdeg0123456789abcdef0123456789abcdef0123456789abcdef", NULL},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_api_key key = {.id = "untouched"};
        bool ok = sl_api_key_parse(sl_str(rows[i].text), &key);
        if (ok != (rows[i].id != NULL))
            fail_msg("'%s'", rows[i].text);
        assert_string_equal(key.id, ok ? rows[i].id : "untouched");
    }
}

static void reads_no_further_than_it_may(void **state)
{
    static const char whole[] = "sl_mine_" BITS;
    struct sl_api_key key;
    (void)state;
    for (size_t n = 0; n < sizeof(whole); n++) {
        char *part = sl_malloc(n + !n); /* exact, for the sanitizer */
        memcpy(part, whole, n);
        assert_int_equal(sl_api_key_parse((struct sl_str){part, n}, &key), n == sizeof(whole) - 1);
        assert_int_equal(sl_api_key_looks_like((struct sl_str){part, n}), n >= 3);
        sl_free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_keys),
        cmocka_unit_test(digests_the_whole_text),
        cmocka_unit_test(reads_strictly),
        cmocka_unit_test(reads_no_further_than_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
