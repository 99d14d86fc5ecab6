/* A message of an answer, or a delta of one: text, reasoning and refusal, and what other files
 * read (tool calls, audio, pictures, sources). Text of the whole answer is one part, as it is
 * one string on the wire; so are its reasoning and its refusal. */
#include "adapters/chat_completions/internal.h"

#include "base/utf8.h"

/* Longest piece of one event, so that no reply message passes its limit of 3 MiB. */
enum { MAX_PIECE = 512 * 1024 };

enum { MAX_LOGPROBS_BYTES = 64 * 1024 * 1024 };

struct members {
    int content, reasoning_content, reasoning, refusal;
    int tool_calls, function_call, audio, images, annotations, reasoning_details;
};

static struct members read_members(const struct cc *c, int object)
{
    struct members m = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(c->j, object); key >= 0; key = sl_json_next(c->j, object, key)) {
        struct sl_str k = cc_key(c, key);
        if (CC_KEY_IS(k, "content"))
            m.content = key + 1;
        else if (CC_KEY_IS(k, "tool_calls"))
            m.tool_calls = key + 1;
        else if (CC_KEY_IS(k, "reasoning_content"))
            m.reasoning_content = key + 1;
        else if (CC_KEY_IS(k, "reasoning"))
            m.reasoning = key + 1;
        else if (CC_KEY_IS(k, "refusal"))
            m.refusal = key + 1;
        else if (CC_KEY_IS(k, "function_call"))
            m.function_call = key + 1;
        else if (CC_KEY_IS(k, "audio"))
            m.audio = key + 1;
        else if (CC_KEY_IS(k, "images"))
            m.images = key + 1;
        else if (CC_KEY_IS(k, "annotations"))
            m.annotations = key + 1;
        else if (CC_KEY_IS(k, "reasoning_details"))
            m.reasoning_details = key + 1;
    }
    return m;
}

/* ---- events ---- */

struct logprobs {
    Sluice__V1__TokenLogprob **list;
    size_t n;
};

typedef void (*emit_fn)(struct cc *c, char *text, struct logprobs *logprobs);

static void emit_text(struct cc *c, char *text, struct logprobs *logprobs)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = cc_part(c, &c->s->text_part);
    delta.text = text;
    delta.logprobs = logprobs->list;
    delta.n_logprobs = logprobs->n;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    cc_emit(c, &event);
}

static void emit_reasoning(struct cc *c, char *text, struct logprobs *logprobs)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    (void)logprobs;
    delta.part = cc_part(c, &c->s->reasoning_part);
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    cc_emit(c, &event);
}

static void emit_refusal(struct cc *c, char *text, struct logprobs *logprobs)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = cc_part(c, &c->s->refusal_part);
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_REFUSAL;
    delta.refusal = text;
    delta.logprobs = logprobs->list;
    delta.n_logprobs = logprobs->n;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    cc_emit(c, &event);
}

/* Emits a text in pieces; logprobs go with the first. */
static void emit_pieces(struct cc *c, char *text, size_t n, struct logprobs *logprobs, emit_fn emit)
{
    while (SL_UNLIKELY(n > MAX_PIECE)) {
        size_t cut = sl_utf8_cut(text, MAX_PIECE);
        char held = text[cut];
        text[cut] = '\0';
        emit(c, text, logprobs);
        *logprobs = (struct logprobs){0};
        text[cut] = held;
        text += cut;
        n -= cut;
    }
    emit(c, text, logprobs);
    *logprobs = (struct logprobs){0};
}

static void read_string(struct cc *c, int value, struct logprobs *logprobs, emit_fn emit)
{
    size_t n;
    char *text = cc_text(c, value, &n);

    if (text)
        emit_pieces(c, text, n, logprobs, emit);
}

/* ---- reasoning ---- */

/* reasoning_content (DeepSeek's word), else reasoning (OpenRouter's, Groq's): servers that send
 * both say the same thing twice, so an answer is read from the field that came first. */
static void read_reasoning(struct cc *c, const struct members *m)
{
    struct logprobs none = {0};
    struct cc_state *s = c->s;
    size_t n;
    char *text = NULL;

    if (m->reasoning_content >= 0 && s->reasoning_field != CC_REASONING_PLAIN) {
        text = cc_text(c, m->reasoning_content, &n);
        if (text)
            s->reasoning_field = CC_REASONING_CONTENT;
    }
    if (!text && m->reasoning >= 0 && s->reasoning_field != CC_REASONING_CONTENT) {
        text = cc_text(c, m->reasoning, &n);
        if (text)
            s->reasoning_field = CC_REASONING_PLAIN;
    }
    if (text)
        emit_pieces(c, text, n, &none, emit_reasoning);
}

/* ---- content as a list ---- */

/* {"type": "thinking", "thinking": [{"type": "text", "text": ...}]} (Mistral), or a plain
 * string. */
static void read_thinking(struct cc *c, int thinking)
{
    struct logprobs none = {0};

    if (sl_json_type(c->j, thinking) != SL_JSON_ARRAY) {
        read_string(c, thinking, &none, emit_reasoning);
        return;
    }
    for (int v = sl_json_first(c->j, thinking); v >= 0; v = sl_json_next(c->j, thinking, v))
        read_string(c, sl_json_member(c->j, v, "text"), &none, emit_reasoning);
}

static void read_content_part(struct cc *c, int part, struct logprobs *logprobs)
{
    struct logprobs none = {0};
    int type = sl_json_member(c->j, part, "type");

    if (sl_json_string_is(c->j, type, "text") || sl_json_string_is(c->j, type, "output_text"))
        read_string(c, sl_json_member(c->j, part, "text"), logprobs, emit_text);
    else if (sl_json_string_is(c->j, type, "thinking"))
        read_thinking(c, sl_json_member(c->j, part, "thinking"));
    else if (sl_json_string_is(c->j, type, "refusal"))
        read_string(c, sl_json_member(c->j, part, "refusal"), &none, emit_refusal);
    else if (sl_json_string_is(c->j, type, "image_url"))
        cc_read_image(c, sl_json_member(c->j, part, "image_url"));
    else
        sl_warn(c->a->warnings, "UNKNOWN_CONTENT_DROPPED", "",
                "%s sent a content part of an unknown type", c->d->title);
}

static void read_content(struct cc *c, int content, struct logprobs *logprobs)
{
    if (sl_json_type(c->j, content) != SL_JSON_ARRAY) {
        read_string(c, content, logprobs, emit_text);
        return;
    }
    for (int v = sl_json_first(c->j, content); v >= 0; v = sl_json_next(c->j, content, v))
        read_content_part(c, v, logprobs);
}

/* ---- the message ---- */

/* Probabilities may come for a token that completes no character yet: then the piece of text is
 * empty. vLLM also sends them for reasoning, where there is no place for them. */
static void read_text(struct cc *c, const struct members *m, struct logprobs *logprobs,
                      bool reasoned)
{
    char empty[1] = "";

    read_content(c, m->content, logprobs);
    if (logprobs->n && !reasoned && sl_json_type(c->j, m->content) == SL_JSON_STRING)
        emit_text(c, empty, logprobs);
}

static enum sl_code read_with_logprobs(struct cc *c, const struct members *m, int logprobs)
{
    struct sl_arena scratch;
    struct logprobs text = {0}, refusal = {0};
    int32_t reasoning_before = c->s->reasoning_part;
    enum sl_code code;

    sl_arena_init(&scratch, MAX_LOGPROBS_BYTES);
    code = cc_read_logprobs(c, sl_json_member(c->j, logprobs, "content"), &scratch, &text.list,
                            &text.n);
    if (code == SL_OK)
        code = cc_read_logprobs(c, sl_json_member(c->j, logprobs, "refusal"), &scratch,
                                &refusal.list, &refusal.n);
    if (code == SL_OK) {
        read_reasoning(c, m);
        read_text(c, m, &text, c->s->reasoning_part != reasoning_before);
        read_string(c, m->refusal, &refusal, emit_refusal);
    }
    sl_arena_fini(&scratch);
    return code;
}

static enum sl_code read_rest(struct cc *c, const struct members *m)
{
    enum sl_code code = SL_OK;

    if (m->tool_calls >= 0)
        code = cc_read_tool_calls(c, m->tool_calls);
    if (code == SL_OK && m->function_call >= 0)
        code = cc_read_function_call(c, m->function_call);
    if (code == SL_OK && m->audio >= 0)
        code = cc_read_audio(c, m->audio);
    if (code == SL_OK && m->images >= 0)
        cc_read_images(c, m->images);
    if (code == SL_OK && m->annotations >= 0)
        cc_read_annotations(c, m->annotations);
    return code;
}

/* Text, a list of parts, null, or nothing: whatever else it is, it is no answer. */
static bool is_content(const struct cc *c, int value)
{
    enum sl_json_type type = sl_json_type(c->j, value);

    return type == SL_JSON_STRING || type == SL_JSON_NULL || type == SL_JSON_ARRAY ||
           type == SL_JSON_NONE;
}

enum sl_code cc_read_message(struct cc *c, int message, int logprobs)
{
    struct members m = read_members(c, message);
    struct logprobs none = {0};
    enum sl_code code = SL_OK;

    if (SL_UNLIKELY(!is_content(c, m.content)))
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent content that is neither text nor a list of parts", c->d->title);
    c->s->answered = true;
    /* Before its texts are decoded in place, and never where the dialect does not give them back. */
    if (m.reasoning_details >= 0 && c->d->reasoning_details)
        cc_read_details(c, m.reasoning_details);
    if (SL_UNLIKELY(sl_json_type(c->j, logprobs) == SL_JSON_OBJECT)) {
        code = read_with_logprobs(c, &m, logprobs);
    } else {
        if (m.reasoning_content >= 0 || m.reasoning >= 0)
            read_reasoning(c, &m);
        if (m.content >= 0)
            read_content(c, m.content, &none);
        if (m.refusal >= 0)
            read_string(c, m.refusal, &none, emit_refusal);
    }
    return code == SL_OK ? read_rest(c, &m) : code;
}
