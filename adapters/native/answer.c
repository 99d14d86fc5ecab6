/* Events and facts of answers in formats that are a provider's own. Nothing here takes memory for
 * a piece of text: events stand on the stack, strings are decoded in the received bytes. */
#include "adapters/native/native.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum {
    MAX_PIECE = 512 * 1024,     /* bytes of one event, so that no reply passes its 3 MiB */
    MAX_USAGE_JSON = 16 * 1024, /* of the provider's own object */
    MAX_CITATION = 64 * 1024,
};

/* ---- text ---- */

static void emit(struct nv *c, Sluice__V1__StreamEvent *event)
{
    c->a->sink.on_event(c->a->sink.owner, event);
}

static void warn_replaced(struct nv *c)
{
    sl_warn(c->a->warnings, "INVALID_TEXT_REPLACED", "",
            "%s sent bytes that are no text; they were replaced", c->title);
}

int32_t nv_part(struct nv *c, int32_t *slot)
{
    if (!*slot)
        *slot = ++c->s->next_part;
    return *slot - 1;
}

char *nv_text(struct nv *c, int value, size_t *n)
{
    bool repaired = false;
    char *text = value < 0 ? NULL : sl_json_string(c->j, value, n, &repaired);

    if (SL_UNLIKELY(repaired))
        warn_replaced(c);
    return text && *n ? text : NULL;
}

static void text_event(struct nv *c, int32_t part, char *text)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = part;
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    emit(c, &event);
}

static void reasoning_event(struct nv *c, int32_t part, char *text)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = part;
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    emit(c, &event);
}

static void arguments_event(struct nv *c, const struct nv_call *call, char *text)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = call->part;
    delta.index = call->index;
    delta.arguments_fragment = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = &delta;
    emit(c, &event);
}

/* The first piece of a text that is too long for one event; 0: all of it. */
static size_t cut(const char *text, size_t n)
{
    return SL_UNLIKELY(n > MAX_PIECE) ? sl_utf8_cut(text, MAX_PIECE) : 0;
}

void nv_emit_text(struct nv *c, int32_t part, char *text, size_t n)
{
    for (size_t at; (at = cut(text, n)) != 0; text += at, n -= at) {
        char held = text[at];
        text[at] = '\0';
        text_event(c, part, text);
        text[at] = held;
    }
    text_event(c, part, text);
}

void nv_emit_reasoning(struct nv *c, int32_t part, char *text, size_t n)
{
    for (size_t at; (at = cut(text, n)) != 0; text += at, n -= at) {
        char held = text[at];
        text[at] = '\0';
        reasoning_event(c, part, text);
        text[at] = held;
    }
    reasoning_event(c, part, text);
}

void nv_emit_arguments(struct nv *c, const struct nv_call *call, char *text, size_t n)
{
    for (size_t at; (at = cut(text, n)) != 0; text += at, n -= at) {
        char held = text[at];
        text[at] = '\0';
        arguments_event(c, call, text);
        text[at] = held;
    }
    arguments_event(c, call, text);
}

void nv_read_text(struct nv *c, int value, int32_t *slot)
{
    size_t n;
    char *text = nv_text(c, value, &n);

    if (text)
        nv_emit_text(c, nv_part(c, slot), text, n);
}

void nv_read_reasoning(struct nv *c, int value, int32_t *slot)
{
    size_t n;
    char *text = nv_text(c, value, &n);

    if (text)
        nv_emit_reasoning(c, nv_part(c, slot), text, n);
}

/* ---- tool calls ---- */

static uint64_t hash_text(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u; /* FNV-1a */
    return h;
}

enum { ID_LETTERS = 24, ID_SIZE = 5 + ID_LETTERS + 1 };

/* "call_" and 24 letters, for a call that came without an id: the same answer gives the same id,
 * a later turn of the same conversation another. */
static void make_id(struct nv *c, const struct nv_call *call, const char *name, char id[ID_SIZE])
{
    uint64_t h = hash_text(14695981039346656037u, c->a->end.response_id);

    h = hash_text(h, name);
    h += (c->a->request->n_messages + 1) * 0x9e3779b97f4a7c15u;
    h += ((uint64_t)call->index + 1) * 0xbf58476d1ce4e5b9u;
    memcpy(id, "call_", 5);
    for (int i = 0; i < ID_LETTERS; i++) {
        /* splitmix64 */
        uint64_t z = h += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        id[5 + i] = (char)((z % 52 < 26 ? 'a' : 'A' - 26) + (int)(z % 52));
    }
    id[ID_SIZE - 1] = '\0';
}

void nv_begin_call(struct nv *c, struct nv_call *call, char *id, char *name)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    char made[ID_SIZE];

    call->part = c->s->next_part++;
    call->index = c->s->next_call++;
    if (!id || !*id)
        make_id(c, call, name, id = made);
    delta.part = call->part;
    delta.index = call->index;
    delta.id = id;
    if (name)
        delta.name = name;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = &delta;
    emit(c, &event);
}

/* '?' for each ill-formed byte. */
static void repair(struct nv *c, char *json, size_t n)
{
    size_t at = sl_utf8_check_text(json, n);

    if (at < n)
        warn_replaced(c);
    for (; at < n; at += sl_utf8_check_text(json + at, n - at))
        json[at] = '?';
}

char *nv_raw_text(struct nv *c, int value, size_t *n)
{
    struct sl_str raw = sl_json_raw(c->j, value);
    char *text = (char *)(uintptr_t)raw.p;

    repair(c, text, raw.n);
    text[raw.n] = '\0';
    *n = raw.n;
    return text;
}

/* ---- sources and ends ---- */

void nv_emit_citation(struct nv *c, Sluice__V1__Citation *citation)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    if (strlen(citation->provider_json) > MAX_CITATION) {
        citation->provider_json = (char *)(uintptr_t)protobuf_c_empty_string;
        sl_warn(c->a->warnings, "CITATION_CUT", "", "%s sent a source that is too long to pass on",
                c->title);
    }
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_CITATION;
    event.citation = citation;
    emit(c, &event);
}

void nv_end_part(struct nv *c, int32_t part, const char *kind, const char *state)
{
    Sluice__V1__ProviderState opaque = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    opaque.provider = (char *)(uintptr_t)kind;
    opaque.data = (ProtobufCBinaryData){strlen(state), (uint8_t *)(uintptr_t)state};
    done.part = part;
    done.provider_state = &opaque;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    event.part_done = &done;
    emit(c, &event);
}

/* ---- facts ---- */

void nv_fact(struct nv *c, int value, const char **slot)
{
    if (value < 0 || (*slot && sl_json_string_is(c->j, value, *slot)))
        return;
    sl_end_set(c->a, slot, sl_json_string(c->j, value, NULL, NULL));
}

int64_t nv_count(const struct nv *c, int object, const char *key)
{
    int64_t v;
    int value = sl_json_type(c->j, object) == SL_JSON_OBJECT ? sl_json_member(c->j, object, key)
                                                             : SL_JSON_ABSENT;

    if (!sl_json_int(c->j, value, &v) || v < 0)
        return -1;
    return v > INT32_MAX ? INT32_MAX : v;
}

static int64_t bounded(int64_t v, int64_t max)
{
    return v < 0 ? 0 : v < max ? v : max;
}

static void keep_json(struct nv *c, struct sl_str json)
{
    struct nv_state *s = c->s;

    c->a->end.usage.provider_json = (char *)(uintptr_t)protobuf_c_empty_string;
    if (json.n > MAX_USAGE_JSON)
        return;
    if (json.n + 1 > s->usage_cap) {
        size_t cap = json.n * 2 + 64;
        char *p = sl_arena_try(c->a->arena, cap);
        if (!p)
            return;
        s->usage_json = p;
        s->usage_cap = cap;
    }
    memcpy(s->usage_json, json.p, json.n);
    s->usage_json[json.n] = '\0';
    repair(c, s->usage_json, json.n);
    c->a->end.usage.provider_json = s->usage_json;
}

void nv_set_usage(struct nv *c, const struct nv_usage *u, struct sl_str json)
{
    Sluice__V1__TokenUsage *usage = &c->a->end.usage;
    int64_t input = bounded(u->input, INT32_MAX), output = bounded(u->output, INT32_MAX);
    int64_t cached = bounded(u->cached, input), reasoning = bounded(u->reasoning, output);

    if (!c->a->end.has_usage)
        sluice__v1__token_usage__init(usage);
    c->a->end.has_usage = true;
    usage->input_tokens = (int32_t)(input - cached);
    usage->cache_read_tokens = (int32_t)cached;
    usage->output_tokens = (int32_t)(output - reasoning);
    usage->reasoning_tokens = (int32_t)reasoning;
    keep_json(c, json);
}

struct sl_str nv_usage_text(const struct nv *c, int object, const char *const *keys, size_t n_keys,
                            char *buffer)
{
    size_t n = 0, size = n_keys * 64;

    buffer[n++] = '{';
    for (size_t i = 0; i < n_keys; i++) {
        int value = sl_json_member(c->j, object, keys[i]);
        struct sl_str raw = sl_json_raw(c->j, value);
        if (sl_json_type(c->j, value) != SL_JSON_NUMBER || raw.n > 32)
            continue;
        n += (size_t)snprintf(buffer + n, size - n, "%s\"%s\":%.*s", n > 1 ? "," : "", keys[i],
                              (int)raw.n, raw.p);
    }
    buffer[n++] = '}';
    return (struct sl_str){buffer, n};
}

/* ---- errors ---- */

enum sl_code nv_truncated(struct nv *c)
{
    sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
               "%s broke off its answer before the end", c->title);
    c->err->retryable = true;
    return c->err->code;
}

enum sl_code nv_garbage(struct nv *c, const char *what)
{
    return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "%s sent %s", c->title,
                      what);
}

/* Control characters other than line breaks and tabs become '?'. */
static void set_clean(struct sl_err *err, const char *text)
{
    char clean[sizeof(err->text)];

    sl_copy(clean, sizeof(clean), text);
    for (char *p = clean; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
            *p = '?';
    sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "%s", clean);
}

enum sl_code nv_error_in_answer(struct nv *c, const char *text, const char *type)
{
    char said[128];

    c->err->http_status = 200;
    if (type)
        sl_copy(c->err->provider_type, sizeof(c->err->provider_type), type);
    if (text && *text) {
        set_clean(c->err, text);
    } else {
        sl_copy(said, sizeof(said), c->title);
        sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR,
                   "%s reported an error without a message", said);
    }
    c->err->retryable = true;
    return c->err->code;
}

enum sl_code nv_read_error(struct nv *c, int error)
{
    int message = error;
    char *type = NULL;

    if (sl_json_type(c->j, error) == SL_JSON_OBJECT) {
        message = sl_json_member(c->j, error, "message");
        type = sl_json_string(c->j, sl_json_member(c->j, error, "type"), NULL, NULL);
    }
    return nv_error_in_answer(c, sl_json_string(c->j, message, NULL, NULL), type);
}
