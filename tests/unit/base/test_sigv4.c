/* Signature Version 4: requests, keys and regions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/sigv4.h"

#define ACCESS_KEY "AKIDEXAMPLEAKIDEXAMPLE"
#define ACCESS_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* Worked out from the specification with another implementation of the hashes. */
static void requests_are_signed(void **state)
{
    static const struct {
        const char *key, *authorization;
    } rows[] = {
        {ACCESS_KEY ":" ACCESS_SECRET,
         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEAKIDEXAMPLE/20150830/us-east-1/"
         "bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=20b7019"
         "fbc83c873339a1ac16c20cd74648fa8044af4fc332aa5b88a5382eee6"},
        {ACCESS_KEY ":" ACCESS_SECRET ":session/token==",
         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEAKIDEXAMPLE/20150830/us-east-1/"
         "bedrock/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-tok"
         "en, Signature=3d157467649e344c8a0854e0caece89cb87d0ac1593118ae868380ce"
         "5f0dc6c0"},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena arena;
        struct sl_segs body = {0};
        struct sl_aws_key key;
        sl_arena_init(&arena, SIZE_MAX);
        assert_true(sl_aws_key_read(rows[i].key, &key));
        sl_segs_add(&body, &arena, SL_SEG_RAW, "{}", 2);
        struct sl_sigv4 s = {
            .key = &key,
            .region = SL_STR("us-east-1"),
            .service = "bedrock",
            .method = "POST",
            .url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/a.b-v1%3A0/converse",
            .body = &body,
            .now_ms = 1440938160000,
        };
        sl_sigv4_sign(&s, &arena);
        assert_string_equal(s.date, "20150830T123600Z");
        assert_string_equal(s.authorization, rows[i].authorization);
        assert_int_equal(s.token != NULL, i == 1);
        sl_arena_fini(&arena);
    }
    struct sl_aws_key none;
    assert_false(sl_aws_key_read("bedrock-api-key-test", &none));
    assert_false(sl_aws_key_read("ABSKQmVkcm9jaw==", &none));
}

static void regions_are_read_from_addresses(void **state)
{
    static const struct {
        const char *url, *region; /* NULL: none */
    } rows[] = {
        {"https://bedrock-runtime.us-east-1.amazonaws.com/model/x", "us-east-1"},
        {"https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
        {"https://vpce-1-a.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"},
        {"http://127.0.0.1:8080/eu-west-1", NULL},
        {"https://proxy.example.com", NULL},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_str region;
        assert_int_equal(sl_aws_region(rows[i].url, &region), rows[i].region != NULL);
        if (rows[i].region)
            assert_true(sl_str_eq(region, rows[i].region));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_signed),
        cmocka_unit_test(regions_are_read_from_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
