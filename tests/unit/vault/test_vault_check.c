/* The check value over the life of a keyring: made, verified, extended, and wrong ones told. */
#include "registry/vault/vault_check.h"

#include "base/str.h"
#include "kit.h"

/* What the store holds after a start with these keys; fails the test where it is refused. */
static void start(struct sl_buf *stored, const char *keys)
{
    struct sl_keyring *k = keyring(keys);
    struct sl_buf out;
    struct sl_err err = {0};
    sl_buf_init(&out, SL_VAULT_CHECK_MAX);
    if (sl_vault_check_verify(k, stored->n ? stored->p : "", &out, &err))
        fail_msg("%s: %s", keys, err.text);
    if (out.n) {
        sl_buf_reset(stored, SL_VAULT_CHECK_MAX);
        assert_true(sl_buf_add(stored, out.p, out.n));
    }
    sl_buf_fini(&out);
    sl_keyring_unref(k);
}

static void expect_refused(const char *text, const char *keys, enum sl_reason reason,
                           const char *error)
{
    struct sl_keyring *k = keyring(keys);
    struct sl_buf out;
    struct sl_err err = {0};
    sl_buf_init(&out, SL_VAULT_CHECK_MAX);
    assert_int_equal(sl_vault_check_verify(k, text, &out, &err), SL_FAILED_PRECONDITION);
    assert_int_equal(out.n, 0);
    assert_int_equal(err.reason, reason);
    assert_string_equal(err.field, "encryption.keys");
    if (!strstr(err.text, error))
        fail_msg("'%s' instead of '%s'", err.text, error);
    sl_buf_fini(&out);
    sl_keyring_unref(k);
}

static void tells_keyrings_apart(void **state)
{
    struct sl_buf stored, before;
    (void)state;
    sl_buf_init(&stored, SL_VAULT_CHECK_MAX);
    sl_buf_init(&before, SL_VAULT_CHECK_MAX);
    start(&stored, "a:" KEY_A);
    assert_true(stored.n > 0);
    assert_true(sl_buf_add(&before, stored.p, stored.n));
    start(&stored, "a:" KEY_A); /* nothing to store */
    assert_string_equal(stored.p, before.p);
    expect_refused(stored.p, "b:" KEY_B, SL_REASON_ENCRYPTION_KEY_MISSING,
                   "key 'a', which SLUICE_ENCRYPTION_KEYS does not hold");
    expect_refused(stored.p, "a:" KEY_B, SL_REASON_SECRET_UNREADABLE, "another one of that name");
    expect_refused(stored.p, "b:" KEY_B ",a:" KEY_B, SL_REASON_SECRET_UNREADABLE, "'a'");
    start(&stored, "b:" KEY_B ",a:" KEY_A); /* a rotation begins: both are needed */
    expect_refused(stored.p, "b:" KEY_B, SL_REASON_ENCRYPTION_KEY_MISSING, "'a'");
    expect_refused(stored.p, "b:" KEY_A ",a:" KEY_A, SL_REASON_SECRET_UNREADABLE, "'b'");
    start(&stored, "a:" KEY_A ",b:" KEY_B); /* a replica that does not know yet */
    sl_buf_fini(&stored);
    sl_buf_fini(&before);
}

static void lets_former_keys_go(void **state)
{
    struct sl_keyring *k = keyring("b:" KEY_B ",a:" KEY_A);
    struct sl_buf made;
    struct sl_err err = {0};
    (void)state;
    sl_buf_init(&made, SL_VAULT_CHECK_MAX);
    assert_int_equal(sl_vault_check_make(k, &made, &err), SL_OK);
    start(&made, "b:" KEY_B);
    sl_buf_fini(&made);
    sl_keyring_unref(k);
}

static void refuses_damaged_ones(void **state)
{
    static const char *const rows[] = {"x", "AAAA", "====", ",", "AWFh"};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        expect_refused(rows[i], "a:" KEY_A, SL_REASON_SECRET_UNREADABLE, "damaged");
}

static void fits_as_many_keys_as_there_may_be(void **state)
{
    struct sl_buf stored;
    (void)state;
    sl_buf_init(&stored, SL_VAULT_CHECK_MAX);
    for (int i = 0; i < SL_KEYRING_MAX; i++) {
        char keys[2048] = "";
        size_t n = 0;
        for (int k = i; k >= 0; k--)
            n += (size_t)snprintf(keys + n, sizeof(keys) - n,
                                  "abcdefghijklmnopqrstuvwxyz0123%02d:%s,", k, KEY_A);
        start(&stored, keys);
    }
    sl_buf_fini(&stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_keyrings_apart),
        cmocka_unit_test(lets_former_keys_go),
        cmocka_unit_test(refuses_damaged_ones),
        cmocka_unit_test(fits_as_many_keys_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
