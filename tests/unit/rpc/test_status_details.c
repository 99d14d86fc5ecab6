/* Trailers: what a failed call tells, and that it always fits. */
#include "rpc/status_details.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "sluice/v1/completion.pb-c.h"

static struct sl_arena arena;
static struct sl_status_trailers trailers;
static Google__Rpc__Status *details; /* of trailers; NULL: none */

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, 16 * 1024 * 1024);
    details = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (details)
        google__rpc__status__free_unpacked(details, NULL);
    sl_arena_fini(&arena);
    return 0;
}

static void make(const struct sl_status *status)
{
    if (details)
        google__rpc__status__free_unpacked(details, NULL);
    sl_status_trailers(status, &arena, &trailers);
    assert_true(strlen(trailers.message) <= SL_STATUS_MESSAGE_MAX);
    assert_true(sl_utf8_valid(trailers.message, strlen(trailers.message)));
    assert_true(trailers.n_details <= SL_STATUS_DETAILS_MAX);
    details = trailers.details
                  ? google__rpc__status__unpack(NULL, trailers.n_details, trailers.details)
                  : NULL;
    assert_true(!trailers.details || details);
}

/* The detail of this type, unpacked; NULL if there is none. The caller frees it. */
static void *find_detail(const ProtobufCMessageDescriptor *type)
{
    char url[128];
    snprintf(url, sizeof(url), "type.googleapis.com/%s", type->name);
    for (size_t i = 0; i < details->n_details; i++)
        if (!strcmp(details->details[i]->type_url, url))
            return protobuf_c_message_unpack(type, NULL, details->details[i]->value.len,
                                             details->details[i]->value.data);
    return NULL;
}

static void assert_reason(const char *reason)
{
    Google__Rpc__ErrorInfo *info = find_detail(&google__rpc__error_info__descriptor);
    assert_non_null(info);
    assert_string_equal(info->reason, reason);
    assert_string_equal(info->domain, "sluice");
    google__rpc__error_info__free_unpacked(info, NULL);
}

static void test_ok_has_no_details(void **state)
{
    (void)state;
    make(&(struct sl_status){.code = SL_OK, .has_retry_delay = true});
    assert_int_equal(trailers.grpc_status, 0);
    assert_string_equal(trailers.message, "");
    assert_null(trailers.details);
    assert_int_equal(trailers.n_details, 0);
    assert_null(trailers.retry_pushback);
}

static void test_every_code_has_its_number_and_reason(void **state)
{
    (void)state;
    static const struct {
        enum sl_code code;
        int number;
    } rows[] = {
#define ROW(name, number) {SL_##name, number},
        SL_CODES(ROW)
#undef ROW
    };
    for (size_t i = 1; i < SL_ARRAY_LEN(rows); i++) {
        make(&(struct sl_status){.code = rows[i].code, .message = "why"});
        assert_int_equal(trailers.grpc_status, rows[i].number);
        assert_int_equal(details->code, rows[i].number);
        assert_string_equal(details->message, "why");
        assert_reason(sl_code_name(rows[i].code)); /* no reason given: the code is one */
    }
    make(&(struct sl_status){.code = (enum sl_code)11});
    assert_int_equal(trailers.grpc_status, SL_UNKNOWN);
}

static void test_reason_and_metadata(void **state)
{
    (void)state;
    static const char *const metadata[] = {"provider", "openai", "model", "gpt", NULL};
    make(&(struct sl_status){
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_PROVIDER_TRUNCATED,
        .message = "cut off",
        .metadata = metadata,
    });
    Google__Rpc__ErrorInfo *info = find_detail(&google__rpc__error_info__descriptor);
    assert_string_equal(info->reason, "PROVIDER_TRUNCATED");
    assert_int_equal(info->n_metadata, 2);
    assert_string_equal(info->metadata[0]->key, "provider");
    assert_string_equal(info->metadata[0]->value, "openai");
    assert_string_equal(info->metadata[1]->key, "model");
    google__rpc__error_info__free_unpacked(info, NULL);
    assert_int_equal(details->n_details, 1);
}

static void test_retry(void **state)
{
    (void)state;
    static const struct {
        int64_t ms, seconds;
        int32_t nanos;
        const char *pushback;
    } rows[] = {
        {0, 0, 0, "0"},
        {1500, 1, 500000000, "1500"},
        {-5, 0, 0, "0"},
        {86400000, 86400, 0, "86400000"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        make(&(struct sl_status){
            .code = SL_RESOURCE_EXHAUSTED,
            .reason = SL_REASON_PROVIDER_RATE_LIMIT,
            .has_retry_delay = true,
            .retry_delay_ms = rows[i].ms,
        });
        Google__Rpc__RetryInfo *info = find_detail(&google__rpc__retry_info__descriptor);
        assert_non_null(info);
        assert_int_equal(info->retry_delay->seconds, rows[i].seconds);
        assert_int_equal(info->retry_delay->nanos, rows[i].nanos);
        google__rpc__retry_info__free_unpacked(info, NULL);
        assert_string_equal(trailers.retry_pushback, rows[i].pushback);
    }
    make(&(struct sl_status){.code = SL_INTERNAL, .no_retry = true});
    assert_string_equal(trailers.retry_pushback, "-1");
    assert_null(find_detail(&google__rpc__retry_info__descriptor));
}

static void test_bad_request(void **state)
{
    (void)state;
    static const struct sl_field_violation violations[] = {
        {"top_p", "must be at most 1"},
        {"messages[0].role", "is required"},
    };
    make(&(struct sl_status){
        .code = SL_INVALID_ARGUMENT,
        .reason = SL_REASON_INVALID_REQUEST,
        .violations = violations,
        .n_violations = 2,
    });
    Google__Rpc__BadRequest *bad = find_detail(&google__rpc__bad_request__descriptor);
    assert_int_equal(bad->n_field_violations, 2);
    assert_string_equal(bad->field_violations[1]->field, "messages[0].role");
    assert_string_equal(bad->field_violations[1]->description, "is required");
    google__rpc__bad_request__free_unpacked(bad, NULL);
}

static void test_extra_message(void **state)
{
    (void)state;
    Sluice__V1__FailureInfo failure = SLUICE__V1__FAILURE_INFO__INIT;
    failure.provider_status = 529;
    failure.provider_message = (char *)"overloaded";
    make(&(struct sl_status){
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_PROVIDER_OVERLOADED,
        .message = "busy",
        .detail = &failure.base,
    });
    Sluice__V1__FailureInfo *got = find_detail(&sluice__v1__failure_info__descriptor);
    assert_int_equal(got->provider_status, 529);
    assert_string_equal(got->provider_message, "overloaded");
    sluice__v1__failure_info__free_unpacked(got, NULL);
}

static void test_message_is_printable_and_cut(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {NULL, ""},
        {"", ""},
        {"two\nlines\tand\x7f\x01", "two lines and  "},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"bad \xff byte", "bad \xEF\xBF\xBD byte"},
        {"cut \xE2\x82", "cut \xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        make(&(struct sl_status){.code = SL_INTERNAL, .message = rows[i].in});
        assert_string_equal(trailers.message, rows[i].out);
    }
    /* a character of 3 bytes over each place of the cut */
    for (size_t before = 505; before <= 512; before++) {
        char text[600];
        memset(text, 'a', before);
        for (size_t n = before; n < 590; n += 3)
            memcpy(text + n, "\xE2\x82\xAC", 4);
        make(&(struct sl_status){.code = SL_INTERNAL, .message = text});
        size_t n = strlen(trailers.message);
        assert_true(n >= 510 && n <= 512);
        assert_memory_equal(trailers.message, text, n);
    }
}

/* ---- what does not fit ---- */

static char long_text[4096];

static void fill_long_text(void)
{
    memset(long_text, 'x', sizeof(long_text) - 1);
}

static void test_texts_of_the_extra_message_go_first(void **state)
{
    (void)state;
    fill_long_text();
    Sluice__V1__FailureInfo failure = SLUICE__V1__FAILURE_INFO__INIT;
    Sluice__V1__TokenUsage usage = SLUICE__V1__TOKEN_USAGE__INIT;
    failure.provider_status = 500;
    failure.provider_code = (char *)"server_error";
    failure.provider_message = long_text;
    usage.input_tokens = 12;
    usage.provider_json = long_text;
    failure.usage = &usage;
    make(&(struct sl_status){
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_PROVIDER_ERROR,
        .message = "the provider failed",
        .detail = &failure.base,
    });
    assert_string_equal(details->message, "the provider failed");
    Sluice__V1__FailureInfo *got = find_detail(&sluice__v1__failure_info__descriptor);
    assert_int_equal(got->provider_status, 500);
    assert_string_equal(got->provider_code, "server_error");
    assert_int_equal(strlen(got->provider_message), 256);
    assert_int_equal(got->usage->input_tokens, 12);
    assert_string_equal(got->usage->provider_json, ""); /* half of it would be no JSON */
    sluice__v1__failure_info__free_unpacked(got, NULL);
    assert_string_equal(failure.provider_message, long_text); /* the caller's stays whole */
    assert_ptr_equal(usage.provider_json, long_text);
}

static void test_violations_go_from_the_last(void **state)
{
    (void)state;
    fill_long_text();
    long_text[300] = '\0';
    struct sl_field_violation violations[100];
    char fields[100][24];
    for (int i = 0; i < 100; i++) {
        snprintf(fields[i], sizeof(fields[i]), "stop[%d]", i);
        violations[i] = (struct sl_field_violation){fields[i], long_text};
    }
    make(&(struct sl_status){
        .code = SL_INVALID_ARGUMENT,
        .reason = SL_REASON_INVALID_REQUEST,
        .message = "100 fields are wrong",
        .violations = violations,
        .n_violations = 100,
    });
    assert_string_equal(trailers.message, "100 fields are wrong");
    assert_string_equal(details->message, "");
    assert_reason("INVALID_REQUEST");
    Google__Rpc__BadRequest *bad = find_detail(&google__rpc__bad_request__descriptor);
    assert_true(bad->n_field_violations >= 6 && bad->n_field_violations < 10);
    for (size_t i = 0; i < bad->n_field_violations; i++)
        assert_string_equal(bad->field_violations[i]->field, fields[i]);
    google__rpc__bad_request__free_unpacked(bad, NULL);
}

static void test_everything_too_long_still_tells_the_reason(void **state)
{
    (void)state;
    fill_long_text();
    const char *metadata[65];
    struct sl_field_violation violations[40];
    Sluice__V1__FailureInfo failure = SLUICE__V1__FAILURE_INFO__INIT;
    failure.provider_message = failure.provider_code = long_text;
    for (int i = 0; i < 64; i++)
        metadata[i] = long_text;
    metadata[64] = NULL;
    for (int i = 0; i < 40; i++)
        violations[i] = (struct sl_field_violation){long_text, long_text};
    make(&(struct sl_status){
        .code = SL_INVALID_ARGUMENT,
        .reason = SL_REASON_PROVIDER_INVALID_REQUEST,
        .message = long_text,
        .violations = violations,
        .n_violations = 40,
        .metadata = metadata,
        .has_retry_delay = true,
        .detail = &failure.base,
    });
    assert_int_equal(strlen(trailers.message), SL_STATUS_MESSAGE_MAX);
    assert_reason("PROVIDER_INVALID_REQUEST");
}

/* Texts in oneofs, repeated texts and nested messages of any message are cut without touching the others. */
static void test_any_message_can_be_the_extra_one(void **state)
{
    (void)state;
    fill_long_text();
    Sluice__V1__Part part = SLUICE__V1__PART__INIT, image_part = SLUICE__V1__PART__INIT;
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
    Sluice__V1__Part *parts[] = {&part};
    Sluice__V1__Message message = SLUICE__V1__MESSAGE__INIT;
    part.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    part.text = long_text;
    message.role = SLUICE__V1__ROLE__ROLE_USER;
    message.name = long_text;
    message.n_parts = 1;
    message.parts = parts;
    make(&(struct sl_status){.code = SL_ABORTED, .detail = &message.base});
    Sluice__V1__Message *got = find_detail(&sluice__v1__message__descriptor);
    assert_int_equal(got->role, SLUICE__V1__ROLE__ROLE_USER);
    assert_int_equal(got->n_parts, 0);
    assert_int_equal(strlen(got->name), 256);
    sluice__v1__message__free_unpacked(got, NULL);

    image_part.content_case = SLUICE__V1__PART__CONTENT_IMAGE;
    image_part.image = &image;
    image.source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
    image.data = (ProtobufCBinaryData){sizeof(long_text), (uint8_t *)long_text};
    image.detail = (char *)"low";
    make(&(struct sl_status){.code = SL_ABORTED, .detail = &image_part.base});
    Sluice__V1__Part *got_part = find_detail(&sluice__v1__part__descriptor);
    assert_int_equal(got_part->image->data.len, 0);
    assert_string_equal(got_part->image->detail, "low");
    sluice__v1__part__free_unpacked(got_part, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ok_has_no_details, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_code_has_its_number_and_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_reason_and_metadata, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_retry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extra_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_message_is_printable_and_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_texts_of_the_extra_message_go_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_violations_go_from_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everything_too_long_still_tells_the_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_any_message_can_be_the_extra_one, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
