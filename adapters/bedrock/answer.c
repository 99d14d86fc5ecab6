/* Answers of Converse, whole, and of ConverseStream, event by event. A content block becomes a
 * part: text, citationsContent (text with its sources), reasoningContent, toolUse; a toolUse of type
 * server_tool_use and its toolResult are those of a tool that ran at the provider. A text block has
 * no start event; a block of any kind ends with contentBlockStop. The end is `metadata`, behind
 * messageStop; a stream that stops between them has said everything but its usage.
 *
 * Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/, API_runtime_ConverseStream,
 * API_runtime_ContentBlock, API_runtime_ContentBlockDelta, API_runtime_TokenUsage; recordings for
 * the padding member p, server_tool_use and serverToolUsage. */
#include "adapters/bedrock/internal.h"

#include <string.h>

enum { SCRATCH = 256 * 1024 }; /* of one source */

static int member(const struct nv *c, int object, const char *key)
{
    return sl_json_type(c->j, object) == SL_JSON_OBJECT ? sl_json_present(c->j, object, key)
                                                        : SL_JSON_ABSENT;
}

/* ---- facts ---- */

#define FINISH(name) SLUICE__V1__FINISH_REASON__FINISH_REASON_##name

static const struct {
    const char *raw;
    Sluice__V1__FinishReason reason;
} reasons[] = {
    {"end_turn", FINISH(STOP)},
    {"stop_sequence", FINISH(STOP)},
    {"max_tokens", FINISH(LENGTH)},
    {"model_context_window_exceeded", FINISH(LENGTH)},
    {"tool_use", FINISH(TOOL_CALLS)},
    {"guardrail_intervened", FINISH(CONTENT_FILTER)},
    {"content_filtered", FINISH(CONTENT_FILTER)},
};

/* stopReason, and the stop sequence where it was asked for by additionalModelResponseFieldPaths. */
static void read_stop(struct nv *c, int object)
{
    struct sl_answer_end *end = &c->a->end;
    int value = member(c, object, "stopReason");
    char *raw = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);

    nv_fact(c, member(c, member(c, object, "additionalModelResponseFields"), "stop_sequence"),
            &end->stop_sequence);
    if (!raw || !*raw)
        return;
    end->finish_reason = FINISH(OTHER);
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++)
        if (!strcmp(reasons[i].raw, raw))
            end->finish_reason = reasons[i].reason;
    end->has_finish_reason = true;
    sl_end_set(c->a, &end->raw_finish_reason, raw);
}

/* inputTokens has no cached tokens in it. */
static void read_usage(struct nv *c, int usage)
{
    if (sl_json_type(c->j, usage) != SL_JSON_OBJECT)
        return;
    int64_t input = nv_count(c, usage, "inputTokens");
    int64_t cached = nv_count(c, usage, "cacheReadInputTokens");
    int64_t written = nv_count(c, usage, "cacheWriteInputTokens");
    struct nv_usage u = {.input = (input < 0 ? 0 : input) + (cached < 0 ? 0 : cached),
                         .cached = cached,
                         .output = nv_count(c, usage, "outputTokens"),
                         .reasoning = -1};
    nv_set_usage(c, &u, sl_json_raw(c->j, usage));
    if (written >= 0)
        c->a->end.usage.cache_write_tokens = (int32_t)written;
}

/* Members of metadata and of a whole answer: usage, trace of a prompt router, service tier. */
static void read_metadata(struct nv *c, int object)
{
    int router = member(c, member(c, object, "trace"), "promptRouter");

    read_usage(c, member(c, object, "usage"));
    nv_fact(c, member(c, router, "invokedModelId"), &c->a->end.model);
    nv_fact(c, member(c, member(c, object, "serviceTier"), "type"), &c->a->end.service_tier);
}

/* ---- blocks ---- */

static void reset_block(struct br_block *b, int64_t index)
{
    b->open = true;
    b->kind = BR_NONE;
    b->index = index;
    b->part = 0;
    b->status[0] = '\0';
    sl_buf_reset(&b->id, 0);
    sl_buf_reset(&b->name, 0);
    sl_buf_reset(&b->json, 0);
    b->id.max = b->name.max = BR_MAX_NAME;
    b->json.max = BR_MAX_JSON;
}

/* The open block of that index; it begins where there is none. NULL: too many are open. */
static struct br_block *find_block(struct nv *c, int64_t index)
{
    struct br_state *s = br_state_of(c);
    struct br_block *spare = NULL;

    for (size_t i = 0; i < BR_MAX_OPEN; i++) {
        if (s->block[i].open && s->block[i].index == index)
            return &s->block[i];
        if (!s->block[i].open && !spare)
            spare = &s->block[i];
    }
    if (spare)
        reset_block(spare, index);
    return spare;
}

/* A block that changes its kind goes on as another part. */
static void set_kind(struct br_block *b, enum br_block_kind kind)
{
    if (b->kind != kind)
        b->part = 0;
    b->kind = kind;
}

static void read_text(struct nv *c, struct br_block *b, int value)
{
    set_kind(b, BR_TEXT);
    nv_read_text(c, value, &b->part);
}

/* ---- reasoning ---- */

static void emit(struct nv *c, Sluice__V1__StreamEvent *event)
{
    c->a->sink.on_event(c->a->sink.owner, event);
}

/* A signature, or reasoning that is shown encrypted only, as it was sent (base64). */
static void emit_proof(struct nv *c, struct br_block *b, int value, bool redacted)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    size_t n;
    char *text = nv_text(c, value, &n);

    if (!text)
        return;
    delta.part = nv_part(c, &b->part);
    if (redacted)
        delta.redacted_data = (ProtobufCBinaryData){n, (uint8_t *)text};
    else
        delta.signature = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    emit(c, &event);
}

/* A block's {"reasoningText": {"text", "signature"}} or {"redactedContent"}; a delta's members
 * stand directly in it. */
static void read_reasoning(struct nv *c, struct br_block *b, int object)
{
    int text = member(c, object, "reasoningText");
    int inner = text >= 0 ? text : object;

    set_kind(b, BR_REASONING);
    nv_read_reasoning(c, member(c, inner, "text"), &b->part);
    emit_proof(c, b, member(c, inner, "signature"), false);
    emit_proof(c, b, member(c, object, "redactedContent"), true);
}

/* ---- sources ---- */

static void set_string(struct nv *c, int value, char **slot)
{
    size_t n;
    char *s = nv_text(c, value, &n);

    if (s)
        *slot = s;
}

/* {"title", "source", "sourceContent": [{"text"}], "location": {"web": {"url"}} or a place in a
 * document}; the last is passed on in provider_json only. */
static void fill_citation(struct nv *c, int object, Sluice__V1__Citation *citation)
{
    int content = member(c, object, "sourceContent");
    int first = sl_json_type(c->j, content) == SL_JSON_ARRAY ? sl_json_first(c->j, content) : -1;
    int web = member(c, member(c, object, "location"), "web");

    set_string(c, member(c, object, "title"), &citation->title);
    set_string(c, member(c, first, "text"), &citation->cited_text);
    set_string(c, member(c, web, "url"), &citation->url);
}

static void read_citation(struct nv *c, struct br_block *b, int object)
{
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
    struct sl_arena scratch;
    char empty[1] = "";
    size_t n;

    if (sl_json_type(c->j, object) != SL_JSON_OBJECT)
        return;
    set_kind(b, BR_TEXT);
    if (!b->part)
        nv_emit_text(c, nv_part(c, &b->part), empty, 0);
    struct sl_str raw = sl_json_raw(c->j, object);
    char held = raw.p[raw.n];
    char *text = nv_raw_text(c, object, &n); /* decoding would change it */
    sl_arena_init(&scratch, SCRATCH);
    char *copy = sl_arena_try(&scratch, n + 1);
    if (copy)
        citation.provider_json = memcpy(copy, text, n + 1);
    text[n] = held;
    citation.part = b->part - 1;
    fill_citation(c, object, &citation);
    nv_emit_citation(c, &citation);
    sl_arena_fini(&scratch);
}

/* {"content": [{"text"}], "citations": [...]} */
static void read_cited(struct nv *c, struct br_block *b, int object)
{
    int content = member(c, object, "content"), citations = member(c, object, "citations");

    if (sl_json_type(c->j, content) == SL_JSON_ARRAY)
        for (int v = sl_json_first(c->j, content); v >= 0; v = sl_json_next(c->j, content, v))
            read_text(c, b, member(c, v, "text"));
    if (sl_json_type(c->j, citations) == SL_JSON_ARRAY)
        for (int v = sl_json_first(c->j, citations); v >= 0; v = sl_json_next(c->j, citations, v))
            read_citation(c, b, v);
}

/* ---- tools ---- */

static void keep(struct nv *c, struct sl_buf *buf, const char *p, size_t n)
{
    if (p && !sl_buf_add(buf, p, n))
        sl_warn(c->a->warnings, "PROVIDER_TOOL_CUT", "",
                "%s sent more of its own tool than can be passed on", c->title);
}

static void keep_string(struct nv *c, struct sl_buf *buf, int value)
{
    size_t n = 0;
    char *text = nv_text(c, value, &n);

    sl_buf_reset(buf, 0);
    keep(c, buf, text, n);
}

static char *buffer_text(const struct sl_buf *b)
{
    return b->n ? b->p : (char *)(uintptr_t)protobuf_c_empty_string;
}

/* The input: an object in a block, a piece of its text in a delta. */
static void read_input(struct nv *c, struct br_block *b, int value)
{
    size_t n = 0;
    bool whole = sl_json_type(c->j, value) != SL_JSON_STRING;
    char *text = value < 0 ? NULL : whole ? nv_raw_text(c, value, &n) : nv_text(c, value, &n);

    if (!text)
        return;
    if (b->kind == BR_TOOL)
        nv_emit_arguments(c, &b->call, text, n);
    else if (b->kind == BR_SERVER_TOOL)
        keep(c, &b->json, text, n);
}

static char *short_name(struct nv *c, int value)
{
    size_t n = 0;
    char *text = nv_text(c, value, &n);

    return text && n <= BR_MAX_NAME ? text : NULL;
}

/* {"toolUseId", "name", "input", "type"}; the input is read last, it ends with a NUL then. */
static void read_tool(struct nv *c, struct br_block *b, int object)
{
    int type = member(c, object, "type");

    if (type >= 0 && sl_json_string_is(c->j, type, "server_tool_use")) {
        set_kind(b, BR_SERVER_TOOL);
        keep_string(c, &b->id, member(c, object, "toolUseId"));
        keep_string(c, &b->name, member(c, object, "name"));
    } else {
        set_kind(b, BR_TOOL);
        char *id = short_name(c, member(c, object, "toolUseId"));
        char *name = short_name(c, member(c, object, "name"));
        nv_begin_call(c, &b->call, id, name);
    }
    read_input(c, b, member(c, object, "input"));
}

/* Results come as an array of {"text"} or {"json"} objects, in a stream one array a delta. */
static void keep_results(struct nv *c, struct br_block *b, int list)
{
    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v)) {
        struct sl_str raw = sl_json_raw(c->j, v);
        char held = raw.p[raw.n];
        size_t n;
        char *text = nv_raw_text(c, v, &n);
        keep(c, &b->json, b->json.n ? "," : "[", 1);
        keep(c, &b->json, text, n);
        text[n] = held;
    }
}

/* {"toolUseId", "type", "status", "content"} */
static void read_result(struct nv *c, struct br_block *b, int object)
{
    size_t n;
    char *status = nv_text(c, member(c, object, "status"), &n);

    set_kind(b, BR_SERVER_RESULT);
    sl_copy(b->status, sizeof(b->status), status ? status : "");
    keep_string(c, &b->id, member(c, object, "toolUseId"));
    keep_string(c, &b->name, member(c, object, "type"));
    keep_results(c, b, member(c, object, "content"));
}

static void emit_part(struct nv *c, struct br_block *b, Sluice__V1__PartDelta *delta)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta->part = nv_part(c, &b->part);
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = delta;
    emit(c, &event);
}

static void end_server_tool(struct nv *c, struct br_block *b)
{
    Sluice__V1__ProviderToolCall call = SLUICE__V1__PROVIDER_TOOL_CALL__INIT;
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    char empty[] = "{}";

    call.id = buffer_text(&b->id);
    call.kind = call.name = buffer_text(&b->name);
    call.input_json = b->json.n ? b->json.p : empty;
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL;
    delta.provider_tool_call = &call;
    emit_part(c, b, &delta);
}

static void end_server_result(struct nv *c, struct br_block *b)
{
    Sluice__V1__ProviderToolResult result = SLUICE__V1__PROVIDER_TOOL_RESULT__INIT;
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    char empty[] = "[]";

    if (b->json.n)
        keep(c, &b->json, "]", 1);
    result.id = buffer_text(&b->id);
    result.kind = buffer_text(&b->name);
    result.status = b->status;
    result.output_json = b->json.n ? b->json.p : empty;
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT;
    delta.provider_tool_result = &result;
    emit_part(c, b, &delta);
}

static void end_block(struct nv *c, struct br_block *b)
{
    if (b->kind == BR_SERVER_TOOL)
        end_server_tool(c, b);
    else if (b->kind == BR_SERVER_RESULT)
        end_server_result(c, b);
    b->open = false;
}

/* ---- content ---- */

/* A block of a message, the start of one, or a delta: they hold one member that says what it is. */
static void read_content(struct nv *c, struct br_block *b, int object, bool delta)
{
    int value;

    if ((value = member(c, object, "text")) >= 0)
        read_text(c, b, value);
    else if ((value = member(c, object, "toolUse")) >= 0 && delta)
        read_input(c, b, member(c, value, "input"));
    else if (value >= 0)
        read_tool(c, b, value);
    else if ((value = member(c, object, "reasoningContent")) >= 0)
        read_reasoning(c, b, value);
    else if ((value = member(c, object, "citation")) >= 0)
        read_citation(c, b, value);
    else if ((value = member(c, object, "citationsContent")) >= 0)
        read_cited(c, b, value);
    else if ((value = member(c, object, "toolResult")) >= 0 && delta)
        keep_results(c, b, value);
    else if (value >= 0)
        read_result(c, b, value);
    else if (sl_json_size(c->j, object) > 0)
        sl_warn(c->a->warnings, "CONTENT_DROPPED", "", "%s sent content of a kind that is unknown",
                c->title);
}

static enum sl_code read_message(struct nv *c, int content)
{
    int64_t index = 0;

    if (sl_json_type(c->j, content) != SL_JSON_ARRAY)
        return SL_OK;
    for (int v = sl_json_first(c->j, content); v >= 0; v = sl_json_next(c->j, content, v)) {
        struct br_block *b = find_block(c, index++);
        if (!b || sl_json_type(c->j, v) != SL_JSON_OBJECT)
            return nv_garbage(c, "content that is no object");
        read_content(c, b, v, false);
        end_block(c, b);
    }
    return SL_OK;
}

/* Facts first: an input's NUL is written over the byte behind it. */
enum sl_code br_on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    struct br_state *s = a->state;
    struct sl_json j;
    struct nv c = {br_title, a, &s->nv, &j, err};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code != SL_OK)
        return code;
    int message = member(&c, member(&c, SL_JSON_ROOT, "output"), "message");
    if (sl_json_type(&j, message) != SL_JSON_OBJECT)
        return nv_garbage(&c, "an answer without a message");
    read_metadata(&c, SL_JSON_ROOT);
    read_stop(&c, SL_JSON_ROOT);
    code = read_message(&c, member(&c, message, "content"));
    a->end.done = code == SL_OK;
    return code;
}

/* ---- events ---- */

/* A start without a known member, and a delta without any, say nothing. */
static enum sl_code take_block(struct nv *c, const char *event)
{
    int64_t index = -1;

    if (!sl_json_int(c->j, member(c, SL_JSON_ROOT, "contentBlockIndex"), &index))
        index = -1;
    struct br_block *b = find_block(c, index);
    if (!b)
        return nv_garbage(c, "too many blocks at once");
    if (!strcmp(event, "contentBlockDelta"))
        read_content(c, b, member(c, SL_JSON_ROOT, "delta"), true);
    else if (!strcmp(event, "contentBlockStart"))
        read_content(c, b, member(c, SL_JSON_ROOT, "start"), false);
    else
        end_block(c, b);
    return SL_OK;
}

enum sl_code br_on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    struct br_state *s = a->state;
    struct sl_json j;
    struct nv c = {br_title, a, &s->nv, &j, err};
    enum sl_code code = a->end.done ? SL_OK : br_exception(a, frame, err);

    if (code != SL_OK || a->end.done || !frame->n)
        return code;
    code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    if (sl_starts_with(frame->event, "contentBlock"))
        return take_block(&c, frame->event);
    if (!strcmp(frame->event, "messageStop")) {
        read_stop(&c, SL_JSON_ROOT);
    } else if (!strcmp(frame->event, "metadata")) {
        read_metadata(&c, SL_JSON_ROOT);
        a->end.done = a->end.has_finish_reason;
    }
    return SL_OK;
}

enum sl_code br_on_eof(struct sl_answer *a, struct sl_err *err)
{
    struct br_state *s = a->state;
    struct nv c = {br_title, a, &s->nv, NULL, err};

    if (!a->end.done && !a->end.has_finish_reason)
        return nv_truncated(&c);
    a->end.done = true;
    return SL_OK;
}

void br_release(struct sl_answer *a)
{
    struct br_state *s = a->state;

    for (size_t i = 0; i < BR_MAX_OPEN; i++) {
        sl_buf_fini(&s->block[i].id);
        sl_buf_fini(&s->block[i].name);
        sl_buf_fini(&s->block[i].json);
    }
}
