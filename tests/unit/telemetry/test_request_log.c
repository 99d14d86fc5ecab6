/* One JSON line a call, with what is known and nothing else. */
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/log.h"
#include "telemetry/request_log.h"

static int ends[2];

static int set_up(void **state)
{
    (void)state;
    if (pipe2(ends, O_NONBLOCK))
        return 1;
    sl_log_set_fd(ends[1]);
    sl_log_set_level(SL_LOG_INFO);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_log_set_fd(2);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What was written; 0 bytes before the flush. */
static size_t read_line(char *text, size_t size)
{
    ssize_t n = read(ends[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static json_t *log_line(const struct sl_request_line *line)
{
    char text[4096];
    json_error_t error;
    sl_request_log(line);
    assert_int_equal(read_line(text, sizeof(text)), 0); /* gathered, not written */
    sl_log_flush();
    assert_true(read_line(text, sizeof(text)) > 0);
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!o)
        fail_msg("%s: %s", error.text, text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    return o;
}

static void expect_text(const json_t *o, const char *key, const char *value)
{
    const char *got = json_string_value(json_object_get(o, key));
    if (!got)
        fail_msg("no %s", key);
    assert_string_equal(got, value);
}

static void expect_number(const json_t *o, const char *key, double value)
{
    const json_t *v = json_object_get(o, key);
    assert_true(json_is_number(v));
    assert_true(json_number_value(v) > value - 1e-6 && json_number_value(v) < value + 1e-6);
}

static void expect_absent(const json_t *o, const char *const *keys)
{
    for (; *keys; keys++) {
        if (json_object_get(o, *keys))
            fail_msg("%s is there", *keys);
    }
}

static void says_all_of_a_call(void **state)
{
    static const char *const labels[] = {"team", "blue", "note", "a \"quoted\" one", NULL};
    const struct sl_call_facts facts = {
        .model_asked = "fast",
        .model = "llama",
        .provider = "vllm",
        .why = "asked by alias",
        .provider_request_id = "req_1",
        .conversation_id = "c1",
        .message_id = "m1",
        .labels = labels,
        .attempts = 2,
        .first_token_us = 123456,
        .input_tokens = 10,
        .output_tokens = 0,
        .usage_estimated = true,
    };
    const struct sl_request_line line = {
        .id = "0190",
        .method = "/sluice.v1.Completion/Complete",
        .principal = "alice",
        .acting = "backend",
        .peer = "ipv4:127.0.0.1:1",
        .code = SL_OK,
        .total_us = 2500500,
        .facts = &facts,
    };
    static const char *const absent[] = {"reason", "error", NULL};
    (void)state;
    json_t *o = log_line(&line);
    expect_text(o, "msg", "call");
    expect_text(o, "level", "info");
    assert_non_null(json_object_get(o, "time"));
    expect_text(o, "id", "0190");
    expect_text(o, "method", "/sluice.v1.Completion/Complete");
    expect_text(o, "principal", "alice");
    expect_text(o, "acting", "backend");
    expect_text(o, "peer", "ipv4:127.0.0.1:1");
    expect_text(o, "model_asked", "fast");
    expect_text(o, "model", "llama");
    expect_text(o, "provider", "vllm");
    expect_text(o, "why", "asked by alias");
    expect_text(o, "provider_request_id", "req_1");
    expect_number(o, "attempts", 2);
    expect_text(o, "status", "OK");
    expect_number(o, "first_token_ms", 123.456);
    expect_number(o, "total_ms", 2500.5);
    expect_number(o, "input_tokens", 10);
    expect_number(o, "output_tokens", 0);
    assert_true(json_is_true(json_object_get(o, "usage_estimated")));
    expect_text(o, "conversation_id", "c1");
    expect_text(o, "message_id", "m1");
    expect_text(o, "labels", "team=blue,note=a \"quoted\" one");
    expect_absent(o, absent);
    json_decref(o);
}

static void leaves_out_what_is_not_known(void **state)
{
    const struct sl_call_facts facts = {
        .first_token_us = -1, .input_tokens = -1, .output_tokens = -1, .model_asked = ""};
    const struct sl_request_line line = {
        .id = "0190",
        .method = "/x",
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_PROVIDER_TRUNCATED,
        .message = "it broke off",
        .facts = &facts,
    };
    static const char *const absent[] = {"principal",
                                         "acting",
                                         "peer",
                                         "model_asked",
                                         "model",
                                         "provider",
                                         "why",
                                         "attempts",
                                         "first_token_ms",
                                         "input_tokens",
                                         "output_tokens",
                                         "usage_estimated",
                                         "conversation_id",
                                         "message_id",
                                         "labels",
                                         "provider_request_id",
                                         NULL};
    (void)state;
    json_t *o = log_line(&line);
    expect_text(o, "status", "UNAVAILABLE");
    expect_text(o, "reason", "PROVIDER_TRUNCATED");
    expect_text(o, "error", "it broke off");
    expect_number(o, "total_ms", 0);
    expect_absent(o, absent);
    json_decref(o);
}

static void manages_without_facts(void **state)
{
    const struct sl_request_line line = {.id = "0190",
                                         .method = "/x",
                                         .code = SL_UNAUTHENTICATED,
                                         .reason = SL_REASON_CREDENTIALS_MISSING,
                                         .message = "no key"};
    (void)state;
    json_t *o = log_line(&line);
    expect_text(o, "reason", "CREDENTIALS_MISSING");
    json_decref(o);
}

/* Providers like to repeat the prompt when they refuse it. */
static void does_not_repeat_providers(void **state)
{
    static const enum sl_reason reasons[] = {SL_REASON_PROVIDER_INVALID_REQUEST,
                                             SL_REASON_PROVIDER_ERROR, SL_REASON_PROVIDER_AUTH,
                                             SL_REASON_CONTENT_REFUSED, SL_REASON_CONTEXT_TOO_LONG};
    static const char *const absent[] = {"error", NULL};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++) {
        const struct sl_request_line line = {.id = "0190",
                                             .method = "/x",
                                             .code = SL_INVALID_ARGUMENT,
                                             .reason = reasons[i],
                                             .message = "You said: turnips"};
        json_t *o = log_line(&line);
        expect_text(o, "reason", sl_reason_name(reasons[i]));
        expect_absent(o, absent);
        json_decref(o);
    }
}

/* Labels are the caller's: a thousand bytes of them are cut at a whole one. */
static void bounds_labels(void **state)
{
    static char big[700];
    static const char *const labels[] = {"a", big, "b", big, "c", "d", NULL};
    const struct sl_call_facts facts = {
        .labels = labels, .first_token_us = -1, .input_tokens = -1, .output_tokens = -1};
    const struct sl_request_line line = {.id = "0190", .method = "/x", .facts = &facts};
    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    json_t *o = log_line(&line);
    assert_int_equal(strlen(json_string_value(json_object_get(o, "labels"))), 2 + sizeof(big) - 1);
    json_decref(o);
}

static void is_silent_where_nobody_listens(void **state)
{
    const struct sl_request_line line = {.id = "0190", .method = "/x"};
    char text[64];
    (void)state;
    sl_log_set_level(SL_LOG_WARN);
    sl_request_log(&line);
    sl_log_flush();
    assert_int_equal(read_line(text, sizeof(text)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(says_all_of_a_call),        TEST(leaves_out_what_is_not_known),
        TEST(manages_without_facts),     TEST(bounds_labels),
        TEST(does_not_repeat_providers), TEST(is_silent_where_nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
