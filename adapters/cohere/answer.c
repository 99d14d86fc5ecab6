/* Answers of Cohere's v2 chat, whole or as events, and what both APIs share: usage, reasons,
 * sources.
 *
 * Sources: docs.cohere.com, "Chat", "Chat with Streaming", "A Guide to Streaming Responses",
 * "Citations"; recordings for [DONE], cached_tokens, reasoning_tokens, and errors in message-end. */
#include "adapters/cohere/internal.h"

#include <string.h>

enum { SCRATCH = 256 * 1024 }; /* of one source */

/* ---- usage ---- */

/* v2: {"tokens": {...}, "billed_units": {...}, "cached_tokens"}; v1's meta has the same members. */
void cohere_read_usage(struct nv *c, int usage)
{
    if (sl_json_type(c->j, usage) != SL_JSON_OBJECT)
        return;
    int tokens = sl_json_present(c->j, usage, "tokens");
    if (sl_json_type(c->j, tokens) != SL_JSON_OBJECT)
        tokens = sl_json_present(c->j, usage, "billed_units");
    if (sl_json_type(c->j, tokens) != SL_JSON_OBJECT)
        return;
    struct nv_usage u = {.input = nv_count(c, tokens, "input_tokens"),
                         .cached = nv_count(c, usage, "cached_tokens"),
                         .output = nv_count(c, tokens, "output_tokens"),
                         .reasoning = nv_count(c, tokens, "reasoning_tokens")};
    nv_set_usage(c, &u, sl_json_raw(c->j, usage));
}

/* ---- reasons ---- */

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

static const struct {
    const char *raw;
    Sluice__V1__FinishReason reason;
} reasons[] = {
    {"COMPLETE", FINISH(STOP)},        {"STOP_SEQUENCE", FINISH(STOP)},
    {"MAX_TOKENS", FINISH(LENGTH)},    {"ERROR_LIMIT", FINISH(LENGTH)},
    {"TOOL_CALL", FINISH(TOOL_CALLS)}, {"ERROR", FINISH(ERROR)},
    {"TIMEOUT", FINISH(ERROR)},
};

void cohere_read_reason(struct nv *c, int value)
{
    char *raw = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);
    Sluice__V1__FinishReason reason = FINISH(OTHER);

    if (!raw || !*raw)
        return;
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++)
        if (!strcmp(reasons[i].raw, raw))
            reason = reasons[i].reason;
    if (cohere_state_of(c)->called && !strcmp(raw, "COMPLETE"))
        reason = FINISH(TOOL_CALLS);
    c->a->end.finish_reason = reason;
    c->a->end.has_finish_reason = true;
    sl_end_set(c->a, &c->a->end.raw_finish_reason, raw);
}

/* ---- sources ---- */

static void set_string(struct nv *c, int object, const char *key, char **slot)
{
    int value = sl_json_type(c->j, object) == SL_JSON_OBJECT ? sl_json_member(c->j, object, key)
                                                             : SL_JSON_ABSENT;
    char *s = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);

    if (s)
        *slot = s;
}

static void set_offset(struct nv *c, int object, const char *key, protobuf_c_boolean *set,
                       int32_t *slot)
{
    int64_t v = nv_count(c, object, key);

    *set = v >= 0;
    if (v >= 0)
        *slot = (int32_t)v;
}

/* start and end count characters of the part's text; the first source names title and address. */
static void fill_citation(struct nv *c, int object, Sluice__V1__Citation *citation)
{
    int source = sl_json_first(c->j, sl_json_member(c->j, object, "sources"));
    int document = source < 0 ? source : sl_json_member(c->j, source, "document");
    protobuf_c_boolean has_start, has_end;

    set_offset(c, object, "start", &has_start, &citation->start_index);
    set_offset(c, object, "end", &has_end, &citation->end_index);
    if (has_start)
        citation->_start_index_case = SLUICE__V1__CITATION___START_INDEX_START_INDEX;
    if (has_end)
        citation->_end_index_case = SLUICE__V1__CITATION___END_INDEX_END_INDEX;
    set_string(c, object, "text", &citation->cited_text);
    set_string(c, source, "id", &citation->file_id);
    set_string(c, document, "title", &citation->title);
    set_string(c, document, "url", &citation->url);
}

void cohere_read_citation(struct nv *c, int object, int32_t part)
{
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
    struct sl_arena scratch;
    size_t n;

    if (sl_json_type(c->j, object) != SL_JSON_OBJECT || part < 0 || part >= c->s->next_part)
        return;
    cohere_state_of(c)->cited = true;
    struct sl_str raw = sl_json_raw(c->j, object);
    char held = raw.p[raw.n];
    char *text = nv_raw_text(c, object, &n); /* decoding would change it */
    sl_arena_init(&scratch, SCRATCH);
    char *copy = sl_arena_try(&scratch, n + 1);
    if (copy)
        citation.provider_json = memcpy(copy, text, n + 1);
    text[n] = held;
    citation.part = part;
    fill_citation(c, object, &citation);
    nv_emit_citation(c, &citation);
    sl_arena_fini(&scratch);
}

/* The part that a source belongs to: by content_index, else the last text; of a plan, the plan. */
static int32_t cited_part(struct nv *c, int citation)
{
    struct cohere_state *s = cohere_state_of(c);
    int64_t index = nv_count(c, citation, "content_index");

    if (sl_json_string_is(c->j, sl_json_member(c->j, citation, "type"), "PLAN") && s->plan_part)
        return s->plan_part - 1;
    if (index >= 0 && index < COHERE_BLOCKS && s->block[index])
        return s->block[index] - 1;
    return s->nv.text_part - 1;
}

static void read_citations(struct nv *c, int list)
{
    if (sl_json_type(c->j, list) == SL_JSON_OBJECT)
        cohere_read_citation(c, list, cited_part(c, list));
    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v))
        if (sl_json_type(c->j, v) == SL_JSON_OBJECT)
            cohere_read_citation(c, v, cited_part(c, v));
}

/* ---- content ---- */

/* {"text"} or {"thinking"}, a block or the next piece of one. */
static void read_block(struct nv *c, int block, int64_t index)
{
    struct cohere_state *s = cohere_state_of(c);
    int text = sl_json_member(c->j, block, "text");
    int thinking = text >= 0 ? SL_JSON_ABSENT : sl_json_member(c->j, block, "thinking");
    bool known = index >= 0 && index < COHERE_BLOCKS;
    int32_t *slot = known ? &s->block[index] : text >= 0 ? &s->nv.text_part : &s->nv.reasoning_part;

    if (thinking >= 0)
        nv_read_reasoning(c, thinking, slot);
    if (text >= 0) {
        nv_read_text(c, text, slot);
        if (*slot)
            s->nv.text_part = *slot;
    }
}

static void end_plan(struct nv *c)
{
    struct cohere_state *s = cohere_state_of(c);

    if (!s->plan_part || s->plan_ended)
        return;
    s->plan_ended = true;
    nv_end_part(c, s->plan_part - 1, cohere_kind, cohere_plan);
}

static void read_plan(struct nv *c, int plan)
{
    if (!cohere_state_of(c)->plan_ended)
        nv_read_reasoning(c, plan, &cohere_state_of(c)->plan_part);
}

/* ---- tool calls ---- */

static char *read_name(struct nv *c, int value)
{
    size_t n = 0;
    char *s = value >= 0 ? sl_json_string(c->j, value, &n, NULL) : NULL;

    return s && n && n <= COHERE_MAX_NAME ? s : NULL;
}

static void read_arguments(struct nv *c, int function, const struct nv_call *call)
{
    size_t n = 0;
    int arguments = sl_json_type(c->j, function) == SL_JSON_OBJECT
                        ? sl_json_present(c->j, function, "arguments")
                        : SL_JSON_ABSENT;
    char *text = sl_json_type(c->j, arguments) == SL_JSON_OBJECT ? nv_raw_text(c, arguments, &n)
                                                                 : nv_text(c, arguments, &n);

    if (text)
        nv_emit_arguments(c, call, text, n);
}

static enum sl_code begin_call(struct nv *c, int object, int64_t index)
{
    struct cohere_state *s = cohere_state_of(c);
    struct cohere_call *call =
        c->s->next_call < COHERE_MAX_CALLS ? sl_arena_try(c->a->arena, sizeof(*call)) : NULL;
    int function = sl_json_member(c->j, object, "function");

    if (!call)
        return nv_garbage(c, "too many tool calls");
    end_plan(c);
    *call = (struct cohere_call){.prev = s->last, .wire_index = index};
    s->last = call;
    s->called = true;
    char *id = read_name(c, sl_json_member(c->j, object, "id"));
    char *name = function < 0 ? NULL : read_name(c, sl_json_member(c->j, function, "name"));
    nv_begin_call(c, &call->call, id, name);
    read_arguments(c, function, &call->call);
    return SL_OK;
}

static void continue_call(struct nv *c, int object, int64_t index)
{
    for (struct cohere_call *call = cohere_state_of(c)->last; call; call = call->prev) {
        if (call->wire_index != index && index >= 0)
            continue;
        read_arguments(c, sl_json_member(c->j, object, "function"), &call->call);
        return;
    }
}

/* ---- whole ---- */

static enum sl_code read_message(struct nv *c, int message)
{
    int content = sl_json_present(c->j, message, "content");
    int calls = sl_json_present(c->j, message, "tool_calls");
    enum sl_code code = SL_OK;
    int64_t index = 0;

    if (sl_json_type(c->j, content) == SL_JSON_STRING)
        nv_read_text(c, content, &c->s->text_part);
    else if (sl_json_type(c->j, content) == SL_JSON_ARRAY)
        for (int v = sl_json_first(c->j, content); v >= 0; v = sl_json_next(c->j, content, v))
            read_block(c, v, index++);
    read_plan(c, sl_json_present(c->j, message, "tool_plan"));
    end_plan(c);
    index = 0;
    if (sl_json_type(c->j, calls) == SL_JSON_ARRAY)
        for (int v = sl_json_first(c->j, calls); v >= 0 && code == SL_OK;
             v = sl_json_next(c->j, calls, v))
            code = begin_call(c, v, index++);
    if (code == SL_OK)
        read_citations(c, sl_json_present(c->j, message, "citations"));
    return code;
}

enum sl_code cohere_on_body_v2(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    struct cohere_state *s = a->state;
    struct sl_json j;
    struct nv c = {cohere_title, a, &s->nv, &j, err};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    int message = sl_json_member(&j, SL_JSON_ROOT, "message");
    if (sl_json_type(&j, message) == SL_JSON_STRING)
        return nv_error_in_answer(&c, sl_json_string(&j, message, NULL, NULL), NULL);
    if (sl_json_type(&j, message) != SL_JSON_OBJECT)
        return nv_garbage(&c, "an answer without a message");
    nv_fact(&c, sl_json_member(&j, SL_JSON_ROOT, "id"), &a->end.response_id);
    nv_fact(&c, sl_json_member(&j, SL_JSON_ROOT, "model"), &a->end.model);
    cohere_read_usage(&c, sl_json_present(&j, SL_JSON_ROOT, "usage"));
    int reason = sl_json_present(&j, SL_JSON_ROOT, "finish_reason");
    code = read_message(&c, message);
    if (code != SL_OK)
        return code;
    cohere_read_reason(&c, reason);
    a->end.done = true;
    return SL_OK;
}

/* ---- events ---- */

struct event {
    int type, id, delta, message; /* message: a string, where there is no type */
    int64_t index;
};

static struct event read_event(const struct nv *c)
{
    struct event e = {-1, -1, -1, -1, -1};

    for (int key = sl_json_first(c->j, SL_JSON_ROOT); key >= 0;
         key = sl_json_next(c->j, SL_JSON_ROOT, key)) {
        struct sl_str k = nv_key(c, key);
        if (NV_KEY_IS(k, "type"))
            e.type = key + 1;
        else if (NV_KEY_IS(k, "delta"))
            e.delta = key + 1;
        else if (NV_KEY_IS(k, "index"))
            (void)sl_json_int(c->j, key + 1, &e.index);
        else if (NV_KEY_IS(k, "id"))
            e.id = key + 1;
        else if (NV_KEY_IS(k, "message"))
            e.message = key + 1;
    }
    return e;
}

/* delta.message.KEY */
static int in_message(const struct nv *c, const struct event *e, const char *key)
{
    int message = sl_json_type(c->j, e->delta) == SL_JSON_OBJECT
                      ? sl_json_member(c->j, e->delta, "message")
                      : SL_JSON_ABSENT;

    return sl_json_type(c->j, message) == SL_JSON_OBJECT ? sl_json_present(c->j, message, key)
                                                         : SL_JSON_ABSENT;
}

static int in_delta(const struct nv *c, const struct event *e, const char *key)
{
    return sl_json_type(c->j, e->delta) == SL_JSON_OBJECT ? sl_json_present(c->j, e->delta, key)
                                                          : SL_JSON_ABSENT;
}

static enum sl_code end_message(struct nv *c, const struct event *e)
{
    int error = in_delta(c, e, "error");

    cohere_read_usage(c, in_delta(c, e, "usage"));
    cohere_read_reason(c, in_delta(c, e, "finish_reason"));
    if (sl_json_type(c->j, error) == SL_JSON_STRING) {
        int type = in_delta(c, e, "error_type");
        return nv_error_in_answer(c, sl_json_string(c->j, error, NULL, NULL),
                                  type < 0 ? NULL : sl_json_string(c->j, type, NULL, NULL));
    }
    end_plan(c);
    c->a->end.done = true;
    return SL_OK;
}

static enum sl_code take_event(struct nv *c, const struct event *e)
{
    int object;

    if (sl_json_string_is(c->j, e->type, "content-delta") ||
        sl_json_string_is(c->j, e->type, "content-start")) {
        object = in_message(c, e, "content");
        if (sl_json_type(c->j, object) == SL_JSON_OBJECT)
            read_block(c, object, e->index);
    } else if (sl_json_string_is(c->j, e->type, "tool-call-delta")) {
        object = in_message(c, e, "tool_calls");
        if (sl_json_type(c->j, object) == SL_JSON_OBJECT)
            continue_call(c, object, e->index);
    } else if (sl_json_string_is(c->j, e->type, "tool-plan-delta")) {
        read_plan(c, in_message(c, e, "tool_plan"));
    } else if (sl_json_string_is(c->j, e->type, "tool-call-start")) {
        object = in_message(c, e, "tool_calls");
        if (sl_json_type(c->j, object) == SL_JSON_OBJECT)
            return begin_call(c, object, e->index);
    } else if (sl_json_string_is(c->j, e->type, "citation-start")) {
        read_citations(c, in_message(c, e, "citations"));
    } else if (sl_json_string_is(c->j, e->type, "message-start")) {
        nv_fact(c, e->id, &c->a->end.response_id);
    } else if (sl_json_string_is(c->j, e->type, "message-end")) {
        return end_message(c, e);
    }
    return SL_OK;
}

enum sl_code cohere_on_frame_v2(struct sl_answer *a, const struct sl_frame *frame,
                                struct sl_err *err)
{
    struct cohere_state *s = a->state;
    struct sl_json j;
    struct nv c = {cohere_title, a, &s->nv, &j, err};

    if (a->end.done || !frame->n || sl_starts_with(frame->data, "[DONE]"))
        return SL_OK;
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    struct event e = read_event(&c);
    if (e.type < 0 && sl_json_type(&j, e.message) == SL_JSON_STRING)
        return nv_error_in_answer(&c, sl_json_string(&j, e.message, NULL, NULL), NULL);
    if (e.type < 0 && sl_json_present(&j, SL_JSON_ROOT, "error") >= 0)
        return nv_read_error(&c, sl_json_member(&j, SL_JSON_ROOT, "error"));
    return take_event(&c, &e);
}

enum sl_code cohere_on_eof(struct sl_answer *a, struct sl_err *err)
{
    struct cohere_state *s = a->state;
    struct sl_json none = {0};
    struct nv c = {cohere_title, a, &s->nv, &none, err};

    return a->end.done ? SL_OK : nv_truncated(&c);
}
