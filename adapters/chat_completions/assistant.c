/* Earlier answers in a chat-completions request: text, refusals, tool calls, spoken answers by
 * their id, reasoning where the dialect has a place for it.
 *
 * Source: OpenAI's API reference, "Assistant message" of "Create chat completion". */
#include "adapters/chat_completions/internal.h"

#include <string.h>

/* What an assistant message holds, counted before it is written. */
struct spoken {
    size_t texts, refusals, calls, reasonings, details;
    const char *text;       /* the only one */
    struct sl_str audio_id; /* of an earlier spoken answer; n is 0 where there is none */
};

static struct sl_str audio_id(const struct cc_build *b, const Sluice__V1__Part *part)
{
    if (part->provider_state && cc_is_own_state(b, part))
        return (struct sl_str){(const char *)part->provider_state->data.data,
                               part->provider_state->data.len};
    if (part->audio->source_case == SLUICE__V1__AUDIO__SOURCE_FILE_ID)
        return sl_str(part->audio->file_id);
    return (struct sl_str){NULL, 0};
}

/* The text that a part is sent as; NULL where it is not sent as text. Sound without an id is
 * sent as its words. */
static const char *part_text(const struct cc_build *b, const Sluice__V1__Part *part)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        return part->text;
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        return b->d->refusal_history ? NULL : part->refusal;
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return audio_id(b, part).n || !part->audio->transcript[0] ? NULL : part->audio->transcript;
    default:
        return NULL;
    }
}

static enum sl_code survey_audio(struct cc_build *b, const Sluice__V1__Part *part,
                                 struct cc_place at, struct spoken *s)
{
    struct sl_str id = audio_id(b, part);

    if (id.n && s->audio_id.n)
        return cc_unsupported_part(b, at, "second spoken answer in one message");
    if (id.n) {
        s->audio_id = id;
        return SL_OK;
    }
    if (part->audio->transcript[0])
        return sl_unsupported(b->in, b->err, cc_part_field(b, at, ".audio"),
                              "%s does not know this sound by an id; its transcript was sent",
                              b->d->title);
    return cc_unsupported_part(b, at, "sound in an assistant message");
}

/* Reasoning comes with replies and is given back without being asked about: it is never refused. */
static void survey_reasoning(struct cc_build *b, const Sluice__V1__Part *part, struct cc_place at,
                             struct spoken *s)
{
    if (part->provider_state && cc_is_own_state(b, part) && part->provider_state->data.len)
        s->details++;
    else if ((b->d->reasoning_history || b->d->thinking_parts) && part->reasoning->text[0])
        s->reasonings++;
    else if (part->reasoning->text[0])
        sl_warn(b->in->warnings, "REASONING_DROPPED", cc_part_field(b, at, ""),
                "%s takes no earlier reasoning in chat completions", b->d->title);
    if (part->reasoning->signature[0] || part->reasoning->redacted_data.len)
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", cc_part_field(b, at, ".reasoning"),
                "%s takes no signed or encrypted reasoning in chat completions", b->d->title);
}

static enum sl_code survey_part(struct cc_build *b, const Sluice__V1__Part *part,
                                struct cc_place at, struct spoken *s)
{
    const char *text = part_text(b, part);

    if (text) {
        s->texts++;
        s->text = text;
    }
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        s->refusals += text == NULL;
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        s->calls++;
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_REASONING:
        survey_reasoning(b, part, at, s);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return survey_audio(b, part, at, s);
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        return cc_unsupported_part(b, at, "history of the provider's tools");
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return cc_wrong_place(b, at, "a tool result");
    default:
        return cc_unsupported_part(b, at, "such a part of an assistant");
    }
}

static enum sl_code survey(struct cc_build *b, const Sluice__V1__Message *m, size_t index,
                           struct spoken *s)
{
    enum sl_code code = SL_OK;
    struct cc_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++) {
        code = cc_check_part(b, m->parts[at.part], at);
        if (code == SL_OK)
            code = survey_part(b, m->parts[at.part], at, s);
    }
    return code;
}

/* Whether the part's reasoning goes as text: not where its details say it. */
static bool is_plain_reasoning(const struct cc_build *b, const Sluice__V1__Part *part)
{
    return !part->provider_state || !cc_is_own_state(b, part) || !part->provider_state->data.len;
}

/* All refusals, or all reasoning, as one string. */
static void put_joined(struct cc_build *b, const Sluice__V1__Message *m, const char *key,
                       Sluice__V1__Part__ContentCase kind)
{
    sl_jw_key(&b->w, key);
    sl_jw_string_begin(&b->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (part->content_case != kind || !is_plain_reasoning(b, part))
            continue;
        const char *text =
            kind == SLUICE__V1__PART__CONTENT_REFUSAL ? part->refusal : part->reasoning->text;
        sl_jw_string_text(&b->w, text, strlen(text));
    }
    sl_jw_string_end(&b->w);
}

/* Mistral's ThinkChunk: {"type": "thinking", "thinking": [{"type": "text", "text"}]}. */
static void put_thinking(struct cc_build *b, const Sluice__V1__Part *part)
{
    sl_jw_object(&b->w);
    cc_put_string(b, "type", "thinking");
    sl_jw_key(&b->w, "thinking");
    sl_jw_array(&b->w);
    cc_put_text_part(b, part->reasoning->text);
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
}

/* The elements of a list that was checked, as they are. */
static void put_elements(struct cc_build *b, char *json)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err ignored = {0};

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, json, strlen(json), &j, &ignored) == SL_OK)
        for (int v = sl_json_first(&j, SL_JSON_ROOT); v >= 0;
             v = sl_json_next(&j, SL_JSON_ROOT, v)) {
            struct sl_str raw = sl_json_raw(&j, v);
            sl_jw_raw(&b->w, raw.p, raw.n);
        }
    sl_json_parser_fini(&parser);
}

/* The lists of all parts as one list. */
static enum sl_code put_details(struct cc_build *b, const Sluice__V1__Message *m, size_t index)
{
    struct cc_place at = {index, 0};

    sl_jw_key(&b->w, "reasoning_details");
    sl_jw_array(&b->w);
    for (; at.part < m->n_parts; at.part++) {
        const Sluice__V1__Part *part = m->parts[at.part];
        if (part->content_case != SLUICE__V1__PART__CONTENT_REASONING ||
            is_plain_reasoning(b, part))
            continue;
        char *json = sl_arena_strndup(b->in->arena, (char *)part->provider_state->data.data,
                                      part->provider_state->data.len);
        enum sl_code code =
            cc_check_json(b, json, SL_JSON_ARRAY, cc_part_field(b, at, ".provider_state.data"));
        if (code != SL_OK)
            return code;
        put_elements(b, json);
    }
    sl_jw_array_end(&b->w);
    return SL_OK;
}

static void put_texts(struct cc_build *b, const Sluice__V1__Message *m)
{
    sl_jw_array(&b->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const char *text = part_text(b, m->parts[i]);
        if (text)
            cc_put_text_part(b, text);
        else if (b->d->thinking_parts &&
                 m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_REASONING &&
                 m->parts[i]->reasoning->text[0])
            put_thinking(b, m->parts[i]);
    }
    sl_jw_array_end(&b->w);
}

/* "One or more parts of type text, or exactly one of type refusal" (API reference): beside text, a
 * refusal has a member of its own. */
static void put_refusal_content(struct cc_build *b, const Sluice__V1__Message *m)
{
    sl_jw_array(&b->w);
    sl_jw_object(&b->w);
    cc_put_string(b, "type", "refusal");
    put_joined(b, m, "refusal", SLUICE__V1__PART__CONTENT_REFUSAL);
    sl_jw_object_end(&b->w);
    sl_jw_array_end(&b->w);
}

/* Content is "required unless tool_calls [...] is specified" (API reference); an earlier spoken
 * answer stands for it too (guide "Audio and speech"). */
static void put_assistant_content(struct cc_build *b, const Sluice__V1__Message *m,
                                  const struct spoken *s)
{
    bool may_lack = s->calls || s->audio_id.n;

    bool thinking = b->d->thinking_parts && s->reasonings;

    if (!s->texts && !s->refusals && may_lack && !thinking && !b->d->null_content)
        return;
    sl_jw_key(&b->w, "content");
    if (s->texts == 1 && !thinking)
        sl_jw_string(&b->w, s->text);
    else if (s->texts || thinking)
        put_texts(b, m);
    else if (s->refusals)
        put_refusal_content(b, m);
    else if (may_lack)
        sl_jw_null(&b->w);
    else
        sl_jw_string(&b->w, "");
}

static void put_call(struct cc_build *b, const Sluice__V1__ToolCall *call)
{
    const char *arguments = call->arguments_json[0] ? call->arguments_json : "{}";
    bool custom = call->_custom_input_case != 0;

    sl_jw_object(&b->w);
    cc_put_string(b, "id", cc_call_id(b, call->id));
    cc_put_string(b, "type", custom ? "custom" : "function");
    sl_jw_key(&b->w, custom ? "custom" : "function");
    sl_jw_object(&b->w);
    cc_put_string(b, "name", call->name);
    cc_put_string(b, custom ? "input" : "arguments", custom ? call->custom_input : arguments);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static void put_calls(struct cc_build *b, const Sluice__V1__Message *m)
{
    sl_jw_key(&b->w, "tool_calls");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL)
            put_call(b, m->parts[i]->tool_call);
    sl_jw_array_end(&b->w);
}

enum sl_code cc_put_assistant(struct cc_build *b, const Sluice__V1__Message *m, size_t index)
{
    struct spoken s = {0};
    enum sl_code code = survey(b, m, index, &s);

    if (code != SL_OK)
        return code;
    put_assistant_content(b, m, &s);
    if (s.reasonings && b->d->reasoning_history)
        put_joined(b, m, b->d->reasoning_history, SLUICE__V1__PART__CONTENT_REASONING);
    if (s.details)
        code = put_details(b, m, index);
    if (code != SL_OK)
        return code;
    if (s.refusals && s.texts)
        put_joined(b, m, "refusal", SLUICE__V1__PART__CONTENT_REFUSAL);
    if (s.audio_id.n) {
        sl_jw_key(&b->w, "audio");
        sl_jw_object(&b->w);
        sl_jw_key(&b->w, "id");
        sl_jw_string_n(&b->w, s.audio_id.p, s.audio_id.n);
        sl_jw_object_end(&b->w);
    }
    if (s.calls)
        put_calls(b, m);
    return SL_OK;
}
