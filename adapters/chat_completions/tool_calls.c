/* Tool calls of an answer. In a stream they come in fragments, joined by `index`; a fragment
 * without one belongs to the call with the same id, else to the last call. A call is announced
 * (its first delta, with id, name and part number) when its name is known or its arguments
 * begin. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

#include "base/utf8.h"

enum {
    MAX_CALLS = 1024,          /* more is an attack: OpenAI allows 128 tools */
    MAX_NAME = 512,            /* bytes of an id or a name */
    MAX_FRAGMENT = 512 * 1024, /* of one event */
};

/* One element of tool_calls. */
struct fragment {
    int64_t index; /* -1: none */
    bool custom, legacy;
    char *id, *name; /* NULL: none */
    int arguments;   /* a value: string, or a JSON object (servers that send arguments unquoted) */
};

/* ---- finding the call ---- */

static struct cc_call *find_by_index(struct cc *c, int64_t index, bool legacy)
{
    for (struct cc_call *call = c->s->last; call; call = call->prev)
        if (call->wire_index == index && call->legacy == legacy)
            return call;
    return NULL;
}

static struct cc_call *find_by_id(struct cc *c, const char *id)
{
    for (struct cc_call *call = c->s->last; call; call = call->prev)
        if (call->id && !strcmp(call->id, id))
            return call;
    return NULL;
}

/* Gemini's OpenAI endpoint numbers every call 0: another id together with a name begins another
 * call. */
static bool is_other_call(const struct cc_call *call, const struct fragment *f)
{
    return f->id && f->name && call->id && strcmp(call->id, f->id) != 0;
}

static struct cc_call *find_call(struct cc *c, const struct fragment *f)
{
    struct cc_call *call;

    if (c->whole)
        return NULL;
    if (f->legacy || f->index >= 0) {
        call = find_by_index(c, f->index, f->legacy);
        return call && !is_other_call(call, f) ? call : NULL;
    }
    if (f->id)
        return find_by_id(c, f->id);
    return c->s->last;
}

static struct cc_call *add_call(struct cc *c, const struct fragment *f)
{
    struct cc_call *call = NULL;

    if (c->s->calls < MAX_CALLS)
        call = sl_arena_try(c->a->arena, sizeof(*call));
    if (!call)
        return NULL;
    *call = (struct cc_call){
        .prev = c->s->last,
        .wire_index = f->index,
        .legacy = f->legacy,
        .custom = f->custom,
    };
    c->s->last = call;
    c->s->calls++;
    c->s->pending++;
    return call;
}

/* ---- ids ---- */

static uint64_t hash_text(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u; /* FNV-1a */
    return h;
}

/* "call_" and 24 letters, for a call that came without an id: the same answer gives the same id,
 * a later turn of the same conversation another. */
static const char *make_id(struct cc *c, const struct cc_call *call, const char *name)
{
    enum { LETTERS = 24 };
    char id[5 + LETTERS + 1] = "call_";
    uint64_t h = hash_text(14695981039346656037u, c->a->end.response_id);

    h = hash_text(h, name);
    h += (c->a->request->n_messages + 1) * 0x9e3779b97f4a7c15u;
    h += ((uint64_t)call->index + 1) * 0xbf58476d1ce4e5b9u;
    for (int i = 0; i < LETTERS; i++) {
        /* splitmix64 */
        uint64_t z = h += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        id[5 + i] = (char)((z % 52 < 26 ? 'a' : 'A' - 26) + (int)(z % 52));
    }
    return sl_arena_strndup(c->a->arena, id, sizeof(id) - 1);
}

/* ---- events ---- */

static void emit_delta(struct cc *c, Sluice__V1__ToolCallDelta *delta, const struct cc_call *call,
                       char *piece)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta->part = call->part;
    delta->index = call->index;
    if (call->custom) {
        delta->_custom_input_fragment_case =
            SLUICE__V1__TOOL_CALL_DELTA___CUSTOM_INPUT_FRAGMENT_CUSTOM_INPUT_FRAGMENT;
        delta->custom_input_fragment = piece;
    } else {
        delta->arguments_fragment = piece;
    }
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = delta;
    cc_emit(c, &event);
}

static void announce(struct cc *c, struct cc_call *call, Sluice__V1__ToolCallDelta *delta,
                     const char *name)
{
    call->index = c->s->next_call++;
    call->part = c->s->next_part++;
    call->announced = true;
    c->s->pending--;
    if (!call->id)
        call->id = make_id(c, call, name);
    delta->id = (char *)(uintptr_t)call->id;
}

/* Emits a fragment of arguments (may be empty), with whatever of id and name is due. */
static void emit_fragment(struct cc *c, struct cc_call *call, char *name, char *piece, size_t n)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;

    if (!call->announced)
        announce(c, call, &delta, name);
    if (name && !call->named) {
        call->named = true;
        delta.name = name;
    }
    while (SL_UNLIKELY(n > MAX_FRAGMENT)) {
        size_t cut = sl_utf8_cut(piece, MAX_FRAGMENT);
        char held = piece[cut];
        piece[cut] = '\0';
        emit_delta(c, &delta, call, piece);
        sluice__v1__tool_call_delta__init(&delta);
        piece[cut] = held;
        piece += cut;
        n -= cut;
    }
    emit_delta(c, &delta, call, piece);
}

/* ---- fragments ---- */

static char *read_name(struct cc *c, int value)
{
    size_t n = 0;
    char *s = value >= 0 ? sl_json_string(c->j, value, &n, NULL) : NULL;

    return s && n && n <= MAX_NAME ? s : NULL;
}

static void read_function(struct cc *c, int object, const char *arguments, struct fragment *f)
{
    f->name = read_name(c, sl_json_member(c->j, object, "name"));
    f->arguments = sl_json_present(c->j, object, arguments);
}

static struct fragment read_fragment(struct cc *c, int object)
{
    struct fragment f = {.index = -1, .arguments = SL_JSON_ABSENT};

    for (int key = sl_json_first(c->j, object); key >= 0; key = sl_json_next(c->j, object, key)) {
        struct sl_str k = cc_key(c, key);
        if (CC_KEY_IS(k, "index")) {
            if (!sl_json_int(c->j, key + 1, &f.index) || f.index < 0)
                f.index = -1;
        } else if (CC_KEY_IS(k, "id")) {
            f.id = read_name(c, key + 1);
        } else if (CC_KEY_IS(k, "function")) {
            if (sl_json_type(c->j, key + 1) == SL_JSON_OBJECT)
                read_function(c, key + 1, "arguments", &f);
        } else if (CC_KEY_IS(k, "custom")) {
            f.custom = sl_json_type(c->j, key + 1) == SL_JSON_OBJECT;
            if (f.custom)
                read_function(c, key + 1, "input", &f);
        } else if (CC_KEY_IS(k, "type") && sl_json_string_is(c->j, key + 1, "custom")) {
            f.custom = true;
        }
    }
    return f;
}

/* The text of the arguments; an object is passed on as it was written, with a NUL in place of the
 * comma, brace or blank behind it: whoever keeps the body may keep the text in it. */
static char *arguments_text(struct cc *c, int value, size_t *n)
{
    if (sl_json_type(c->j, value) == SL_JSON_STRING)
        return cc_text(c, value, n);
    if (sl_json_type(c->j, value) != SL_JSON_OBJECT)
        return NULL;
    struct sl_str raw = sl_json_raw(c->j, value);
    *n = raw.n;
    char *text = (char *)(uintptr_t)raw.p;
    cc_repair(c, text, raw.n);
    text[raw.n] = '\0';
    return text;
}

/* Keeps what an announcement will need. False where memory is out. */
static bool remember(struct cc *c, struct cc_call *call, const struct fragment *f)
{
    if (!call->id && f->id && !call->announced) {
        size_t size = strlen(f->id) + 1;
        char *id = sl_arena_try(c->a->arena, size);
        if (!id)
            return false;
        call->id = memcpy(id, f->id, size);
    }
    if (f->custom && !call->announced)
        call->custom = true;
    return true;
}

static enum sl_code take_fragment(struct cc *c, const struct fragment *f)
{
    char empty[1] = "";
    size_t n = 0;
    struct cc_call *call = find_call(c, f);

    if (!call) {
        cc_flush_calls(c);
        call = add_call(c, f);
    }
    if (!call || !remember(c, call, f))
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                          "%s sent too many tool calls", c->d->title);
    char *text = arguments_text(c, f->arguments, &n);
    if (text)
        emit_fragment(c, call, f->name, text, n);
    else if (!call->announced ? f->name || c->whole : f->name && !call->named)
        emit_fragment(c, call, f->name, empty, 0);
    return SL_OK;
}

enum sl_code cc_read_tool_calls(struct cc *c, int list)
{
    enum sl_code code = SL_OK;

    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return SL_OK;
    for (int v = sl_json_first(c->j, list); v >= 0 && code == SL_OK;
         v = sl_json_next(c->j, list, v)) {
        if (sl_json_type(c->j, v) != SL_JSON_OBJECT)
            continue;
        struct fragment f = read_fragment(c, v);
        code = take_fragment(c, &f);
    }
    return code;
}

/* {"name", "arguments"}: the form before tool_calls, one call without an id. */
enum sl_code cc_read_function_call(struct cc *c, int call)
{
    struct fragment f = {.index = -1, .legacy = true, .arguments = SL_JSON_ABSENT};

    if (sl_json_type(c->j, call) != SL_JSON_OBJECT)
        return SL_OK;
    read_function(c, call, "arguments", &f);
    return take_fragment(c, &f);
}

void cc_flush_calls(struct cc *c)
{
    char empty[1] = "";

    if (!c->s->pending)
        return;
    for (struct cc_call *call = c->s->last; call; call = call->prev)
        if (!call->announced)
            emit_fragment(c, call, NULL, empty, 0);
}
