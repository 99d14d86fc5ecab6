/* Conversations that go on: an answer, put together as the exchange does it, is sent back with what follows it, to the
 * provider it came from and to another one. Each file of round_trips/ is a row:
 *
 *   kind, api, model         who answers
 *   frames | body            its answer: a list of [event, data], or one value
 *   then                     what follows: {"role": "user", "text"} or {"role": "tool", "results": [{"call", "parts",
 *                            "is_error"}]}; call is the place of the call in the answer
 *   to_kind, to_api, to_model   who is asked then; left out: the same
 *   sent                     the conversation as it has to be sent, by member of the body
 *   warned                   [reason, field] of each warning
 *
 * The first message is "What is it?", and the tools f and g are offered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>

#include "base/alloc.h"
#include "exchange/assemble.h"
#include "kit.h"

#define FOLDER SOURCE_DIR "/tests/unit/adapters/round_trips"

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static const struct sl_adapter *adapter_of(const char *kind, const char *api)
{
    const struct sl_adapter *a = sl_adapter_find(kind);
    a = a ? sl_adapter_for_api(a, api) : NULL;
    if (!a)
        fail_msg("no adapter %s with the api %s", kind, api);
    return a;
}

static void open_kit(struct kit *k, const struct sl_adapter *a, const char *model)
{
    kit_init(k, a->name);
    k->adapter = a;
    k->target.api = a->api;
    k->target.model_id = model;
    kit_restart(k);
}

/* ---- the answer ---- */

struct answer {
    struct sl_assembler assembler;
    struct sl_err err;
};

static void on_event(void *owner, Sluice__V1__StreamEvent *event)
{
    struct answer *a = owner;
    assert_int_equal(sl_assembler_add(&a->assembler, event, &a->err), SL_OK);
}

/* A JSON value as the provider writes it, a text as it is. */
static char *wire_text(const json_t *value)
{
    char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT);
    char *out = sl_strdup(dumped ? dumped : json_string_value(value));

    free(dumped);
    return out;
}

static void take_frame(struct kit *k, const json_t *frame)
{
    char *data = wire_text(json_array_get(frame, 1));

    if (kit_frame_n(k, json_string_value(json_array_get(frame, 0)), data, strlen(data)) != SL_OK)
        fail_msg("%s: %s", data, k->err.text);
    sl_free(data);
}

static Sluice__V1__Message *take_answer(struct kit *k, struct answer *answer, const json_t *row)
{
    const json_t *frames = json_object_get(row, "frames"), *frame;
    size_t i;

    sl_assembler_init(&answer->assembler, &k->arena);
    k->answer.sink = (struct sl_event_sink){on_event, answer};
    if (!frames) {
        char *body = wire_text(json_object_get(row, "body"));
        k->answer.stream = false;
        if (kit_body(k, body) != SL_OK)
            fail_msg("%s", k->err.text);
        sl_free(body);
        return sl_assembler_message(&answer->assembler);
    }
    json_array_foreach(frames, i, frame) take_frame(k, frame);
    if (kit_eof(k) != SL_OK)
        fail_msg("%s", k->err.text);
    return sl_assembler_message(&answer->assembler);
}

/* ---- the next request ---- */

static char *copy_of(struct kit *k, const char *text)
{
    return sl_arena_strdup(&k->arena, text);
}

static Sluice__V1__ToolResultPart *result_part(struct kit *k, const json_t *from)
{
    Sluice__V1__ToolResultPart *part = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResultPart);
    const char *image = json_string_value(json_object_get(from, "image"));

    sluice__v1__tool_result_part__init(part);
    if (!image) {
        part->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
        part->text = copy_of(k, text_of(from, "text"));
        return part;
    }
    part->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE;
    part->image = SL_ARENA_NEW(&k->arena, Sluice__V1__Image);
    sluice__v1__image__init(part->image);
    part->image->source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
    part->image->data = (ProtobufCBinaryData){strlen(image), (uint8_t *)copy_of(k, image)};
    part->image->media_type = copy_of(k, "image/png");
    return part;
}

static const Sluice__V1__ToolCall *call_at(const Sluice__V1__Message *answer, long long place)
{
    for (size_t i = 0; i < answer->n_parts; i++)
        if (answer->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL && !place--)
            return answer->parts[i]->tool_call;
    fail_msg("the answer has no such call");
    return NULL;
}

static void add_result(struct kit *k, Sluice__V1__Message *m, const json_t *from,
                       const Sluice__V1__Message *answer)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_TOOL_RESULT);
    Sluice__V1__ToolResult *result = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResult);
    const json_t *parts = json_object_get(from, "parts"), *one;
    size_t i;

    sluice__v1__tool_result__init(result);
    part->tool_result = result;
    result->tool_call_id = call_at(answer, json_integer_value(json_object_get(from, "call")))->id;
    result->is_error = json_is_true(json_object_get(from, "is_error"));
    result->parts =
        sl_arena_zalloc(&k->arena, (json_array_size(parts) + 1) * sizeof(result->parts[0]));
    json_array_foreach(parts, i, one) result->parts[result->n_parts++] = result_part(k, one);
}

static void add_turn(struct kit *k, const json_t *turn, const Sluice__V1__Message *answer)
{
    const json_t *results = json_object_get(turn, "results"), *one;
    size_t i;

    if (!results) {
        kit_text(k, SLUICE__V1__ROLE__ROLE_USER, text_of(turn, "text"));
        return;
    }
    Sluice__V1__Message *m = kit_message(k, SLUICE__V1__ROLE__ROLE_TOOL);
    json_array_foreach(results, i, one) add_result(k, m, one, answer);
}

static void ask(struct kit *k, const json_t *row, Sluice__V1__Message *answer)
{
    const json_t *turn;
    size_t i;

    kit_text(k, SLUICE__V1__ROLE__ROLE_USER, "What is it?");
    Sluice__V1__Message *m = kit_message(k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    m->parts = answer->parts;
    m->n_parts = answer->n_parts;
    json_array_foreach(json_object_get(row, "then"), i, turn) add_turn(k, turn, answer);
    kit_function(k, "f", "{\"type\":\"object\"}");
    kit_function(k, "g", "{\"type\":\"object\"}");
}

/* ---- what was sent ---- */

static void check_sent(const char *name, const json_t *row, const char *body)
{
    json_t *got = json_loads(body, 0, NULL);
    const char *key;
    json_t *wanted;

    json_object_foreach(json_object_get(row, "sent"), key, wanted)
    {
        const json_t *have = json_object_get(got, key);
        if (!have || !json_equal((json_t *)(uintptr_t)have, wanted)) {
            char *a = json_dumps(wanted, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
            char *b = json_dumps(have, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
            fprintf(stderr, "%s: %s: awaited\n%s\ngot\n%s\n", name, key, a, b ? b : "nothing");
            fail();
        }
    }
    json_decref(got);
}

static void check_warned(const char *name, const json_t *row, const struct kit *k)
{
    const json_t *list = json_object_get(row, "warned"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *reason = json_string_value(json_array_get(one, 0));
        const char *field = json_string_value(json_array_get(one, 1));
        if (!kit_warning(k, reason, field))
            fail_msg("%s: no warning %s about %s", name, reason, field);
    }
    for (size_t w = 0; w < k->warnings.count && k->warnings.count != json_array_size(list); w++)
        print_error("%s: warned %s about %s: %s\n", name, k->warnings.list[w]->reason,
                    k->warnings.list[w]->field, k->warnings.list[w]->message);
    assert_int_equal(k->warnings.count, json_array_size(list));
}

static const char *or_else(const char *a, const char *b)
{
    return *a ? a : b;
}

static void run_row(const char *name, const json_t *row)
{
    const char *kind = text_of(row, "kind"), *api = text_of(row, "api");
    const char *model = or_else(text_of(row, "model"), "model-1");
    const char *to = text_of(row, "to_kind");
    struct answer answer = {0};
    struct kit from, next;

    open_kit(&from, adapter_of(kind, api), model);
    Sluice__V1__Message *message = take_answer(&from, &answer, row);
    open_kit(&next, *to ? adapter_of(to, text_of(row, "to_api")) : from.adapter,
             or_else(text_of(row, "to_model"), *to ? "model-2" : model));
    ask(&next, row, message);
    const char *body = kit_build(&next, false, NULL);
    if (!body)
        fail_msg("%s: refused: %s: %s", name, next.err.field, next.err.text);
    check_sent(name, row, body);
    check_warned(name, row, &next);
    kit_fini(&next);
    sl_assembler_fini(&answer.assembler);
    kit_fini(&from);
}

static void answers_go_back(void **state)
{
    DIR *dir = opendir(FOLDER);
    unsigned rows = 0;

    (void)state;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[512];
        json_error_t why;
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 5, ".json") != 0)
            continue;
        snprintf(path, sizeof(path), FOLDER "/%s", e->d_name);
        json_t *row = json_load_file(path, 0, &why);
        if (!row)
            fail_msg("%s:%d: %s", path, why.line, why.text);
        run_row(e->d_name, row);
        json_decref(row);
        rows++;
    }
    closedir(dir);
    assert_true(rows >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_go_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
