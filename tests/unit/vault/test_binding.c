/* Origins in one spelling. */
#include "kit.h"

static void binds(void **state)
{
    static const struct {
        const char *url, *binding; /* NULL: none */
    } rows[] = {
        {"https://api.openai.com/v1", "https://api.openai.com:443"},
        {"HTTPS://API.OpenAI.com./v1?x=/y#z", "https://api.openai.com:443"},
        {"http://localhost", "http://localhost:80"},
        {"http://localhost:", "http://localhost:80"},
        {"http://localhost:8080/", "http://localhost:8080"},
        {"http://localhost:08080/", "http://localhost:8080"},
        {"https://[::1]:8443/x", "https://[::1]:8443"},
        {"https://[FE80::1]", "https://[fe80::1]:443"},
        {"https://a?b", "https://a:443"},
        {"https://user@a/", NULL},
        {"https://user:pass@a/", NULL},
        {"https://a@evil.example/", NULL},
        {"https://", NULL},
        {"https:///x", NULL},
        {"https://:443", NULL},
        {"https://[::1", NULL},
        {"https://[]", NULL},
        {"https://[::1]x", NULL},
        {"https://a:b", NULL},
        {"https://a:0", NULL},
        {"https://a:65536", NULL},
        {"https://a:-1", NULL},
        {"https://a\\b", NULL},
        {"https://a b", NULL},
        {"https://a..", NULL},
        {"https://a..b", NULL},
        {"https://.a", NULL},
        {"https://.", NULL},
        {"https://\xc3\xa9", NULL},
        {"ftp://a", NULL},
        {"//a", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char dst[64] = "";
        bool ok = sl_vault_bind(rows[i].url, dst, sizeof(dst));
        if (ok != (rows[i].binding != NULL))
            fail_msg("'%s' gave '%s'", rows[i].url, dst);
        if (ok)
            assert_string_equal(dst, rows[i].binding);
    }
}

static void does_not_cut(void **state)
{
    char dst[20];
    (void)state;
    assert_true(sl_vault_bind("http://localhost", dst, 20));
    assert_false(sl_vault_bind("http://localhost", dst, 19));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(binds), cmocka_unit_test(does_not_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
