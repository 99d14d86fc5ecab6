/* Zhipu's keys: as they are, and as a token that is signed with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

/* Of the moment 0, which is the kit's. */
#define SIGNED                                                                                     \
    "Bearer eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04ifQ."                                       \
    "eyJhcGlfa2V5IjoiaWQxIiwiZXhwIjoyMTAwMDAsInRpbWVzdGFtcCI6MH0."                                 \
    "-CAWaogzGYKR_lR3WoZzgFnfR_40rprj3-6X1bkLuEM"

static const char *authorization(struct kit *k, const char *key, enum sl_auth auth)
{
    static struct sl_http_request http;
    struct sl_secret *secret = sl_secret_create(key, strlen(key));
    k->target.key = secret;
    k->target.auth = auth;
    const char *body = kit_build(k, false, &http);
    k->target.key = NULL;
    sl_secret_unref(secret);
    return body ? kit_header(&http, "authorization") : NULL;
}

static void a_key_is_sent_or_signs(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, "zhipu");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    assert_string_equal(authorization(&k, "id1.secret1", SL_AUTH_DEFAULT), "Bearer id1.secret1");
    assert_string_equal(authorization(&k, "id1.secret1", SL_AUTH_BEARER), "Bearer id1.secret1");
    /* worked out with another implementation */
    assert_string_equal(authorization(&k, "id1.secret1", SL_AUTH_JWT), SIGNED);
    kit_fini(&k);
}

static void other_keys_do_not_sign(void **state)
{
    static const char *const keys[] = {"sk-test-1", ".secret", "id.", "a\"b.c"};
    struct kit k;
    (void)state;
    kit_init(&k, "zhipu");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
        memset(&k.err, 0, sizeof(k.err));
        assert_null(authorization(&k, keys[i], SL_AUTH_JWT));
        assert_int_equal(k.err.code, SL_FAILED_PRECONDITION);
        assert_null(strstr(k.err.text, keys[i]));
    }
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_sent_or_signs),
        cmocka_unit_test(other_keys_do_not_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
