/* Seal and open: at its place, under its key, and nowhere else. */
#include "registry/vault/vault.h"

#include "base/alloc.h"
#include "base/str.h"
#include "kit.h"

static const struct sl_vault_place here = {"credential", "row-1", "https://api.openai.com:443"};

static void expect_open(const struct sl_keyring *k, const struct sl_buf *e, const char *text)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    if (sl_vault_open(k, &here, e->p, e->n, &secret, &err))
        fail_msg("%s", err.text);
    assert_int_equal(sl_secret_length(secret), strlen(text));
    assert_string_equal(sl_secret_reveal(secret), text);
    sl_secret_unref(secret);
}

static void expect_closed(const struct sl_keyring *k, const struct sl_vault_place *at,
                          const void *p, size_t n, enum sl_reason reason)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    assert_int_equal(sl_vault_open(k, at, p, n, &secret, &err), SL_FAILED_PRECONDITION);
    assert_int_equal(err.reason, reason);
    assert_null(secret);
    assert_null(strstr(err.text, "sk-test"));
}

static void opens_what_it_sealed(void **state)
{
    static const char *const texts[] = {"x", "sk-test-0123456789", "\xff binary \x01"};
    struct sl_keyring *k = keyring("a:" KEY_A);
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        struct sl_buf e, again;
        char id[SL_KEY_ID_MAX + 1];
        seal(k, &here, texts[i], &e);
        seal(k, &here, texts[i], &again);
        expect_open(k, &e, texts[i]);
        assert_int_equal(e.n, strlen(texts[i]) + 2 + 1 + 12 + 16);
        assert_memory_not_equal(e.p, again.p, e.n); /* another nonce each time */
        assert_true(sl_vault_key_id(e.p, e.n, id));
        assert_string_equal(id, "a");
        if (strlen(texts[i]) > 4)
            assert_null(memmem(e.p, e.n, texts[i], strlen(texts[i])));
        sl_buf_fini(&e);
        sl_buf_fini(&again);
    }
    sl_keyring_unref(k);
}

/* An envelope copied to another row, or whose row was pointed elsewhere. */
static void opens_at_its_place_only(void **state)
{
    static const struct sl_vault_place others[] = {
        {"header", "row-1", "https://api.openai.com:443"},
        {"credential", "row-2", "https://api.openai.com:443"},
        {"credential", "row-1", "https://evil.example:443"},
        {"credential", "row-1", "http://api.openai.com:443"},
        {"credential", "row-1", "https://api.openai.com:444"},
        {"credential", "row-1", ""},
        {"", "credentialrow-1", "https://api.openai.com:443"},
        {"credentialrow-1", "", "https://api.openai.com:443"},
        {"credential", "row-1https://api.openai.com:443", ""},
    };
    struct sl_keyring *k = keyring("a:" KEY_A);
    struct sl_buf e;
    (void)state;
    seal(k, &here, "sk-test-1", &e);
    for (size_t i = 0; i < SL_ARRAY_LEN(others); i++)
        expect_closed(k, &others[i], e.p, e.n, SL_REASON_SECRET_UNREADABLE);
    sl_buf_fini(&e);
    sl_keyring_unref(k);
}

static void opens_under_its_key_only(void **state)
{
    static const struct {
        const char *keys;
        enum sl_reason reason;
    } rows[] = {
        {"a:" KEY_A, SL_REASON_NONE},
        {"b:" KEY_B ",a:" KEY_A, SL_REASON_NONE},
        {"a:" KEY_B, SL_REASON_SECRET_UNREADABLE},
        {"b:" KEY_A, SL_REASON_ENCRYPTION_KEY_MISSING},
    };
    struct sl_keyring *k = keyring("a:" KEY_A);
    struct sl_buf e;
    (void)state;
    seal(k, &here, "sk-test-1", &e);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_keyring *other = keyring(rows[i].keys);
        if (rows[i].reason)
            expect_closed(other, &here, e.p, e.n, rows[i].reason);
        else
            expect_open(other, &e, "sk-test-1");
        sl_keyring_unref(other);
    }
    /* renaming the id in the envelope does not help, though the bytes of the key are the same */
    struct sl_keyring *renamed = keyring("b:" KEY_A);
    e.p[2] = 'b';
    expect_closed(renamed, &here, e.p, e.n, SL_REASON_SECRET_UNREADABLE);
    sl_keyring_unref(renamed);
    sl_buf_fini(&e);
    sl_keyring_unref(k);
}

static void notices_every_changed_byte(void **state)
{
    struct sl_keyring *k = keyring("a:" KEY_A);
    struct sl_buf e;
    (void)state;
    seal(k, &here, "sk-test-1", &e);
    for (size_t i = 0; i < e.n; i++) {
        struct sl_secret *secret = NULL;
        struct sl_err err = {0};
        e.p[i] ^= 1;
        assert_int_equal(sl_vault_open(k, &here, e.p, e.n, &secret, &err), SL_FAILED_PRECONDITION);
        e.p[i] ^= 1;
    }
    for (size_t n = 0; n < e.n; n++) {
        char *part = sl_malloc(n + 1); /* exact, for the sanitizer */
        memcpy(part, e.p, n);
        expect_closed(k, &here, part, n, SL_REASON_SECRET_UNREADABLE);
        sl_free(part);
    }
    expect_open(k, &e, "sk-test-1");
    sl_buf_fini(&e);
    sl_keyring_unref(k);
}

static void rotates(void **state)
{
    struct sl_keyring *was = keyring("a:" KEY_A), *now = keyring("b:" KEY_B ",a:" KEY_A),
                      *then = keyring("b:" KEY_B);
    struct sl_buf e, again;
    struct sl_err err = {0};
    (void)state;
    seal(was, &here, "sk-test-1", &e);
    sl_buf_init(&again, SL_VAULT_MAX_ENVELOPE);
    assert_false(sl_vault_needs_rotation(was, e.p, e.n));
    assert_true(sl_vault_needs_rotation(now, e.p, e.n));
    assert_false(sl_vault_needs_rotation(now, "", 0));
    assert_int_equal(sl_vault_reseal(now, &here, e.p, e.n, &again, &err), SL_OK);
    assert_false(sl_vault_needs_rotation(now, again.p, again.n));
    expect_open(then, &again, "sk-test-1");
    expect_closed(then, &here, e.p, e.n, SL_REASON_ENCRYPTION_KEY_MISSING);
    size_t before = again.n;
    assert_int_equal(sl_vault_reseal(then, &here, e.p, e.n, &again, &err), SL_FAILED_PRECONDITION);
    assert_int_equal(again.n, before);
    sl_buf_fini(&e);
    sl_buf_fini(&again);
    sl_keyring_unref(was);
    sl_keyring_unref(now);
    sl_keyring_unref(then);
}

static void keeps_to_sizes(void **state)
{
    static char big[SL_VAULT_MAX_SECRET + 1];
    static const size_t rows[] = {0, 1, SL_VAULT_MAX_SECRET, SL_VAULT_MAX_SECRET + 1};
    struct sl_keyring *k = keyring("abcdefghijklmnopqrstuvwxyz012345:" KEY_A);
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_buf e;
        struct sl_err err = {0};
        struct sl_secret *secret = sl_secret_create(big, rows[i]), *back = NULL;
        sl_buf_init(&e, SL_VAULT_MAX_ENVELOPE);
        bool fits = rows[i] && rows[i] <= SL_VAULT_MAX_SECRET;
        assert_int_equal(sl_vault_seal(k, &here, secret, &e, &err),
                         fits ? SL_OK : SL_INVALID_ARGUMENT);
        if (fits) {
            assert_int_equal(sl_vault_open(k, &here, e.p, e.n, &back, &err), SL_OK);
            assert_int_equal(sl_secret_length(back), rows[i]);
        }
        sl_secret_unref(back);
        sl_secret_unref(secret);
        sl_buf_fini(&e);
    }
    sl_keyring_unref(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_it_sealed),
        cmocka_unit_test(opens_at_its_place_only),
        cmocka_unit_test(opens_under_its_key_only),
        cmocka_unit_test(notices_every_changed_byte),
        cmocka_unit_test(rotates),
        cmocka_unit_test(keeps_to_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
