/* Key sets: which keys are taken, and which one a token may be verified with. */
#include "access/jwks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jwt_kit.h"

/* RFC 7515, appendix A.3. */
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\""

static struct sl_jwks *parse(const char *text)
{
    struct sl_jwks *s = NULL;
    struct sl_err err = {0};
    if (sl_jwks_parse(text, strlen(text), &s, &err))
        fail_msg("%s", err.text);
    return s;
}

static void finds_algorithms(void **state)
{
    static const char *const names[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                        "PS512", "ES256", "ES384", "ES512", "EdDSA"};
    static const char *const others[] = {"none", "None",   "HS256", "HS512", "rs256",
                                         "RS1",  "ES256K", "",      "dir",   "A128GCM"};
    unsigned all = 0;
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        assert_int_not_equal(sl_jwa_find(names[i]), SL_JWA_NONE);
        all |= SL_JWA_BIT(sl_jwa_find(names[i]));
    }
    assert_int_equal(all, SL_JWA_ALL);
    for (size_t i = 0; i < SL_ARRAY_LEN(others); i++)
        assert_int_equal(sl_jwa_find(others[i]), SL_JWA_NONE);
}

static void takes_every_kind(void **state)
{
    static const enum sl_jwa algorithms[] = {SL_JWA_RS256, SL_JWA_ES256, SL_JWA_ES384, SL_JWA_ES512,
                                             SL_JWA_EdDSA};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(algorithms); i++) {
        struct signer signer = signer_create(algorithms[i], 0);
        char *jwk = signer_jwk(&signer, "\"kid\":\"k\",\"use\":\"sig\","), text[4500];
        snprintf(text, sizeof(text), "{\"keys\":[%s]}", jwk);
        struct sl_jwks *s = parse(text);
        assert_int_equal(sl_jwks_count(s), 1);
        assert_int_equal(sl_jwks_get(s, 0)->kind, sl_jwa_kind(algorithms[i]));
        assert_non_null(sl_jwks_find(s, "k", algorithms[i]));
        assert_non_null(sl_jwks_find(s, "", algorithms[i]));
        assert_null(sl_jwks_find(s, "other", algorithms[i]));
        assert_null(sl_jwks_find(s, "k", SL_JWA_NONE));
        sl_jwks_unref(s);
        free(jwk);
        signer_destroy(&signer);
    }
}

/* Each beside a good one, so that the set as a whole is taken. */
static void skips_what_it_cannot_use(void **state)
{
    static const char *const keys[] = {
        "{}",
        "17",
        "null",
        "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}",
        "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"alg\":\"HS256\"}",
        "{\"kty\":\"XX\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}", /* not on the curve */
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", /* 17 bits */
        "{\"kty\":\"RSA\",\"n\":\"====\",\"e\":\"AQAB\"}",
        "{" EC ",\"use\":\"enc\"}",
        "{" EC ",\"use\":7}",
        "{" EC ",\"key_ops\":[\"sign\"]}",
        "{" EC ",\"key_ops\":[]}",
        "{" EC ",\"alg\":\"none\"}",
        "{" EC ",\"alg\":\"HS256\"}",
        "{" EC ",\"alg\":\"RS256\"}", /* not of its kind */
        "{" EC ",\"alg\":\"ES384\"}",
        "{" EC ",\"kid\":\"good\"}", /* the second of that id */
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
        char text[1024];
        snprintf(text, sizeof(text),
                 "{\"keys\":[{" EC ",\"kid\":\"good\",\"key_ops\":[\"verify\"]},%s]}", keys[i]);
        struct sl_jwks *s = parse(text);
        if (sl_jwks_count(s) != 1)
            fail_msg("%s was taken", keys[i]);
        sl_jwks_unref(s);
    }
}

static void refuses_what_is_no_set(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}",
        "{\"keys\":[],\"keys\":[{" EC "}]}",
        "{\"keys\":[{" EC ",\"kty\":\"EC\"}]}",
        "{\"keys\":[{" EC "}]} x",
    };
    static char big[SL_JWKS_MAX_BYTES + 1];
    struct sl_jwks *s = NULL;
    struct sl_err err;
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        err = (struct sl_err){0};
        if (!sl_jwks_parse(texts[i], strlen(texts[i]), &s, &err))
            fail_msg("%s was taken", texts[i]);
        assert_int_equal(err.code, SL_UNAVAILABLE);
        assert_int_equal(err.reason, SL_REASON_PROVIDER_GARBAGE);
    }
    memset(big, ' ', sizeof(big));
    err = (struct sl_err){0};
    assert_int_equal(sl_jwks_parse(big, sizeof(big), &s, &err), SL_UNAVAILABLE);
}

static void a_pinned_algorithm_is_the_only_one(void **state)
{
    struct signer signer = signer_create(SL_JWA_RS256, 0);
    char *jwk = signer_jwk(&signer, "\"kid\":\"k\",\"alg\":\"PS256\","), text[4500];
    (void)state;
    snprintf(text, sizeof(text), "{\"keys\":[%s]}", jwk);
    struct sl_jwks *s = parse(text);
    assert_non_null(sl_jwks_find(s, "k", SL_JWA_PS256));
    assert_null(sl_jwks_find(s, "k", SL_JWA_RS256));
    assert_null(sl_jwks_find(s, "k", SL_JWA_PS512));
    assert_null(sl_jwks_find(s, "k", SL_JWA_ES256));
    sl_jwks_unref(s);
    free(jwk);
    signer_destroy(&signer);
}

static void an_empty_id_has_to_be_unique(void **state)
{
    struct signer other = signer_create(SL_JWA_ES256, 0);
    char *jwk = signer_jwk(&other, "\"kid\":\"b\","), text[1024];
    (void)state;
    snprintf(text, sizeof(text), "{\"keys\":[{" EC ",\"kid\":\"a\"},%s]}", jwk);
    struct sl_jwks *s = parse(text), *first = parse("{\"keys\":[{" EC ",\"kid\":\"a\"}]}");
    struct sl_jwks *renamed = parse("{\"keys\":[{" EC ",\"kid\":\"c\"}]}");
    assert_int_equal(sl_jwks_count(s), 2);
    assert_null(sl_jwks_find(s, "", SL_JWA_ES256));
    assert_string_equal(sl_jwks_find(s, "b", SL_JWA_ES256)->id, "b");
    assert_true(sl_jwks_covers(s, first));
    assert_false(sl_jwks_covers(first, s));
    assert_false(sl_jwks_covers(s, renamed));
    sl_jwks_unref(s);
    sl_jwks_unref(first);
    sl_jwks_unref(renamed);
    free(jwk);
    signer_destroy(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_algorithms),
        cmocka_unit_test(takes_every_kind),
        cmocka_unit_test(skips_what_it_cannot_use),
        cmocka_unit_test(refuses_what_is_no_set),
        cmocka_unit_test(a_pinned_algorithm_is_the_only_one),
        cmocka_unit_test(an_empty_id_has_to_be_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
