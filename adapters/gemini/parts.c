/* Parts of an answer. Texts that follow each other are one part, and so are thoughts, until
 * something else comes or a signature ends them: whoever gives the message back then gives each
 * signature with the text that it came with.
 *
 * Sources: https://ai.google.dev/api/caching#Part,
 * https://ai.google.dev/gemini-api/docs/thought-signatures ("Don't merge one part with a signature
 * with another part without a signature"); recorded: a signature on an empty text that ends a
 * stream, toolCall and toolResponse. */
#include "adapters/gemini/internal.h"

#include <string.h>

#include "base/utf8.h"

enum {
    MAX_PIECE = 512 * 1024, /* bytes of one event's text */
    MAX_CALLS = 1024,       /* more is an attack */
    MAX_NAME = 512,         /* bytes of an id or a name */
    MAX_ITEM = 1024 * 1024, /* bytes of a server item's JSON, and of a signature */
};

/* ---- begin and end ---- */

/* A part's state: its signature, or empty bytes that only say whose the part is. */
static void emit_state(struct gm *g, int32_t part, char *signature, size_t n)
{
    Sluice__V1__ProviderState state = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    state.provider = (char *)(uintptr_t)g->d->kind;
    state.data = (ProtobufCBinaryData){n, (uint8_t *)signature};
    done.part = part;
    done.provider_state = &state;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    event.part_done = &done;
    gm_emit(g, &event);
}

void gm_end(struct gm *g)
{
    if (g->signature)
        emit_state(g, g->s->open_part, g->signature, g->signature_n);
    g->signature = NULL;
    g->s->open = GM_NONE;
}

int32_t gm_begin(struct gm *g)
{
    gm_end(g);
    g->s->open_part = g->s->next_part++;
    return g->s->open_part;
}

static void open_text(struct gm *g, enum gm_open kind)
{
    if (g->s->open == kind && !g->signature)
        return;
    gm_begin(g);
    g->s->open = kind;
    if (kind == GM_TEXT)
        g->s->text_part = g->s->open_part + 1;
}

/* ---- text ---- */

static void emit_text_delta(struct gm *g, char *text)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = g->s->open_part;
    delta.text = text;
    delta.logprobs = g->logprobs;
    delta.n_logprobs = g->n_logprobs;
    g->logprobs = NULL;
    g->n_logprobs = 0;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    gm_emit(g, &event);
}

static void emit_reasoning_delta(struct gm *g, char *text)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = g->s->open_part;
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    gm_emit(g, &event);
}

static void emit_pieces(struct gm *g, char *text, size_t n, enum gm_open kind)
{
    void (*emit)(struct gm *, char *) = kind == GM_TEXT ? emit_text_delta : emit_reasoning_delta;

    open_text(g, kind);
    while (SL_UNLIKELY(n > MAX_PIECE)) {
        size_t cut = sl_utf8_cut(text, MAX_PIECE);
        char held = text[cut];
        text[cut] = '\0';
        emit(g, text);
        text[cut] = held;
        text += cut;
        n -= cut;
    }
    emit(g, text);
}

void gm_emit_text(struct gm *g, char *text)
{
    emit_pieces(g, text, strlen(text), GM_TEXT);
}

int32_t gm_text_part(struct gm *g)
{
    char empty[1] = "";

    if (!g->s->text_part)
        gm_emit_text(g, empty);
    return g->s->text_part - 1;
}

/* ---- calls ---- */

static uint64_t hash_text(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u; /* FNV-1a */
    return h;
}

enum { ID_LETTERS = 24, ID_SIZE = 5 + ID_LETTERS + 1 };

/* "call_" and 24 letters, for what came without an id: the same answer gives the same id, a later
 * turn of the same conversation another. */
static void make_id(struct gm *g, const char *name, int32_t index, char id[ID_SIZE])
{
    uint64_t h = hash_text(14695981039346656037u, g->a->end.response_id);

    h = hash_text(h, name);
    h += (g->a->request->n_messages + 1) * 0x9e3779b97f4a7c15u;
    h += ((uint64_t)index + 1) * 0xbf58476d1ce4e5b9u;
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

static char *read_name(struct gm *g, int value)
{
    size_t n = 0;
    char *s = gm_text(g, value, &n);

    return s && n <= MAX_NAME ? s : NULL;
}

/* The object as it was written, with a NUL in place of the comma, brace or blank behind it. */
static char *raw_text(struct gm *g, int value, size_t *n)
{
    struct sl_str raw = sl_json_raw(g->j, value);
    char *text = (char *)(uintptr_t)raw.p;

    gm_repair(g, text, raw.n);
    text[raw.n] = '\0';
    *n = raw.n;
    return text;
}

static void emit_call(struct gm *g, Sluice__V1__ToolCallDelta *delta, char *arguments)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta->arguments_fragment = arguments;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = delta;
    gm_emit(g, &event);
}

enum sl_code gm_read_call(struct gm *g, int object)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    char made[ID_SIZE], empty[1] = "";
    char *arguments = empty;
    size_t n = 0;
    int args = gm_member(g, object, "args");
    char *name = read_name(g, gm_member(g, object, "name"));
    char *id = read_name(g, gm_member(g, object, "id"));

    if (g->s->next_call >= MAX_CALLS)
        return sl_err_set(g->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                          "%s sent too many function calls", g->d->title);
    delta.part = gm_begin(g);
    delta.index = g->s->next_call++;
    if (!id)
        make_id(g, name, delta.index, made);
    delta.id = id ? id : made;
    delta.name = name ? name : empty;
    if (sl_json_type(g->j, args) == SL_JSON_OBJECT)
        arguments = raw_text(g, args, &n);
    while (SL_UNLIKELY(n > MAX_PIECE)) {
        size_t cut = sl_utf8_cut(arguments, MAX_PIECE);
        char held = arguments[cut];
        int32_t part = delta.part, index = delta.index;
        arguments[cut] = '\0';
        emit_call(g, &delta, arguments);
        sluice__v1__tool_call_delta__init(&delta);
        delta.part = part;
        delta.index = index;
        arguments[cut] = held;
        arguments += cut;
        n -= cut;
    }
    emit_call(g, &delta, arguments);
    return SL_OK;
}

/* ---- what the provider ran ---- */

struct item {
    char *id, *kind, *status, *json;
    bool result;
};

static void emit_item(struct gm *g, const struct item *item)
{
    Sluice__V1__ProviderToolCall call = SLUICE__V1__PROVIDER_TOOL_CALL__INIT;
    Sluice__V1__ProviderToolResult result = SLUICE__V1__PROVIDER_TOOL_RESULT__INIT;
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    call.id = result.id = item->id;
    call.kind = result.kind = item->kind;
    call.input_json = result.output_json = item->json;
    call.status = result.status = item->status;
    delta.part = gm_begin(g);
    if (item->result) {
        delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT;
        delta.provider_tool_result = &result;
    } else {
        delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL;
        delta.provider_tool_call = &call;
    }
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    gm_emit(g, &event);
}

/* "FILE_SEARCH" is the kind "file_search". */
static void lower(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
}

/* executableCode {language, code, id?}, codeExecutionResult {outcome, output, id?}, toolCall
 * {toolType, id, args?}, toolResponse {toolType, id, response?}. A result without an id answers the
 * last code. */
static void fill_item(struct gm *g, struct item *item, int value, bool is_code, char made[ID_SIZE])
{
    char *id = read_name(g, gm_member(g, value, "id"));
    char *type = is_code ? NULL : read_name(g, gm_member(g, value, "toolType"));
    char *outcome = is_code ? read_name(g, gm_member(g, value, "outcome")) : NULL;

    if (!id && item->result && g->s->run_id)
        id = (char *)(uintptr_t)g->s->run_id;
    if (!id) {
        make_id(g, "item", MAX_CALLS + g->s->next_item++, made);
        id = made;
    }
    if (type)
        lower(type);
    if (!item->result)
        sl_end_set(g->a, &g->s->run_id, id);
    item->id = id;
    item->kind = type ? type : (char *)(uintptr_t)(is_code ? "code_execution" : "tool");
    item->status = outcome ? outcome : (char *)(uintptr_t)protobuf_c_empty_string;
}

void gm_read_server_item(struct gm *g, struct sl_str name, int value)
{
    struct sl_str raw = sl_json_raw(g->j, value);
    bool is_code = GM_KEY_IS(name, "executableCode") || GM_KEY_IS(name, "codeExecutionResult");
    struct item item = {.result = GM_KEY_IS(name, "codeExecutionResult") ||
                                  GM_KEY_IS(name, "toolResponse")};
    char made[ID_SIZE];
    struct sl_arena scratch;

    /* The strings inside are decoded in place, so the object is copied first. */
    sl_arena_init(&scratch, MAX_ITEM * 2);
    item.json = raw.n <= MAX_ITEM ? sl_arena_try(&scratch, raw.n + 1) : NULL;
    if (item.json) {
        memcpy(item.json, raw.p, raw.n);
        item.json[raw.n] = '\0';
        gm_repair(g, item.json, raw.n);
        fill_item(g, &item, value, is_code, made);
        emit_item(g, &item);
    } else {
        sl_warn(g->a->warnings, "UNKNOWN_CONTENT_DROPPED", "",
                "%s sent a tool's result that is too large", g->d->title);
    }
    sl_arena_fini(&scratch);
}

/* ---- one part ---- */

struct part {
    int text, signature, thought, call, inline_data, file_data, item, unknown;
};

static bool is_item(struct sl_str k)
{
    return GM_KEY_IS(k, "executableCode") || GM_KEY_IS(k, "codeExecutionResult") ||
           GM_KEY_IS(k, "toolCall") || GM_KEY_IS(k, "toolResponse");
}

/* Facts about a part that are no content of their own. */
static bool is_remark(struct sl_str k)
{
    return GM_KEY_IS(k, "videoMetadata") || GM_KEY_IS(k, "partMetadata") ||
           GM_KEY_IS(k, "mediaResolution");
}

static struct part read_part_members(const struct gm *g, int object)
{
    struct part p = {-1, -1, -1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(g->j, object); key >= 0; key = sl_json_next(g->j, object, key)) {
        struct sl_str k = gm_key(g, key);
        if (GM_KEY_IS(k, "text"))
            p.text = key + 1;
        else if (GM_KEY_IS(k, "thoughtSignature"))
            p.signature = key + 1;
        else if (GM_KEY_IS(k, "thought"))
            p.thought = key + 1;
        else if (GM_KEY_IS(k, "functionCall"))
            p.call = key + 1;
        else if (GM_KEY_IS(k, "inlineData"))
            p.inline_data = key + 1;
        else if (GM_KEY_IS(k, "fileData"))
            p.file_data = key + 1;
        else if (is_item(k))
            p.item = key + 1;
        else if (!is_remark(k))
            p.unknown = key + 1;
    }
    return p;
}

static void read_text(struct gm *g, const struct part *p, bool thought)
{
    enum gm_open kind = thought ? GM_REASONING : GM_TEXT;
    char empty[1] = "";
    size_t n = 0;
    char *text = gm_text(g, p->text, &n);

    if (text)
        emit_pieces(g, text, n, kind);
    else if (p->signature >= 0 && g->s->open != kind)
        emit_pieces(g, empty, 0, kind);
}

static void warn_unknown(struct gm *g)
{
    sl_warn(g->a->warnings, "UNKNOWN_CONTENT_DROPPED", "", "%s sent a part of an unknown kind",
            g->d->title);
}

/* Whether the part began, or went on with, a part of the message. */
static enum sl_code read_content(struct gm *g, const struct part *p, bool thought, bool *there)
{
    *there = true;
    if (SL_LIKELY(p->text >= 0))
        read_text(g, p, thought);
    else if (sl_json_type(g->j, p->call) == SL_JSON_OBJECT)
        return gm_read_call(g, p->call);
    else if (sl_json_type(g->j, p->item) == SL_JSON_OBJECT)
        gm_read_server_item(g, gm_key(g, p->item - 1), p->item);
    else if (thought && (p->inline_data >= 0 || p->file_data >= 0))
        *there = false; /* a sketch: "interim images" of the thinking, which are no answer */
    else if (p->inline_data >= 0)
        gm_read_inline(g, p->inline_data);
    else if (p->file_data >= 0)
        gm_read_file(g, p->file_data);
    else if (p->unknown >= 0) {
        warn_unknown(g);
        *there = false;
    } else if (p->signature >= 0)
        read_text(g, p, thought);
    else
        *there = false;
    return SL_OK;
}

static enum sl_code read_part(struct gm *g, int object)
{
    struct part p = read_part_members(g, object);
    bool thought = false, there = false;
    int32_t before = g->s->next_part;
    enum sl_code code;

    if (p.thought >= 0)
        (void)sl_json_bool(g->j, p.thought, &thought);
    code = read_content(g, &p, thought, &there);
    if (code != SL_OK || !there)
        return code;
    if (SL_UNLIKELY(p.signature >= 0) && (g->s->open || g->s->next_part != before)) {
        size_t n = 0;
        char *signature = gm_text(g, p.signature, &n);
        if (signature && n <= MAX_ITEM) {
            g->signature = signature;
            g->signature_n = n;
        }
    } else if (p.item >= 0 && g->s->next_part != before) {
        emit_state(g, g->s->open_part, NULL, 0);
    }
    return SL_OK;
}

enum sl_code gm_read_parts(struct gm *g, int parts)
{
    enum sl_code code = SL_OK;

    for (int v = sl_json_first(g->j, parts); v >= 0 && code == SL_OK;
         v = sl_json_next(g->j, parts, v))
        if (sl_json_type(g->j, v) == SL_JSON_OBJECT)
            code = read_part(g, v);
    return code;
}
