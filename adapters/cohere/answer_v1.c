/* Answers of Cohere's v1 chat: one object, or lines of events of which the last, stream-end, holds
 * the whole answer again. Calls have no ids; their parameters are objects. The id of an answer is
 * its generation_id.
 *
 * Sources: docs.cohere.com, "Chat (v1 API)", "Chat with Streaming Outputs (API V1)"; recordings. */
#include "adapters/cohere/internal.h"

#include <string.h>

/* {"name": "f", "parameters": {}} */
static enum sl_code read_call(struct nv *c, int object)
{
    struct nv_call call;
    size_t n = 0;

    if (sl_json_type(c->j, object) != SL_JSON_OBJECT)
        return SL_OK;
    if (c->s->next_call >= COHERE_MAX_CALLS)
        return nv_garbage(c, "too many tool calls");
    int parameters = sl_json_member(c->j, object, "parameters");
    int named = sl_json_member(c->j, object, "name");
    char *name = named < 0 ? NULL : sl_json_string(c->j, named, &n, NULL);
    cohere_state_of(c)->called = true;
    nv_begin_call(c, &call, NULL, name && n <= COHERE_MAX_NAME ? name : NULL);
    if (sl_json_type(c->j, parameters) == SL_JSON_OBJECT) {
        char *text = nv_raw_text(c, parameters, &n);
        nv_emit_arguments(c, &call, text, n);
    }
    return SL_OK;
}

static enum sl_code read_calls(struct nv *c, int list)
{
    enum sl_code code = SL_OK;

    if (sl_json_type(c->j, list) != SL_JSON_ARRAY || cohere_state_of(c)->called)
        return SL_OK;
    for (int v = sl_json_first(c->j, list); v >= 0 && code == SL_OK;
         v = sl_json_next(c->j, list, v))
        code = read_call(c, v);
    return code;
}

static void read_citations(struct nv *c, int list)
{
    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v))
        cohere_read_citation(c, v, c->s->text_part - 1);
}

static void read_id(struct nv *c, int object)
{
    nv_fact(c, sl_json_present(c->j, object, "generation_id"), &c->a->end.response_id);
}

/* The whole answer: what no event of the stream has said before. */
static enum sl_code read_answer(struct nv *c, int object)
{
    bool cited = cohere_state_of(c)->cited;
    enum sl_code code;

    read_id(c, object);
    cohere_read_usage(c, sl_json_present(c->j, object, "meta"));
    int calls = sl_json_present(c->j, object, "tool_calls");
    int citations = sl_json_present(c->j, object, "citations");
    int reason = sl_json_present(c->j, object, "finish_reason");
    if (!c->s->text_part)
        nv_read_text(c, sl_json_present(c->j, object, "text"), &c->s->text_part);
    code = read_calls(c, calls);
    if (code != SL_OK)
        return code;
    if (!cited)
        read_citations(c, citations);
    cohere_read_reason(c, reason);
    return SL_OK;
}

enum sl_code cohere_on_body_v1(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    struct cohere_state *s = a->state;
    struct sl_json j;
    struct nv c = {cohere_title, a, &s->nv, &j, err};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    int text = sl_json_member(&j, SL_JSON_ROOT, "text");
    int message = sl_json_member(&j, SL_JSON_ROOT, "message");
    if (text < 0 && sl_json_type(&j, message) == SL_JSON_STRING)
        return nv_error_in_answer(&c, sl_json_string(&j, message, NULL, NULL), NULL);
    if (text < 0 && sl_json_member(&j, SL_JSON_ROOT, "tool_calls") < 0)
        return nv_garbage(&c, "an answer without a text");
    code = read_answer(&c, SL_JSON_ROOT);
    a->end.done = code == SL_OK;
    return code;
}

/* {"event_type": "stream-end", "is_finished": true, "finish_reason", "response": {...}}; an error
 * may stand beside. */
static enum sl_code end_stream(struct nv *c)
{
    int response = sl_json_present(c->j, SL_JSON_ROOT, "response");
    int reason = sl_json_present(c->j, SL_JSON_ROOT, "finish_reason");
    int error = sl_json_present(c->j, SL_JSON_ROOT, "error");
    enum sl_code code = SL_OK;

    if (sl_json_type(c->j, response) == SL_JSON_OBJECT)
        code = read_answer(c, response);
    if (code != SL_OK)
        return code;
    cohere_read_reason(c, reason);
    if (sl_json_type(c->j, error) == SL_JSON_STRING)
        return nv_error_in_answer(c, sl_json_string(c->j, error, NULL, NULL), NULL);
    c->a->end.done = true;
    return SL_OK;
}

static enum sl_code take_event(struct nv *c, int type)
{
    bool finished = false;

    if (sl_json_string_is(c->j, type, "text-generation"))
        nv_read_text(c, sl_json_member(c->j, SL_JSON_ROOT, "text"), &c->s->text_part);
    else if (sl_json_string_is(c->j, type, "tool-calls-generation"))
        return read_calls(c, sl_json_member(c->j, SL_JSON_ROOT, "tool_calls"));
    else if (sl_json_string_is(c->j, type, "citation-generation"))
        read_citations(c, sl_json_member(c->j, SL_JSON_ROOT, "citations"));
    else if (sl_json_string_is(c->j, type, "stream-start"))
        read_id(c, SL_JSON_ROOT);
    else if (sl_json_string_is(c->j, type, "stream-end") ||
             (sl_json_bool(c->j, sl_json_member(c->j, SL_JSON_ROOT, "is_finished"), &finished) &&
              finished))
        return end_stream(c);
    return SL_OK;
}

enum sl_code cohere_on_frame_v1(struct sl_answer *a, const struct sl_frame *frame,
                                struct sl_err *err)
{
    struct cohere_state *s = a->state;
    struct sl_json j;
    struct nv c = {cohere_title, a, &s->nv, &j, err};

    if (a->end.done || !frame->n)
        return SL_OK;
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    int type = sl_json_member(&j, SL_JSON_ROOT, "event_type");
    int message = sl_json_member(&j, SL_JSON_ROOT, "message");
    if (type < 0 && sl_json_type(&j, message) == SL_JSON_STRING)
        return nv_error_in_answer(&c, sl_json_string(&j, message, NULL, NULL), NULL);
    if (type < 0 && sl_json_present(&j, SL_JSON_ROOT, "error") >= 0)
        return nv_read_error(&c, sl_json_member(&j, SL_JSON_ROOT, "error"));
    return take_event(&c, type);
}
