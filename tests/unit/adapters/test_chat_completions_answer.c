/* Answers of chat completions: text, reasoning, refusals, probabilities, usage, how it ends, and what is no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define CHUNK(choice)                                                                              \
    "{\"id\":\"r-1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[" choice  \
    "]}"
#define DELTA(members) CHUNK("{\"index\":0,\"delta\":{" members "},\"finish_reason\":null}")
#define STOP CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}")
#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

/* ---- one answer in both forms ---- */

static const char body[] =
    " \n{\"id\":\"r-1\",\"model\":\"m-1\",\"system_fingerprint\":\"fp_1\",\"service_tier\":"
    "\"default\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello "
    "w\xc3\xb6rld\","
    "\"reasoning_content\":\"Hm. So.\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":7,"
    "\"total_tokens\":17,\"prompt_tokens_details\":{\"cached_tokens\":4},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":3}}}";

static const char *const frames[] = {
    "{\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}",
    DELTA("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null"),
    DELTA("\"reasoning_content\":\"Hm.\",\"content\":null"),
    DELTA("\"reasoning_content\":\" So.\""),
    DELTA("\"content\":\"Hello \""),
    DELTA("\"content\":\"w\\u00f6r\",\"tool_calls\":null"),
    DELTA("\"content\":\"ld\",\"unknown\":{\"content\":\"no\"}"),
    STOP,
    "{\"id\":\"r-1\",\"model\":\"m-1\",\"system_fingerprint\":\"fp_1\",\"service_tier\":"
    "\"default\","
    "\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":7,\"total_tokens\":17,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":3}}}",
    "[DONE]",
    NULL,
};

static void expect_facts(struct kit *k)
{
    const struct sl_answer_end *end = &k->answer.end;

    assert_true(end->done && end->has_finish_reason && end->has_usage);
    assert_int_equal(end->finish_reason, FINISH(STOP));
    assert_string_equal(end->raw_finish_reason, "stop");
    assert_string_equal(end->response_id, "r-1");
    assert_string_equal(end->model, "m-1");
    assert_string_equal(end->system_fingerprint, "fp_1");
    assert_string_equal(end->service_tier, "default");
    assert_int_equal(end->usage.input_tokens, 6);
    assert_int_equal(end->usage.cache_read_tokens, 4);
    assert_int_equal(end->usage.output_tokens, 4);
    assert_int_equal(end->usage.reasoning_tokens, 3);
    assert_non_null(strstr(end->usage.provider_json, "{\"prompt_tokens\":10,"));
}

static void a_body_is_read(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_body(&k, body), SL_OK);
    assert_string_equal(kit_events(&k), "reasoning 0 \"Hm. So.\"\ntext 1 \"Hello w\xc3\xb6rld\"\n");
    expect_facts(&k);
    kit_fini(&k);
}

static void a_stream_is_read(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_events(&k),
                        "reasoning 0 \"Hm.\"\nreasoning 0 \" So.\"\n"
                        "text 1 \"Hello \"\ntext 1 \"w\xc3\xb6r\"\ntext 1 \"ld\"\n");
    expect_facts(&k);
    kit_fini(&k);
}

static void body_and_stream_are_the_same_answer(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_body(&k, body), SL_OK);
    const char *whole = kit_whole(&k);
    kit_restart(&k);
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_whole(&k), whole);
    kit_fini(&k);
}

/* Cut before the finish reason, it is never an answer; after it, always. */
static void a_cut_stream_is_an_error(void **state)
{
    const size_t count = SL_ARRAY_LEN(frames) - 1, finish = count - 3;

    (void)state;
    for (size_t n = 0; n <= count; n++) {
        struct kit k;
        kit_init(&k, "openai");
        for (size_t i = 0; i < n; i++)
            assert_int_equal(kit_frame(&k, frames[i]), SL_OK);
        assert_int_equal(kit_eof(&k), n > finish ? SL_OK : SL_UNAVAILABLE);
        assert_int_equal(k.answer.end.done, n > finish);
        if (n <= finish) {
            assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TRUNCATED);
            assert_true(k.err.retryable);
        }
        kit_fini(&k);
    }
}

static void a_cut_frame_or_body_is_garbage(void **state)
{
    (void)state;
    for (size_t n = 2; n < sizeof(body) - 1; n++) {
        struct kit k;
        kit_init(&k, "openai");
        assert_int_equal(kit_body_n(&k, body, n), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
        assert_false(k.answer.end.done);
        assert_string_equal(kit_events(&k), "");
        kit_restart(&k);
        assert_int_equal(kit_frame_n(&k, "", frames[3], n < strlen(frames[3]) ? n : 2),
                         SL_UNAVAILABLE);
        kit_fini(&k);
    }
}

static void what_follows_the_end_marker_is_ignored(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_frame(&k, DELTA("\"content\":\"a\"")), SL_OK);
    assert_int_equal(kit_frame(&k, " [DONE] "), SL_OK);
    assert_true(k.answer.end.done);
    assert_int_equal(kit_frame(&k, DELTA("\"content\":\"b\"")), SL_OK);
    assert_int_equal(kit_frame(&k, "no json"), SL_OK);
    assert_int_equal(kit_eof(&k), SL_OK);
    assert_string_equal(k.text.p, "a");
    assert_false(k.answer.end.has_finish_reason);
    kit_fini(&k);
}

/* ---- small streams, one a row ---- */

static const struct {
    const char *name;
    const char *frames[6];
    const char *events;
} rows[] = {
    {"role only, empty delta, null delta",
     {DELTA("\"role\":\"assistant\""), DELTA(""),
      CHUNK("{\"index\":0,\"delta\":null,\"finish_reason\":null}"), STOP},
     ""},
    {"text before and after reasoning is one part",
     {DELTA("\"content\":\"\\n\""), DELTA("\"reasoning_content\":\"R\""),
      DELTA("\"content\":\"T\""), STOP},
     "text 0 \"\n\"\nreasoning 1 \"R\"\ntext 0 \"T\"\n"},
    {"reasoning in the other field",
     {DELTA("\"reasoning\":\"R\",\"content\":\"\""), DELTA("\"reasoning\":null,\"content\":\"T\""),
      STOP},
     "reasoning 0 \"R\"\ntext 1 \"T\"\n"},
    {"both reasoning fields say the same: only one is read",
     {DELTA("\"reasoning\":\"R\",\"reasoning_content\":\"R\""), DELTA("\"reasoning\":\"S\""),
      DELTA("\"reasoning_content\":\"S\""), STOP},
     "reasoning 0 \"R\"\nreasoning 0 \"S\"\n"},
    {"an empty reasoning_content does not hide reasoning",
     {DELTA("\"reasoning_content\":\"\",\"reasoning\":\"R\""), DELTA("\"reasoning_content\":\"X\""),
      STOP},
     "reasoning 0 \"R\"\n"},
    {"refusal",
     {DELTA("\"content\":null,\"refusal\":\"\""), DELTA("\"refusal\":\"I \""),
      DELTA("\"refusal\":\"can't.\""), STOP},
     "refusal 0 \"I \"\nrefusal 0 \"can't.\"\n"},
    {"a delta after the finish reason",
     {DELTA("\"content\":\"a\""), STOP, DELTA("\"content\":\"b\"")},
     "text 0 \"a\"\ntext 0 \"b\"\n"},
    {"content as a list",
     {DELTA("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"R\"},"
            "{\"type\":\"text\",\"text\":\"S\"}],\"closed\":true},{\"type\":\"text\",\"text\":"
            "\"T\"}]"),
      DELTA("\"content\":[{\"type\":\"thinking\",\"thinking\":\"U\"},{\"type\":\"output_text\","
            "\"text\":\"V\"},{\"type\":\"refusal\",\"refusal\":\"W\"}]"),
      DELTA("\"content\":[]"), STOP},
     "reasoning 0 \"R\"\nreasoning 0 \"S\"\ntext 1 \"T\"\nreasoning 0 \"U\"\ntext 1 \"V\"\n"
     "refusal 2 \"W\"\n"},
    {"no index, and a message in place of a delta",
     {CHUNK("{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}")},
     "text 0 \"a\"\n"},
    {"escapes, characters outside the BMP, an escaped key",
     {DELTA("\"content\":\"\\ud83d\\ude00\\n\\\"\\\\\\u0041\xf0\x9f\x98\x80\""),
      DELTA("\"con\\u0074ent\":\"x\""), STOP},
     "text 0 \"\xf0\x9f\x98\x80\n\"\\A\xf0\x9f\x98\x80\"\n"},
    {"addresses beside the choices are sent once",
     {"{\"citations\":[\"https://a.test\"],\"choices\":[{\"delta\":{\"content\":\"T\"}}]}",
      "{\"citations\":[\"https://a.test\",\"https://b.test\"],\"choices\":[]}", STOP},
     "text 0 \"T\"\ncitation 0 url=https://a.test json=16\ncitation 0 url=https://b.test "
     "json=16\n"},
};

static void small_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "custom");
        if (kit_stream(&k, rows[i].frames) != SL_OK)
            fail_msg("%s: %s", rows[i].name, k.err.text);
        if (strcmp(kit_events(&k), rows[i].events) != 0)
            fail_msg("%s:\n%s", rows[i].name, kit_events(&k));
        assert_int_equal(k.warnings.count, 0);
        kit_fini(&k);
    }
}

static void other_choices_are_dropped_with_a_warning(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(
        kit_body(&k, "{\"choices\":[{\"index\":1,\"message\":{\"content\":\"b\"},\"finish_reason\":"
                     "\"length\"},{\"index\":0,\"message\":{\"content\":\"a\"},\"finish_reason\":"
                     "\"stop\"}]}"),
        SL_OK);
    assert_string_equal(k.text.p, "a");
    assert_int_equal(k.answer.end.finish_reason, FINISH(STOP));
    assert_non_null(kit_warning(&k, "CHOICES_DROPPED", NULL));
    kit_fini(&k);
}

static void bytes_that_are_no_text_are_replaced_with_a_warning(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_frame(&k, DELTA("\"content\":\"a\xff\\u0000\\ud800z\"")), SL_OK);
    assert_string_equal(k.text.p, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    assert_int_equal(k.warnings.count, 1);
    assert_non_null(kit_warning(&k, "INVALID_TEXT_REPLACED", ""));
    assert_int_equal(
        kit_frame(&k, "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"x\":\"\xff\xfe\"}}"),
        SL_OK);
    assert_string_equal(k.answer.end.usage.provider_json, "{\"prompt_tokens\":1,\"x\":\"??\"}");
    kit_fini(&k);
}

static void an_unknown_content_part_is_warned_about(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_frame(&k, DELTA("\"content\":[{\"type\":\"hologram\"},7]")), SL_OK);
    assert_non_null(kit_warning(&k, "UNKNOWN_CONTENT_DROPPED", ""));
    kit_fini(&k);
}

/* No event is larger than 512 KiB, so that no reply passes 3 MiB; a cut is at a character. */
static void a_long_text_comes_in_pieces(void **state)
{
    enum { SIZE = 3 * 512 * 1024 + 3 };
    struct kit k;
    const char *head = "{\"choices\":[{\"message\":{\"content\":\"x";
    const char *tail = "\"},\"finish_reason\":\"stop\"}]}";
    char *text = malloc(SIZE + 200);

    (void)state;
    assert_non_null(text);
    size_t n = strlen(head);
    memcpy(text, head, n);
    for (size_t i = 0; i < SIZE / 3; i++, n += 3)
        memcpy(text + n, "\xe2\x82\xac", 3);
    memcpy(text + n, tail, strlen(tail) + 1);
    kit_init(&k, "openai");
    assert_int_equal(kit_body(&k, text), SL_OK);
    assert_int_equal(k.text.n, SIZE + 1 - SIZE % 3);
    assert_memory_equal(k.text.p, text + strlen(head) - 1, k.text.n);
    size_t events = 0;
    for (const char *p = kit_events(&k); (p = strstr(p, "text 0")); p++)
        events++;
    assert_int_equal(events, 4);
    kit_fini(&k);
    free(text);
}

/* ---- probabilities ---- */

#define LOGPROBS                                                                                   \
    "{\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97],\"top_logprobs\":["            \
    "{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":null},{\"token\":\"b\",\"logprob\":-2}]},"        \
    "{\"token\":\"\\\\xe2\",\"logprob\":-9999.0,\"bytes\":[226,130]}],\"refusal\":null}"

static void probabilities_come_with_their_text(void **state)
{
    struct kit k;
    const char *want = "text 0 \"T\" logprobs=2 [a -0.5 (a -0.5) (b -2)] [\\xe2 -9999 e282]\n";

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(
        kit_frame(&k,
                  CHUNK("{\"index\":0,\"delta\":{\"content\":\"T\"},\"logprobs\":" LOGPROBS "}")),
        SL_OK);
    assert_string_equal(kit_events(&k), want);
    kit_restart(&k);
    assert_int_equal(
        kit_body(&k, "{\"choices\":[{\"logprobs\":" LOGPROBS ",\"message\":{\"content\":\"T\"}}]}"),
        SL_OK);
    assert_string_equal(kit_events(&k), want);
    kit_fini(&k);
}

static const struct {
    const char *choice, *events;
} logprob_rows[] = {
    {"{\"delta\":{\"content\":\"\"},\"logprobs\":{\"content\":[],\"refusal\":null}}", ""},
    {"{\"delta\":{\"content\":\"T\"},\"logprobs\":{\"content\":null}}", "text 0 \"T\"\n"},
    {"{\"delta\":{\"content\":\"\"},\"logprobs\":{\"content\":[{\"token\":\"\",\"logprob\":-1,"
     "\"bytes\":[240]}]}}",
     "text 0 \"\" logprobs=1 [ -1 f0]\n"},
    {"{\"delta\":{\"refusal\":\"No\"},\"logprobs\":{\"refusal\":[{\"token\":\"No\",\"logprob\":-1}]"
     "}}",
     "refusal 0 \"No\" logprobs=1\n"},
    {"{\"delta\":{\"reasoning_content\":\"R\",\"content\":\"\"},\"logprobs\":{\"content\":[{"
     "\"token\":\"R\",\"logprob\":-1}]}}",
     "reasoning 0 \"R\"\n"},
    {"{\"delta\":{\"content\":\"T\"},\"logprobs\":{\"content\":[1,null,{\"token\":7,\"logprob\":"
     "\"x\",\"bytes\":[999,\"a\"],\"top_logprobs\":{}}]}}",
     "text 0 \"T\" logprobs=3 [ 0] [ 0] [ 0]\n"},
    {"{\"delta\":{\"content\":\"T\"},\"logprobs\":[1]}", "text 0 \"T\"\n"},
};

static void odd_probabilities(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(logprob_rows); i++) {
        struct kit k;
        kit_init(&k, "openai");
        assert_int_equal(
            kit_frame(&k, sl_arena_printf(&k.arena, "{\"choices\":[%s]}", logprob_rows[i].choice)),
            SL_OK);
        assert_string_equal(kit_events(&k), logprob_rows[i].events);
        kit_fini(&k);
    }
}

/* ---- usage ---- */

static const struct {
    const char *usage;
    int32_t input, cached, written, output, reasoning;
} usage_rows[] = {
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}", 10, 0, 0, 5, 0},
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":null,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":5}}",
     10, 0, 0, 0, 5},
    /* DeepSeek; Moonshot; a gateway in front of Anthropic; OpenRouter */
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_cache_hit_tokens\":8}", 2, 8, 0, 5, 0},
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"cached_tokens\":7}", 3, 7, 0, 5, 0},
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"cache_creation_input_tokens\":4}", 6, 0, 4, 5,
     0},
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":2,"
     "\"cache_write_tokens\":3}}",
     5, 2, 3, 5, 0},
    /* Grok: reasoning beside the completion */
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":115,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":100}}",
     10, 0, 0, 5, 100},
    /* Kimi on Azure */
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"reasoning_tokens\":2,\"total_tokens\":15}",
     10, 0, 0, 3, 2},
    /* numbers that contradict each other: what is counted apart stays, the rest is nothing */
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15,\"prompt_tokens_details\":{"
     "\"cached_tokens\":12,\"cache_write_tokens\":9},\"completion_tokens_details\":{"
     "\"reasoning_tokens\":11}}",
     0, 12, 9, 0, 11},
    {"{\"prompt_tokens\":-3,\"completion_tokens\":\"5\",\"total_tokens\":null}", 0, 0, 0, 0, 0},
    {"{\"prompt_tokens\":99999999999,\"completion_tokens\":1e2}", INT32_MAX, 0, 0, 100, 0},
    {"{}", 0, 0, 0, 0, 0},
};

static void usage_becomes_disjoint_buckets(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(usage_rows); i++) {
        struct kit k;
        kit_init(&k, "custom");
        assert_int_equal(kit_frame(&k, sl_arena_printf(&k.arena, "{\"choices\":[],\"usage\":%s}",
                                                       usage_rows[i].usage)),
                         SL_OK);
        const Sluice__V1__TokenUsage *u = &k.answer.end.usage;
        assert_true(k.answer.end.has_usage);
        assert_int_equal(u->input_tokens, usage_rows[i].input);
        assert_int_equal(u->cache_read_tokens, usage_rows[i].cached);
        assert_int_equal(u->cache_write_tokens, usage_rows[i].written);
        assert_int_equal(u->output_tokens, usage_rows[i].output);
        assert_int_equal(u->reasoning_tokens, usage_rows[i].reasoning);
        assert_string_equal(u->provider_json, usage_rows[i].usage);
        kit_fini(&k);
    }
}

static void usage_is_found_wherever_it_is_and_the_last_counts(void **state)
{
    static const char *const places[] = {
        "{\"choices\":[{\"index\":0,\"delta\":{},\"usage\":{\"prompt_tokens\":3}}]}",
        "{\"choices\":[],\"usage\":null,\"x_groq\":{\"id\":\"g\",\"usage\":{\"prompt_tokens\":3}}}",
        "{\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"prompt_tokens\":3}}",
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(places); i++) {
        struct kit k;
        kit_init(&k, "custom");
        assert_int_equal(kit_frame(&k, "{\"choices\":[],\"usage\":{\"prompt_tokens\":2}}"), SL_OK);
        assert_int_equal(kit_frame(&k, places[i]), SL_OK);
        assert_int_equal(kit_frame(&k, "{\"choices\":[],\"usage\":null,\"x_groq\":{\"id\":1}}"),
                         SL_OK);
        assert_int_equal(k.answer.end.usage.input_tokens, 3);
        kit_fini(&k);
    }
}

static void a_huge_usage_object_is_counted_but_not_kept(void **state)
{
    struct kit k;
    char *frame = malloc(40000);

    (void)state;
    assert_non_null(frame);
    snprintf(frame, 40000, "{\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"x\":\"%030000d\"}}",
             0);
    kit_init(&k, "custom");
    assert_int_equal(kit_frame(&k, frame), SL_OK);
    assert_int_equal(k.answer.end.usage.input_tokens, 2);
    assert_string_equal(k.answer.end.usage.provider_json, "");
    kit_fini(&k);
    free(frame);
}

/* ---- finish reasons ---- */

static const struct {
    const char *raw;
    Sluice__V1__FinishReason want;
} finish_rows[] = {
    {"stop", FINISH(STOP)},
    {"eos_token", FINISH(STOP)},
    {"COMPLETE", FINISH(STOP)},
    {"length", FINISH(LENGTH)},
    {"model_length", FINISH(LENGTH)},
    {"MAX_TOKENS", FINISH(LENGTH)},
    {"tool_calls", FINISH(TOOL_CALLS)},
    {"function_call", FINISH(TOOL_CALLS)},
    {"content_filter", FINISH(CONTENT_FILTER)},
    {"sensitive", FINISH(CONTENT_FILTER)},
    {"error", FINISH(ERROR)},
    {"insufficient_system_resource", FINISH(ERROR)},
    {"something_new", FINISH(OTHER)},
};

static void finish_reasons_are_normalised(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(finish_rows); i++) {
        struct kit k;
        kit_init(&k, "custom");
        assert_int_equal(
            kit_body(&k, sl_arena_printf(&k.arena,
                                         "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_"
                                         "reason\":\"%s\"}]}",
                                         finish_rows[i].raw)),
            SL_OK);
        assert_int_equal(k.answer.end.finish_reason, finish_rows[i].want);
        assert_string_equal(k.answer.end.raw_finish_reason, finish_rows[i].raw);
        kit_fini(&k);
    }
}

static void the_last_finish_reason_counts(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "custom");
    assert_int_equal(kit_frame(&k, CHUNK("{\"delta\":{},\"finish_reason\":\"stop\"}")), SL_OK);
    assert_int_equal(kit_frame(&k, CHUNK("{\"delta\":{},\"finish_reason\":\"length\"}")), SL_OK);
    assert_int_equal(kit_frame(&k, CHUNK("{\"delta\":{},\"finish_reason\":null}")), SL_OK);
    assert_int_equal(kit_frame(&k, CHUNK("{\"delta\":{},\"finish_reason\":\"\"}")), SL_OK);
    assert_int_equal(k.answer.end.finish_reason, FINISH(LENGTH));
    assert_string_equal(k.answer.end.raw_finish_reason, "length");
    kit_fini(&k);
}

static void a_body_without_a_finish_reason_is_whole(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "custom");
    assert_int_equal(kit_body(&k, "{\"choices\":[{\"message\":{\"content\":null}}]}"), SL_OK);
    assert_true(k.answer.end.done);
    assert_false(k.answer.end.has_finish_reason);
    kit_fini(&k);
}

static void the_stop_sequence_is_told(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "custom");
    assert_int_equal(kit_frame(&k, CHUNK("{\"delta\":{},\"stop_reason\":151645}")), SL_OK);
    assert_null(k.answer.end.stop_sequence);
    assert_int_equal(kit_frame(&k, CHUNK("{\"delta\":{},\"stop_reason\":\"END\"}")), SL_OK);
    assert_string_equal(k.answer.end.stop_sequence, "END");
    kit_fini(&k);
}

/* ---- errors inside an answer ---- */

static const struct {
    const char *event, *data;
    enum sl_code code;
    enum sl_reason reason;
    const char *text;
    bool retryable;
} error_rows[] = {
    {"",
     "{\"error\":{\"message\":\"The server had an "
     "error\",\"type\":\"server_error\",\"code\":null}}",
     SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "The server had an error", true},
    {"error",
     "{\"error\":{\"message\":\"bad call\",\"type\":\"invalid_request_error\",\"code\":"
     "\"tool_use_failed\",\"status_code\":400}}",
     SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, "bad call", false},
    {"",
     "{\"error\":{\"code\":502,\"message\":\"upstream\"},\"choices\":[{\"delta\":{\"content\":"
     "\"x\"}}]}",
     SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "upstream", true},
    {"", "{\"error\":\"overloaded\",\"type\":\"overloaded_error\"}", SL_UNAVAILABLE,
     SL_REASON_PROVIDER_OVERLOADED, "overloaded", true},
    {"",
     "{\"object\":\"error\",\"message\":\"too long\",\"type\":\"BadRequestError\",\"code\":400}",
     SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, "too long", false},
    {"error", "{\"message\":\"gone\"}", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "gone", true},
    {"", "{\"error\":{}}", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR,
     "OpenAI reported an error without a message", true},
    {"", "{\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "slow down", true},
    {"", "{\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}", SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_QUOTA, "m", false},
    {"", "[1]", SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "OpenAI sent JSON that is no object",
     false},
    {"", "\"text\"", SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
     "OpenAI sent JSON that is no object", false},
};

static void errors_inside_a_stream_are_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(error_rows); i++) {
        struct kit k;
        kit_init(&k, "openai");
        assert_int_equal(kit_frame(&k, DELTA("\"content\":\"a\"")), SL_OK);
        assert_int_equal(
            kit_frame_n(&k, error_rows[i].event, error_rows[i].data, strlen(error_rows[i].data)),
            error_rows[i].code);
        assert_int_equal(k.err.reason, error_rows[i].reason);
        assert_string_equal(k.err.text, error_rows[i].text);
        assert_int_equal(k.err.retryable, error_rows[i].retryable);
        assert_string_equal(kit_events(&k), "text 0 \"a\"\n");
        assert_false(k.answer.end.done);
        kit_fini(&k);
    }
}

static void an_error_body_with_status_200_is_an_error(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_body(&k, "{\"error\":{\"message\":\"No\",\"type\":\"t\",\"code\":404,"
                                  "\"param\":\"p\"},\"usage\":{\"prompt_tokens\":5}}"),
                     SL_NOT_FOUND);
    assert_string_equal(k.err.provider_type, "t");
    assert_string_equal(k.err.provider_code, "404");
    assert_string_equal(k.err.provider_param, "p");
    assert_int_equal(k.err.http_status, 200);
    assert_int_equal(k.answer.end.usage.input_tokens, 5);
    kit_fini(&k);
}

/* ---- what is no answer ---- */

static const char *const no_bodies[] = {
    "",
    "null",
    "{}",
    "[]",
    "{\"choices\":[]}",
    "{\"choices\":null}",
    "{\"choices\":\"a\"}",
    "{\"choices\":[{\"index\":0}]}",
    "{\"choices\":[{\"message\":\"a\"}]}",
    "<html>",
    "{\"choices\":[{\"message\":{\"content\":\"a\"}}]} {}",
};

static void a_body_without_an_answer_is_garbage(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(no_bodies); i++) {
        struct kit k;
        kit_init(&k, "openai");
        assert_int_equal(kit_body(&k, no_bodies[i]), SL_UNAVAILABLE);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
        assert_false(k.answer.end.done);
        kit_fini(&k);
    }
}

/* Members of a wrong type are passed over: a newer server may mean something by them. */
static const char *const odd_frames[] = {
    "{}",
    "{\"choices\":{}}",
    "{\"choices\":[{\"index\":\"0\",\"delta\":[],\"finish_reason\":1,\"logprobs\":1,\"usage\":1}]}",
    "{\"id\":1,\"model\":[],\"system_fingerprint\":{},\"service_tier\":false,\"usage\":[],\"x_"
    "groq\":1,"
    "\"citations\":{},\"error\":null,\"choices\":[]}",
    "{\"choices\":[{\"delta\":{\"content\":null,\"reasoning\":{},\"reasoning_content\":[],"
    "\"refusal\":"
    "true,"
    "\"tool_calls\":{},\"function_call\":[],\"audio\":\"x\",\"images\":1,\"annotations\":\"a\"}}]}",
    "{\"choices\":[{\"delta\":{\"tool_calls\":[1,null,\"a\",[]],\"images\":[1,{}],\"annotations\":["
    "1]}}]}",
    "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":\"a\",\"id\":1,\"function\":[],"
    "\"custom\":1}]}}]}",
    "{\"error\":false,\"choices\":[]}",
};

static void wrong_types_do_no_harm(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    for (size_t i = 0; i < SL_ARRAY_LEN(odd_frames); i++)
        if (kit_frame(&k, odd_frames[i]) != SL_OK)
            fail_msg("%s: %s", odd_frames[i], k.err.text);
    assert_string_equal(kit_events(&k), "");
    kit_fini(&k);
}

/* What cannot be an answer is no answer. */
static const char *const garbage_frames[] = {
    "{\"choices\":[1]}",
    "{\"choices\":[[]]}",
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":{\"not\":\"text\"}}}]}",
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":1}}]}",
    "[DONE]",
};

static void garbage_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(garbage_frames); i++) {
        struct kit k;
        kit_init(&k, "openai");
        if (kit_frame(&k, garbage_frames[i]) != SL_UNAVAILABLE)
            fail_msg("%s", garbage_frames[i]);
        assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
        kit_fini(&k);
    }
}

static void deep_json_is_refused(void **state)
{
    enum { DEPTH = 100000 };
    struct kit k;
    char *text = malloc(DEPTH * 2 + 64);

    (void)state;
    assert_non_null(text);
    size_t n = strlen("{\"choices\":");
    memcpy(text, "{\"choices\":", n);
    memset(text + n, '[', DEPTH);
    memset(text + n + DEPTH, ']', DEPTH);
    text[n + 2 * DEPTH] = '}';
    kit_init(&k, "openai");
    assert_int_equal(kit_body_n(&k, text, n + 2 * DEPTH + 1), SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_GARBAGE);
    kit_fini(&k);
    free(text);
}

/* ---- the hot path ---- */

static void a_chunk_takes_no_memory(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_frame(&k, frames[8]), SL_OK);
    assert_int_equal(kit_frame(&k, DELTA("\"content\":\"token\"")), SL_OK);
    size_t used = k.arena.used;
    const char *next = k.arena.next;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(kit_frame(&k, DELTA("\"content\":\"token\"")), SL_OK);
        assert_int_equal(kit_frame(&k, frames[8]), SL_OK);
    }
    assert_int_equal(k.arena.used, used);
    assert_ptr_equal(k.arena.next, next);
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_read),
        cmocka_unit_test(a_stream_is_read),
        cmocka_unit_test(body_and_stream_are_the_same_answer),
        cmocka_unit_test(a_cut_stream_is_an_error),
        cmocka_unit_test(a_cut_frame_or_body_is_garbage),
        cmocka_unit_test(what_follows_the_end_marker_is_ignored),
        cmocka_unit_test(small_streams),
        cmocka_unit_test(other_choices_are_dropped_with_a_warning),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced_with_a_warning),
        cmocka_unit_test(an_unknown_content_part_is_warned_about),
        cmocka_unit_test(a_long_text_comes_in_pieces),
        cmocka_unit_test(probabilities_come_with_their_text),
        cmocka_unit_test(odd_probabilities),
        cmocka_unit_test(usage_becomes_disjoint_buckets),
        cmocka_unit_test(usage_is_found_wherever_it_is_and_the_last_counts),
        cmocka_unit_test(a_huge_usage_object_is_counted_but_not_kept),
        cmocka_unit_test(finish_reasons_are_normalised),
        cmocka_unit_test(the_last_finish_reason_counts),
        cmocka_unit_test(a_body_without_a_finish_reason_is_whole),
        cmocka_unit_test(the_stop_sequence_is_told),
        cmocka_unit_test(errors_inside_a_stream_are_errors),
        cmocka_unit_test(an_error_body_with_status_200_is_an_error),
        cmocka_unit_test(a_body_without_an_answer_is_garbage),
        cmocka_unit_test(wrong_types_do_no_harm),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(deep_json_is_refused),
        cmocka_unit_test(a_chunk_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
