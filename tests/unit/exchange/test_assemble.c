/* Events in, the message out: every kind of part, in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/assemble.h"

#define STRING(s) ((char *)(uintptr_t)(s))

typedef Sluice__V1__StreamEvent event_t;

struct fixture {
    struct sl_arena arena;
    struct sl_assembler a;
    struct sl_err err;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    sl_arena_init(&f.arena, 1 << 24);
    sl_assembler_init(&f.a, &f.arena);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sl_assembler_fini(&f->a);
    sl_arena_fini(&f->arena);
    return 0;
}

static enum sl_code add_text(struct fixture *f, int32_t part, const char *s)
{
    Sluice__V1__TextDelta d = SLUICE__V1__TEXT_DELTA__INIT;
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    d.part = part;
    d.text = STRING(s);
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    e.text_delta = &d;
    return sl_assembler_add(&f->a, &e, &f->err);
}

static enum sl_code add_call(struct fixture *f, int32_t part, const char *id, const char *name,
                             const char *arguments)
{
    Sluice__V1__ToolCallDelta d = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    d.part = part;
    d.id = STRING(id);
    d.name = STRING(name);
    d.arguments_fragment = STRING(arguments);
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    e.tool_call_delta = &d;
    return sl_assembler_add(&f->a, &e, &f->err);
}

static enum sl_code add_custom(struct fixture *f, int32_t part, const char *input)
{
    Sluice__V1__ToolCallDelta d = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    d.part = part;
    d.custom_input_fragment = STRING(input);
    d._custom_input_fragment_case =
        SLUICE__V1__TOOL_CALL_DELTA___CUSTOM_INPUT_FRAGMENT_CUSTOM_INPUT_FRAGMENT;
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    e.tool_call_delta = &d;
    return sl_assembler_add(&f->a, &e, &f->err);
}

static enum sl_code add_part(struct fixture *f, Sluice__V1__PartDelta *d)
{
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    e.part_delta = d;
    return sl_assembler_add(&f->a, &e, &f->err);
}

static void test_text_in_pieces(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add_text(f, 0, "Hel"), SL_OK);
    assert_int_equal(add_text(f, 0, ""), SL_OK);
    assert_int_equal(add_text(f, 0, "lo"), SL_OK);
    Sluice__V1__Message *m = sl_assembler_message(&f->a);
    assert_int_equal(m->role, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    assert_int_equal(m->n_parts, 1);
    assert_string_equal(m->parts[0]->text, "Hello");
}

static void test_text_of_a_whole_body_is_not_copied(void **state)
{
    struct fixture *f = *state;
    const char body[] = "whole";
    f->a.keep_from = body;
    f->a.keep_to = body + sizeof(body);
    assert_int_equal(add_text(f, 0, body), SL_OK);
    assert_ptr_equal(sl_assembler_message(&f->a)->parts[0]->text, body);
    assert_int_equal(add_text(f, 0, " and more"), SL_OK);
    assert_string_equal(sl_assembler_message(&f->a)->parts[0]->text, "whole and more");
}

static void test_tool_calls_that_interleave(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add_call(f, 0, "a", "first", "{\"x\""), SL_OK);
    assert_int_equal(add_call(f, 1, "b", "second", ""), SL_OK);
    assert_int_equal(add_call(f, 0, "", "", ":1}"), SL_OK);
    assert_int_equal(add_custom(f, 2, "free "), SL_OK);
    assert_int_equal(add_custom(f, 2, "text"), SL_OK);
    Sluice__V1__Message *m = sl_assembler_message(&f->a);
    assert_int_equal(m->n_parts, 3);
    assert_string_equal(m->parts[0]->tool_call->id, "a");
    assert_string_equal(m->parts[0]->tool_call->name, "first");
    assert_string_equal(m->parts[0]->tool_call->arguments_json, "{\"x\":1}");
    assert_string_equal(m->parts[1]->tool_call->arguments_json, "");
    assert_string_equal(m->parts[2]->tool_call->custom_input, "free text");
    assert_int_not_equal(m->parts[2]->tool_call->_custom_input_case, 0);
}

static void test_reasoning_keeps_what_must_go_back(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__ReasoningDelta d = SLUICE__V1__REASONING_DELTA__INIT;
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    uint8_t bytes[] = {0, 1, 2};
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    e.reasoning_delta = &d;
    d.text = STRING("because");
    assert_int_equal(sl_assembler_add(&f->a, &e, &f->err), SL_OK);
    d.text = STRING("");
    d.signature = STRING("sig");
    d.redacted_data = (ProtobufCBinaryData){sizeof(bytes), bytes};
    assert_int_equal(sl_assembler_add(&f->a, &e, &f->err), SL_OK);
    bytes[0] = 9; /* the event is gone by now */
    Sluice__V1__Reasoning *r = sl_assembler_message(&f->a)->parts[0]->reasoning;
    assert_string_equal(r->text, "because");
    assert_string_equal(r->signature, "sig");
    assert_int_equal(r->redacted_data.len, 3);
    assert_int_equal(r->redacted_data.data[0], 0);
}

static void test_sound_refusals_pictures_and_provider_tools(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__PartDelta d = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__Audio audio = SLUICE__V1__AUDIO__INIT;
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
    Sluice__V1__ProviderToolCall call = SLUICE__V1__PROVIDER_TOOL_CALL__INIT;
    d.delta_case = SLUICE__V1__PART_DELTA__DELTA_AUDIO;
    d.audio = &audio;
    audio.source_case = SLUICE__V1__AUDIO__SOURCE_DATA;
    audio.data = (ProtobufCBinaryData){2, (uint8_t *)STRING("ab")};
    audio.transcript = STRING("good ");
    assert_int_equal(add_part(f, &d), SL_OK);
    audio.data = (ProtobufCBinaryData){2, (uint8_t *)STRING("cd")};
    audio.transcript = STRING("day");
    audio.expires_at = 12;
    assert_int_equal(add_part(f, &d), SL_OK);
    d.part = 1;
    d.delta_case = SLUICE__V1__PART_DELTA__DELTA_REFUSAL;
    d.refusal = STRING("no");
    assert_int_equal(add_part(f, &d), SL_OK);
    d.part = 2;
    d.delta_case = SLUICE__V1__PART_DELTA__DELTA_IMAGE;
    d.image = &image;
    image.source_case = SLUICE__V1__IMAGE__SOURCE_URL;
    image.url = STRING("https://example.com/a.png");
    assert_int_equal(add_part(f, &d), SL_OK);
    d.part = 3;
    d.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL;
    d.provider_tool_call = &call;
    call.kind = STRING("web_search");
    call.input_json = STRING("{}");
    assert_int_equal(add_part(f, &d), SL_OK);
    Sluice__V1__Message *m = sl_assembler_message(&f->a);
    assert_int_equal(m->n_parts, 4);
    assert_int_equal(m->parts[0]->audio->data.len, 4);
    assert_memory_equal(m->parts[0]->audio->data.data, "abcd", 4);
    assert_string_equal(m->parts[0]->audio->transcript, "good day");
    assert_int_equal(m->parts[0]->audio->expires_at, 12);
    assert_string_equal(m->parts[1]->refusal, "no");
    assert_string_equal(m->parts[2]->image->url, "https://example.com/a.png");
    assert_string_equal(m->parts[3]->provider_tool_call->kind, "web_search");
}

static void test_citations_logprobs_and_state_stay_with_their_part(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__Citation c = SLUICE__V1__CITATION__INIT;
    Sluice__V1__TokenLogprob l = SLUICE__V1__TOKEN_LOGPROB__INIT, *list[] = {&l};
    Sluice__V1__TextDelta d = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__ProviderState s = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    char token[] = "hi";
    l.token = token;
    l.logprob = -0.5;
    d.text = STRING("hi");
    d.logprobs = list;
    d.n_logprobs = 1;
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    e.text_delta = &d;
    assert_int_equal(sl_assembler_add(&f->a, &e, &f->err), SL_OK);
    token[0] = 'X';
    c.url = STRING("https://example.com");
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_CITATION;
    e.citation = &c;
    for (int i = 0; i < 9; i++)
        assert_int_equal(sl_assembler_add(&f->a, &e, &f->err), SL_OK);
    s.provider = STRING("openai");
    s.data = (ProtobufCBinaryData){1, (uint8_t *)STRING("z")};
    done.provider_state = &s;
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    e.part_done = &done;
    assert_int_equal(sl_assembler_add(&f->a, &e, &f->err), SL_OK);
    Sluice__V1__Part *p = sl_assembler_message(&f->a)->parts[0];
    assert_int_equal(p->n_citations, 9);
    assert_string_equal(p->citations[8]->url, "https://example.com");
    assert_string_equal(p->provider_state->provider, "openai");
    assert_int_equal(f->a.n_logprobs, 1);
    assert_string_equal(f->a.logprobs[0]->token, "hi");
}

static void test_a_part_that_is_skipped_is_garbage(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add_text(f, 1, "x"), SL_UNAVAILABLE);
    assert_int_equal(f->err.reason, SL_REASON_PROVIDER_GARBAGE);
}

static void test_parts_are_bounded(void **state)
{
    struct fixture *f = *state;
    int32_t i = 0;
    while (i < SL_ANSWER_MAX_PARTS)
        assert_int_equal(add_text(f, i++, "x"), SL_OK);
    assert_int_equal(add_text(f, i, "x"), SL_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_text_in_pieces),
        TEST(test_text_of_a_whole_body_is_not_copied),
        TEST(test_tool_calls_that_interleave),
        TEST(test_reasoning_keeps_what_must_go_back),
        TEST(test_sound_refusals_pictures_and_provider_tools),
        TEST(test_citations_logprobs_and_state_stay_with_their_part),
        TEST(test_a_part_that_is_skipped_is_garbage),
        TEST(test_parts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
