/* Answers of completions: {"choices": [{"text", "index", "logprobs", "finish_reason"}], "usage"},
 * whole and in chunks of the same form. Choice 0 is the answer.
 *
 * Source: OpenAI's API reference, "The completion object". */
#include <string.h>

#include "adapters/chat_completions/internal.h"
#include "adapters/completions/completions.h"

enum { MAX_LOGPROBS_BYTES = 64 * 1024 * 1024 };

/* The state of chat completions is what cc_read_usage works with. */
struct tc_state {
    struct cc_state shared;
    bool answered; /* choice 0 was sent */
};

_Static_assert(sizeof(struct tc_state) <= SL_TC_STATE_SIZE, "SL_TC_STATE_SIZE is too small");

struct tc {
    struct cc c;
    struct tc_state *s;
};

/* ---- text ---- */

static void emit_text(struct tc *t, char *text, Sluice__V1__TokenLogprob **logprobs, size_t n)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.text = text;
    delta.logprobs = logprobs;
    delta.n_logprobs = n;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    cc_emit(&t->c, &event);
}

/* ---- probabilities: {"tokens": [...], "token_logprobs": [...], "top_logprobs": [{...}]} ---- */

static Sluice__V1__TopLogprob *new_top(struct tc *t, struct sl_arena *scratch, int key)
{
    Sluice__V1__TopLogprob *top = sl_arena_try(scratch, sizeof(*top));
    char *token = sl_json_string(t->c.j, key, NULL, NULL);

    if (!top || !token)
        return NULL;
    sluice__v1__top_logprob__init(top);
    top->token = token;
    if (!sl_json_double(t->c.j, key + 1, &top->logprob))
        top->logprob = 0;
    return top;
}

/* {" a": -0.1, " b": -2.5}, the likeliest first. */
static bool read_top(struct tc *t, int object, struct sl_arena *scratch,
                     Sluice__V1__TokenLogprob *to)
{
    int size = sl_json_type(t->c.j, object) == SL_JSON_OBJECT ? sl_json_size(t->c.j, object) : 0;

    if (size < 1)
        return true;
    to->top = sl_arena_try(scratch, (size_t)size * sizeof(to->top[0]));
    if (!to->top)
        return false;
    for (int k = sl_json_first(t->c.j, object); k >= 0; k = sl_json_next(t->c.j, object, k)) {
        Sluice__V1__TopLogprob *top = new_top(t, scratch, k);
        if (!top)
            return false;
        size_t at = to->n_top++;
        for (; at > 0 && to->top[at - 1]->logprob < top->logprob; at--)
            to->top[at] = to->top[at - 1];
        to->top[at] = top;
    }
    return true;
}

static bool read_token(struct tc *t, int token, int logprob, struct sl_arena *scratch,
                       Sluice__V1__TokenLogprob **out)
{
    char *text = sl_json_string(t->c.j, token, NULL, NULL);
    Sluice__V1__TokenLogprob *item = sl_arena_try(scratch, sizeof(*item));

    if (!item)
        return false;
    sluice__v1__token_logprob__init(item);
    if (text)
        item->token = text;
    if (!sl_json_double(t->c.j, logprob, &item->logprob))
        item->logprob = 0;
    *out = item;
    return true;
}

static int next_of(struct tc *t, int list, int at)
{
    return at < 0 ? at : sl_json_next(t->c.j, list, at);
}

static int first_of(struct tc *t, int list)
{
    return sl_json_type(t->c.j, list) == SL_JSON_ARRAY ? sl_json_first(t->c.j, list)
                                                       : SL_JSON_ABSENT;
}

static bool read_tokens(struct tc *t, int object, struct sl_arena *scratch,
                        Sluice__V1__TokenLogprob **list, size_t *n)
{
    int tokens = sl_json_member(t->c.j, object, "tokens");
    int logprobs = sl_json_member(t->c.j, object, "token_logprobs");
    int tops = sl_json_member(t->c.j, object, "top_logprobs");
    int logprob = first_of(t, logprobs), top = first_of(t, tops);

    for (int v = first_of(t, tokens); v >= 0; v = sl_json_next(t->c.j, tokens, v)) {
        if (!read_token(t, v, logprob, scratch, &list[*n]) || !read_top(t, top, scratch, list[*n]))
            return false;
        ++*n;
        logprob = next_of(t, logprobs, logprob);
        top = next_of(t, tops, top);
    }
    return true;
}

static enum sl_code read_with_logprobs(struct tc *t, char *text, int object)
{
    int tokens = sl_json_member(t->c.j, object, "tokens");
    int size = sl_json_type(t->c.j, tokens) == SL_JSON_ARRAY ? sl_json_size(t->c.j, tokens) : 0;
    Sluice__V1__TokenLogprob **list = NULL;
    struct sl_arena scratch;
    size_t n = 0;
    bool fits = true;

    sl_arena_init(&scratch, MAX_LOGPROBS_BYTES);
    if (size > 0) {
        list = sl_arena_try(&scratch, (size_t)size * sizeof(list[0]));
        fits = list && read_tokens(t, object, &scratch, list, &n);
    }
    if (fits && (n || *text))
        emit_text(t, text, list, n);
    sl_arena_fini(&scratch);
    return fits ? SL_OK
                : sl_err_set(t->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                             "%s sent more token probabilities than fit", t->c.d->title);
}

/* ---- choices ---- */

struct choice {
    int index, text, message, finish_reason, logprobs, stop;
};

static struct choice read_members(const struct tc *t, int object)
{
    struct choice m = {-1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(t->c.j, object); key >= 0;
         key = sl_json_next(t->c.j, object, key)) {
        struct sl_str k = cc_key(&t->c, key);
        if (CC_KEY_IS(k, "text"))
            m.text = key + 1;
        else if (CC_KEY_IS(k, "index"))
            m.index = key + 1;
        else if (CC_KEY_IS(k, "finish_reason"))
            m.finish_reason = key + 1;
        else if (CC_KEY_IS(k, "logprobs"))
            m.logprobs = key + 1;
        else if (CC_KEY_IS(k, "message") || CC_KEY_IS(k, "delta"))
            m.message = key + 1;
        else if (CC_KEY_IS(k, "stop_reason"))
            m.stop = key + 1;
    }
    return m;
}

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

/* OpenAI's words, and those of other servers that the chat completions' list has. */
static Sluice__V1__FinishReason finish_reason(const char *raw)
{
    static const struct {
        const char *raw;
        Sluice__V1__FinishReason reason;
    } words[] = {
        {"stop", FINISH(STOP)},
        {"length", FINISH(LENGTH)},
        {"content_filter", FINISH(CONTENT_FILTER)},
        {"eos", FINISH(STOP)},
        {"eos_token", FINISH(STOP)},
        {"stop_sequence", FINISH(STOP)},
        {"max_tokens", FINISH(LENGTH)},
        {"model_length", FINISH(LENGTH)},
        {"error", FINISH(ERROR)},
    };

    for (size_t i = 0; i < SL_ARRAY_LEN(words); i++)
        if (!strcmp(words[i].raw, raw))
            return words[i].reason;
    return FINISH(OTHER);
}

static void read_finish_reason(struct tc *t, int value)
{
    struct sl_answer_end *end = &t->c.a->end;
    char *raw = value < 0 ? NULL : sl_json_string(t->c.j, value, NULL, NULL);

    if (!raw || !*raw)
        return;
    end->finish_reason = finish_reason(raw);
    end->has_finish_reason = true;
    sl_end_set(t->c.a, &end->raw_finish_reason, raw);
}

static enum sl_code read_choice(struct tc *t, const struct choice *m)
{
    char empty[1] = "";
    size_t n;
    char *text = m->text < 0 ? NULL : cc_text(&t->c, m->text, &n);
    enum sl_code code = SL_OK;

    t->s->answered = true;
    if (m->text < 0 && sl_json_type(t->c.j, m->message) == SL_JSON_OBJECT)
        sl_warn(t->c.a->warnings, "UNKNOWN_CONTENT_DROPPED", "",
                "%s answered with a message instead of a text; the api chat_completions reads it",
                t->c.d->title);
    if (SL_UNLIKELY(sl_json_type(t->c.j, m->logprobs) == SL_JSON_OBJECT))
        code = read_with_logprobs(t, text ? text : empty, m->logprobs);
    else if (text)
        emit_text(t, text, NULL, 0);
    read_finish_reason(t, m->finish_reason);
    if (m->stop >= 0)
        sl_end_set(t->c.a, &t->c.a->end.stop_sequence, sl_json_string(t->c.j, m->stop, NULL, NULL));
    return code;
}

static enum sl_code read_choices(struct tc *t, int choices)
{
    enum sl_code code = SL_OK;
    int64_t place = 0;

    for (int v = sl_json_first(t->c.j, choices); v >= 0 && code == SL_OK;
         v = sl_json_next(t->c.j, choices, v), place++) {
        if (sl_json_type(t->c.j, v) != SL_JSON_OBJECT)
            return sl_err_set(t->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                              "%s sent a choice that is no object", t->c.d->title);
        struct choice m = read_members(t, v);
        int64_t index = place;
        if (m.index >= 0)
            (void)sl_json_int(t->c.j, m.index, &index);
        if (index == 0)
            code = read_choice(t, &m);
        else
            sl_warn(t->c.a->warnings, "CHOICES_DROPPED", "provider_options_json",
                    "%s sent several answers; only the first is passed on", t->c.d->title);
    }
    return code;
}

/* ---- the document ---- */

/* Compares before it decodes: the same strings come with every chunk. */
static void read_fact(struct tc *t, const char *key, const char **slot)
{
    int value = sl_json_member(t->c.j, SL_JSON_ROOT, key);

    if (value >= 0 && !(*slot && sl_json_string_is(t->c.j, value, *slot)))
        sl_end_set(t->c.a, slot, sl_json_string(t->c.j, value, NULL, NULL));
}

static enum sl_code read_document(struct tc *t)
{
    struct sl_answer_end *end = &t->c.a->end;

    if (sl_json_type(t->c.j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return sl_err_set(t->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent JSON that is no object", t->c.d->title);
    read_fact(t, "id", &end->response_id);
    read_fact(t, "model", &end->model);
    read_fact(t, "system_fingerprint", &end->system_fingerprint);
    cc_read_usage(&t->c, sl_json_member(t->c.j, SL_JSON_ROOT, "usage"));
    int choices = sl_json_member(t->c.j, SL_JSON_ROOT, "choices");
    int object = sl_json_member(t->c.j, SL_JSON_ROOT, "object");
    if (sl_json_present(t->c.j, SL_JSON_ROOT, "error") >= 0 ||
        (object >= 0 && sl_json_string_is(t->c.j, object, "error")))
        return cc_failure(t->c.d, t->c.j, SL_JSON_ROOT, 0, t->c.err);
    if (sl_json_type(t->c.j, choices) == SL_JSON_ARRAY)
        return read_choices(t, choices);
    return t->c.whole ? sl_err_set(t->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                                   "%s sent an answer without choices", t->c.d->title)
                      : SL_OK;
}

static enum sl_code end_answer(struct tc *t)
{
    if (!t->s->answered)
        return sl_err_set(t->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent an answer without a text", t->c.d->title);
    t->c.a->end.done = true;
    return SL_OK;
}

/* ---- slots ---- */

static struct tc begin(const struct sl_tc_dialect *d, struct sl_answer *a, struct sl_json *j,
                       struct sl_err *err)
{
    struct tc_state *s = a->state;

    return (struct tc){.c = {.d = &d->words, .a = a, .s = &s->shared, .j = j, .err = err}, .s = s};
}

/* A stream that came as one body, for its head said application/json (recorded: OpenAI's ada):
 * lines `data: JSON`. */
static enum sl_code read_lines(const struct sl_tc_dialect *d, struct sl_answer *a, char *body,
                               struct sl_err *err)
{
    enum sl_code code = SL_OK;

    for (char *next = body; next && code == SL_OK;) {
        char *line = next;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!sl_starts_with(line, "data:"))
            continue;
        line += strlen("data:");
        line += strspn(line, " ");
        struct sl_frame frame = {.event = "", .data = line, .n = strcspn(line, "\r")};
        line[frame.n] = '\0';
        code = sl_tc_on_frame(d, a, &frame, err);
    }
    return code == SL_OK ? sl_tc_on_eof(d, a, err) : code;
}

enum sl_code sl_tc_on_body(const struct sl_tc_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err)
{
    if (a->stream && sl_starts_with(body, "data:"))
        return read_lines(d, a, body, err);
    struct sl_json j;
    struct tc t = begin(d, a, &j, err);
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    t.c.whole = true;
    if (code == SL_OK)
        code = read_document(&t);
    return code == SL_OK ? end_answer(&t) : code;
}

static bool is_done_marker(const struct sl_frame *frame)
{
    return frame->n >= 6 && !memcmp(frame->data, "[DONE]", 6);
}

enum sl_code sl_tc_on_frame(const struct sl_tc_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_json j;
    struct tc t = begin(d, a, &j, err);

    if (a->end.done || !frame->n)
        return SL_OK;
    if (is_done_marker(frame))
        return end_answer(&t);
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    return code == SL_OK ? read_document(&t) : code;
}

/* Without [DONE], the finish reason is the end marker, as in chat completions. */
enum sl_code sl_tc_on_eof(const struct sl_tc_dialect *d, struct sl_answer *a, struct sl_err *err)
{
    struct sl_json none = {0};
    struct tc t = begin(d, a, &none, err);

    if (a->end.done)
        return SL_OK;
    if (a->end.has_finish_reason)
        return end_answer(&t);
    sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
               "%s broke off its answer before the end", d->words.title);
    err->retryable = true;
    return err->code;
}
