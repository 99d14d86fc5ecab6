/* Messages as proto3 JSON: names, defaults, oneofs, maps, 64-bit numbers, bytes, enums, Any and Duration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "json_print.h"
#include "sluice/v1/completion.pb-c.h"
#include "sluice/v1/model_registry.pb-c.h"

static void check(const void *message, const char *expected)
{
    struct sl_buf out;

    sl_buf_init(&out, 65536);
    assert_true(json_print_message(&out, message));
    assert_string_equal(out.p, expected);
    sl_buf_fini(&out);
}

static void test_defaults_are_left_out(void **state)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    Sluice__V1__Heartbeat heartbeat = SLUICE__V1__HEARTBEAT__INIT;

    (void)state;
    check(&event, "{}");
    event.sequence = 3;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_HEARTBEAT;
    event.heartbeat = &heartbeat;
    check(&event, "{\"sequence\":\"3\",\"heartbeat\":{}}");
}

static void test_presence(void **state)
{
    Sluice__V1__CallReport report = SLUICE__V1__CALL_REPORT__INIT;

    (void)state;
    report._first_token_ms_case = SLUICE__V1__CALL_REPORT___FIRST_TOKEN_MS_FIRST_TOKEN_MS;
    report.total_ms = 0.1;
    report._cost_nanos_case = SLUICE__V1__CALL_REPORT___COST_NANOS_COST_NANOS;
    report.cost_nanos = -9007199254740993;
    check(&report, "{\"firstTokenMs\":0,\"totalMs\":0.1,\"costNanos\":\"-9007199254740993\"}");
}

static void test_strings_and_bytes(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\"b\\\n\t\r\x01", "a\\\"b\\\\\\n\\t\\r\\u0001"},
        {"\xc2\x9b\x7f", "\\u009b\\u007f"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"x\xff", "x\xef\xbf\xbd"},
    };
    static const char *const bytes[][2] = {
        {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xff\xfe\xfd", "//79"}};
    Sluice__V1__ProviderState message = SLUICE__V1__PROVIDER_STATE__INIT;
    char expected[128];

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        message.provider = (char *)rows[i].in;
        snprintf(expected, sizeof(expected), "{\"provider\":\"%s\"}", rows[i].out);
        check(&message, expected);
    }
    message.provider = (char *)"";
    for (size_t i = 0; i < SL_ARRAY_LEN(bytes); i++) {
        message.data.data = (uint8_t *)bytes[i][0];
        message.data.len = strlen(bytes[i][0]);
        snprintf(expected, sizeof(expected), "{\"data\":\"%s\"}", bytes[i][1]);
        check(&message, expected);
    }
}

static void test_enums(void **state)
{
    Sluice__V1__Message message = SLUICE__V1__MESSAGE__INIT;

    (void)state;
    message.role = SLUICE__V1__ROLE__ROLE_USER;
    check(&message, "{\"role\":\"ROLE_USER\"}");
    message.role = (Sluice__V1__Role)77;
    check(&message, "{\"role\":77}");
}

static void test_maps_and_lists(void **state)
{
    Sluice__V1__Model__LabelsEntry one = SLUICE__V1__MODEL__LABELS_ENTRY__INIT;
    Sluice__V1__Model__LabelsEntry two = SLUICE__V1__MODEL__LABELS_ENTRY__INIT;
    Sluice__V1__Model__LabelsEntry *labels[] = {&one, &two};
    char *aliases[] = {(char *)"a", (char *)"b"};
    Sluice__V1__Model model = SLUICE__V1__MODEL__INIT;

    (void)state;
    one.key = (char *)"team";
    one.value = (char *)"x\"y";
    two.key = (char *)"empty";
    model.labels = labels;
    model.n_labels = 2;
    model.aliases = aliases;
    model.n_aliases = 2;
    model.key_present = 1;
    check(&model, "{\"aliases\":[\"a\",\"b\"],\"labels\":{\"team\":\"x\\\"y\",\"empty\":\"\"},"
                  "\"keyPresent\":true}");
}

static void test_numbers(void **state)
{
    static const struct {
        double in;
        const char *out;
    } rows[] = {
        {1, "1"},
        {-2.5, "-2.5"},
        {0.1, "0.1"},
        {1e300, "1e+300"},
        {1.0 / 3, "0.333333333333333315"},
        {NAN, "\"NaN\""},
        {INFINITY, "\"Infinity\""},
        {-INFINITY, "\"-Infinity\""},
    };
    Sluice__V1__TopLogprob message = SLUICE__V1__TOP_LOGPROB__INIT;

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_buf out;
        double back;

        sl_buf_init(&out, 256);
        message.logprob = rows[i].in;
        assert_true(json_print_message(&out, &message.base));
        back = strtod(out.p + strlen("{\"logprob\":"), NULL);
        if (isfinite(rows[i].in))
            assert_true(back == rows[i].in);
        else
            assert_non_null(strstr(out.p, rows[i].out));
        sl_buf_fini(&out);
    }
}

static void test_duration(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *out;
    } rows[] = {
        {20, 0, "\"20s\""},           {1, 500000000, "\"1.500s\""},  {0, 1, "\"0.000000001s\""},
        {0, -5000000, "\"-0.005s\""}, {-3, -5000000, "\"-3.005s\""},
    };
    Google__Protobuf__Duration d = GOOGLE__PROTOBUF__DURATION__INIT;

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        d.seconds = rows[i].seconds;
        d.nanos = rows[i].nanos;
        check(&d, rows[i].out);
    }
}

static void test_any(void **state)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    uint8_t packed[64];

    (void)state;
    info.reason = (char *)"MODEL_NOT_FOUND";
    any.type_url = (char *)"type.googleapis.com/google.rpc.ErrorInfo";
    any.value.data = packed;
    any.value.len = google__rpc__error_info__pack(&info, packed);
    check(
        &any,
        "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"MODEL_NOT_FOUND\"}");
    any.type_url = (char *)"type.googleapis.com/google.rpc.Unheard";
    any.value.data = (uint8_t *)"foo";
    any.value.len = 3;
    check(&any, "{\"@type\":\"type.googleapis.com/google.rpc.Unheard\",\"value\":\"Zm9v\"}");
    /* bytes that are no ErrorInfo */
    any.type_url = (char *)"type.googleapis.com/google.rpc.ErrorInfo";
    any.value.data = (uint8_t *)"\x0a\xff\xff";
    check(&any, "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"value\":\"Cv//\"}");
}

/* Every ceiling is met with false, never with half a line taken for whole. */
static void test_full_buffer(void **state)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    struct sl_buf out;
    size_t whole;

    (void)state;
    delta.part = 2;
    delta.text = (char *)"some \"text\"";
    event.sequence = 1;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    sl_buf_init(&out, 4096);
    assert_true(json_print_message(&out, &event.base));
    whole = out.n;
    sl_buf_fini(&out);
    for (size_t max = 1; max < whole; max++) {
        sl_buf_init(&out, max);
        assert_false(json_print_message(&out, &event.base));
        sl_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_left_out),
        cmocka_unit_test(test_presence),
        cmocka_unit_test(test_strings_and_bytes),
        cmocka_unit_test(test_enums),
        cmocka_unit_test(test_maps_and_lists),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_full_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
