/* Output items of a Responses answer, as they grow in a stream and as they are when complete. Each
 * content part of a message, each reasoning item and each call is a part of the answer; its
 * provider_state is sent when the item is complete. */
#include "adapters/responses/internal.h"

#include <string.h>

enum {
    MAX_ITEMS = 1024,    /* more is an attack: OpenAI allows 128 tools */
    MAX_SLOTS = 4096,    /* content parts of all messages */
    MAX_STATE = 1 << 20, /* bytes of a part's state, so that an event fits into a reply */
};

enum sl_code rs_too_large(struct rs *r)
{
    return sl_err_set(r->c.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                      "%s sent more output items than fit", r->d->words.title);
}

/* ---- finding and beginning ---- */

struct rs_item *rs_find_item(struct rs *r, int64_t index)
{
    for (struct rs_item *it = r->s->last; it; it = it->prev)
        if (it->index == index)
            return it;
    return NULL;
}

static enum rs_kind kind_of(struct rs *r, int item)
{
    static const struct {
        const char *type;
        enum rs_kind kind;
    } kinds[] = {
        {"message", RS_MESSAGE},
        {"reasoning", RS_REASONING},
        {"function_call", RS_CALL},
        {"custom_tool_call", RS_CUSTOM},
    };
    int type = sl_json_member(r->c.j, item, "type");

    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++)
        if (sl_json_string_is(r->c.j, type, kinds[i].type))
            return kinds[i].kind;
    return RS_OTHER;
}

static char *get_string(struct rs *r, int object, const char *key)
{
    size_t n;
    int value = sl_json_member(r->c.j, object, key);

    return value < 0 ? NULL : cc_text(&r->c, value, &n);
}

/* "call_" and 24 letters for a call that came without an id: the same answer gives the same. */
static char *make_id(struct rs *r, char *id, size_t size)
{
    const char *answer = r->c.a->end.response_id ? r->c.a->end.response_id : "";
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    size_t n = sizeof("call_") - 1;

    for (const char *p = answer; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    h += (r->c.a->request->n_messages << 16) + (uint64_t)r->s->next_call;
    sl_copy(id, size, "call_");
    for (; n < size - 1; n++) {
        h = h * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        id[n] = (char)('a' + (h >> 33) % 26);
    }
    id[n] = '\0';
    return id;
}

static void emit_call(struct rs *r, struct rs_item *it, Sluice__V1__ToolCallDelta *delta,
                      char *piece)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta->part = it->part;
    delta->index = it->call;
    if (it->kind == RS_CUSTOM) {
        delta->_custom_input_fragment_case =
            SLUICE__V1__TOOL_CALL_DELTA___CUSTOM_INPUT_FRAGMENT_CUSTOM_INPUT_FRAGMENT;
        delta->custom_input_fragment = piece;
    } else {
        delta->arguments_fragment = piece;
    }
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = delta;
    cc_emit(&r->c, &event);
}

/* The first delta of a call, with id and name. */
static void announce(struct rs *r, struct rs_item *it, int item, char *arguments)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    char made[5 + 24 + 1];
    char *id = get_string(r, item, "call_id");
    char *name = get_string(r, item, "name");

    if (!id)
        id = get_string(r, item, "id");
    delta.id = id ? id : make_id(r, made, sizeof(made));
    if (name)
        delta.name = name;
    it->part = r->s->next_part++;
    it->call = r->s->next_call++;
    emit_call(r, it, &delta, arguments);
}

static enum sl_code add_item(struct rs *r, int64_t index, int item, struct rs_item **out)
{
    struct rs_item *it = NULL;

    if (r->s->items < MAX_ITEMS)
        it = sl_arena_try(r->c.a->arena, sizeof(*it));
    if (!it)
        return rs_too_large(r);
    *it =
        (struct rs_item){.prev = r->s->last, .index = index, .kind = kind_of(r, item), .part = -1};
    r->s->last = it;
    r->s->items++;
    *out = it;
    return SL_OK;
}

enum sl_code rs_begin_item(struct rs *r, int64_t index, int item, struct rs_item **out)
{
    char empty[1] = "";
    enum sl_code code = add_item(r, index, item, out);

    if (code != SL_OK)
        return code;
    bool call = (*out)->kind == RS_CALL || (*out)->kind == RS_CUSTOM;
    if (call && sl_json_type(r->c.j, sl_json_member(r->c.j, item, "name")) == SL_JSON_STRING)
        announce(r, *out, item, empty);
    return SL_OK;
}

/* ---- text ---- */

static void emit_text(struct rs *r, const struct rs_slot *slot, char *text,
                      Sluice__V1__TokenLogprob **logprobs, size_t n)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = slot->part;
    delta.text = text;
    delta.logprobs = logprobs;
    delta.n_logprobs = n;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    cc_emit(&r->c, &event);
}

static void emit_refusal(struct rs *r, const struct rs_slot *slot, char *text)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = slot->part;
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_REFUSAL;
    delta.refusal = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    cc_emit(&r->c, &event);
}

static struct rs_slot *find_slot(struct rs_item *it, int64_t index)
{
    for (struct rs_slot *slot = it->slots; slot; slot = slot->prev)
        if (slot->index == index)
            return slot;
    return NULL;
}

struct rs_slot *rs_slot(struct rs *r, struct rs_item *it, int64_t index, bool refusal)
{
    struct rs_slot *slot = find_slot(it, index);

    if (slot)
        return slot;
    if (r->s->slots < MAX_SLOTS)
        slot = sl_arena_try(r->c.a->arena, sizeof(*slot));
    if (!slot)
        return NULL;
    *slot = (struct rs_slot){
        .prev = it->slots, .index = index, .part = r->s->next_part++, .refusal = refusal};
    it->slots = slot;
    r->s->slots++;
    return slot;
}

enum sl_code rs_add_text(struct rs *r, struct rs_item *it, int64_t index, int text, bool refusal)
{
    size_t n;
    char *s = cc_text(&r->c, text, &n);

    if (!s)
        return SL_OK;
    struct rs_slot *slot = rs_slot(r, it, index, refusal);
    if (!slot)
        return rs_too_large(r);
    if (slot->refusal)
        emit_refusal(r, slot, s);
    else
        emit_text(r, slot, s, NULL, 0);
    return SL_OK;
}

/* ---- reasoning and arguments ---- */

static void emit_reasoning(struct rs *r, struct rs_item *it, char *text)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    if (it->part < 0)
        it->part = r->s->next_part++;
    delta.part = it->part;
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    cc_emit(&r->c, &event);
}

/* Summary, else content, never both: what comes first in a stream is what the item is read from. */
void rs_add_reasoning(struct rs *r, struct rs_item *it, int text, bool summary)
{
    size_t n;
    char *s = (summary ? it->content : it->summary) ? NULL : cc_text(&r->c, text, &n);

    if (!s)
        return;
    it->summary = summary;
    it->content = !summary;
    emit_reasoning(r, it, s);
}

void rs_add_arguments(struct rs *r, struct rs_item *it, int text)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    size_t n;
    char *s = it->part < 0 ? NULL : cc_text(&r->c, text, &n);

    if (!s)
        return;
    it->argued = true;
    emit_call(r, it, &delta, s);
}

/* ---- complete items ---- */

void rs_emit_done(struct rs *r, int32_t part, struct sl_str state)
{
    Sluice__V1__ProviderState own = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    if (state.n > MAX_STATE)
        sl_warn(r->c.a->warnings, "PROVIDER_STATE_DROPPED", "",
                "an item of %s is too large to be kept for the next request", r->d->words.title);
    own.provider = (char *)(uintptr_t)r->d->words.kind;
    own.data = (ProtobufCBinaryData){state.n, (uint8_t *)(uintptr_t)state.p};
    done.part = part;
    if (state.n && state.n <= MAX_STATE)
        done.provider_state = &own;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    event.part_done = &done;
    cc_emit(&r->c, &event);
}

struct sl_str rs_copy_raw(struct rs *r, int value)
{
    struct sl_str raw = sl_json_raw(r->c.j, value);
    char *copy = raw.n ? sl_arena_try(r->scratch, raw.n + 1) : NULL;

    if (!copy)
        return (struct sl_str){"", 0};
    memcpy(copy, raw.p, raw.n);
    copy[raw.n] = '\0';
    cc_repair(&r->c, copy, raw.n);
    return (struct sl_str){copy, raw.n};
}

/* {"id", "status", "phase"} of a message, {"id"} of a call: what the parts do not say. Taken before
 * a string of the item is decoded. */
static struct sl_str short_state(struct rs *r, int item, bool message)
{
    static const char *const keys[] = {"id", "status", "phase"};
    struct sl_str values[SL_ARRAY_LEN(keys)] = {{NULL, 0}};
    size_t size = 3, count = message ? SL_ARRAY_LEN(keys) : 1, n = 0;

    for (size_t i = 0; i < count; i++) {
        int value = sl_json_present(r->c.j, item, keys[i]);
        if (sl_json_type(r->c.j, value) == SL_JSON_STRING)
            values[i] = rs_copy_raw(r, value);
        size += strlen(keys[i]) + values[i].n + 4;
    }
    char *text = values[0].n ? sl_arena_try(r->scratch, size) : NULL;
    if (!text)
        return (struct sl_str){"", 0};
    for (size_t i = 0; i < count; i++) {
        if (!values[i].n)
            continue;
        text[n] = n ? ',' : '{';
        n++;
        text[n++] = '"';
        memcpy(text + n, keys[i], strlen(keys[i]));
        n += strlen(keys[i]);
        text[n++] = '"';
        text[n++] = ':';
        memcpy(text + n, values[i].p, values[i].n);
        n += values[i].n;
    }
    text[n++] = '}';
    return (struct sl_str){text, n};
}

/* Probabilities come with the complete text, whose values the API reference calls final; in pieces,
 * so that an event fits into a reply. */
static enum sl_code add_logprobs(struct rs *r, struct rs_item *it, int64_t index, int list)
{
    enum { PIECE = 512 };
    char empty[1] = "";
    Sluice__V1__TokenLogprob **tokens;
    size_t n;
    enum sl_code code = cc_read_logprobs(&r->c, list, r->scratch, &tokens, &n);

    if (code != SL_OK || !n)
        return code;
    struct rs_slot *slot = rs_slot(r, it, index, false);
    if (!slot)
        return rs_too_large(r);
    for (size_t at = 0; at < n; at += PIECE)
        emit_text(r, slot, empty, tokens + at, n - at < PIECE ? n - at : PIECE);
    return SL_OK;
}

static enum sl_code add_citations(struct rs *r, struct rs_item *it, int64_t index, int list)
{
    enum sl_code code = SL_OK;
    const struct rs_slot *slot = find_slot(it, index);
    int sent = slot ? slot->citations : 0, at = 0;

    if (sl_json_type(r->c.j, list) != SL_JSON_ARRAY)
        return SL_OK;
    for (int v = sl_json_first(r->c.j, list); v >= 0 && code == SL_OK;
         v = sl_json_next(r->c.j, list, v), at++)
        if (at >= sent)
            code = rs_add_citation(r, it, index, v);
    return code;
}

static enum sl_code finish_content(struct rs *r, struct rs_item *it, int64_t index, int part)
{
    int type = sl_json_member(r->c.j, part, "type");
    bool sent = find_slot(it, index) != NULL;
    enum sl_code code = SL_OK;

    if (sl_json_string_is(r->c.j, type, "refusal"))
        return sent ? SL_OK
                    : rs_add_text(r, it, index, sl_json_member(r->c.j, part, "refusal"), true);
    if (!sl_json_string_is(r->c.j, type, "output_text") &&
        !sl_json_string_is(r->c.j, type, "text")) {
        sl_warn(r->c.a->warnings, "UNKNOWN_CONTENT_DROPPED", "",
                "%s sent a content part of an unknown type", r->d->words.title);
        return SL_OK;
    }
    if (!sent)
        code = rs_add_text(r, it, index, sl_json_member(r->c.j, part, "text"), false);
    if (code == SL_OK)
        code = add_logprobs(r, it, index, sl_json_member(r->c.j, part, "logprobs"));
    if (code == SL_OK)
        code = add_citations(r, it, index, sl_json_member(r->c.j, part, "annotations"));
    return code;
}

static enum sl_code finish_message(struct rs *r, struct rs_item *it, int item)
{
    struct sl_str state = short_state(r, item, true);
    int content = sl_json_member(r->c.j, item, "content");
    enum sl_code code = SL_OK;
    int64_t index = 0;

    if (sl_json_type(r->c.j, content) == SL_JSON_ARRAY)
        for (int v = sl_json_first(r->c.j, content); v >= 0 && code == SL_OK;
             v = sl_json_next(r->c.j, content, v), index++)
            if (sl_json_type(r->c.j, v) == SL_JSON_OBJECT)
                code = finish_content(r, it, index, v);
    for (struct rs_slot *slot = it->slots; slot && code == SL_OK; slot = slot->prev)
        rs_emit_done(r, slot->part, state);
    return code;
}

static void finish_texts(struct rs *r, struct rs_item *it, int list, bool summary)
{
    if (sl_json_type(r->c.j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(r->c.j, list); v >= 0; v = sl_json_next(r->c.j, list, v))
        if (sl_json_type(r->c.j, v) == SL_JSON_OBJECT)
            rs_add_reasoning(r, it, sl_json_member(r->c.j, v, "text"), summary);
}

/* Reasoning without visible text is a part all the same: it has to be given back. */
static void finish_reasoning(struct rs *r, struct rs_item *it, int item)
{
    char empty[1] = "";
    struct sl_str state = rs_copy_raw(r, item);

    if (!it->summary && !it->content) {
        finish_texts(r, it, sl_json_member(r->c.j, item, "summary"), true);
        finish_texts(r, it, sl_json_member(r->c.j, item, "content"), false);
    }
    if (it->part < 0)
        emit_reasoning(r, it, empty);
    rs_emit_done(r, it->part, state);
}

static void finish_call(struct rs *r, struct rs_item *it, int item)
{
    char empty[1] = "";
    size_t n;
    struct sl_str state = short_state(r, item, false);
    int value = sl_json_member(r->c.j, item, it->kind == RS_CUSTOM ? "input" : "arguments");
    char *arguments = it->argued || value < 0 ? NULL : cc_text(&r->c, value, &n);
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;

    if (it->part < 0)
        announce(r, it, item, arguments ? arguments : empty);
    else if (arguments)
        emit_call(r, it, &delta, arguments);
    rs_emit_done(r, it->part, state);
}

enum sl_code rs_finish_item(struct rs *r, int64_t index, int item)
{
    struct rs_item *it = rs_find_item(r, index);
    enum sl_code code = SL_OK;

    if (it && it->done)
        return SL_OK;
    if (!it)
        code = add_item(r, index, item, &it);
    if (code != SL_OK)
        return code;
    it->done = true;
    switch (it->kind) {
    case RS_MESSAGE:
        return finish_message(r, it, item);
    case RS_REASONING:
        finish_reasoning(r, it, item);
        return SL_OK;
    case RS_CALL:
    case RS_CUSTOM:
        finish_call(r, it, item);
        return SL_OK;
    default:
        return rs_finish_other(r, item, rs_copy_raw(r, item));
    }
}
