/* Each part keeps its joined text (arguments, transcript) and data; structs of the message are made at the end. */
#include "exchange/assemble.h"

#include <string.h>

#include "base/alloc.h"

/* Text in pieces: the first piece may be borrowed from a whole body, a second one makes a copy of both. */
struct joined {
    const char *p;
    size_t n;
    struct sl_buf buf;
};

struct sl_part_builder {
    Sluice__V1__Part__ContentCase kind;
    struct joined text; /* text, reasoning, arguments, refusal, transcript, or data of a picture */
    struct joined data; /* sound */
    const char *id, *name, *media_type, *url, *file_id, *status, *provider_kind;
    const char *signature;
    ProtobufCBinaryData redacted;
    bool custom;
    int64_t expires_at;
    Sluice__V1__ProviderState *state;
    Sluice__V1__Citation **citations;
    size_t n_citations, cap_citations;
    const char *json; /* input or output of a provider's tool */
};

void sl_assembler_init(struct sl_assembler *a, struct sl_arena *arena)
{
    *a = (struct sl_assembler){.arena = arena};
}

void sl_assembler_fini(struct sl_assembler *a)
{
    for (size_t i = 0; i < a->n_parts; i++) {
        sl_buf_fini(&a->parts[i].text.buf);
        sl_buf_fini(&a->parts[i].data.buf);
    }
    sl_free(a->parts);
    sl_free(a->logprobs);
    sl_free(a->refusal_logprobs);
    *a = (struct sl_assembler){.arena = a->arena};
}

static enum sl_code join(struct sl_assembler *a, struct joined *j, const void *p, size_t n,
                         struct sl_err *err)
{
    if (!n)
        return SL_OK;
    const char *from = p;
    if (!j->n && from >= a->keep_from && from < a->keep_to) {
        j->p = p;
        j->n = n;
        return SL_OK;
    }
    if (!j->buf.max)
        sl_buf_init(&j->buf, SL_ANSWER_MAX_BYTES);
    if ((j->n && !j->buf.n && !sl_buf_add(&j->buf, j->p, j->n)) || !sl_buf_add(&j->buf, p, n))
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                          "one part of the answer is larger than %d MiB",
                          SL_ANSWER_MAX_BYTES >> 20);
    j->p = j->buf.p;
    j->n = j->buf.n;
    return SL_OK;
}

static enum sl_code join_text(struct sl_assembler *a, struct joined *j, const char *s,
                              struct sl_err *err)
{
    return join(a, j, s, strlen(s), err);
}

static const char *keep(struct sl_assembler *a, const char *old, const char *s)
{
    return s && s[0] ? sl_arena_strdup(a->arena, s) : old;
}

static ProtobufCBinaryData keep_bytes(struct sl_assembler *a, ProtobufCBinaryData b)
{
    return (ProtobufCBinaryData){
        b.len, (uint8_t *)sl_arena_strndup(a->arena, (const char *)b.data, b.len)};
}

/* Room for one more pointer at the end of a list on the heap. */
static void **one_more(void *list, size_t n, size_t *cap)
{
    if (n < *cap)
        return list;
    *cap = *cap ? *cap * 2 : 8;
    return sl_realloc(list, *cap * sizeof(void *));
}

static Sluice__V1__TokenLogprob *copy_logprob(struct sl_assembler *a,
                                              const Sluice__V1__TokenLogprob *from)
{
    Sluice__V1__TokenLogprob *to = SL_ARENA_NEW(a->arena, Sluice__V1__TokenLogprob);
    *to = *from;
    to->token = sl_arena_strdup(a->arena, from->token);
    to->token_bytes = keep_bytes(a, from->token_bytes);
    to->top = sl_arena_zalloc(a->arena, from->n_top * sizeof(*to->top));
    for (size_t i = 0; i < from->n_top; i++) {
        to->top[i] = SL_ARENA_NEW(a->arena, Sluice__V1__TopLogprob);
        *to->top[i] = *from->top[i];
        to->top[i]->token = sl_arena_strdup(a->arena, from->top[i]->token);
        to->top[i]->token_bytes = keep_bytes(a, from->top[i]->token_bytes);
    }
    return to;
}

static void add_logprobs(struct sl_assembler *a, Sluice__V1__TokenLogprob **from, size_t n,
                         bool refusal)
{
    for (size_t i = 0; i < n; i++) {
        Sluice__V1__TokenLogprob *copy = copy_logprob(a, from[i]);
        if (refusal) {
            a->refusal_logprobs = (Sluice__V1__TokenLogprob **)one_more(
                a->refusal_logprobs, a->n_refusal_logprobs, &a->cap_refusal_logprobs);
            a->refusal_logprobs[a->n_refusal_logprobs++] = copy;
        } else {
            a->logprobs =
                (Sluice__V1__TokenLogprob **)one_more(a->logprobs, a->n_logprobs, &a->cap_logprobs);
            a->logprobs[a->n_logprobs++] = copy;
        }
    }
}

static struct sl_part_builder *part_at(struct sl_assembler *a, int32_t index, struct sl_err *err)
{
    if (index < 0 || (size_t)index > a->n_parts || index >= SL_ANSWER_MAX_PARTS) {
        sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                   "the answer has too many parts, or skips one");
        return NULL;
    }
    if ((size_t)index < a->n_parts)
        return &a->parts[index];
    if (a->n_parts == a->cap_parts) {
        a->cap_parts = a->cap_parts ? a->cap_parts * 2 : 2;
        a->parts = sl_realloc(a->parts, a->cap_parts * sizeof(*a->parts));
    }
    struct sl_part_builder *p = &a->parts[a->n_parts++];
    memset(p, 0, sizeof(*p));
    return p;
}

static enum sl_code add_reasoning(struct sl_assembler *a, const Sluice__V1__ReasoningDelta *d,
                                  struct sl_err *err)
{
    struct sl_part_builder *p = part_at(a, d->part, err);
    if (!p)
        return err->code;
    p->kind = SLUICE__V1__PART__CONTENT_REASONING;
    p->signature = keep(a, p->signature, d->signature);
    if (d->redacted_data.len)
        p->redacted = keep_bytes(a, d->redacted_data);
    return join_text(a, &p->text, d->text, err);
}

static enum sl_code add_tool_call(struct sl_assembler *a, const Sluice__V1__ToolCallDelta *d,
                                  struct sl_err *err)
{
    struct sl_part_builder *p = part_at(a, d->part, err);
    if (!p)
        return err->code;
    p->kind = SLUICE__V1__PART__CONTENT_TOOL_CALL;
    p->id = keep(a, p->id, d->id);
    p->name = keep(a, p->name, d->name);
    if (d->_custom_input_fragment_case) {
        p->custom = true;
        return join_text(a, &p->text, d->custom_input_fragment, err);
    }
    return join_text(a, &p->text, d->arguments_fragment, err);
}

static enum sl_code add_audio(struct sl_assembler *a, struct sl_part_builder *p,
                              const Sluice__V1__Audio *m, struct sl_err *err)
{
    p->kind = SLUICE__V1__PART__CONTENT_AUDIO;
    p->media_type = keep(a, p->media_type, m->media_type);
    if (m->expires_at)
        p->expires_at = m->expires_at;
    if (m->source_case == SLUICE__V1__AUDIO__SOURCE_FILE_ID)
        p->file_id = keep(a, p->file_id, m->file_id);
    else if (m->source_case == SLUICE__V1__AUDIO__SOURCE_URL)
        p->url = keep(a, p->url, m->url);
    else if (m->source_case == SLUICE__V1__AUDIO__SOURCE_DATA &&
             join(a, &p->data, m->data.data, m->data.len, err) != SL_OK)
        return err->code;
    return join_text(a, &p->text, m->transcript, err);
}

static enum sl_code add_image(struct sl_assembler *a, struct sl_part_builder *p,
                              const Sluice__V1__Image *m, struct sl_err *err)
{
    p->kind = SLUICE__V1__PART__CONTENT_IMAGE;
    p->media_type = keep(a, p->media_type, m->media_type);
    if (m->source_case == SLUICE__V1__IMAGE__SOURCE_URL)
        p->url = keep(a, p->url, m->url);
    else if (m->source_case == SLUICE__V1__IMAGE__SOURCE_FILE_ID)
        p->file_id = keep(a, p->file_id, m->file_id);
    else if (m->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        return join(a, &p->data, m->data.data, m->data.len, err);
    return SL_OK;
}

static enum sl_code add_part_delta(struct sl_assembler *a, const Sluice__V1__PartDelta *d,
                                   struct sl_err *err)
{
    struct sl_part_builder *p = part_at(a, d->part, err);
    if (!p)
        return err->code;
    switch (d->delta_case) {
    case SLUICE__V1__PART_DELTA__DELTA_REFUSAL:
        p->kind = SLUICE__V1__PART__CONTENT_REFUSAL;
        add_logprobs(a, d->logprobs, d->n_logprobs, true);
        return join_text(a, &p->text, d->refusal, err);
    case SLUICE__V1__PART_DELTA__DELTA_AUDIO:
        return add_audio(a, p, d->audio, err);
    case SLUICE__V1__PART_DELTA__DELTA_IMAGE:
        return add_image(a, p, d->image, err);
    case SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL:
        p->kind = SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL;
        p->id = keep(a, p->id, d->provider_tool_call->id);
        p->provider_kind = keep(a, p->provider_kind, d->provider_tool_call->kind);
        p->name = keep(a, p->name, d->provider_tool_call->name);
        p->status = keep(a, p->status, d->provider_tool_call->status);
        p->json = keep(a, p->json, d->provider_tool_call->input_json);
        return SL_OK;
    case SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT:
        p->kind = SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT;
        p->id = keep(a, p->id, d->provider_tool_result->id);
        p->provider_kind = keep(a, p->provider_kind, d->provider_tool_result->kind);
        p->status = keep(a, p->status, d->provider_tool_result->status);
        p->json = keep(a, p->json, d->provider_tool_result->output_json);
        return SL_OK;
    default:
        return SL_OK;
    }
}

static enum sl_code add_citation(struct sl_assembler *a, const Sluice__V1__Citation *c,
                                 struct sl_err *err)
{
    struct sl_part_builder *p = part_at(a, c->part, err);
    if (!p)
        return err->code;
    Sluice__V1__Citation *copy = SL_ARENA_NEW(a->arena, Sluice__V1__Citation);
    *copy = *c;
    copy->url = sl_arena_strdup(a->arena, c->url);
    copy->title = sl_arena_strdup(a->arena, c->title);
    copy->cited_text = sl_arena_strdup(a->arena, c->cited_text);
    copy->file_id = sl_arena_strdup(a->arena, c->file_id);
    copy->provider_json = sl_arena_strdup(a->arena, c->provider_json);
    if (p->n_citations == p->cap_citations) {
        size_t cap = p->cap_citations ? p->cap_citations * 2 : 4;
        Sluice__V1__Citation **list = sl_arena_zalloc(a->arena, cap * sizeof(*list));
        if (p->n_citations)
            memcpy(list, p->citations, p->n_citations * sizeof(*list));
        p->citations = list;
        p->cap_citations = cap;
    }
    p->citations[p->n_citations++] = copy;
    if (!p->kind)
        p->kind = SLUICE__V1__PART__CONTENT_TEXT;
    return SL_OK;
}

static enum sl_code add_done(struct sl_assembler *a, const Sluice__V1__PartDone *d,
                             struct sl_err *err)
{
    struct sl_part_builder *p = part_at(a, d->part, err);
    if (!p)
        return err->code;
    if (d->provider_state) {
        p->state = SL_ARENA_NEW(a->arena, Sluice__V1__ProviderState);
        sluice__v1__provider_state__init(p->state);
        p->state->provider = sl_arena_strdup(a->arena, d->provider_state->provider);
        p->state->data = keep_bytes(a, d->provider_state->data);
    }
    return SL_OK;
}

enum sl_code sl_assembler_add(struct sl_assembler *a, const Sluice__V1__StreamEvent *e,
                              struct sl_err *err)
{
    struct sl_part_builder *p;
    switch (e->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        p = part_at(a, e->text_delta->part, err);
        if (!p)
            return err->code;
        p->kind = SLUICE__V1__PART__CONTENT_TEXT;
        add_logprobs(a, e->text_delta->logprobs, e->text_delta->n_logprobs, false);
        return join_text(a, &p->text, e->text_delta->text, err);
    case SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA:
        return add_reasoning(a, e->reasoning_delta, err);
    case SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA:
        return add_tool_call(a, e->tool_call_delta, err);
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA:
        return add_part_delta(a, e->part_delta, err);
    case SLUICE__V1__STREAM_EVENT__EVENT_CITATION:
        return add_citation(a, e->citation, err);
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE:
        return add_done(a, e->part_done, err);
    default:
        return SL_OK;
    }
}

/* ---- the message ---- */

static char *text_of(const struct joined *j)
{
    return (char *)(uintptr_t)(j->n ? j->p : "");
}

static char *string(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

static ProtobufCBinaryData data_of(const struct joined *j)
{
    return (ProtobufCBinaryData){j->n, (uint8_t *)(uintptr_t)j->p};
}

static Sluice__V1__ToolCall *make_tool_call(struct sl_arena *arena, const struct sl_part_builder *p)
{
    Sluice__V1__ToolCall *m = SL_ARENA_NEW(arena, Sluice__V1__ToolCall);
    sluice__v1__tool_call__init(m);
    m->id = string(p->id);
    m->name = string(p->name);
    if (p->custom) {
        m->custom_input = text_of(&p->text);
        m->_custom_input_case = SLUICE__V1__TOOL_CALL___CUSTOM_INPUT_CUSTOM_INPUT;
    } else {
        m->arguments_json = text_of(&p->text);
    }
    return m;
}

static Sluice__V1__Reasoning *make_reasoning(struct sl_arena *arena,
                                             const struct sl_part_builder *p)
{
    Sluice__V1__Reasoning *m = SL_ARENA_NEW(arena, Sluice__V1__Reasoning);
    sluice__v1__reasoning__init(m);
    m->text = text_of(&p->text);
    m->signature = string(p->signature);
    m->redacted_data = p->redacted;
    return m;
}

static Sluice__V1__Audio *make_audio(struct sl_arena *arena, const struct sl_part_builder *p)
{
    Sluice__V1__Audio *m = SL_ARENA_NEW(arena, Sluice__V1__Audio);
    sluice__v1__audio__init(m);
    m->media_type = string(p->media_type);
    m->transcript = text_of(&p->text);
    m->expires_at = p->expires_at;
    if (p->data.n) {
        m->source_case = SLUICE__V1__AUDIO__SOURCE_DATA;
        m->data = data_of(&p->data);
    } else if (p->file_id) {
        m->source_case = SLUICE__V1__AUDIO__SOURCE_FILE_ID;
        m->file_id = string(p->file_id);
    } else if (p->url) {
        m->source_case = SLUICE__V1__AUDIO__SOURCE_URL;
        m->url = string(p->url);
    }
    return m;
}

static Sluice__V1__Image *make_image(struct sl_arena *arena, const struct sl_part_builder *p)
{
    Sluice__V1__Image *m = SL_ARENA_NEW(arena, Sluice__V1__Image);
    sluice__v1__image__init(m);
    m->media_type = string(p->media_type);
    if (p->data.n) {
        m->source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
        m->data = data_of(&p->data);
    } else if (p->url) {
        m->source_case = SLUICE__V1__IMAGE__SOURCE_URL;
        m->url = string(p->url);
    } else if (p->file_id) {
        m->source_case = SLUICE__V1__IMAGE__SOURCE_FILE_ID;
        m->file_id = string(p->file_id);
    }
    return m;
}

static void make_provider_tool(struct sl_arena *arena, const struct sl_part_builder *p,
                               Sluice__V1__Part *part)
{
    if (p->kind == SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL) {
        Sluice__V1__ProviderToolCall *m = SL_ARENA_NEW(arena, Sluice__V1__ProviderToolCall);
        sluice__v1__provider_tool_call__init(m);
        m->id = string(p->id);
        m->kind = string(p->provider_kind);
        m->name = string(p->name);
        m->status = string(p->status);
        m->input_json = string(p->json);
        part->provider_tool_call = m;
        return;
    }
    Sluice__V1__ProviderToolResult *m = SL_ARENA_NEW(arena, Sluice__V1__ProviderToolResult);
    sluice__v1__provider_tool_result__init(m);
    m->id = string(p->id);
    m->kind = string(p->provider_kind);
    m->status = string(p->status);
    m->output_json = string(p->json);
    part->provider_tool_result = m;
}

static Sluice__V1__Part *make_part(struct sl_arena *arena, const struct sl_part_builder *p)
{
    Sluice__V1__Part *part = SL_ARENA_NEW(arena, Sluice__V1__Part);
    sluice__v1__part__init(part);
    part->content_case = p->kind ? p->kind : SLUICE__V1__PART__CONTENT_TEXT;
    part->provider_state = p->state;
    part->citations = p->citations;
    part->n_citations = p->n_citations;
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        part->refusal = text_of(&p->text);
        break;
    case SLUICE__V1__PART__CONTENT_REASONING:
        part->reasoning = make_reasoning(arena, p);
        break;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        part->tool_call = make_tool_call(arena, p);
        break;
    case SLUICE__V1__PART__CONTENT_AUDIO:
        part->audio = make_audio(arena, p);
        break;
    case SLUICE__V1__PART__CONTENT_IMAGE:
        part->image = make_image(arena, p);
        break;
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        make_provider_tool(arena, p, part);
        break;
    default:
        part->text = text_of(&p->text);
    }
    return part;
}

Sluice__V1__Message *sl_assembler_message(struct sl_assembler *a)
{
    Sluice__V1__Message *m = SL_ARENA_NEW(a->arena, Sluice__V1__Message);
    sluice__v1__message__init(m);
    m->role = SLUICE__V1__ROLE__ROLE_ASSISTANT;
    m->n_parts = a->n_parts;
    m->parts = sl_arena_zalloc(a->arena, a->n_parts * sizeof(*m->parts));
    for (size_t i = 0; i < a->n_parts; i++)
        m->parts[i] = make_part(a->arena, &a->parts[i]);
    return m;
}
