/* What all adapters share: warnings, headers, authentication, the meaning of a status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

/* ---- warnings ---- */

static void warnings_are_kept_once_and_bounded(void **state)
{
    struct kit k;
    char field[16];

    (void)state;
    kit_init(&k, "custom");
    sl_warn(&k.warnings, "A", "f", "first %d", 1);
    sl_warn(&k.warnings, "A", "f", "second");
    sl_warn(&k.warnings, "B", "f", "other reason");
    assert_int_equal(k.warnings.count, 2);
    assert_string_equal(k.warnings.list[0]->message, "first 1");
    for (int i = 0; i < 100; i++) {
        snprintf(field, sizeof(field), "f%d", i);
        sl_warn(&k.warnings, "A", field, "text");
    }
    assert_int_equal(k.warnings.count, 32);
    assert_string_equal(k.warnings.list[31]->field, "f29");
    kit_fini(&k);
}

static void a_long_warning_is_cut_at_a_character(void **state)
{
    struct kit k;
    char text[600];

    (void)state;
    kit_init(&k, "custom");
    memset(text, 'a', 2);
    for (size_t i = 2; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof(text) - 2] = '\0';
    sl_warn(&k.warnings, "A", "", "%s", text);
    size_t n = strlen(k.warnings.list[0]->message);
    assert_true(n > 200 && n < 256);
    assert_int_equal((unsigned char)k.warnings.list[0]->message[n - 1], 0xa9);
    kit_fini(&k);
}

static void unsupported_warns_or_fails(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "custom");
    struct sl_build_in in = {.request = &k.request, .warnings = &k.warnings};
    assert_int_equal(sl_unsupported(&in, &k.err, "top_k", "no %s", "top_k"), SL_OK);
    assert_string_equal(kit_warning(&k, "UNSUPPORTED_PARAMETER", "top_k")->message, "no top_k");
    k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    assert_int_equal(sl_unsupported(&in, &k.err, "top_k", "no"), SL_INVALID_ARGUMENT);
    assert_int_equal(k.err.reason, SL_REASON_UNSUPPORTED_PARAMETER);
    assert_string_equal(k.err.field, "top_k");
    kit_fini(&k);
}

/* ---- headers ---- */

static void a_header_value_ends_at_a_line_break(void **state)
{
    struct kit k;
    struct sl_http_request http = {0};

    (void)state;
    kit_init(&k, "custom");
    sl_http_header(&http, &k.arena, "x-a", "one\r\nx-evil: 1", false);
    sl_http_header(&http, &k.arena, "x-b", "two", true);
    assert_string_equal(kit_header(&http, "x-a"), "one");
    assert_string_equal(http.headers->next->value, "two");
    assert_true(http.headers->next->secret && !http.headers->secret);
    kit_fini(&k);
}

static const struct {
    enum sl_auth auth;
    const char *auth_header, *key;
    const char *name, *value; /* NULL: no header of authentication */
} auth_rows[] = {
    {SL_AUTH_DEFAULT, NULL, "sk-test-1", "authorization", "Bearer sk-test-1"},
    {SL_AUTH_BEARER, NULL, "sk-test-1\n", "authorization", "Bearer sk-test-1"},
    {SL_AUTH_HEADER, "api-key", "sk-test-1", "api-key", "sk-test-1"},
    {SL_AUTH_HEADER, NULL, "sk-test-1", "x-api-key", "sk-test-1"},
    {SL_AUTH_HEADER, "", "sk-test-1", "x-api-key", "sk-test-1"},
    {SL_AUTH_NONE, NULL, "sk-test-1", NULL, NULL},
    {SL_AUTH_DEFAULT, NULL, NULL, NULL, NULL},
};

static void the_key_goes_where_the_target_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(auth_rows); i++) {
        struct kit k;
        struct sl_http_request http = {0};
        struct sl_secret *key = NULL;
        kit_init(&k, "custom");
        if (auth_rows[i].key)
            key = sl_secret_create(auth_rows[i].key, strlen(auth_rows[i].key));
        k.target.key = key;
        k.target.auth = auth_rows[i].auth;
        k.target.auth_header = auth_rows[i].auth_header;
        sl_http_auth(&http, &k.arena, &k.target, SL_AUTH_BEARER);
        if (auth_rows[i].name) {
            assert_string_equal(kit_header(&http, auth_rows[i].name), auth_rows[i].value);
            assert_true(http.headers->secret);
        } else {
            assert_null(http.headers);
        }
        sl_secret_unref(key);
        kit_fini(&k);
    }
}

static void extra_headers_replace_others(void **state)
{
    struct kit k;
    struct sl_http_request http = {0};
    struct sl_header second = {"x-new", "2", false, NULL};
    struct sl_header first = {"Content-Type", "application/vnd.test", true, &second};

    (void)state;
    kit_init(&k, "custom");
    k.target.headers = &first;
    sl_http_header(&http, &k.arena, "content-type", "application/json", false);
    sl_http_auth(&http, &k.arena, &k.target, SL_AUTH_BEARER);
    assert_string_equal(kit_header(&http, "content-type"), "application/vnd.test");
    assert_true(http.headers->secret);
    assert_string_equal(kit_header(&http, "x-new"), "2");
    assert_null(http.headers->next->next);
    kit_fini(&k);
}

/* ---- facts ---- */

static void facts_are_copied_when_they_change(void **state)
{
    struct kit k;
    const char *slot = NULL;
    char value[2000];

    (void)state;
    kit_init(&k, "custom");
    sl_end_set(&k.answer, &slot, NULL);
    sl_end_set(&k.answer, &slot, "");
    assert_null(slot);
    sl_end_set(&k.answer, &slot, "model-long");
    const char *first = slot;
    sl_end_set(&k.answer, &slot, "model");
    assert_ptr_equal(slot, first); /* fits into the old place */
    assert_string_equal(slot, "model");
    sl_end_set(&k.answer, &slot, NULL);
    assert_string_equal(slot, "model");
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    sl_end_set(&k.answer, &slot, value);
    assert_int_equal(strlen(slot), 511);
    kit_fini(&k);
}

static void a_provider_that_changes_its_id_does_not_grow_the_arena(void **state)
{
    struct kit k;
    const char *slot = NULL;
    char value[64];

    (void)state;
    kit_init(&k, "custom");
    sl_end_set(&k.answer, &slot, "id-00000000");
    size_t used = k.arena.used;
    for (int i = 0; i < 100000; i++) {
        snprintf(value, sizeof(value), "id-%d", i);
        sl_end_set(&k.answer, &slot, value);
    }
    assert_int_equal(k.arena.used, used);
    kit_fini(&k);
}

static void finds_the_request_id(void **state)
{
    struct sl_header ray = {"cf-ray", "ray-1", false, NULL};
    struct sl_header empty = {"x-request-id", "", false, &ray};
    struct sl_header id = {"x-request-id", "req-1", false, &ray};
    struct sl_http_head head = {.headers = &id};

    (void)state;
    assert_string_equal(sl_http_request_id(&head), "req-1");
    head.headers = &empty;
    assert_string_equal(sl_http_request_id(&head), "ray-1");
    head.headers = NULL;
    assert_null(sl_http_request_id(&head));
}

/* ---- status ---- */

static const struct {
    int status;
    enum sl_code code;
    enum sl_reason reason;
    bool retryable;
} status_rows[] = {
    {301, SL_UNAVAILABLE, SL_REASON_PROVIDER_REDIRECT, false},
    {400, SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, false},
    {401, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, false},
    {402, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, false},
    {403, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, false},
    {404, SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, false},
    {408, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {409, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {413, SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, false},
    {422, SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, false},
    {429, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, true},
    {500, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {501, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, false},
    {502, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {503, SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true},
    {529, SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true},
    {100, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, false},
    {999, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, false},
};

static void a_status_has_its_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(status_rows); i++) {
        struct sl_err err = {0};
        sl_failure_from_status(&err, status_rows[i].status);
        assert_int_equal(err.code, status_rows[i].code);
        assert_int_equal(err.reason, status_rows[i].reason);
        assert_int_equal(err.retryable, status_rows[i].retryable);
    }
}

static void a_status_does_not_overrule(void **state)
{
    struct sl_err err = {.code = SL_FAILED_PRECONDITION, .reason = SL_REASON_CONTEXT_TOO_LONG};

    (void)state;
    sl_failure_from_status(&err, 500);
    assert_int_equal(err.code, SL_FAILED_PRECONDITION);
    assert_int_equal(err.reason, SL_REASON_CONTEXT_TOO_LONG);
    assert_false(err.retryable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_are_kept_once_and_bounded),
        cmocka_unit_test(a_long_warning_is_cut_at_a_character),
        cmocka_unit_test(unsupported_warns_or_fails),
        cmocka_unit_test(a_header_value_ends_at_a_line_break),
        cmocka_unit_test(the_key_goes_where_the_target_says),
        cmocka_unit_test(extra_headers_replace_others),
        cmocka_unit_test(facts_are_copied_when_they_change),
        cmocka_unit_test(a_provider_that_changes_its_id_does_not_grow_the_arena),
        cmocka_unit_test(finds_the_request_id),
        cmocka_unit_test(a_status_has_its_meaning),
        cmocka_unit_test(a_status_does_not_overrule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
