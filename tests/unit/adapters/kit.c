/* See kit.h. */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

enum { MAX_TEXT = 64 * 1024 * 1024 };

static void add(struct sl_buf *b, const char *fmt, ...) SL_PRINTF(2, 3);

static void add(struct sl_buf *b, const char *fmt, ...)
{
    char line[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    assert_true(sl_buf_add_str(b, line));
}

static void add_bytes(struct sl_buf *b, const void *p, size_t n)
{
    assert_true(sl_buf_add(b, p, n));
}

/* ---- the sink ---- */

static void check_part(struct kit *k, int part)
{
    assert_true(part >= 0 && part <= k->next_part);
    if (part == k->next_part)
        k->next_part++;
}

static void on_text(struct kit *k, const Sluice__V1__TextDelta *d)
{
    check_part(k, d->part);
    add(&k->transcript, "text %d \"%.200s\"", d->part, d->text);
    if (d->n_logprobs)
        add(&k->transcript, " logprobs=%zu", d->n_logprobs);
    for (size_t i = 0; i < d->n_logprobs; i++) {
        const Sluice__V1__TokenLogprob *t = d->logprobs[i];
        add(&k->transcript, " [%s %g", t->token, t->logprob);
        for (size_t n = 0; n < t->token_bytes.len; n++)
            add(&k->transcript, "%s%02x", n ? "" : " ", t->token_bytes.data[n]);
        for (size_t n = 0; n < t->n_top; n++)
            add(&k->transcript, " (%s %g)", t->top[n]->token, t->top[n]->logprob);
        add(&k->transcript, "]");
    }
    add_bytes(&k->text, d->text, strlen(d->text));
}

static void on_call(struct kit *k, const Sluice__V1__ToolCallDelta *d)
{
    bool custom = d->_custom_input_fragment_case != 0;
    const char *piece = custom ? d->custom_input_fragment : d->arguments_fragment;

    check_part(k, d->part);
    add(&k->transcript, "%s %d #%d", custom ? "custom" : "call", d->part, d->index);
    if (d->id[0]) {
        add(&k->transcript, " id=%s", d->id);
        add(&k->calls, "\n%s ", d->id);
    }
    if (d->name[0]) {
        add(&k->transcript, " name=%s", d->name);
        add(&k->calls, "%s ", d->name);
    }
    add(&k->transcript, " \"%.200s\"", piece);
    add_bytes(&k->calls, piece, strlen(piece));
}

static void on_audio(struct kit *k, int part, const Sluice__V1__Audio *a)
{
    add(&k->transcript, "audio %d", part);
    if (a->media_type[0])
        add(&k->transcript, " type=%s", a->media_type);
    if (a->source_case == SLUICE__V1__AUDIO__SOURCE_DATA) {
        add(&k->transcript, " %zu bytes", a->data.len);
        add_bytes(&k->media, a->data.data, a->data.len);
    }
    if (a->transcript[0])
        add(&k->transcript, " \"%s\"", a->transcript);
    if (a->expires_at)
        add(&k->transcript, " expires=%lld", (long long)a->expires_at);
}

static void on_image(struct kit *k, int part, const Sluice__V1__Image *image)
{
    add(&k->transcript, "image %d", part);
    if (image->media_type[0])
        add(&k->transcript, " type=%s", image->media_type);
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA) {
        add(&k->transcript, " %zu bytes", image->data.len);
        add_bytes(&k->media, image->data.data, image->data.len);
    } else {
        add(&k->transcript, " url=%s", image->url);
    }
}

static void on_item(struct kit *k, int part, const char *what, const char *const fields[4])
{
    add(&k->transcript, "%s %d id=%s kind=%s status=%s %s", what, part, fields[0], fields[1],
        fields[2], fields[3]);
    add(&k->calls, "\n%s %s %s", what, fields[1], fields[3]);
}

static void on_part(struct kit *k, const Sluice__V1__PartDelta *d)
{
    check_part(k, d->part);
    switch (d->delta_case) {
    case SLUICE__V1__PART_DELTA__DELTA_REFUSAL:
        add(&k->transcript, "refusal %d \"%s\"", d->part, d->refusal);
        if (d->n_logprobs)
            add(&k->transcript, " logprobs=%zu", d->n_logprobs);
        add_bytes(&k->refusal, d->refusal, strlen(d->refusal));
        break;
    case SLUICE__V1__PART_DELTA__DELTA_AUDIO:
        on_audio(k, d->part, d->audio);
        break;
    case SLUICE__V1__PART_DELTA__DELTA_IMAGE:
        on_image(k, d->part, d->image);
        break;
    case SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL: {
        const Sluice__V1__ProviderToolCall *m = d->provider_tool_call;
        on_item(k, d->part, "ran", (const char *const[]){m->id, m->kind, m->status, m->input_json});
        break;
    }
    case SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT: {
        const Sluice__V1__ProviderToolResult *m = d->provider_tool_result;
        on_item(k, d->part, "gave",
                (const char *const[]){m->id, m->kind, m->status, m->output_json});
        break;
    }
    default:
        fail_msg("a part delta of kind %d", (int)d->delta_case);
    }
}

static void on_citation(struct kit *k, const Sluice__V1__Citation *c)
{
    assert_true(c->part >= 0 && c->part < k->next_part);
    add(&k->transcript, "citation %d", c->part);
    if (c->url[0])
        add(&k->transcript, " url=%s", c->url);
    if (c->title[0])
        add(&k->transcript, " title=%s", c->title);
    if (c->file_id[0])
        add(&k->transcript, " file=%s", c->file_id);
    if (c->_start_index_case)
        add(&k->transcript, " %d..%d", c->start_index, c->end_index);
    if (c->provider_json[0])
        add(&k->transcript, " json=%zu", strlen(c->provider_json));
}

static void on_event(void *owner, Sluice__V1__StreamEvent *e)
{
    struct kit *k = owner;

    switch (e->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        on_text(k, e->text_delta);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA:
        check_part(k, e->reasoning_delta->part);
        add(&k->transcript, "reasoning %d \"%.200s\"", e->reasoning_delta->part,
            e->reasoning_delta->text);
        add_bytes(&k->reasoning, e->reasoning_delta->text, strlen(e->reasoning_delta->text));
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA:
        on_call(k, e->tool_call_delta);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA:
        on_part(k, e->part_delta);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_CITATION:
        on_citation(k, e->citation);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE:
        assert_true(e->part_done->part < k->next_part);
        add(&k->transcript, "done %d", e->part_done->part);
        if (e->part_done->provider_state)
            add(&k->transcript, " state=%s:%.*s", e->part_done->provider_state->provider,
                (int)e->part_done->provider_state->data.len,
                (const char *)e->part_done->provider_state->data.data);
        break;
    default:
        fail_msg("an event of kind %d", (int)e->event_case);
    }
    add(&k->transcript, "\n");
    /* What an exchange does with it: the event must be fit for the wire. */
    assert_true(protobuf_c_message_check(&e->base));
}

/* ---- life ---- */

static void init_buffers(struct kit *k)
{
    struct sl_buf *const all[] = {&k->transcript, &k->text,  &k->reasoning,
                                  &k->refusal,    &k->calls, &k->media};
    for (size_t i = 0; i < SL_ARRAY_LEN(all); i++) {
        sl_buf_fini(all[i]);
        sl_buf_init(all[i], MAX_TEXT);
    }
}

void kit_restart(struct kit *k)
{
    if (k->answer.state && k->adapter->release)
        k->adapter->release(&k->answer);
    init_buffers(k);
    k->err = (struct sl_err){0};
    k->next_part = 0;
    k->warnings = (struct sl_warnings){.arena = &k->arena};
    k->answer = (struct sl_answer){
        .target = &k->target,
        .request = &k->request,
        .arena = &k->arena,
        .parser = &k->parser,
        .warnings = &k->warnings,
        .sink = {on_event, k},
        .state = sl_arena_zalloc(&k->arena, k->adapter->state_size),
        .stream = true,
    };
}

void kit_init(struct kit *k, const char *kind)
{
    *k = (struct kit){.adapter = sl_adapter_find(kind)};
    assert_non_null(k->adapter);
    sl_arena_init(&k->arena, MAX_TEXT);
    sl_json_parser_init(&k->parser);
    sluice__v1__complete_request__init(&k->request);
    k->target = (struct sl_target){
        .provider = kind,
        .base_url = "https://api.test/v1",
        .model_id = "model-1",
        .api = "",
        .organization = "",
        .project = "",
        .provider_options_json = "",
        .auth = SL_AUTH_NONE,
    };
    kit_restart(k);
}

void kit_init_api(struct kit *k, const char *kind, const char *api, const char *base_url)
{
    kit_init(k, kind);
    k->adapter = sl_adapter_for_api(k->adapter, api);
    assert_non_null(k->adapter);
    k->target.base_url = base_url;
    k->target.api = api;
    kit_restart(k);
}

void kit_fini(struct kit *k)
{
    struct sl_buf *const all[] = {&k->transcript, &k->text,  &k->reasoning,
                                  &k->refusal,    &k->calls, &k->media};
    if (k->adapter->release)
        k->adapter->release(&k->answer);
    for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)
        sl_buf_fini(all[i]);
    sl_json_parser_fini(&k->parser);
    sl_arena_fini(&k->arena);
}

/* ---- answers ---- */

static char *copy_of(const char *p, size_t n)
{
    char *copy = sl_malloc(n + 1);
    memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

enum sl_code kit_body_n(struct kit *k, const char *body, size_t n)
{
    char *copy = copy_of(body, n);
    enum sl_code code = k->adapter->on_body(&k->answer, copy, n, &k->err);

    sl_free(copy);
    assert_int_equal(code, k->err.code);
    return code;
}

enum sl_code kit_body(struct kit *k, const char *body)
{
    return kit_body_n(k, body, strlen(body));
}

enum sl_code kit_frame_n(struct kit *k, const char *event, const char *data, size_t n)
{
    char *copy = copy_of(data, n);
    struct sl_frame frame = {.event = event, .data = copy, .n = n};
    enum sl_code code = k->adapter->on_frame(&k->answer, &frame, &k->err);

    sl_free(copy);
    assert_int_equal(code, k->err.code);
    return code;
}

enum sl_code kit_frame(struct kit *k, const char *data)
{
    return kit_frame_n(k, "", data, strlen(data));
}

enum sl_code kit_eof(struct kit *k)
{
    enum sl_code code = k->adapter->on_eof(&k->answer, &k->err);

    assert_int_equal(code, k->err.code);
    return code;
}

enum sl_code kit_stream(struct kit *k, const char *const *frames)
{
    for (; *frames; frames++) {
        enum sl_code code = kit_frame(k, *frames);
        if (code != SL_OK)
            return code;
    }
    return kit_eof(k);
}

void kit_failure(struct kit *k, int status, const struct sl_header *headers, const char *body)
{
    struct sl_http_head head = {.status = status, .headers = headers};
    char *copy = copy_of(body, strlen(body));

    k->err = (struct sl_err){0};
    k->adapter->on_failure(&k->answer, &head, copy, strlen(body), &k->err);
    sl_free(copy);
    assert_int_not_equal(k->err.code, SL_OK);
    assert_int_equal(k->err.http_status, status);
    assert_true(k->err.text[0] != '\0');
}

const char *kit_events(struct kit *k)
{
    return k->transcript.p ? k->transcript.p : "";
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

const char *kit_whole(struct kit *k)
{
    const struct sl_answer_end *end = &k->answer.end;
    const Sluice__V1__TokenUsage *u = &end->usage;

    return sl_arena_printf(&k->arena,
                           "text: %s\nreasoning: %s\nrefusal: %s\ncalls: %s\nfinish: %s (%d)\n"
                           "usage: %d %d %d %d %d\nid: %s model: %s\n",
                           or_empty(k->text.p), or_empty(k->reasoning.p), or_empty(k->refusal.p),
                           or_empty(k->calls.p), or_empty(end->raw_finish_reason),
                           (int)end->finish_reason, u->input_tokens, u->cache_read_tokens,
                           u->cache_write_tokens, u->output_tokens, u->reasoning_tokens,
                           or_empty(end->response_id), or_empty(end->model));
}

const Sluice__V1__Warning *kit_warning(const struct kit *k, const char *reason, const char *field)
{
    for (size_t i = 0; i < k->warnings.count; i++)
        if (!strcmp(k->warnings.list[i]->reason, reason) &&
            (!field || !strcmp(k->warnings.list[i]->field, field)))
            return k->warnings.list[i];
    return NULL;
}

/* ---- requests ---- */

const char *kit_build(struct kit *k, bool stream, struct sl_http_request *http)
{
    struct sl_http_request own;
    struct sl_build_in in = {
        .target = &k->target,
        .request = &k->request,
        .stream = stream,
        .arena = &k->arena,
        .warnings = &k->warnings,
    };
    struct sl_seg_reader reader;

    k->err = (struct sl_err){0};
    http = http ? http : &own;
    if (k->adapter->build(&in, http, &k->err) != SL_OK) {
        assert_int_not_equal(k->err.code, SL_OK);
        return NULL;
    }
    assert_int_equal(k->err.code, SL_OK);
    char *text = sl_arena_zalloc(&k->arena, http->body.length + 1);
    sl_seg_reader_init(&reader, &http->body);
    size_t n = 0;
    for (size_t got; (got = sl_seg_read(&reader, text + n, http->body.length - n)) > 0;)
        n += got;
    assert_int_equal(n, http->body.length);
    struct sl_err why = {0};
    if (!sl_json_check(text, n, SL_JSON_OBJECT, &why))
        fail_msg("the body is no JSON: %s: %s", why.text, text);
    return text;
}

const char *kit_header(const struct sl_http_request *http, const char *name)
{
    for (const struct sl_header *h = http->headers; h; h = h->next)
        if (!strcmp(h->name, name))
            return h->value;
    return NULL;
}

Sluice__V1__Message *kit_message(struct kit *k, Sluice__V1__Role role)
{
    Sluice__V1__Message *m = SL_ARENA_NEW(&k->arena, Sluice__V1__Message);
    Sluice__V1__Message **list =
        sl_arena_zalloc(&k->arena, (k->request.n_messages + 1) * sizeof(list[0]));

    sluice__v1__message__init(m);
    m->role = role;
    if (k->request.n_messages)
        memcpy(list, k->request.messages, k->request.n_messages * sizeof(list[0]));
    list[k->request.n_messages++] = m;
    k->request.messages = list;
    return m;
}

/* An empty message of the kind, where it is one. */
static void init_content(struct kit *k, Sluice__V1__Part *part)
{
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(
        &sluice__v1__part__descriptor, (unsigned)part->content_case);

    if (!f || f->type != PROTOBUF_C_TYPE_MESSAGE)
        return;
    const ProtobufCMessageDescriptor *d = f->descriptor;
    ProtobufCMessage *content = sl_arena_zalloc(&k->arena, d->sizeof_message);
    d->message_init(content);
    memcpy((char *)part + f->offset, &content, sizeof(content));
}

Sluice__V1__Part *kit_part(struct kit *k, Sluice__V1__Message *m,
                           Sluice__V1__Part__ContentCase kind)
{
    Sluice__V1__Part *part = SL_ARENA_NEW(&k->arena, Sluice__V1__Part);
    Sluice__V1__Part **list = sl_arena_zalloc(&k->arena, (m->n_parts + 1) * sizeof(list[0]));

    sluice__v1__part__init(part);
    part->content_case = kind;
    init_content(k, part);
    if (m->n_parts)
        memcpy(list, m->parts, m->n_parts * sizeof(list[0]));
    list[m->n_parts++] = part;
    m->parts = list;
    return part;
}

void kit_text(struct kit *k, Sluice__V1__Role role, const char *text)
{
    Sluice__V1__Part *part = kit_part(k, kit_message(k, role), SLUICE__V1__PART__CONTENT_TEXT);
    part->text = sl_arena_strdup(&k->arena, text);
}

Sluice__V1__Tool *kit_function(struct kit *k, const char *name, const char *parameters)
{
    Sluice__V1__Tool *tool = SL_ARENA_NEW(&k->arena, Sluice__V1__Tool);
    Sluice__V1__FunctionTool *f = SL_ARENA_NEW(&k->arena, Sluice__V1__FunctionTool);
    Sluice__V1__Tool **list =
        sl_arena_zalloc(&k->arena, (k->request.n_tools + 1) * sizeof(list[0]));

    sluice__v1__tool__init(tool);
    sluice__v1__function_tool__init(f);
    f->name = sl_arena_strdup(&k->arena, name);
    f->parameters_json = sl_arena_strdup(&k->arena, parameters);
    tool->kind_case = SLUICE__V1__TOOL__KIND_FUNCTION;
    tool->function = f;
    if (k->request.n_tools)
        memcpy(list, k->request.tools, k->request.n_tools * sizeof(list[0]));
    list[k->request.n_tools++] = tool;
    k->request.tools = list;
    return tool;
}
