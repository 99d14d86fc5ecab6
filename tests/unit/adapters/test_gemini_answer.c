/* Answers of generateContent: parts in order, signatures, calls, sources, usage, how it ends, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name
#define CANDIDATE(parts, more)                                                                     \
    "{\"candidates\":[{\"content\":{\"parts\":[" parts "],\"role\":\"model\"}" more                \
    ",\"index\":0}],"                                                                              \
    "\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":3,\"totalTokenCount\":"   \
    "13},"                                                                                         \
    "\"modelVersion\":\"gemini-x\",\"responseId\":\"r1\"}"
#define STOP ",\"finishReason\":\"STOP\""

/* ---- parts ---- */

struct row {
    const char *name;
    const char *const frames[6];
    const char *events;
};

static const struct row rows[] = {
    {"texts and thoughts are joined until the kind changes",
     {CANDIDATE("{\"text\":\"Hm\",\"thought\":true}", ""),
      CANDIDATE("{\"text\":\"m.\",\"thought\":true},{\"text\":\"A\"}", ""),
      CANDIDATE("{\"text\":\"B\",\"thought\":false}", STOP)},
     "reasoning 0 \"Hm\"\nreasoning 0 \"m.\"\ntext 1 \"A\"\ntext 1 \"B\"\n"},
    {"a signature on an empty text ends the text before it",
     {CANDIDATE("{\"text\":\"A\"}", ""),
      CANDIDATE("{\"text\":\"\",\"thoughtSignature\":\"c2ln\"}", STOP)},
     "text 0 \"A\"\ndone 0 state=gemini:c2ln\n"},
    {"what follows a signature is another part",
     {CANDIDATE("{\"text\":\"A\",\"thoughtSignature\":\"c2ln\"},{\"text\":\"B\"}", STOP)},
     "text 0 \"A\"\ndone 0 state=gemini:c2ln\ntext 1 \"B\"\n"},
    {"a signature alone begins a part",
     {CANDIDATE("{\"thoughtSignature\":\"c2ln\"}", STOP)},
     "text 0 \"\"\ndone 0 state=gemini:c2ln\n"},
    {"empty texts are nothing",
     {CANDIDATE("{\"text\":\"\"}", ""), CANDIDATE("{\"text\":\"\",\"thought\":true}", STOP)},
     ""},
    {"calls carry their signature",
     {CANDIDATE("{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\": [1, 2]},\"id\":\"x9\"},"
                "\"thoughtSignature\":\"c2ln\"},{\"functionCall\":{\"id\":\"x10\",\"name\":\"g\"}}",
                STOP)},
     "call 0 #0 id=x9 name=f \"{\"a\": [1, 2]}\"\ndone 0 state=gemini:c2ln\n"
     "call 1 #1 id=x10 name=g \"\"\n"},
    {"a picture between texts",
     {CANDIDATE("{\"text\":\"A\"},{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAEC\"},"
                "\"thoughtSignature\":\"c2ln\"},{\"text\":\"B\"}",
                STOP)},
     "text 0 \"A\"\nimage 1 type=image/png 3 bytes\ndone 1 state=gemini:c2ln\ntext 2 \"B\"\n"},
    {"sound, and a sketch of the thinking",
     {CANDIDATE("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAEC\"},\"thought\":true},"
                "{\"inlineData\":{\"mimeType\":\"audio/wav\",\"data\":\"AAECAw==\"}}",
                STOP)},
     "audio 0 type=audio/wav 4 bytes\n"},
    {"code that ran",
     {CANDIDATE("{\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"1\",\"id\":\"e1\"}}", ""),
      CANDIDATE("{\"codeExecutionResult\":{\"outcome\":\"OUTCOME_OK\",\"output\":\"1\"}}", STOP)},
     "ran 0 id=e1 kind=code_execution status= "
     "{\"language\":\"PYTHON\",\"code\":\"1\",\"id\":\"e1\"}\ndone 0 state=gemini:\n"
     "gave 1 id=e1 kind=code_execution status=OUTCOME_OK "
     "{\"outcome\":\"OUTCOME_OK\",\"output\":\"1\"}\ndone 1 state=gemini:\n"},
    {"a tool of the provider's",
     {CANDIDATE("{\"thoughtSignature\":\"c2ln\",\"toolCall\":{\"toolType\":\"FILE_SEARCH\",\"id\":"
                "\"t1\"}}",
                STOP)},
     "ran 0 id=t1 kind=file_search status= {\"toolType\":\"FILE_SEARCH\",\"id\":\"t1\"}\n"
     "done 0 state=gemini:c2ln\n"},
    {"sources",
     {CANDIDATE(
         "{\"text\":\"Paris\"}", STOP
         ",\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"https://a.test\","
         "\"title\":\"A\"}}],\"groundingSupports\":[{\"segment\":{\"endIndex\":5,\"text\":"
         "\"Paris\"},\"groundingChunkIndices\":[0,7]}]},\"citationMetadata\":"
         "{\"citationSources\":[{\"startIndex\":1,\"endIndex\":2,\"uri\":\"https://b.test\"}]}")},
     "text 0 \"Paris\"\ncitation 0 url=https://a.test title=A 0..5 json=182\n"
     "citation 0 url=https://b.test 1..2 json=95\n"},
    {"a second candidate is dropped",
     {"{\"candidates\":[{\"index\":1,\"content\":{\"parts\":[{\"text\":\"no\"}]}},"
      "{\"content\":{\"parts\":[{\"text\":\"no\"}]}}]}",
      CANDIDATE("{\"text\":\"A\"}", STOP)},
     "text 0 \"A\"\n"},
};

static void test_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        print_message("%s\n", rows[i].name);
        assert_int_equal(kit_stream(&k, rows[i].frames), SL_OK);
        assert_string_equal(kit_events(&k), rows[i].events);
        assert_true(k.answer.end.done);
        kit_fini(&k);
    }
}

/* The same frames as one array, which is what comes without alt=sse. */
static void test_array(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        char *text = sl_arena_printf(&k.arena, "[%s", rows[i].frames[0]);
        for (size_t f = 1; rows[i].frames[f]; f++)
            text = sl_arena_printf(&k.arena, "%s\n,\r\n%s", text, rows[i].frames[f]);
        text = sl_arena_printf(&k.arena, "%s]", text);
        assert_int_equal(kit_body(&k, text), SL_OK);
        assert_string_equal(kit_events(&k), rows[i].events);
        kit_fini(&k);
    }
}

static void test_made_up_ids(void **state)
{
    struct kit k;
    char first[64];

    (void)state;
    kit_init(&k, "gemini");
    const char *body = CANDIDATE("{\"functionCall\":{\"name\":\"f\",\"args\":{}}},"
                                 "{\"functionCall\":{\"name\":\"f\",\"args\":{}}}",
                                 STOP);
    assert_int_equal(kit_body(&k, body), SL_OK);
    const char *a = strstr(kit_events(&k), "id=call_"), *b = a ? strstr(a + 1, "id=call_") : NULL;
    assert_non_null(b);
    assert_int_equal(strspn(a + 8, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), 24);
    assert_memory_not_equal(a, b, 32);
    sl_copy_n(first, sizeof(first), a, 32);
    assert_int_equal(k.answer.end.finish_reason, FINISH(TOOL_CALLS));
    assert_string_equal(k.answer.end.raw_finish_reason, "STOP");
    kit_restart(&k);
    assert_int_equal(kit_body(&k, body), SL_OK);
    assert_non_null(strstr(kit_events(&k), first));
    kit_fini(&k);
}

/* ---- the end ---- */

static void test_finish_reasons(void **state)
{
    static const struct {
        const char *wire, *raw;
        Sluice__V1__FinishReason reason;
    } reasons[] = {
        {"\"STOP\"", "STOP", FINISH(STOP)},
        {"1", "STOP", FINISH(STOP)},
        {"\"MAX_TOKENS\"", "MAX_TOKENS", FINISH(LENGTH)},
        {"\"SAFETY\"", "SAFETY", FINISH(CONTENT_FILTER)},
        {"\"RECITATION\"", "RECITATION", FINISH(CONTENT_FILTER)},
        {"\"BLOCKLIST\"", "BLOCKLIST", FINISH(CONTENT_FILTER)},
        {"\"PROHIBITED_CONTENT\"", "PROHIBITED_CONTENT", FINISH(CONTENT_FILTER)},
        {"\"SPII\"", "SPII", FINISH(CONTENT_FILTER)},
        {"\"IMAGE_SAFETY\"", "IMAGE_SAFETY", FINISH(CONTENT_FILTER)},
        {"\"MODEL_ARMOR\"", "MODEL_ARMOR", FINISH(CONTENT_FILTER)},
        {"\"MALFORMED_FUNCTION_CALL\"", "MALFORMED_FUNCTION_CALL", FINISH(OTHER)},
        {"\"LANGUAGE\"", "LANGUAGE", FINISH(OTHER)},
        {"\"NEWS\"", "NEWS", FINISH(OTHER)},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        assert_int_equal(
            kit_body(&k, sl_arena_printf(&k.arena,
                                         "{\"candidates\":[{\"content\":{},"
                                         "\"finishReason\":%s,\"finishMessage\":\"why\"}]}",
                                         reasons[i].wire)),
            SL_OK);
        assert_int_equal(k.answer.end.finish_reason, reasons[i].reason);
        assert_string_equal(k.answer.end.raw_finish_reason, reasons[i].raw);
        assert_string_equal(kit_events(&k), "");
        assert_int_equal(kit_warning(&k, "FINISH_MESSAGE", "") != NULL,
                         reasons[i].reason != FINISH(STOP));
        kit_fini(&k);
    }
}

static void test_blocked_prompt(void **state)
{
    struct kit k;
    static const char blocked[] =
        "{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},"
        "\"usageMetadata\":{\"promptTokenCount\":9,\"totalTokenCount\":9}}";
    static const char *const frames[] = {blocked, NULL};

    (void)state;
    kit_init(&k, "gemini");
    for (int form = 0; form < 2; form++) {
        assert_int_equal(form ? kit_stream(&k, frames) : kit_body(&k, blocked), SL_OK);
        assert_int_equal(k.answer.end.finish_reason, FINISH(CONTENT_FILTER));
        assert_null(k.answer.end.raw_finish_reason);
        assert_non_null(
            strstr(kit_warning(&k, "PROMPT_BLOCKED", "")->message, "PROHIBITED_CONTENT"));
        assert_int_equal(k.answer.end.usage.input_tokens, 9);
        kit_restart(&k);
    }
    kit_fini(&k);
}

static void test_truncated(void **state)
{
    struct kit k;
    static const char *const frames[] = {CANDIDATE("{\"text\":\"A\"}", ""), NULL};

    (void)state;
    kit_init(&k, "gemini");
    assert_int_equal(kit_stream(&k, frames), SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    assert_true(k.err.retryable && !k.answer.end.done);
    kit_restart(&k);
    assert_int_equal(kit_body(&k, "[" CANDIDATE("{\"text\":\"A\"}", "") "]"), SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
    kit_fini(&k);
}

static void test_no_answer(void **state)
{
    static const char *const bodies[] = {
        "{}",     "[]", "[1]", "\"text\"", "null", "{\"candidates\":[]}", "{\"candidates\":{}}",
        "{\"a\":"};

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(bodies); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        k.answer.stream = false;
        assert_int_equal(kit_body(&k, bodies[i]), SL_UNAVAILABLE);
        assert_false(k.answer.end.done);
        kit_fini(&k);
    }
}

/* ---- facts ---- */

static void test_usage(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    assert_int_equal(kit_body(&k,
                              "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
                              "\"promptTokenCount\":100,\"cachedContentTokenCount\":30,"
                              "\"candidatesTokenCount\":7,\"thoughtsTokenCount\":5,"
                              "\"toolUsePromptTokenCount\":11,\"totalTokenCount\":123,"
                              "\"serviceTier\":\"standard\"}}"),
                     SL_OK);
    const Sluice__V1__TokenUsage *u = &k.answer.end.usage;
    assert_int_equal(u->input_tokens, 81);
    assert_int_equal(u->cache_read_tokens, 30);
    assert_int_equal(u->output_tokens, 7);
    assert_int_equal(u->reasoning_tokens, 5);
    assert_string_equal(k.answer.end.service_tier, "standard");
    assert_non_null(strstr(u->provider_json, "\"totalTokenCount\":123"));
    kit_fini(&k);
}

static void test_logprobs(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    assert_int_equal(
        kit_body(&k, CANDIDATE("{\"text\":\"Hi\"}", STOP
                               ",\"logprobsResult\":{\"topCandidates\":[{\"candidates\":["
                               "{\"token\":\"Hi\",\"logProbability\":-0.5}]}],"
                               "\"chosenCandidates\":[{\"token\":\"Hi\",\"logProbability\":-0.5,"
                               "\"tokenId\":7}]}")),
        SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"Hi\" logprobs=1 [Hi -0.5 (Hi -0.5)]\n");
    kit_fini(&k);
}

/* ---- failures ---- */

static void test_failures(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum sl_code code;
        enum sl_reason reason;
        int64_t wait; /* -1: none */
        const char *text;
    } rows_[] = {
        {429,
         "{\"error\":{\"code\":429,\"message\":\"Slow down\",\"status\":\"RESOURCE_EXHAUSTED\","
         "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":"
         "\"48.25s\"}]}}",
         SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, 48250, "Slow down"},
        {400,
         "[{\"error\":{\"code\":400,\"message\":\"API key not valid. Please pass a valid API "
         "key.\","
         "\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}\n]",
         SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, -1,
         "API key not valid. Please pass a valid API key."},
        {400,
         "{\"error\":{\"message\":\"The input token count (9) exceeds the maximum number of tokens "
         "allowed (8).\",\"status\":\"INVALID_ARGUMENT\"}}",
         SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, -1,
         "The input token count (9) exceeds the maximum number of tokens allowed (8)."},
        {400, "{\"error\":{\"message\":\"Bad\",\"status\":\"INVALID_ARGUMENT\"}}",
         SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, -1, "Bad"},
        {403, "{\"error\":{\"message\":\"No\"}}", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH,
         -1, "No"},
        {404, "{\"error\":{\"message\":\"No\"}}", SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, -1,
         "No"},
        {503, "{\"error\":{\"message\":\"Busy\"}}", SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED,
         -1, "Busy"},
        {502, "<html><h1>Bad  Gateway</h1></html>", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, -1,
         "Bad Gateway"},
        {500, "", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, -1,
         "Gemini answered with HTTP status 500 and no message"},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows_); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        kit_failure(&k, rows_[i].status, NULL, rows_[i].body);
        assert_int_equal(k.err.code, rows_[i].code);
        assert_int_equal(k.err.reason, rows_[i].reason);
        assert_int_equal(k.err.has_retry_after ? k.err.retry_after_ms : -1, rows_[i].wait);
        assert_string_equal(k.err.text, rows_[i].text);
        assert_int_equal(k.err.http_status, rows_[i].status);
        kit_fini(&k);
    }
}

static void test_error_inside(void **state)
{
    struct kit k;
    static const char *const frames[] = {
        CANDIDATE("{\"text\":\"A\"}", ""),
        "{\"error\":{\"code\":503,\"message\":\"Busy\",\"status\":\"UNAVAILABLE\"}}", NULL};

    (void)state;
    kit_init(&k, "gemini");
    assert_int_equal(kit_stream(&k, frames), SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_OVERLOADED);
    assert_int_equal(k.err.http_status, 200);
    assert_string_equal(k.err.provider_code, "503");
    assert_string_equal(k.err.provider_type, "UNAVAILABLE");
    kit_fini(&k);
}

/* Every prefix of a body is an answer or an error, never a crash. */
static void test_cut_body(void **state)
{
    struct kit k;
    static const char body[] = CANDIDATE(
        "{\"text\":\"A\",\"thoughtSignature\":\"c2ln\"},{\"functionCall\":{\"name\":\"f\","
        "\"args\":{\"a\":1}}}",
        STOP);

    (void)state;
    kit_init(&k, "gemini");
    for (size_t n = 0; n < sizeof(body) - 1; n++) {
        assert_int_equal(kit_body_n(&k, body, n), SL_UNAVAILABLE);
        kit_restart(&k);
    }
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),          cmocka_unit_test(test_array),
        cmocka_unit_test(test_made_up_ids),    cmocka_unit_test(test_finish_reasons),
        cmocka_unit_test(test_blocked_prompt), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_no_answer),      cmocka_unit_test(test_usage),
        cmocka_unit_test(test_logprobs),       cmocka_unit_test(test_failures),
        cmocka_unit_test(test_error_inside),   cmocka_unit_test(test_cut_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
