/* Answers of Ollama's own APIs: one object, or lines of which each holds the next piece and the
 * last one says "done": true. /api/chat has `message`, /api/generate `response` and `thinking`.
 *
 * Sources: docs.ollama.com, openapi.yaml (ChatResponse, GenerateResponse, and their stream
 * events), "Streaming", "Errors" (an error in a stream is a line {"error": "text"}); recordings
 * for ids and the place of tool calls. */
#include "adapters/ollama/internal.h"

#include <string.h>

#include "adapters/chat_completions/internal.h"

enum { MAX_CALLS = 1024, MAX_NAME = 512, MAX_LOGPROBS_BYTES = 16 * 1024 * 1024 };

/* The members of a line; SL_JSON_ABSENT where they are not there. */
struct root {
    int model, message, response, thinking, done, reason, error, logprobs;
    bool counts;
};

static void read_member(const struct nv *c, struct root *r, int key)
{
    struct sl_str k = nv_key(c, key);
    int value = key + 1;

    if (NV_KEY_IS(k, "message"))
        r->message = value;
    else if (NV_KEY_IS(k, "model"))
        r->model = value;
    else if (NV_KEY_IS(k, "done"))
        r->done = value;
    else if (NV_KEY_IS(k, "response"))
        r->response = value;
    else if (NV_KEY_IS(k, "thinking"))
        r->thinking = value;
    else if (NV_KEY_IS(k, "done_reason"))
        r->reason = value;
    else if (NV_KEY_IS(k, "error"))
        r->error = value;
    else if (NV_KEY_IS(k, "logprobs"))
        r->logprobs = value;
    else if (NV_KEY_IS(k, "eval_count") || NV_KEY_IS(k, "prompt_eval_count"))
        r->counts = true;
}

static struct root read_root(const struct nv *c)
{
    struct root r = {-1, -1, -1, -1, -1, -1, -1, -1, false};

    for (int k = sl_json_first(c->j, SL_JSON_ROOT); k >= 0; k = sl_json_next(c->j, SL_JSON_ROOT, k))
        read_member(c, &r, k);
    return r;
}

static struct ollama_state *state_of(const struct nv *c)
{
    return c->a->state;
}

/* ---- tool calls ---- */

static char *read_name(struct nv *c, int value)
{
    size_t n = 0;
    char *s = value >= 0 ? sl_json_string(c->j, value, &n, NULL) : NULL;

    return s && n && n <= MAX_NAME ? s : NULL;
}

/* {"id": "call_1", "function": {"index": 0, "name": "f", "arguments": {}}}; always whole. */
static enum sl_code read_call(struct nv *c, int object)
{
    int function = sl_json_member(c->j, object, "function");
    struct nv_call call;
    size_t n = 0;

    if (sl_json_type(c->j, function) != SL_JSON_OBJECT)
        return SL_OK;
    if (c->s->next_call >= MAX_CALLS)
        return nv_garbage(c, "too many tool calls");
    int arguments = sl_json_present(c->j, function, "arguments");
    char *id = read_name(c, sl_json_member(c->j, object, "id"));
    char *name = read_name(c, sl_json_member(c->j, function, "name"));
    state_of(c)->called = true;
    nv_begin_call(c, &call, id, name);
    char *text = sl_json_type(c->j, arguments) == SL_JSON_OBJECT ? nv_raw_text(c, arguments, &n)
                                                                 : nv_text(c, arguments, &n);
    if (text)
        nv_emit_arguments(c, &call, text, n);
    return SL_OK;
}

static enum sl_code read_calls(struct nv *c, int list)
{
    enum sl_code code = SL_OK;

    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return SL_OK;
    for (int v = sl_json_first(c->j, list); v >= 0 && code == SL_OK;
         v = sl_json_next(c->j, list, v))
        if (sl_json_type(c->j, v) == SL_JSON_OBJECT)
            code = read_call(c, v);
    return code;
}

/* ---- message ---- */

static enum sl_code read_message(struct nv *c, int message)
{
    int content = -1, thinking = -1, calls = -1, images = -1;

    if (sl_json_type(c->j, message) != SL_JSON_OBJECT)
        return SL_OK;
    for (int key = sl_json_first(c->j, message); key >= 0; key = sl_json_next(c->j, message, key)) {
        struct sl_str k = nv_key(c, key);
        if (NV_KEY_IS(k, "content"))
            content = key + 1;
        else if (NV_KEY_IS(k, "thinking"))
            thinking = key + 1;
        else if (NV_KEY_IS(k, "tool_calls"))
            calls = key + 1;
        else if (NV_KEY_IS(k, "images"))
            images = key + 1;
    }
    if (thinking >= 0)
        nv_read_reasoning(c, thinking, &c->s->reasoning_part);
    if (content >= 0)
        nv_read_text(c, content, &c->s->text_part);
    if (images >= 0 && sl_json_size(c->j, images) > 0)
        sl_warn(c->a->warnings, "UNKNOWN_CONTENT_DROPPED", "",
                "%s sent pictures, of which it does not say what they are", c->title);
    return calls >= 0 ? read_calls(c, calls) : SL_OK;
}

/* ---- probabilities ---- */

/* A list beside the message, in the form of chat completions; they follow the text that they are of.
 * Those of lines that hold only reasoning have no place. */
static enum sl_code read_logprobs(struct nv *c, int list)
{
    static const struct sl_cc_dialect words = {.kind = "ollama", .title = "Ollama"};
    struct cc reader = {.d = &words, .a = c->a, .j = c->j, .err = c->err};
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    struct sl_arena scratch;

    if (list < 0 || !c->s->text_part)
        return SL_OK;
    sl_arena_init(&scratch, MAX_LOGPROBS_BYTES);
    enum sl_code code =
        cc_read_logprobs(&reader, list, &scratch, &delta.logprobs, &delta.n_logprobs);
    if (code == SL_OK && delta.n_logprobs) {
        delta.part = c->s->text_part - 1;
        event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
        event.text_delta = &delta;
        c->a->sink.on_event(c->a->sink.owner, &event);
    }
    sl_arena_fini(&scratch);
    return code;
}

/* ---- the end ---- */

static void read_usage(struct nv *c)
{
    /* only what was sent, in the order of the documentation */
    static const char *const keys[] = {"total_duration",       "load_duration", "prompt_eval_count",
                                       "prompt_eval_duration", "eval_count",    "eval_duration"};
    char buffer[SL_ARRAY_LEN(keys) * 64];
    struct nv_usage u = {.input = nv_count(c, SL_JSON_ROOT, "prompt_eval_count"),
                         .cached = -1,
                         .output = nv_count(c, SL_JSON_ROOT, "eval_count"),
                         .reasoning = -1};

    nv_set_usage(c, &u, nv_usage_text(c, SL_JSON_ROOT, keys, SL_ARRAY_LEN(keys), buffer));
}

/* "load" and "unload" end requests without a question. */
static void read_reason(struct nv *c, int value)
{
    char *raw = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);

    if (!raw || !*raw)
        return;
    Sluice__V1__FinishReason reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER;
    if (!strcmp(raw, "stop"))
        reason = state_of(c)->called ? SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS
                                     : SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP;
    else if (!strcmp(raw, "length"))
        reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH;
    else if (!strcmp(raw, "tool_calls"))
        reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS;
    c->a->end.finish_reason = reason;
    c->a->end.has_finish_reason = true;
    sl_end_set(c->a, &c->a->end.raw_finish_reason, raw);
}

static enum sl_code read_line(struct nv *c, struct root *r)
{
    bool done = false;

    if (sl_json_type(c->j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(c, "JSON that is no object");
    *r = read_root(c);
    nv_fact(c, r->model, &c->a->end.model);
    if (SL_UNLIKELY(r->error >= 0) && sl_json_type(c->j, r->error) != SL_JSON_NULL)
        return nv_read_error(c, r->error);
    (void)sl_json_bool(c->j, r->done, &done);
    if (r->counts && done)
        read_usage(c); /* before texts are decoded over it */
    enum sl_code code = read_message(c, r->message);
    if (code != SL_OK)
        return code;
    if (r->thinking >= 0)
        nv_read_reasoning(c, r->thinking, &c->s->reasoning_part);
    if (r->response >= 0)
        nv_read_text(c, r->response, &c->s->text_part);
    if (r->logprobs >= 0)
        code = read_logprobs(c, r->logprobs);
    if (code != SL_OK)
        return code;
    if (done) {
        read_reason(c, r->reason);
        c->a->end.done = true;
    }
    return SL_OK;
}

/* ---- slots ---- */

enum sl_code ollama_on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    struct ollama_state *s = a->state;
    struct sl_json j;
    struct nv c = {ollama_title, a, &s->nv, &j, err};
    struct root r;
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code == SL_OK)
        code = read_line(&c, &r);
    if (code != SL_OK || a->end.done)
        return code;
    if (r.message < 0 && r.response < 0)
        return nv_garbage(&c, "an answer without a message");
    return nv_truncated(&c);
}

enum sl_code ollama_on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    struct ollama_state *s = a->state;
    struct sl_json j;
    struct nv c = {ollama_title, a, &s->nv, &j, err};
    struct root r;

    if (a->end.done || !frame->n)
        return SL_OK;
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    return code == SL_OK ? read_line(&c, &r) : code;
}

enum sl_code ollama_on_eof(struct sl_answer *a, struct sl_err *err)
{
    struct ollama_state *s = a->state;
    struct sl_json none = {0};
    struct nv c = {ollama_title, a, &s->nv, &none, err};

    return a->end.done ? SL_OK : nv_truncated(&c);
}
