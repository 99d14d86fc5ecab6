/* Events of a Messages answer: pieces of text, reasoning and arguments, signatures, citations, and
 * the end of a part. */
#include "adapters/anthropic/internal.h"

#include "base/utf8.h"

enum { MAX_PIECE = 512 * 1024 }; /* of one event, so that no reply passes its limit of 3 MiB */

/* ---- values ---- */

static void warn_replaced(struct am *c)
{
    sl_warn(c->a->warnings, "INVALID_TEXT_REPLACED", "",
            "%s sent bytes that are no text; they were replaced", c->d->title);
}

char *am_text(struct am *c, int value, size_t *n)
{
    bool repaired = false;
    char *text = value >= 0 ? sl_json_string(c->j, value, n, &repaired) : NULL;

    if (SL_UNLIKELY(repaired))
        warn_replaced(c);
    return text && *n ? text : NULL;
}

char *am_raw(struct am *c, int value, size_t *n)
{
    struct sl_str raw = sl_json_raw(c->j, value);
    char *text = (char *)(uintptr_t)raw.p;

    if (!text || !raw.n)
        return NULL;
    size_t at = sl_utf8_check_text(text, raw.n);
    if (at < raw.n)
        warn_replaced(c);
    for (; at < raw.n; at += sl_utf8_check_text(text + at, raw.n - at))
        text[at] = '?';
    text[raw.n] = '\0';
    *n = raw.n;
    return text;
}

void am_emit(struct am *c, Sluice__V1__StreamEvent *event)
{
    c->a->sink.on_event(c->a->sink.owner, event);
}

int32_t am_part_of(struct am *c, struct am_block *b)
{
    if (b->part < 0)
        b->part = c->s->next_part++;
    return b->part;
}

/* ---- events ---- */

void am_emit_text(struct am *c, struct am_block *b, char *text)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = am_part_of(c, b);
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    am_emit(c, &event);
}

void am_emit_reasoning(struct am *c, struct am_block *b, char *text)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = am_part_of(c, b);
    delta.text = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    am_emit(c, &event);
}

void am_emit_arguments(struct am *c, struct am_block *b, char *text)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    b->got_input = true;
    delta.part = am_part_of(c, b);
    delta.index = b->call;
    delta.arguments_fragment = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = &delta;
    am_emit(c, &event);
}

void am_emit_pieces(struct am *c, struct am_block *b, char *text, size_t n, am_emit_fn emit_one)
{
    while (SL_UNLIKELY(n > MAX_PIECE)) {
        size_t cut = sl_utf8_cut(text, MAX_PIECE);
        char held = text[cut];
        text[cut] = '\0';
        emit_one(c, b, text);
        text[cut] = held;
        text += cut;
        n -= cut;
    }
    emit_one(c, b, text);
}

void am_read_pieces(struct am *c, struct am_block *b, int value, am_emit_fn emit_one)
{
    size_t n;
    char *text = am_text(c, value, &n);

    if (text)
        am_emit_pieces(c, b, text, n, emit_one);
}

/* A signature, or encrypted reasoning. */
void am_emit_proof(struct am *c, struct am_block *b, int value, bool redacted)
{
    Sluice__V1__ReasoningDelta delta = SLUICE__V1__REASONING_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    size_t n;
    char *text = am_text(c, value, &n);

    if (!text)
        return;
    delta.part = am_part_of(c, b);
    if (redacted)
        delta.redacted_data = (ProtobufCBinaryData){n, (uint8_t *)text};
    else
        delta.signature = text;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA;
    event.reasoning_delta = &delta;
    am_emit(c, &event);
}

void am_announce_call(struct am *c, struct am_block *b, char *id, char *name)
{
    Sluice__V1__ToolCallDelta delta = SLUICE__V1__TOOL_CALL_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    b->call = c->s->next_call++;
    delta.part = am_part_of(c, b);
    delta.index = b->call;
    delta.id = id;
    delta.name = name;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA;
    event.tool_call_delta = &delta;
    am_emit(c, &event);
}

/* ---- citations ---- */

/* The address, or the source of a search result where it is one ("Search results"). */
static char *citation_string(struct am *c, int citation, const char *key, const char *other)
{
    size_t n;
    char *text = am_text(c, sl_json_present(c->j, citation, key), &n);

    if (!text && other)
        text = am_text(c, sl_json_present(c->j, citation, other), &n);
    return text ? text : (char *)(uintptr_t)protobuf_c_empty_string;
}

/* start_char_index and the like count in the document, not in the answer: they stay in
 * provider_json, which is copied before its strings are decoded in place. */
void am_emit_citation(struct am *c, struct am_block *b, int citation)
{
    Sluice__V1__Citation out = SLUICE__V1__CITATION__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    char empty[1] = "";
    struct sl_str raw = sl_json_raw(c->j, citation);

    if (sl_json_type(c->j, citation) != SL_JSON_OBJECT)
        return;
    sl_buf_reset(&c->s->scratch, AM_MAX_EXTRA);
    if (!sl_buf_add(&c->s->scratch, raw.p, raw.n)) {
        sl_warn(c->a->warnings, "CITATION_DROPPED", "", "%s sent a citation that is too large",
                c->d->title);
        return;
    }
    char *json = c->s->scratch.p;
    for (size_t at = sl_utf8_check_text(json, raw.n); at < raw.n;
         at += sl_utf8_check_text(json + at, raw.n - at))
        json[at] = '?';
    if (b->part < 0) /* a part begins with a delta of its own */
        am_emit_text(c, b, empty);
    out.part = b->part;
    out.provider_json = json;
    out.url = citation_string(c, citation, "url", "source");
    out.title = citation_string(c, citation, "title", "document_title");
    out.cited_text = citation_string(c, citation, "cited_text", NULL);
    out.file_id = citation_string(c, citation, "file_id", NULL);
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_CITATION;
    event.citation = &out;
    am_emit(c, &event);
}

void am_read_citations(struct am *c, struct am_block *b, int list)
{
    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v))
        am_emit_citation(c, b, v);
}

/* ---- the end ---- */

void am_emit_done(struct am *c, struct am_block *b)
{
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    Sluice__V1__ProviderState state = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    done.part = b->part;
    if (b->extra.n && sl_buf_add_char(&b->extra, '}')) {
        state.provider = (char *)(uintptr_t)c->d->kind;
        state.data = (ProtobufCBinaryData){b->extra.n, (uint8_t *)b->extra.p};
        done.provider_state = &state;
    }
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    event.part_done = &done;
    am_emit(c, &event);
}
