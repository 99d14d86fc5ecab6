/* Answers of chat completions: a whole body, or chunks with deltas. Both are the same document
 * but for the name of the message, so both are read by the same code and give the same events.
 * One pass over each object's members; nothing is looked up twice, because this runs for every
 * token.
 *
 * Sources: OpenAI's API reference ("The chat completion object", "The chat completion chunk
 * object"), and recordings of other providers where a comment says so. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

#include "base/utf8.h"

_Static_assert(sizeof(struct cc_state) <= SL_CC_STATE_SIZE, "SL_CC_STATE_SIZE is too small");

/* The members of a chunk or body that matter; SL_JSON_ABSENT where they are not there. */
struct root {
    int id, model, fingerprint, tier, choices, usage, error, x_groq, citations, object, base_resp;
};

struct choice {
    int index, message, finish_reason, logprobs, usage, stop;
};

void cc_emit(struct cc *c, Sluice__V1__StreamEvent *event)
{
    c->a->sink.on_event(c->a->sink.owner, event);
}

int32_t cc_part(struct cc *c, int32_t *slot)
{
    if (!*slot)
        *slot = ++c->s->next_part;
    return *slot - 1;
}

static void warn_replaced(struct cc *c)
{
    sl_warn(c->a->warnings, "INVALID_TEXT_REPLACED", "",
            "%s sent bytes that are no text; they were replaced", c->d->title);
}

char *cc_text(struct cc *c, int value, size_t *n)
{
    bool repaired = false;
    char *text = sl_json_string(c->j, value, n, &repaired);

    if (SL_UNLIKELY(repaired))
        warn_replaced(c);
    return text && *n ? text : NULL;
}

void cc_repair(struct cc *c, char *json, size_t n)
{
    size_t at = sl_utf8_check_text(json, n);

    if (at < n)
        warn_replaced(c);
    for (; at < n; at += sl_utf8_check_text(json + at, n - at))
        json[at] = '?';
}

/* ---- members ---- */

static void read_root_member(const struct cc *c, struct root *r, int key)
{
    struct sl_str k = cc_key(c, key);
    int value = key + 1;

    if (CC_KEY_IS(k, "choices"))
        r->choices = value;
    else if (CC_KEY_IS(k, "id"))
        r->id = value;
    else if (CC_KEY_IS(k, "model"))
        r->model = value;
    else if (CC_KEY_IS(k, "usage"))
        r->usage = value;
    else if (CC_KEY_IS(k, "object"))
        r->object = value;
    else if (CC_KEY_IS(k, "system_fingerprint"))
        r->fingerprint = value;
    else if (CC_KEY_IS(k, "service_tier"))
        r->tier = value;
    else if (CC_KEY_IS(k, "error"))
        r->error = value;
    else if (CC_KEY_IS(k, "x_groq"))
        r->x_groq = value;
    else if (CC_KEY_IS(k, "citations"))
        r->citations = value;
    else if (CC_KEY_IS(k, "base_resp"))
        r->base_resp = value;
}

static struct root read_root(const struct cc *c)
{
    struct root r = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

    for (int k = sl_json_first(c->j, SL_JSON_ROOT); k >= 0; k = sl_json_next(c->j, SL_JSON_ROOT, k))
        read_root_member(c, &r, k);
    return r;
}

static struct choice read_choice_members(const struct cc *c, int object)
{
    struct choice choice = {-1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(c->j, object); key >= 0; key = sl_json_next(c->j, object, key)) {
        struct sl_str k = cc_key(c, key);
        if (CC_KEY_IS(k, "delta") || CC_KEY_IS(k, "message"))
            choice.message = key + 1;
        else if (CC_KEY_IS(k, "index"))
            choice.index = key + 1;
        else if (CC_KEY_IS(k, "finish_reason"))
            choice.finish_reason = key + 1;
        else if (CC_KEY_IS(k, "logprobs"))
            choice.logprobs = key + 1;
        else if (CC_KEY_IS(k, "usage"))
            choice.usage = key + 1;
        else if (CC_KEY_IS(k, "stop_reason") || CC_KEY_IS(k, "matched_stop"))
            choice.stop = key + 1;
    }
    return choice;
}

/* ---- facts ---- */

/* Compares before it decodes: the same four strings come with every chunk. */
static void read_fact(struct cc *c, int value, const char **slot)
{
    if (value < 0 || (*slot && sl_json_string_is(c->j, value, *slot)))
        return;
    sl_end_set(c->a, slot, sl_json_string(c->j, value, NULL, NULL));
}

static void read_facts(struct cc *c, const struct root *r)
{
    struct sl_answer_end *end = &c->a->end;

    read_fact(c, r->id, &end->response_id);
    read_fact(c, r->model, &end->model);
    read_fact(c, r->fingerprint, &end->system_fingerprint);
    read_fact(c, r->tier, &end->service_tier);
    cc_read_usage(c, r->usage);
    if (SL_UNLIKELY(r->x_groq >= 0)) /* Groq's streams: {"x_groq": {"usage": ...}} */
        cc_read_usage(c, sl_json_member(c->j, r->x_groq, "usage"));
}

/* ---- finish reason ---- */

struct finish_word {
    const char *raw;
    Sluice__V1__FinishReason reason;
};

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

/* Words of OpenAI first, then what servers behind the same format say: eos_token (Hugging Face),
 * model_length (Mistral), sensitive and network_error (Zhipu), insufficient_system_resource
 * (DeepSeek), COMPLETE and MAX_TOKENS (Cohere). */
static const struct finish_word finish_words[] = {
    {"stop", FINISH(STOP)},
    {"length", FINISH(LENGTH)},
    {"tool_calls", FINISH(TOOL_CALLS)},
    {"content_filter", FINISH(CONTENT_FILTER)},
    {"function_call", FINISH(TOOL_CALLS)},
    {"eos", FINISH(STOP)},
    {"eos_token", FINISH(STOP)},
    {"stop_sequence", FINISH(STOP)},
    {"end_turn", FINISH(STOP)},
    {"STOP", FINISH(STOP)},
    {"COMPLETE", FINISH(STOP)},
    {"STOP_SEQUENCE", FINISH(STOP)},
    {"max_tokens", FINISH(LENGTH)},
    {"MAX_TOKENS", FINISH(LENGTH)},
    {"model_length", FINISH(LENGTH)},
    {"model_context_window_exceeded", FINISH(LENGTH)},
    {"ERROR_LIMIT", FINISH(LENGTH)},
    {"tool_use", FINISH(TOOL_CALLS)},
    {"TOOL_CALL", FINISH(TOOL_CALLS)},
    {"content_filtered", FINISH(CONTENT_FILTER)},
    {"guardrail_intervened", FINISH(CONTENT_FILTER)},
    {"refusal", FINISH(CONTENT_FILTER)},
    {"sensitive", FINISH(CONTENT_FILTER)},
    {"SAFETY", FINISH(CONTENT_FILTER)},
    {"RECITATION", FINISH(CONTENT_FILTER)},
    {"PROHIBITED_CONTENT", FINISH(CONTENT_FILTER)},
    {"error", FINISH(ERROR)},
    {"ERROR", FINISH(ERROR)},
    {"TIMEOUT", FINISH(ERROR)},
    {"network_error", FINISH(ERROR)},
    {"insufficient_system_resource", FINISH(ERROR)},
};

static Sluice__V1__FinishReason finish_reason(const char *raw)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(finish_words); i++)
        if (!strcmp(finish_words[i].raw, raw))
            return finish_words[i].reason;
    return FINISH(OTHER);
}

/* The last one that is not null counts: OpenRouter repeats it, Zhipu sends deltas after it. */
static void read_finish_reason(struct cc *c, int value)
{
    char *raw = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);

    if (!raw || !*raw)
        return;
    c->a->end.finish_reason = finish_reason(raw);
    c->a->end.has_finish_reason = true;
    sl_end_set(c->a, &c->a->end.raw_finish_reason, raw);
}

/* ---- choices ---- */

static enum sl_code read_choice(struct cc *c, const struct choice *choice)
{
    enum sl_code code = SL_OK;

    if (SL_UNLIKELY(choice->usage >= 0)) /* Moonshot's streams have it here */
        cc_read_usage(c, choice->usage);
    if (sl_json_type(c->j, choice->message) == SL_JSON_OBJECT)
        code = cc_read_message(c, choice->message, choice->logprobs);
    else if (c->whole)
        code = sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent an answer without a message", c->d->title);
    if (code != SL_OK)
        return code;
    read_finish_reason(c, choice->finish_reason);
    /* The stop sequence that was met, by vLLM's and SGLang's name; a number is a token. */
    if (SL_UNLIKELY(choice->stop >= 0))
        sl_end_set(c->a, &c->a->end.stop_sequence, sl_json_string(c->j, choice->stop, NULL, NULL));
    return SL_OK;
}

/* Choice 0; one without an index is the first of its list. */
static enum sl_code read_choices(struct cc *c, int choices)
{
    enum sl_code code = SL_OK;
    bool first = true;

    for (int v = sl_json_first(c->j, choices); v >= 0 && code == SL_OK;
         v = sl_json_next(c->j, choices, v)) {
        if (SL_UNLIKELY(sl_json_type(c->j, v) != SL_JSON_OBJECT))
            return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                              "%s sent a choice that is no object", c->d->title);
        struct choice choice = read_choice_members(c, v);
        int64_t index = first ? 0 : 1;
        if (choice.index >= 0)
            (void)sl_json_int(c->j, choice.index, &index);
        first = false;
        if (index == 0)
            code = read_choice(c, &choice);
        else
            sl_warn(c->a->warnings, "CHOICES_DROPPED", "provider_options_json",
                    "%s sent several answers; only the first is passed on", c->d->title);
    }
    return code;
}

/* MiniMax says it in a 200, and 0 with every answer ("Error Code" of its API reference). */
static bool is_base_resp_error(const struct cc *c, const struct root *r)
{
    int64_t status = 0;

    if (!c->d->base_resp || sl_json_type(c->j, r->base_resp) != SL_JSON_OBJECT)
        return false;
    return sl_json_int(c->j, sl_json_member(c->j, r->base_resp, "status_code"), &status) && status;
}

/* An error beside or instead of the choices: {"error": {...}} (OpenAI, Groq, OpenRouter) or
 * {"object": "error"} (vLLM, Mistral). */
static bool is_error(const struct cc *c, const struct root *r, bool named_error)
{
    enum sl_json_type type = sl_json_type(c->j, r->error);

    return type == SL_JSON_OBJECT || type == SL_JSON_STRING || is_base_resp_error(c, r) ||
           (r->object >= 0 && sl_json_string_is(c->j, r->object, "error")) ||
           (named_error && r->choices < 0);
}

static enum sl_code read_document(struct cc *c, bool named_error)
{
    if (sl_json_type(c->j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent JSON that is no object", c->d->title);
    struct root r = read_root(c);
    read_facts(c, &r);
    if (SL_UNLIKELY(is_error(c, &r, named_error)))
        return cc_failure(c->d, c->j, SL_JSON_ROOT, 0, c->err);
    if (c->whole && sl_json_type(c->j, r.choices) != SL_JSON_ARRAY)
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent an answer without choices", c->d->title);
    enum sl_code code = SL_OK;
    if (sl_json_type(c->j, r.choices) == SL_JSON_ARRAY)
        code = read_choices(c, r.choices);
    if (code == SL_OK && SL_UNLIKELY(r.citations >= 0))
        cc_read_citation_urls(c, r.citations);
    return code;
}

/* ---- slots ---- */

/* An end marker alone is no answer. */
static enum sl_code end_answer(struct cc *c)
{
    if (!c->s->answered && !c->a->end.has_finish_reason)
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent an answer without a message", c->d->title);
    cc_flush_calls(c);
    cc_close_audio(c);
    cc_close_details(c);
    c->a->end.done = true;
    return SL_OK;
}

enum sl_code sl_cc_on_body(const struct sl_cc_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err)
{
    struct sl_json j;
    struct cc c = {.d = d, .a = a, .s = a->state, .j = &j, .err = err, .whole = true};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code == SL_OK)
        code = read_document(&c, false);
    return code == SL_OK ? end_answer(&c) : code;
}

/* OpenAI ends a stream with `data: [DONE]`, which is no JSON. */
static bool is_done_marker(const struct sl_frame *frame)
{
    const char *p = frame->data;
    size_t n = frame->n;

    while (n && (*p == ' ' || *p == '\t')) {
        p++;
        n--;
    }
    return n >= 6 && !memcmp(p, "[DONE]", 6);
}

enum sl_code sl_cc_on_frame(const struct sl_cc_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_json j;
    struct cc c = {.d = d, .a = a, .s = a->state, .j = &j, .err = err};

    if (a->end.done || !frame->n)
        return SL_OK;
    if (is_done_marker(frame))
        return end_answer(&c);
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code == SL_OK)
        code = read_document(&c, !strcmp(frame->event, "error"));
    return code;
}

/* Some servers send no [DONE] (recorded: MiniMax, Groq's error streams, gateways): there the
 * finish reason is the end marker. */
enum sl_code sl_cc_on_eof(const struct sl_cc_dialect *d, struct sl_answer *a, struct sl_err *err)
{
    struct sl_json none = {0};
    struct cc c = {.d = d, .a = a, .s = a->state, .j = &none, .err = err};

    if (a->end.done)
        return SL_OK;
    if (a->end.has_finish_reason)
        return end_answer(&c);
    sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
               "%s broke off its answer before the end", d->title);
    err->retryable = true;
    return err->code;
}
