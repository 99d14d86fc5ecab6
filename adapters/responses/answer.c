/* Answers of the Responses API: a response object, or a stream of events that ends with one. In a
 * stream texts and arguments are passed on as they come; when an item is complete, and at the end,
 * what was not sent yet follows from the complete object.
 *
 * Sources: OpenAI's API reference, "The response object" and "Streaming events"; recordings of the
 * other providers. */
#include "adapters/responses/internal.h"

#include <string.h>

_Static_assert(sizeof(struct rs_state) <= SL_RS_STATE_SIZE, "SL_RS_STATE_SIZE is too small");

/* ---- the response object ---- */

struct response {
    int id, model, tier, status, details, usage, output, error;
};

static struct response read_members(const struct rs *r, int object)
{
    struct response m = {-1, -1, -1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(r->c.j, object); key >= 0;
         key = sl_json_next(r->c.j, object, key)) {
        struct sl_str k = cc_key(&r->c, key);
        if (CC_KEY_IS(k, "id"))
            m.id = key + 1;
        else if (CC_KEY_IS(k, "model"))
            m.model = key + 1;
        else if (CC_KEY_IS(k, "service_tier"))
            m.tier = key + 1;
        else if (CC_KEY_IS(k, "status"))
            m.status = key + 1;
        else if (CC_KEY_IS(k, "incomplete_details"))
            m.details = key + 1;
        else if (CC_KEY_IS(k, "usage"))
            m.usage = key + 1;
        else if (CC_KEY_IS(k, "output"))
            m.output = key + 1;
        else if (CC_KEY_IS(k, "error"))
            m.error = key + 1;
    }
    return m;
}

static void read_facts(struct rs *r, const struct response *m)
{
    struct sl_answer_end *end = &r->c.a->end;
    const struct {
        int value;
        const char **slot;
    } facts[] = {
        {m->id, &end->response_id}, {m->model, &end->model}, {m->tier, &end->service_tier}};

    for (size_t i = 0; i < SL_ARRAY_LEN(facts); i++)
        if (facts[i].value >= 0)
            sl_end_set(r->c.a, facts[i].slot, sl_json_string(r->c.j, facts[i].value, NULL, NULL));
}

/* ---- finish reason ---- */

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

static Sluice__V1__FinishReason finish_reason(const struct rs *r, const char *status,
                                              const char *why)
{
    if (!strcmp(status, "completed"))
        return r->s->next_call ? FINISH(TOOL_CALLS) : FINISH(STOP);
    if (strcmp(status, "incomplete") != 0)
        return !strcmp(status, "failed") ? FINISH(ERROR) : FINISH(OTHER);
    if (!strcmp(why, "max_output_tokens"))
        return FINISH(LENGTH);
    return !strcmp(why, "content_filter") ? FINISH(CONTENT_FILTER) : FINISH(OTHER);
}

/* "completed", "queued", "incomplete:max_output_tokens". */
static void read_finish(struct rs *r, const struct response *m)
{
    char raw[96], none[1] = "";
    size_t n;
    int reason = sl_json_type(r->c.j, m->details) == SL_JSON_OBJECT
                     ? sl_json_member(r->c.j, m->details, "reason")
                     : SL_JSON_ABSENT;
    char *why = reason < 0 ? NULL : sl_json_string(r->c.j, reason, NULL, NULL);
    char *status = m->status < 0 ? NULL : sl_json_string(r->c.j, m->status, NULL, NULL);

    if (!status || !*status)
        return;
    if (!why || strcmp(status, "incomplete") != 0)
        why = none;
    sl_copy(raw, sizeof(raw), status);
    n = strlen(raw);
    if (*why && n + 2 < sizeof(raw)) {
        raw[n] = ':';
        sl_copy(raw + n + 1, sizeof(raw) - n - 1, why);
    }
    r->c.a->end.finish_reason = finish_reason(r, status, why);
    r->c.a->end.has_finish_reason = true;
    sl_end_set(r->c.a, &r->c.a->end.raw_finish_reason, raw);
}

/* ---- the end ---- */

static enum sl_code finish_output(struct rs *r, int output)
{
    enum sl_code code = SL_OK;
    int64_t index = 0;

    if (sl_json_type(r->c.j, output) != SL_JSON_ARRAY)
        return SL_OK;
    for (int v = sl_json_first(r->c.j, output); v >= 0 && code == SL_OK;
         v = sl_json_next(r->c.j, output, v), index++)
        if (sl_json_type(r->c.j, v) == SL_JSON_OBJECT)
            code = rs_finish_item(r, index, v);
    return code;
}

/* A response that is over: its facts, its failure, or what of its output was not sent yet. */
static enum sl_code finish_response(struct rs *r, int object)
{
    struct response m = read_members(r, object);
    enum sl_json_type error = sl_json_type(r->c.j, m.error);

    read_facts(r, &m);
    rs_read_usage(r, m.usage);
    if (error == SL_JSON_OBJECT || error == SL_JSON_STRING ||
        (m.status >= 0 && sl_json_string_is(r->c.j, m.status, "failed")))
        return cc_failure(&r->d->words, r->c.j, object, 0, r->c.err);
    if (r->c.whole && sl_json_type(r->c.j, m.output) != SL_JSON_ARRAY && m.status < 0)
        return sl_err_set(r->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent an answer without output", r->d->words.title);
    enum sl_code code = finish_output(r, m.output);
    if (code != SL_OK)
        return code;
    read_finish(r, &m);
    r->c.a->end.done = true;
    return SL_OK;
}

/* ---- events ---- */

static struct rs_event read_event(const struct rs *r)
{
    struct rs_event e = {-1, -1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(r->c.j, SL_JSON_ROOT); key >= 0;
         key = sl_json_next(r->c.j, SL_JSON_ROOT, key)) {
        struct sl_str k = cc_key(&r->c, key);
        if (CC_KEY_IS(k, "type"))
            e.type = key + 1;
        else if (CC_KEY_IS(k, "delta"))
            e.delta = key + 1;
        else if (CC_KEY_IS(k, "output_index"))
            e.output_index = key + 1;
        else if (CC_KEY_IS(k, "content_index"))
            e.content_index = key + 1;
        else if (CC_KEY_IS(k, "item"))
            e.item = key + 1;
        else if (CC_KEY_IS(k, "response"))
            e.response = key + 1;
        else if (CC_KEY_IS(k, "annotation"))
            e.annotation = key + 1;
    }
    return e;
}

/* An index that was not sent is 0: a response has at least one item then. */
static int64_t index_of(const struct rs *r, int value)
{
    int64_t index = 0;

    (void)sl_json_int(r->c.j, value, &index);
    return index;
}

static enum sl_code on_text(struct rs *r, const struct rs_event *e)
{
    struct rs_item *it = rs_find_item(r, index_of(r, e->output_index));

    if (!it || it->kind != RS_MESSAGE || it->done)
        return SL_OK;
    return rs_add_text(r, it, index_of(r, e->content_index), e->delta, false);
}

static enum sl_code on_refusal(struct rs *r, const struct rs_event *e)
{
    struct rs_item *it = rs_find_item(r, index_of(r, e->output_index));

    if (!it || it->kind != RS_MESSAGE || it->done)
        return SL_OK;
    return rs_add_text(r, it, index_of(r, e->content_index), e->delta, true);
}

static enum sl_code add_reasoning(struct rs *r, const struct rs_event *e, bool summary)
{
    struct rs_item *it = rs_find_item(r, index_of(r, e->output_index));

    if (it && it->kind == RS_REASONING && !it->done)
        rs_add_reasoning(r, it, e->delta, summary);
    return SL_OK;
}

static enum sl_code on_summary(struct rs *r, const struct rs_event *e)
{
    return add_reasoning(r, e, true);
}

static enum sl_code on_reasoning(struct rs *r, const struct rs_event *e)
{
    return add_reasoning(r, e, false);
}

static enum sl_code on_arguments(struct rs *r, const struct rs_event *e)
{
    struct rs_item *it = rs_find_item(r, index_of(r, e->output_index));

    if (it && (it->kind == RS_CALL || it->kind == RS_CUSTOM) && !it->done)
        rs_add_arguments(r, it, e->delta);
    return SL_OK;
}

static enum sl_code on_annotation(struct rs *r, const struct rs_event *e)
{
    struct rs_item *it = rs_find_item(r, index_of(r, e->output_index));

    if (!it || it->kind != RS_MESSAGE || it->done)
        return SL_OK;
    return rs_add_citation(r, it, index_of(r, e->content_index), e->annotation);
}

static enum sl_code on_item_added(struct rs *r, const struct rs_event *e)
{
    int64_t index = index_of(r, e->output_index);
    struct rs_item *it;

    if (sl_json_type(r->c.j, e->item) != SL_JSON_OBJECT || rs_find_item(r, index))
        return SL_OK;
    return rs_begin_item(r, index, e->item, &it);
}

static enum sl_code on_item_done(struct rs *r, const struct rs_event *e)
{
    if (sl_json_type(r->c.j, e->item) != SL_JSON_OBJECT)
        return SL_OK;
    return rs_finish_item(r, index_of(r, e->output_index), e->item);
}

static enum sl_code on_created(struct rs *r, const struct rs_event *e)
{
    if (sl_json_type(r->c.j, e->response) == SL_JSON_OBJECT) {
        struct response m = read_members(r, e->response);
        read_facts(r, &m);
    }
    return SL_OK;
}

static enum sl_code on_end(struct rs *r, const struct rs_event *e)
{
    if (sl_json_type(r->c.j, e->response) != SL_JSON_OBJECT)
        return sl_err_set(r->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s ended its answer without a response", r->d->words.title);
    return finish_response(r, e->response);
}

/* {"type": "response.failed", "response": {"error"}}; {"type": "error", "error": {...}}
 * (recorded); {"type": "error", "code", "message", "param"} (API reference), where type is no word
 * about the error. */
static enum sl_code on_error(struct rs *r, const struct rs_event *e)
{
    (void)cc_failure(&r->d->words, r->c.j,
                     sl_json_type(r->c.j, e->response) == SL_JSON_OBJECT ? e->response
                                                                         : SL_JSON_ROOT,
                     0, r->c.err);
    if (!strcmp(r->c.err->provider_type, "error"))
        r->c.err->provider_type[0] = '\0';
    return r->c.err->code;
}

static enum sl_code on_failed(struct rs *r, const struct rs_event *e)
{
    return sl_json_type(r->c.j, e->response) == SL_JSON_OBJECT ? on_end(r, e) : on_error(r, e);
}

/* By how often they come. What is not here says nothing that a later event does not. */
static const struct {
    const char *type;
    enum sl_code (*read)(struct rs *r, const struct rs_event *e);
} events[] = {
    {"response.output_text.delta", on_text},
    {"response.function_call_arguments.delta", on_arguments},
    {"response.reasoning_summary_text.delta", on_summary},
    {"response.reasoning_text.delta", on_reasoning},
    {"response.custom_tool_call_input.delta", on_arguments},
    {"response.refusal.delta", on_refusal},
    {"response.output_item.added", on_item_added},
    {"response.output_item.done", on_item_done},
    {"response.output_text.annotation.added", on_annotation},
    {"response.created", on_created},
    {"response.in_progress", on_created},
    {"response.queued", on_created},
    {"response.completed", on_end},
    {"response.incomplete", on_end},
    {"response.failed", on_failed},
    {"error", on_error},
};

static enum sl_code read_document(struct rs *r)
{
    if (sl_json_type(r->c.j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return sl_err_set(r->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent JSON that is no object", r->d->words.title);
    if (r->c.whole)
        return finish_response(r, SL_JSON_ROOT);
    struct rs_event e = read_event(r);
    for (size_t i = 0; i < SL_ARRAY_LEN(events); i++)
        if (sl_json_string_is(r->c.j, e.type, events[i].type))
            return events[i].read(r, &e);
    /* an error of a proxy in front, without a type */
    if (e.type < 0 && sl_json_present(r->c.j, SL_JSON_ROOT, "error") >= 0)
        return on_error(r, &e);
    return SL_OK;
}

/* ---- slots ---- */

static enum sl_code read_text(struct rs *r, char *text, size_t n)
{
    struct sl_arena scratch;
    enum sl_code code = sl_json_parse(r->c.a->parser, text, n, r->c.j, r->c.err);

    if (code != SL_OK)
        return code;
    sl_arena_init(&scratch, RS_MAX_ITEM);
    r->scratch = &scratch;
    code = read_document(r);
    sl_arena_fini(&scratch);
    return code;
}

enum sl_code sl_rs_on_body(const struct sl_rs_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err)
{
    struct sl_json j;
    struct rs r = {
        .c = {.d = &d->words, .a = a, .j = &j, .err = err, .whole = true},
        .d = d,
        .s = a->state,
    };

    return read_text(&r, body, n);
}

/* OpenRouter ends with `data: [DONE]`, after the final object. */
static bool is_done_marker(const struct sl_frame *frame)
{
    return frame->n >= 6 && !memcmp(frame->data, "[DONE]", 6);
}

enum sl_code sl_rs_on_frame(const struct sl_rs_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_json j;
    struct rs r = {
        .c = {.d = &d->words, .a = a, .j = &j, .err = err},
        .d = d,
        .s = a->state,
    };

    if (a->end.done || !frame->n || is_done_marker(frame))
        return SL_OK;
    return read_text(&r, frame->data, frame->n);
}

/* The final object is the end marker: without it an answer was broken off. */
enum sl_code sl_rs_on_eof(const struct sl_rs_dialect *d, struct sl_answer *a, struct sl_err *err)
{
    if (a->end.done)
        return SL_OK;
    sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
               "%s broke off its answer before the end", d->words.title);
    err->retryable = true;
    return err->code;
}
