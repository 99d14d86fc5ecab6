/* Answers of Messages: a whole message, or the events of a stream. Runs for every token: one pass
 * over each object's members, no memory.
 *
 * A stream goes message_start, blocks, message_delta with the stop reason, message_stop; pings in
 * between. message_stop is the end marker. Where a stream ends behind the stop reason but without
 * it, everything was said, and the answer counts as whole; before the stop reason it is broken
 * off. Recorded: an error event in place of all that (overloaded_error).
 *
 * Sources: "Streaming messages", "Handling stop reasons", the recordings. */
#include "adapters/anthropic/internal.h"

_Static_assert(sizeof(struct am_state) <= SL_AM_STATE_SIZE, "SL_AM_STATE_SIZE is too small");

static const struct {
    const char *raw;
    Sluice__V1__FinishReason reason;
} reasons[] = {
    {"end_turn", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
    {"stop_sequence", SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
    {"max_tokens", SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH},
    {"model_context_window_exceeded", SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH},
    {"tool_use", SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS},
    {"refusal", SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
};

static enum sl_code garbage(struct am *c, const char *what)
{
    return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "%s sent %s", c->d->title,
                      what);
}

/* ---- facts ---- */

static void set_fact(struct am *c, const char **slot, int object, const char *key)
{
    int value = sl_json_member(c->j, object, key);

    if (sl_json_type(c->j, value) == SL_JSON_STRING)
        sl_end_set(c->a, slot, sl_json_string(c->j, value, NULL, NULL));
}

/* {"type": "refusal", "category", "explanation"}, beside the stop reason refusal. */
static void read_stop_details(struct am *c, int details)
{
    size_t n;

    if (sl_json_type(c->j, details) != SL_JSON_OBJECT)
        return;
    const char *category = am_text(c, sl_json_member(c->j, details, "category"), &n);
    const char *explanation = am_text(c, sl_json_member(c->j, details, "explanation"), &n);
    if (category || explanation)
        sl_warn(c->a->warnings, "CONTENT_REFUSED", "", "%s%s%s", category ? category : "",
                category && explanation ? ": " : "", explanation ? explanation : "");
}

/* Stop reasons of a message, or of a message_delta's delta. */
static void read_stop(struct am *c, int object)
{
    struct sl_answer_end *end = &c->a->end;
    int value = sl_json_member(c->j, object, "stop_reason");
    const char *raw = value >= 0 ? sl_json_string(c->j, value, NULL, NULL) : NULL;

    set_fact(c, &end->stop_sequence, object, "stop_sequence");
    read_stop_details(c, sl_json_member(c->j, object, "stop_details"));
    if (!raw || !*raw)
        return;
    end->finish_reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER;
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++)
        if (!strcmp(reasons[i].raw, raw))
            end->finish_reason = reasons[i].reason;
    end->has_finish_reason = true;
    sl_end_set(c->a, &end->raw_finish_reason, raw);
}

static void read_message_facts(struct am *c, int message)
{
    set_fact(c, &c->a->end.response_id, message, "id");
    set_fact(c, &c->a->end.model, message, "model");
    am_read_usage(c, sl_json_member(c->j, message, "usage"), true);
    read_stop(c, message);
}

static void end_answer(struct am *c)
{
    while (c->s->open)
        am_block_stop(c, c->s->open);
    c->a->end.done = true;
}

/* ---- whole ---- */

static enum sl_code read_content(struct am *c, int content)
{
    enum sl_code code = SL_OK;

    for (int v = sl_json_first(c->j, content); v >= 0 && code == SL_OK;
         v = sl_json_next(c->j, content, v)) {
        struct am_block *block = am_block_start(c, 0, v);
        if (!block)
            return c->err->code;
        code = am_block_read(c, block, v);
        if (code == SL_OK)
            am_block_stop(c, block);
    }
    return code;
}

enum sl_code sl_am_on_body(const struct sl_am_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err)
{
    struct sl_json j;
    struct am c = {.d = d, .a = a, .s = a->state, .j = &j, .err = err};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return garbage(&c, "JSON that is no object");
    if (sl_json_present(&j, SL_JSON_ROOT, "error") >= 0)
        return am_failure_inside(&c, SL_JSON_ROOT);
    int content = sl_json_member(&j, SL_JSON_ROOT, "content");
    if (sl_json_type(&j, content) != SL_JSON_ARRAY)
        return garbage(&c, "an answer without content");
    read_message_facts(&c, SL_JSON_ROOT);
    code = read_content(&c, content);
    if (code == SL_OK)
        end_answer(&c);
    return code;
}

/* ---- streamed ---- */

/* The members of an event that matter; SL_JSON_ABSENT where they are not there. */
struct event {
    int type, index, delta, block, message, usage, error;
};

static struct event read_event(const struct am *c)
{
    struct event e = {-1, -1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(c->j, SL_JSON_ROOT); key >= 0;
         key = sl_json_next(c->j, SL_JSON_ROOT, key)) {
        struct sl_str k = am_key(c, key);
        if (AM_IS(k, "type"))
            e.type = key + 1;
        else if (AM_IS(k, "index"))
            e.index = key + 1;
        else if (AM_IS(k, "delta"))
            e.delta = key + 1;
        else if (AM_IS(k, "content_block"))
            e.block = key + 1;
        else if (AM_IS(k, "message"))
            e.message = key + 1;
        else if (AM_IS(k, "usage"))
            e.usage = key + 1;
        else if (AM_IS(k, "error"))
            e.error = key + 1;
    }
    return e;
}

static enum sl_code read_block_start(struct am *c, const struct event *e, int64_t index)
{
    am_block_stop_index(c, index); /* a block that was never closed */
    struct am_block *block = am_block_start(c, index, e->block);

    return block ? am_block_read(c, block, e->block) : c->err->code;
}

static enum sl_code read_message_start(struct am *c, const struct event *e)
{
    if (sl_json_type(c->j, e->message) != SL_JSON_OBJECT)
        return garbage(c, "a message_start without a message");
    read_message_facts(c, e->message);
    return SL_OK;
}

/* Events of types that are not known are passed over, as the documentation asks. */
static enum sl_code take_event(struct am *c, const struct event *e)
{
    struct sl_str raw = sl_json_raw(c->j, e->type);
    struct sl_str type =
        raw.n >= 2 ? (struct sl_str){raw.p + 1, raw.n - 2} : (struct sl_str){"", 0};
    int64_t index = 0;

    if (e->index >= 0)
        (void)sl_json_int(c->j, e->index, &index);
    if (SL_LIKELY(AM_IS(type, "content_block_delta")))
        return am_block_delta(c, index, e->delta);
    if (AM_IS(type, "content_block_start"))
        return read_block_start(c, e, index);
    if (AM_IS(type, "content_block_stop"))
        am_block_stop_index(c, index);
    else if (AM_IS(type, "message_start"))
        return read_message_start(c, e);
    else if (AM_IS(type, "message_stop"))
        end_answer(c);
    else if (AM_IS(type, "error") || e->error >= 0)
        return am_failure_inside(c, SL_JSON_ROOT);
    else if (AM_IS(type, "message_delta")) {
        am_read_usage(c, e->usage, false);
        read_stop(c, e->delta);
    }
    return SL_OK;
}

enum sl_code sl_am_on_frame(const struct sl_am_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_json j;
    struct am c = {.d = d, .a = a, .s = a->state, .j = &j, .err = err};

    if (a->end.done || !frame->n)
        return SL_OK;
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return garbage(&c, "an event that is no object");
    struct event e = read_event(&c);
    return take_event(&c, &e);
}

enum sl_code sl_am_on_eof(const struct sl_am_dialect *d, struct sl_answer *a, struct sl_err *err)
{
    struct sl_json none = {0};
    struct am c = {.d = d, .a = a, .s = a->state, .j = &none, .err = err};

    if (a->end.done)
        return SL_OK;
    if (a->end.has_finish_reason) {
        end_answer(&c);
        return SL_OK;
    }
    sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
               "%s broke off its answer before the end", d->title);
    err->retryable = true;
    return err->code;
}
