/* Answers that are not 2xx: every shape of body, and what it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "kit.h"

/* ---- shapes ---- */

static const struct {
    int status;
    const char *body;
    const char *text, *type, *code, *param;
} shapes[] = {
    {400,
     "{\"error\":{\"message\":\"Bad\",\"type\":\"invalid_request_error\",\"param\":\"n\",\"code\":"
     "\"x\"}}",
     "Bad", "invalid_request_error", "x", "n"},
    {400, "{\"error\":{\"message\":\"Bad\",\"type\":null,\"param\":null,\"code\":null}}", "Bad", "",
     "", ""},
    {400, "{\"error\":{\"message\":\"Bad\",\"code\":400}}", "Bad", "", "400", ""},
    {400, "{\"error\":\"Bad\",\"code\":\"Some words\"}", "Bad", "", "Some words", ""},
    {400,
     "{\"object\":\"error\",\"message\":\"Bad\",\"type\":\"t\",\"param\":null,\"code\":\"1500\"}",
     "Bad", "t", "1500", ""},
    {400, "{\"message\":\"Bad\",\"param\":\"quota\"}", "Bad", "", "", "quota"},
    {400, "{\"detail\":\"Bad\"}", "Bad", "", "", ""},
    {422, "{\"detail\":[{\"loc\":[\"body\",\"n\"],\"msg\":\"too small\"}]}",
     "[{\"loc\":[\"body\",\"n\"],\"msg\":\"too small\"}]", "", "", ""},
    {400, "[{\"error\":{\"code\":400,\"message\":\"Bad\",\"status\":\"INVALID_ARGUMENT\"}}]", "Bad",
     "INVALID_ARGUMENT", "400", ""},
    {400, "{\"error\":{\"code\":\"c\"},\"message\":\"Outside\"}", "Outside", "", "c", ""},
    {400, "\"Bad\"", "Bad", "", "", ""},
    {503, "upstream connect error\nreset\n", "upstream connect error\nreset", "", "", ""},
    {502,
     "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title><style>p { a: b }</style>\n"
     "<script>if (a < b) "
     "alert(1)</script></head>\n<body><h1>Bad&nbsp;Gateway</h1>\n<hr>nginx</body>"
     "</html>",
     "502 Bad Gateway Bad&nbsp;Gateway nginx", "", "", ""},
    {502, "<html", "OpenAI answered with HTTP status 502 and no message", "", "", ""},
    {500, "", "OpenAI answered with HTTP status 500 and no message", "", "", ""},
    {500, " \r\n ", "OpenAI answered with HTTP status 500 and no message", "", "", ""},
    {500, "{}", "OpenAI answered with HTTP status 500 and no message", "", "", ""},
    {500, "null", "OpenAI answered with HTTP status 500 and no message", "", "", ""},
    {500, "[]", "OpenAI answered with HTTP status 500 and no message", "", "", ""},
    {400, "{\"error\":{\"message\":\"Bad\\u0000\\u0007\\n\xff\"}}",
     "Bad\xef\xbf\xbd?\n\xef\xbf\xbd", "", "", ""},
    {400, "Latin \xe9t\xe9", "Latin ?t?", "", "", ""},
    {400, "{\"error\":{\"message\":{\"a\":1}}}", "{\"a\":1}", "", "", ""},
    {400, "{\"error\":{\"message\":\"cut", "{\"error\":{\"message\":\"cut", "", "", ""},
};

static void every_shape_gives_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(shapes); i++) {
        struct kit k;
        kit_init(&k, "openai");
        kit_failure(&k, shapes[i].status, NULL, shapes[i].body);
        assert_string_equal(k.err.text, shapes[i].text);
        assert_string_equal(k.err.provider_type, shapes[i].type);
        assert_string_equal(k.err.provider_code, shapes[i].code);
        assert_string_equal(k.err.provider_param, shapes[i].param);
        kit_fini(&k);
    }
}

/* ---- meanings ---- */

static const struct {
    int status;
    const char *body;
    enum sl_code code;
    enum sl_reason reason;
    bool retryable;
} meanings[] = {
    {401, "{\"error\":{\"code\":\"invalid_api_key\",\"message\":\"m\"}}", SL_FAILED_PRECONDITION,
     SL_REASON_PROVIDER_AUTH, false},
    {400, "{\"error\":{\"code\":\"invalid_api_key\",\"message\":\"m\"}}", SL_FAILED_PRECONDITION,
     SL_REASON_PROVIDER_AUTH, false},
    {403, "", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, false},
    {429, "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}}", SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_RATE_LIMIT, true},
    {429, "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"m\"}}", SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_QUOTA, false},
    {429, "{\"error\":{\"type\":\"insufficient_quota\",\"message\":\"m\"}}", SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_QUOTA, false},
    {402, "{\"error\":{\"message\":\"Insufficient Balance\"}}", SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_QUOTA, false},
    {400, "{\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"m\"}}",
     SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, false},
    {400, "{\"error\":{\"code\":400,\"message\":\"This endpoint's maximum context length is 9\"}}",
     SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, false},
    {400, "{\"code\":\"c\",\"error\":\"This model's maximum prompt length is 5 but\"}",
     SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, false},
    {500, "{\"error\":{\"message\":\"maximum context length\"}}", SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR, true},
    {400, "{\"error\":{\"code\":\"content_policy_violation\",\"message\":\"m\"}}",
     SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED, false},
    {400, "{\"error\":{\"code\":\"content_filter\",\"message\":\"m\"}}", SL_INVALID_ARGUMENT,
     SL_REASON_CONTENT_REFUSED, false},
    {400, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"}}", SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST, false},
    {422, "text", SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, false},
    {404, "{\"error\":{\"code\":\"model_not_found\",\"message\":\"m\"}}", SL_NOT_FOUND,
     SL_REASON_PROVIDER_NOT_FOUND, false},
    {408, "text", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {500, "{\"error\":{\"code\":400,\"message\":\"m\"}}", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR,
     true},
    {503, "text", SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true},
    {529, "text", SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true},
    {302, "text", SL_UNAVAILABLE, SL_REASON_PROVIDER_REDIRECT, false},
};

static void a_failure_has_its_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(meanings); i++) {
        struct kit k;
        kit_init(&k, "openai");
        kit_failure(&k, meanings[i].status, NULL, meanings[i].body);
        if (k.err.code != meanings[i].code || k.err.reason != meanings[i].reason)
            fail_msg("row %zu: %s %s", i, sl_code_name(k.err.code), sl_reason_name(k.err.reason));
        assert_int_equal(k.err.retryable, meanings[i].retryable);
        kit_fini(&k);
    }
}

static void headers_are_read(void **state)
{
    struct sl_header retry = {"retry-after-ms", "660", false, NULL};
    struct sl_header id = {"x-request-id", "req_1\xff", false, &retry};
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    kit_failure(&k, 429, &id, "{}");
    assert_true(k.err.has_retry_after);
    assert_int_equal(k.err.retry_after_ms, 660);
    assert_string_equal(k.err.provider_request_id, "req_1?");
    kit_failure(&k, 429, NULL, "{}");
    assert_false(k.err.has_retry_after);
    assert_string_equal(k.err.provider_request_id, "");
    kit_fini(&k);
}

static void long_messages_are_cut(void **state)
{
    struct kit k;
    char *body = malloc(200001);

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < 200000; i += 2)
        memcpy(body + i, "\xc3\xa9", 2);
    body[200000] = '\0';
    kit_init(&k, "openai");
    kit_failure(&k, 500, NULL, body);
    size_t n = strlen(k.err.text);
    assert_true(n > 400 && n < sizeof(k.err.text));
    assert_true(sl_utf8_valid(k.err.text, n));
    kit_fini(&k);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_gives_its_message),
        cmocka_unit_test(a_failure_has_its_meaning),
        cmocka_unit_test(headers_are_read),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
