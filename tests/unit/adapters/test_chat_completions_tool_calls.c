/* Tool calls of an answer: how fragments are joined, ids, custom tools, the legacy form. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define DELTA(members) "{\"choices\":[{\"index\":0,\"delta\":{" members "}}]}"
#define CALLS(list) DELTA("\"tool_calls\":[" list "]")
#define STOP "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"

static const struct {
    const char *name;
    const char *frames[8];
    const char *events;
} rows[] = {
    {"fragments of one call",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
            "\"arguments\":\"\"}}"),
      CALLS("{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}"),
      CALLS("{\"index\":0,\"function\":{\"name\":null,\"arguments\":\":1}\"}}"), STOP},
     "call 0 #0 id=c1 name=f \"\"\ncall 0 #0 \"{\"a\"\"\ncall 0 #0 \":1}\"\n"},
    {"two calls, interleaved",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}},"
            "{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\"[\"}}"),
      CALLS("{\"index\":1,\"function\":{\"arguments\":\"]\"}},"
            "{\"index\":0,\"function\":{\"arguments\":\"}\"}}"),
      STOP},
     "call 0 #0 id=c1 name=f \"{\"\ncall 1 #1 id=c2 name=g \"[\"\n"
     "call 1 #1 \"]\"\ncall 0 #0 \"}\"\n"},
    {"text first: parts are numbered in the order in which they begin",
     {DELTA("\"content\":\"T\""),
      CALLS("{\"index\":3,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"),
      STOP},
     "text 0 \"T\"\ncall 1 #0 id=c1 name=f \"{}\"\n"},
    {"no index: by id, else the last",
     {CALLS("{\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"a\"}}"),
      CALLS("{\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\"b\"}}"),
      CALLS("{\"id\":\"c1\",\"function\":{\"arguments\":\"c\"}}"),
      CALLS("{\"function\":{\"arguments\":\"d\"}}"), STOP},
     "call 0 #0 id=c1 name=f \"a\"\ncall 1 #1 id=c2 name=g \"b\"\ncall 0 #0 \"c\"\ncall 1 #1 "
     "\"d\"\n"},
    {"one index for all, other ids (Gemini's endpoint)",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
            "{\"index\":0,\"id\":\"c2\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"),
      CALLS("{\"index\":0,\"function\":{\"arguments\":\"x\"}}"), STOP},
     "call 0 #0 id=c1 name=f \"{}\"\ncall 1 #1 id=c2 name=f \"{}\"\ncall 1 #1 \"x\"\n"},
    {"a new id with every fragment, but no name: still one call",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"a\"}}"),
      CALLS("{\"index\":0,\"id\":\"c9\",\"function\":{\"name\":\"\",\"arguments\":\"b\"}}"), STOP},
     "call 0 #0 id=c1 name=f \"a\"\ncall 0 #0 \"b\"\n"},
    {"the same name and id with every fragment",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"a\"}}"),
      CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"b\"}}"), STOP},
     "call 0 #0 id=c1 name=f \"a\"\ncall 0 #0 \"b\"\n"},
    {"the name comes later than the id",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"arguments\":\"\"}}"),
      CALLS("{\"index\":0,\"function\":{\"name\":\"f\"}}"),
      CALLS("{\"index\":0,\"function\":{\"arguments\":\"{}\"}}"), STOP},
     "call 0 #0 id=c1 name=f \"\"\ncall 0 #0 \"{}\"\n"},
    {"the arguments come before the name",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"arguments\":\"{\"}}"),
      CALLS("{\"index\":0,\"function\":{\"name\":\"f\"}}"), STOP},
     "call 0 #0 id=c1 \"{\"\ncall 0 #0 name=f \"\"\n"},
    {"a call that never gets a name is not lost",
     {CALLS("{\"index\":0,\"id\":\"c1\"}"),
      CALLS("{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}"),
      STOP},
     "call 0 #0 id=c1 \"\"\ncall 1 #1 id=c2 name=g \"{}\"\n"},
    {"the same at the very end",
     {CALLS("{\"index\":0,\"id\":\"c1\"}"), STOP},
     "call 0 #0 id=c1 \"\"\n"},
    {"arguments as an object, kept as they were written",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\": [1.0, "
            "\"\\u00e9\"] }}}"),
      STOP},
     "call 0 #0 id=c1 name=f \"{\"a\": [1.0, \"\\u00e9\"] }\"\n"},
    {"arguments cut off by a limit",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": "
            "\"}}"),
      STOP},
     "call 0 #0 id=c1 name=f \"{\"a\": \"\n"},
    {"arguments null, absent, of a wrong type",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":null}},"
            "{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"g\"}},"
            "{\"index\":2,\"id\":\"c3\",\"function\":{\"name\":\"h\",\"arguments\":[1]}}"),
      STOP},
     "call 0 #0 id=c1 name=f \"\"\ncall 1 #1 id=c2 name=g \"\"\ncall 2 #2 id=c3 name=h \"\"\n"},
    {"custom tools",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"type\":\"custom\",\"custom\":{\"name\":\"sql\",\"input\":"
            "\"\"}}"),
      CALLS("{\"index\":0,\"custom\":{\"input\":\"SELECT\"}}"),
      CALLS("{\"index\":0,\"custom\":{\"input\":\" 1\"}}"),
      CALLS("{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"),
      STOP},
     "custom 0 #0 id=c1 name=sql \"\"\ncustom 0 #0 \"SELECT\"\ncustom 0 #0 \" 1\"\n"
     "call 1 #1 id=c2 name=f \"{}\"\n"},
    {"bytes that are no text in arguments that are an object",
     {CALLS("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\":\"\xff\"}"
            "}}"),
      STOP},
     "call 0 #0 id=c1 name=f \"{\"a\":\"?\"}\"\n"},
};

static void fragments_are_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "custom");
        if (kit_stream(&k, rows[i].frames) != SL_OK)
            fail_msg("%s: %s", rows[i].name, k.err.text);
        if (strcmp(kit_events(&k), rows[i].events) != 0)
            fail_msg("%s:\n%s", rows[i].name, kit_events(&k));
        kit_fini(&k);
    }
}

/* In a body every element is a call of its own, whatever it says about itself. */
static void a_body_holds_whole_calls(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(
        kit_body(
            &k, "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":["
                "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
                "\"{\\\"a\\\":1}\"}},"
                "{\"id\":\"c1\",\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"\"}},"
                "{\"id\":\"c3\",\"type\":\"custom\",\"custom\":{\"name\":\"sql\",\"input\":\"x\"}},"
                "{\"id\":\"c4\"}]},\"finish_reason\":\"stop\"}]}"),
        SL_OK);
    assert_string_equal(kit_events(&k), "call 0 #0 id=c1 name=f \"{\"a\":1}\"\n"
                                        "call 1 #1 id=c1 name=f \"\"\n"
                                        "custom 2 #2 id=c3 name=sql \"x\"\n"
                                        "call 3 #3 id=c4 \"\"\n");
    /* A raw "stop" beside tool calls stays what it is. */
    assert_int_equal(k.answer.end.finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP);
    kit_fini(&k);
}

struct kept {
    const char *text[8];
    size_t n;
};

static void keep_text(void *owner, Sluice__V1__StreamEvent *e)
{
    struct kept *kept = owner;

    kept->text[kept->n++] = e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA
                                ? e->text_delta->text
                                : e->tool_call_delta->arguments_fragment;
}

/* The exchange keeps a whole body, and the texts of its events in it. */
static void texts_in_a_body_outlive_their_event(void **state)
{
    struct kit k;
    struct kept kept = {.n = 0};
    char body[] = "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"c1\",\"function\":{"
                  "\"name\":\"f\",\"arguments\":{\"a\": 1}}},{\"id\":\"c2\",\"function\":{\"name\":"
                  "\"g\",\"arguments\":\"{\\\"b\\\":2}\"}}],\"content\":\"T\\u00e9\"}}]}";

    (void)state;
    kit_init(&k, "custom");
    k.answer.sink = (struct sl_event_sink){keep_text, &kept};
    assert_int_equal(k.adapter->on_body(&k.answer, body, sizeof(body) - 1, &k.err), SL_OK);
    assert_int_equal(kept.n, 3);
    assert_string_equal(kept.text[0], "T\xc3\xa9");
    assert_string_equal(kept.text[1], "{\"a\": 1}");
    assert_string_equal(kept.text[2], "{\"b\":2}");
    kit_fini(&k);
}

static void the_legacy_form_is_a_call(void **state)
{
    static const char *const stream[] = {
        DELTA("\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\","
              "\"arguments\":\"\"}"),
        DELTA("\"function_call\":{\"arguments\":\"{\\\"a\\\"\"}"),
        DELTA("\"function_call\":{\"arguments\":\":1}\"}"),
        "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"function_call\"}]}",
        NULL,
    };
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    assert_int_equal(kit_stream(&k, stream), SL_OK);
    const char *whole = kit_whole(&k);
    assert_non_null(strstr(whole, " f {\"a\":1}"));
    kit_restart(&k);
    assert_int_equal(kit_body(&k, "{\"choices\":[{\"message\":{\"function_call\":{\"name\":\"f\","
                                  "\"arguments\":\"{\\\"a\\\":1}\"}},\"finish_reason\":"
                                  "\"function_call\"}]}"),
                     SL_OK);
    assert_string_equal(kit_whole(&k), whole);
    kit_fini(&k);
}

/* ---- ids ---- */

static const char *made_up_id(struct kit *k, const char *id_of_answer)
{
    kit_restart(k);
    assert_int_equal(
        kit_frame(k, sl_arena_printf(&k->arena,
                                     "{\"id\":\"%s\",\"choices\":[{\"delta\":{\"tool_calls\":[{"
                                     "\"id\":\"\",\"function\":{\"name\":\"f\"}}]}}]}",
                                     id_of_answer)),
        SL_OK);
    const char *id = strstr(kit_events(k), "id=") + 3;
    return sl_arena_strndup(&k->arena, id, strcspn(id, " "));
}

static void an_id_is_made_up(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "custom");
    const char *id = made_up_id(&k, "r-1");
    assert_int_equal(strlen(id), 29);
    assert_memory_equal(id, "call_", 5);
    for (const char *p = id + 5; *p; p++)
        assert_true(isalpha((unsigned char)*p));
    assert_string_equal(made_up_id(&k, "r-1"), id);
    assert_string_not_equal(made_up_id(&k, "r-2"), id);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "a later turn");
    assert_string_not_equal(made_up_id(&k, "r-1"), id);
    kit_fini(&k);
}

static void made_up_ids_differ_within_an_answer(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "custom");
    assert_int_equal(kit_body(&k, "{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{"
                                  "\"name\":\"f\"}},{\"function\":{\"name\":\"f\"}}]}}]}"),
                     SL_OK);
    const char *first = strstr(kit_events(&k), "id=call_");
    const char *second = strstr(first + 1, "id=call_");
    assert_non_null(second);
    assert_memory_not_equal(first, second, 32);
    kit_fini(&k);
}

/* ---- limits ---- */

static void too_many_calls_are_refused(void **state)
{
    struct kit k;
    enum sl_code code = SL_OK;
    int i;

    (void)state;
    kit_init(&k, "custom");
    for (i = 0; code == SL_OK && i < 5000; i++)
        code =
            kit_frame(&k, sl_arena_printf(&k.arena,
                                          "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%d,"
                                          "\"id\":\"c%d\",\"function\":{\"name\":\"f\"}}]}}]}",
                                          i, i));
    assert_int_equal(i, 1025);
    assert_int_equal(code, SL_UNAVAILABLE);
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_TOO_LARGE);
    kit_fini(&k);
}

static void long_arguments_come_in_pieces(void **state)
{
    enum { SIZE = 1024 * 1024 + 5 };
    struct kit k;
    const char *head = "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"c\",\"function\":{"
                       "\"name\":\"f\",\"arguments\":\"";
    const char *tail = "\"}}]}}]}";
    char *text = malloc(SIZE + 200);

    (void)state;
    assert_non_null(text);
    size_t n = strlen(head);
    memcpy(text, head, n);
    memset(text + n, 'x', SIZE);
    memcpy(text + n + SIZE, tail, strlen(tail) + 1);
    kit_init(&k, "custom");
    assert_int_equal(kit_body(&k, text), SL_OK);
    assert_int_equal(k.calls.n, strlen("\nc f ") + SIZE);
    const char *second = strstr(kit_events(&k) + 1, "call 0 #0");
    assert_non_null(second);
    assert_non_null(strstr(second + 1, "call 0 #0"));
    kit_fini(&k);
    free(text);
}

static void an_overlong_id_or_name_is_not_one(void **state)
{
    struct kit k;
    char frame[4096];

    (void)state;
    kit_init(&k, "custom");
    snprintf(frame, sizeof(frame),
             "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"%0600d\",\"function\":{\"name\":"
             "\"f\"}}]}}]}",
             0);
    assert_int_equal(kit_frame(&k, frame), SL_OK);
    assert_non_null(strstr(kit_events(&k), "id=call_"));
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_are_joined),
        cmocka_unit_test(a_body_holds_whole_calls),
        cmocka_unit_test(texts_in_a_body_outlive_their_event),
        cmocka_unit_test(the_legacy_form_is_a_call),
        cmocka_unit_test(an_id_is_made_up),
        cmocka_unit_test(made_up_ids_differ_within_an_answer),
        cmocka_unit_test(too_many_calls_are_refused),
        cmocka_unit_test(long_arguments_come_in_pieces),
        cmocka_unit_test(an_overlong_id_or_name_is_not_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
