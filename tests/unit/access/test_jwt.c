/* Tokens: what is signed by the right key and says the right things is taken; forgeries, confusions
 * and other people's tokens are not. */
#include "access/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "jwt_kit.h"

#define CLAIMS                                                                                     \
    "{\"iss\":\"https://id.example\",\"aud\":\"sluice\",\"sub\":\"alice\",\"exp\":2000,\"iat\":"   \
    "1000}"

static const char *const algorithm_names[] = {"",      "RS256", "RS384", "RS512", "PS256", "PS384",
                                              "PS512", "ES256", "ES384", "ES512", "EdDSA"};

static struct sl_jwks *set_of(const struct signer *s, const char *more)
{
    struct sl_jwks *set = NULL;
    struct sl_err err = {0};
    char text[4500], *jwk = signer_jwk(s, more);
    snprintf(text, sizeof(text), "{\"keys\":[%s]}", jwk);
    if (sl_jwks_parse(text, strlen(text), &set, &err))
        fail_msg("%s", err.text);
    free(jwk);
    return set;
}

static enum sl_code verify(const char *token, const struct sl_jwk *key, struct sl_err *err)
{
    struct sl_jwt t;
    if (sl_jwt_parse(sl_str(token), &t, err))
        return err->code;
    enum sl_code code = sl_jwt_verify(&t, key, err);
    sl_jwt_fini(&t);
    return code;
}

/* RFC 7515, appendix A.3. */
static void takes_the_standards_example(void **state)
{
    static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
    static const char token[] =
        "eyJhbGciOiJFUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ."
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    struct sl_jwks *set = NULL;
    struct sl_err err = {0};
    (void)state;
    assert_int_equal(sl_jwks_parse(jwks, sizeof(jwks) - 1, &set, &err), SL_OK);
    if (verify(token, sl_jwks_get(set, 0), &err))
        fail_msg("%s", err.text);
    sl_jwks_unref(set);
}

static void verifies_each_algorithm(void **state)
{
    (void)state;
    for (enum sl_jwa alg = SL_JWA_RS256; alg <= SL_JWA_EdDSA; alg++) {
        struct signer s = signer_create(alg, 0), other = signer_create(alg, 0);
        char header[64];
        snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\"}", algorithm_names[alg]);
        char *token = signer_token(&s, header, CLAIMS),
             *forged = signer_token(&other, header, CLAIMS);
        struct sl_jwks *set = set_of(&s, "");
        const struct sl_jwk *key = sl_jwks_get(set, 0);
        struct sl_err err = {0};
        if (verify(token, key, &err))
            fail_msg("%s: %s", algorithm_names[alg], err.text);
        assert_int_equal(verify(forged, key, &err), SL_UNAUTHENTICATED);
        token[strlen(token) / 2] ^= 1; /* somewhere in claims or signature */
        assert_int_equal(verify(token, key, &err), SL_UNAUTHENTICATED);
        sl_jwks_unref(set);
        free(token);
        free(forged);
        signer_destroy(&s);
        signer_destroy(&other);
    }
}

/* A token that names another algorithm than its signature's, or than its key's. */
static void the_key_decides_the_algorithm(void **state)
{
    struct signer s = signer_create(SL_JWA_RS256, 0), ec = signer_create(SL_JWA_ES256, 0);
    static const char *const headers[] = {"{\"alg\":\"PS256\"}", "{\"alg\":\"RS512\"}",
                                          "{\"alg\":\"ES256\"}", "{\"alg\":\"EdDSA\"}"};
    struct sl_jwks *set = set_of(&s, ""), *pinned = set_of(&s, "\"alg\":\"PS256\",");
    struct sl_jwks *curve = set_of(&ec, "");
    struct sl_err err = {0};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(headers); i++) {
        char *token = signer_token(&s, headers[i], CLAIMS);
        assert_int_equal(verify(token, sl_jwks_get(set, 0), &err), SL_UNAUTHENTICATED);
        assert_int_equal(verify(token, sl_jwks_get(curve, 0), &err), SL_UNAUTHENTICATED);
        free(token);
    }
    char *token = signer_token(&s, "{\"alg\":\"RS256\"}", CLAIMS);
    assert_int_equal(verify(token, sl_jwks_get(set, 0), &(struct sl_err){0}), SL_OK);
    assert_int_equal(verify(token, sl_jwks_get(pinned, 0), &err), SL_UNAUTHENTICATED);
    free(token);
    sl_jwks_unref(set);
    sl_jwks_unref(pinned);
    sl_jwks_unref(curve);
    signer_destroy(&s);
    signer_destroy(&ec);
}

static void refuses_headers(void **state)
{
    static const char *const headers[] = {
        "{}",
        "[]",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":256}",
        "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}",
        "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"EdDSA\",\"crit\":[]}",
        "{\"alg\":\"EdDSA\",\"b64\":false}",
        "{\"alg\":\"EdDSA\",\"zip\":\"DEF\"}",
        "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"dpop+jwt\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"application/logout+jwt\"}",
        "{\"alg\":\"EdDSA\",\"typ\":7}",
        "{\"alg\":\"EdDSA\",\"kid\":7}",
        "{\"alg\":\"EdDSA\"",
    };
    static const char *const good[] = {
        "{\"alg\":\"EdDSA\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"jwt\",\"kid\":\"k\",\"jku\":\"https://evil.example\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"at+JWT\"}",
        "{\"alg\":\"EdDSA\",\"typ\":\"application/at+jwt\"}",
    };
    struct signer s = signer_create(SL_JWA_EdDSA, 0);
    struct sl_jwks *set = set_of(&s, "");
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(headers); i++) {
        struct sl_err err = {0};
        char *token = signer_token(&s, headers[i], CLAIMS);
        if (!verify(token, sl_jwks_get(set, 0), &err))
            fail_msg("%s was taken", headers[i]);
        assert_int_equal(err.reason, SL_REASON_CREDENTIALS_INVALID);
        free(token);
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
        struct sl_err err = {0};
        char *token = signer_token(&s, good[i], CLAIMS);
        if (verify(token, sl_jwks_get(set, 0), &err))
            fail_msg("%s: %s", good[i], err.text);
        free(token);
    }
    sl_jwks_unref(set);
    signer_destroy(&s);
}

static void refuses_other_shapes(void **state)
{
    struct signer s = signer_create(SL_JWA_EdDSA, 0);
    char *token = signer_token(&s, "{\"alg\":\"EdDSA\"}", CLAIMS);
    size_t n = strlen(token);
    struct sl_jwt t;
    (void)state;
    assert_true(sl_jwt_looks_like(sl_str(token)));
    for (size_t i = 0; i < n; i++) { /* exact, for the sanitizer */
        char *part = sl_malloc(i + !i);
        struct sl_err err = {0};
        memcpy(part, token, i);
        if (!sl_jwt_parse((struct sl_str){part, i}, &t, &err))
            sl_jwt_fini(&t); /* a shorter signature, which fits nothing */
        (void)sl_jwt_looks_like((struct sl_str){part, i});
        sl_free(part);
    }
    static const char *const others[] = {
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        ".b.c",
        "a..c",
        "a.b.",
        "eyJ",
        "sl_a.b.c",
        "eyJhbGciOiJFZERTQSJ9.e30=.AA",
        "eyJhbGciOiJFZERTQSJ9.W10.AA",
        "eyJhbGciOiJFZERTQSJ9.e30 .AA",
        "eyJhbGciOiJFZERTQSJ9.e30.A",
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(others); i++) {
        struct sl_err err = {0};
        if (!sl_jwt_parse(sl_str(others[i]), &t, &err))
            fail_msg("'%s' was taken", others[i]);
    }
    assert_false(sl_jwt_looks_like(sl_str("sl_a.b.c")));
    assert_false(sl_jwt_looks_like(sl_str("eyJa.b.c.d")));
    static char big[SL_JWT_MAX + 2];
    struct sl_err err = {0};
    memset(big, 'a', sizeof(big) - 1);
    memcpy(big, "eyJ.a.", 6);
    assert_int_equal(sl_jwt_parse(sl_str(big), &t, &err), SL_UNAUTHENTICATED);
    free(token);
    signer_destroy(&s);
}

static void checks_claims(void **state)
{
    static const char *const audiences[] = {"sluice", "other-name", NULL};
    static const struct sl_jwt_rules rules = {"https://id.example", audiences, 60};
#define BASE "\"iss\":\"https://id.example\",\"aud\":\"sluice\""
    static const struct {
        const char *claims, *error; /* NULL: they hold */
    } rows[] = {
        {"{" BASE ",\"exp\":1501}", NULL},
        {"{" BASE ",\"exp\":1441}", NULL},
        {"{" BASE ",\"exp\":1440}", "has expired"},
        {"{" BASE ",\"exp\":1500.9,\"nbf\":1560,\"iat\":1560}", NULL},
        {"{" BASE ",\"exp\":9000,\"nbf\":1561}", "is not valid yet"},
        {"{" BASE ",\"exp\":9000,\"iat\":1561}", "is not valid yet"},
        {"{" BASE "}", "does not say when it expires"},
        {"{" BASE ",\"exp\":\"9000\"}", "has a date that is none"},
        {"{" BASE ",\"exp\":null}", "has a date that is none"},
        {"{" BASE ",\"exp\":1e300}", "has a date that is none"},
        {"{" BASE ",\"exp\":-1e300}", "has a date that is none"},
        {"{" BASE ",\"exp\":9000,\"nbf\":true}", "has a date that is none"},
        {"{\"iss\":\"https://id.example\",\"aud\":[\"a\",\"other-name\"],\"exp\":9000}", NULL},
        {"{\"iss\":\"https://id.example\",\"aud\":[],\"exp\":9000}", "another audience"},
        {"{\"iss\":\"https://id.example\",\"aud\":[7,{}],\"exp\":9000}", "another audience"},
        {"{\"iss\":\"https://id.example\",\"aud\":\"sluice2\",\"exp\":9000}", "another audience"},
        {"{\"iss\":\"https://id.example\",\"exp\":9000}", "another audience"},
        {"{\"iss\":\"https://id.example/\",\"aud\":\"sluice\",\"exp\":9000}", "another issuer"},
        {"{\"iss\":[\"https://id.example\"],\"aud\":\"sluice\",\"exp\":9000}", "another issuer"},
        {"{\"aud\":\"sluice\",\"exp\":9000}", "another issuer"},
    };
    struct signer s = signer_create(SL_JWA_EdDSA, 0);
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char *token = signer_token(&s, "{\"alg\":\"EdDSA\"}", rows[i].claims);
        struct sl_jwt t;
        struct sl_err err = {0};
        assert_int_equal(sl_jwt_parse(sl_str(token), &t, &err), SL_OK);
        enum sl_code code = sl_jwt_check(&t, &rules, 1500, &err);
        if (!code != !rows[i].error || (code && !strstr(err.text, rows[i].error)))
            fail_msg("%s: '%s'", rows[i].claims, err.text);
        sl_jwt_fini(&t);
        free(token);
    }
    signer_destroy(&s);
}

static void collect(void *owner, struct sl_str text)
{
    char *out = owner;
    snprintf(out + strlen(out), 128 - strlen(out), "%.*s;", (int)text.n, text.p);
}

static void reads_texts(void **state)
{
    static const char claims[] =
        "{\"one\":\"a b  c\",\"list\":[\"x y\",7,\"z\"],\"number\":7,\"a.b\":\"dots\",\"realm\":{"
        "\"roles\":[\"r1\",\"r2\"],\"deep\":{\"x\":\"y\"}},\"no\":false,\"text\":\"false\"}";
    static const struct {
        const char *name, *texts;
    } rows[] = {
        {"one", "a;b;c;"},      {"list", "x y;z;"},
        {"number", ""},         {"none", ""},
        {"a.b", "dots;"},       {"realm.roles", "r1;r2;"},
        {"realm.deep.x", "y;"}, {"realm.deep", ""},
        {"realm.", ""},         {".", ""},
        {"one.two", ""},
    };
    struct signer s = signer_create(SL_JWA_EdDSA, 0);
    char *token = signer_token(&s, "{\"alg\":\"EdDSA\"}", claims);
    struct sl_jwt t;
    struct sl_err err = {0};
    (void)state;
    assert_int_equal(sl_jwt_parse(sl_str(token), &t, &err), SL_OK);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char out[128] = "";
        sl_jwt_each_text(&t, rows[i].name, collect, out);
        assert_string_equal(out, rows[i].texts);
    }
    assert_string_equal(sl_jwt_text(&t, "one"), "a b  c");
    assert_string_equal(sl_jwt_text(&t, "number"), "");
    assert_true(sl_jwt_is_false(&t, "no") && sl_jwt_is_false(&t, "text"));
    assert_false(sl_jwt_is_false(&t, "one") || sl_jwt_is_false(&t, "none"));
    assert_true(sl_jwt_expiry(&t) == INT64_MIN);
    sl_jwt_fini(&t);
    free(token);
    signer_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_standards_example),
        cmocka_unit_test(verifies_each_algorithm),
        cmocka_unit_test(the_key_decides_the_algorithm),
        cmocka_unit_test(refuses_headers),
        cmocka_unit_test(refuses_other_shapes),
        cmocka_unit_test(checks_claims),
        cmocka_unit_test(reads_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
