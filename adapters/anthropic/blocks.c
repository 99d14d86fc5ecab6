/* Content blocks of a Messages answer: each becomes one part. In a body a block is whole; in a
 * stream it begins with content_block_start, grows by deltas of its index, and ends with
 * content_block_stop. Both are read by the same code and give the same parts.
 *
 * Sources: "Streaming messages", "Web search tool", "Code execution tool", "MCP connector",
 * "Citations", and the recordings. */
#include "adapters/anthropic/internal.h"

#include "base/utf8.h"

enum {
    MAX_TOOL_INPUT = 1024 * 1024, /* of a provider's tool, passed on whole */
    MAX_NAME = 512,               /* bytes of an id or a name */
    MAX_CITATION = 1024 * 1024,
};

/* ---- tools ---- */

static void keep(struct am *c, struct sl_buf *buf, int value)
{
    size_t n;
    char *text = am_text(c, value, &n);

    if (text && !sl_buf_add(buf, text, n))
        sl_warn(c->a->warnings, "PROVIDER_STATE_DROPPED", "", "%s sent an id or name too large",
                c->d->title);
}

/* A member that has no field of its own, for provider_state. */
static void keep_extra(struct am *c, struct am_block *b, int block, const char *key)
{
    size_t n, before = b->extra.n;
    int value = sl_json_present(c->j, block, key);
    char *raw = value >= 0 ? am_raw(c, value, &n) : NULL;

    if (raw && !sl_buf_printf(&b->extra, "%c\"%s\":%s", before ? ',' : '{', key, raw))
        sl_warn(c->a->warnings, "PROVIDER_STATE_DROPPED", "", "%s sent a member %s too large",
                c->d->title, key);
}

/* Who called the tool ("Programmatic tool calling"); "direct" is what it is without a word. */
static void keep_caller(struct am *c, struct am_block *b, int block)
{
    int caller = sl_json_present(c->j, block, "caller");

    if (!sl_json_string_is(c->j, sl_json_member(c->j, caller, "type"), "direct"))
        keep_extra(c, b, block, "caller");
}

static bool is_input(struct am *c, int input)
{
    return sl_json_type(c->j, input) == SL_JSON_OBJECT && sl_json_size(c->j, input) > 0;
}

static void read_tool(struct am *c, struct am_block *b, int block)
{
    char empty[1] = "";
    int input = sl_json_member(c->j, block, "input");
    size_t n;
    char *raw = is_input(c, input) ? am_raw(c, input, &n) : NULL;

    keep_caller(c, b, block);
    char *id = am_text(c, sl_json_member(c->j, block, "id"), &(size_t){0});
    char *name = am_text(c, sl_json_member(c->j, block, "name"), &(size_t){0});
    am_announce_call(c, b, id ? id : empty, name ? name : empty);
    if (raw)
        am_emit_pieces(c, b, raw, n, am_emit_arguments);
}

static void read_server_tool(struct am *c, struct am_block *b, int block)
{
    int input = sl_json_member(c->j, block, "input");
    size_t n;
    char *raw = is_input(c, input) ? am_raw(c, input, &n) : NULL;

    if (raw && !sl_buf_add(&b->input, raw, n))
        sl_warn(c->a->warnings, "PROVIDER_STATE_DROPPED", "", "%s sent a tool's input too large",
                c->d->title);
    keep_caller(c, b, block);
    keep_extra(c, b, block, "server_name");
    keep(c, &b->id, sl_json_member(c->j, block, "id"));
    keep(c, &b->name, sl_json_member(c->j, block, "name"));
}

static char *buffer_text(const struct sl_buf *b)
{
    return b->n ? b->p : (char *)(uintptr_t)protobuf_c_empty_string;
}

/* The call, now that its input is whole. */
static void emit_server_tool(struct am *c, struct am_block *b)
{
    Sluice__V1__ProviderToolCall call = SLUICE__V1__PROVIDER_TOOL_CALL__INIT;
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    char empty[] = "{}", mcp[] = "mcp";

    call.id = buffer_text(&b->id);
    call.name = buffer_text(&b->name);
    call.kind = b->mcp ? mcp : call.name;
    call.input_json = b->input.n ? b->input.p : empty;
    delta.part = am_part_of(c, b);
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL;
    delta.provider_tool_call = &call;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    am_emit(c, &event);
}

static void emit_result(struct am *c, struct am_block *b, Sluice__V1__ProviderToolResult *result)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = am_part_of(c, b);
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT;
    delta.provider_tool_result = result;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    am_emit(c, &event);
}

/* {"type": "KIND_tool_result", "tool_use_id", "content"}; is_error is the MCP connector's. */
static void read_server_result(struct am *c, struct am_block *b, int block, char *type, size_t n)
{
    Sluice__V1__ProviderToolResult result = SLUICE__V1__PROVIDER_TOOL_RESULT__INIT;
    char error[] = "error", null[] = "null";
    bool failed = false;
    size_t length;
    int content = sl_json_member(c->j, block, "content");
    char *raw = content >= 0 ? am_raw(c, content, &length) : NULL;

    keep_caller(c, b, block);
    (void)sl_json_bool(c->j, sl_json_member(c->j, block, "is_error"), &failed);
    char *id = am_text(c, sl_json_member(c->j, block, "tool_use_id"), &length);
    type[n - strlen("_tool_result")] = '\0';
    result.kind = type;
    result.output_json = raw ? raw : null;
    if (id)
        result.id = id;
    if (failed)
        result.status = error;
    emit_result(c, b, &result);
}

/* A block of another type: passed on whole, so that it can be given back. */
static void read_other(struct am *c, struct am_block *b, char *raw, char *type)
{
    Sluice__V1__ProviderToolResult result = SLUICE__V1__PROVIDER_TOOL_RESULT__INIT;

    result.kind = type;
    result.output_json = raw;
    emit_result(c, b, &result);
}

/* ---- the life of a block ---- */

static const struct {
    const char *type;
    enum am_kind kind;
} kinds[] = {
    {"text", AM_TEXT},     {"thinking", AM_THINKING},           {"redacted_thinking", AM_REDACTED},
    {"tool_use", AM_TOOL}, {"server_tool_use", AM_SERVER_TOOL}, {"mcp_tool_use", AM_SERVER_TOOL},
};

static enum am_kind kind_of(const struct am *c, int type)
{
    static const char suffix[] = "_tool_result\"";
    struct sl_str raw = sl_json_raw(c->j, type);
    size_t n = sizeof(suffix) - 1;

    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++)
        if (sl_json_string_is(c->j, type, kinds[i].type))
            return kinds[i].kind;
    return raw.n > n + 1 && !memcmp(raw.p + raw.n - n, suffix, n) ? AM_SERVER_RESULT : AM_OTHER;
}

static struct am_block *take_block(struct am *c)
{
    struct am_state *s = c->s;
    struct am_block *b = s->spare;

    if (s->n_open >= AM_MAX_OPEN)
        return NULL;
    if (b) {
        s->spare = b->next;
    } else {
        b = sl_arena_try(c->a->arena, sizeof(*b));
        if (!b)
            return NULL;
        *b = (struct am_block){0};
        sl_buf_init(&b->input, MAX_TOOL_INPUT);
        sl_buf_init(&b->id, MAX_NAME);
        sl_buf_init(&b->name, MAX_NAME);
        sl_buf_init(&b->extra, AM_MAX_EXTRA);
    }
    s->n_open++;
    b->next = s->open;
    s->open = b;
    return b;
}

static void reset_block(struct am_block *b)
{
    sl_buf_reset(&b->input, AM_MAX_EXTRA);
    sl_buf_reset(&b->id, MAX_NAME);
    sl_buf_reset(&b->name, MAX_NAME);
    sl_buf_reset(&b->extra, AM_MAX_EXTRA);
}

struct am_block *am_block_start(struct am *c, int64_t index, int value)
{
    struct am_block *b = NULL;

    if (sl_json_type(c->j, value) == SL_JSON_OBJECT)
        b = take_block(c);
    if (!b) {
        sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                   "%s sent a content block that is none, or opened too many", c->d->title);
        return NULL;
    }
    if (!c->s->scratch.max)
        sl_buf_init(&c->s->scratch, MAX_CITATION);
    int type = sl_json_member(c->j, value, "type");
    b->index = index;
    b->kind = kind_of(c, type);
    b->mcp = sl_json_string_is(c->j, type, "mcp_tool_use");
    b->part = b->call = -1;
    b->got_input = false;
    return b;
}

enum sl_code am_block_read(struct am *c, struct am_block *b, int value)
{
    size_t n, length;
    char *type;

    switch (b->kind) {
    case AM_TEXT:
        am_read_pieces(c, b, sl_json_member(c->j, value, "text"), am_emit_text);
        am_read_citations(c, b, sl_json_member(c->j, value, "citations"));
        break;
    case AM_THINKING:
        am_read_pieces(c, b, sl_json_member(c->j, value, "thinking"), am_emit_reasoning);
        am_emit_proof(c, b, sl_json_member(c->j, value, "signature"), false);
        break;
    case AM_REDACTED:
        am_emit_proof(c, b, sl_json_member(c->j, value, "data"), true);
        break;
    case AM_TOOL:
        read_tool(c, b, value);
        break;
    case AM_SERVER_TOOL:
        read_server_tool(c, b, value);
        break;
    case AM_SERVER_RESULT:
        type = am_text(c, sl_json_member(c->j, value, "type"), &n);
        read_server_result(c, b, value, type, n);
        break;
    default: {
        struct sl_str raw = sl_json_raw(c->j, value);
        sl_buf_reset(&c->s->scratch, AM_MAX_EXTRA);
        type = NULL;
        char *whole = sl_buf_add(&c->s->scratch, raw.p, raw.n) ? c->s->scratch.p : NULL;
        if (whole)
            type = am_text(c, sl_json_member(c->j, value, "type"), &length);
        if (!type || !sl_utf8_valid(whole, raw.n))
            return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                              "%s sent a content block without a type", c->d->title);
        read_other(c, b, whole, type);
    }
    }
    return SL_OK;
}

/* ---- deltas ---- */

static struct am_block *find_block(struct am *c, int64_t index)
{
    for (struct am_block *b = c->s->open; b; b = b->next)
        if (b->index == index)
            return b;
    return NULL;
}

static enum sl_code read_input(struct am *c, struct am_block *b, int value)
{
    size_t n;
    char *text = am_text(c, value, &n);

    if (!text)
        return SL_OK;
    if (b->kind == AM_TOOL) {
        am_emit_pieces(c, b, text, n, am_emit_arguments);
        return SL_OK;
    }
    if (b->kind == AM_SERVER_TOOL && !sl_buf_add(&b->input, text, n))
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                          "%s sent a tool's input that is larger than %d KiB", c->d->title,
                          MAX_TOOL_INPUT >> 10);
    return SL_OK;
}

static void warn_unknown(struct am *c)
{
    sl_warn(c->a->warnings, "UNKNOWN_CONTENT_DROPPED", "", "%s sent a delta of an unknown type",
            c->d->title);
}

/* What a delta holds says what it is; a block takes only its own kind. */
enum sl_code am_block_delta(struct am *c, int64_t index, int delta)
{
    struct am_block *b = find_block(c, index);

    if (!b || sl_json_type(c->j, delta) != SL_JSON_OBJECT)
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent a delta of a block that is not open", c->d->title);
    for (int key = sl_json_first(c->j, delta); key >= 0; key = sl_json_next(c->j, delta, key)) {
        struct sl_str k = am_key(c, key);
        if (AM_IS(k, "text") && b->kind == AM_TEXT)
            am_read_pieces(c, b, key + 1, am_emit_text);
        else if (AM_IS(k, "partial_json"))
            return read_input(c, b, key + 1);
        else if (AM_IS(k, "thinking") && b->kind == AM_THINKING)
            am_read_pieces(c, b, key + 1, am_emit_reasoning);
        else if (AM_IS(k, "signature") && b->kind == AM_THINKING)
            am_emit_proof(c, b, key + 1, false);
        else if (AM_IS(k, "citation") && b->kind == AM_TEXT)
            am_emit_citation(c, b, key + 1);
        else if (!AM_IS(k, "type") && !AM_IS(k, "estimated_tokens"))
            warn_unknown(c);
    }
    return SL_OK;
}

void am_block_stop(struct am *c, struct am_block *block)
{
    char none[] = "{}";
    struct am_block **at = &c->s->open;

    if (block->kind == AM_TOOL && !block->got_input)
        am_emit_arguments(c, block, none);
    if (block->kind == AM_SERVER_TOOL)
        emit_server_tool(c, block);
    if (block->part >= 0)
        am_emit_done(c, block);
    while (*at != block)
        at = &(*at)->next;
    *at = block->next;
    c->s->n_open--;
    reset_block(block);
    block->next = c->s->spare;
    c->s->spare = block;
}

void am_block_stop_index(struct am *c, int64_t index)
{
    struct am_block *b = find_block(c, index);

    if (b)
        am_block_stop(c, b);
}

static void free_blocks(struct am_block *b)
{
    for (; b; b = b->next) {
        sl_buf_fini(&b->input);
        sl_buf_fini(&b->id);
        sl_buf_fini(&b->name);
        sl_buf_fini(&b->extra);
    }
}

void sl_am_release(struct sl_answer *a)
{
    struct am_state *s = a->state;

    if (!s)
        return;
    free_blocks(s->open);
    free_blocks(s->spare);
    sl_buf_fini(&s->scratch);
    s->open = s->spare = NULL;
}
