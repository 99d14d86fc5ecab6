/* The conversation of a Converse request. Turns alternate between user and assistant: neighbours of
 * one side are one turn, and tools' results are the user's. System and developer messages become
 * `system`, wherever they stand. Texts without a word are refused by the service and left out.
 *
 * A user's text with the state {"qualifiers": [...]} of this provider goes as guardContent, which
 * is what guardrails look at.
 *
 * Sources: API_runtime_Message, ContentBlock, ToolUseBlock, ToolResultBlock, ReasoningContentBlock,
 * CachePointBlock, GuardrailConverseContentBlock. */
#include "adapters/bedrock/internal.h"

#include <string.h>

enum { ONE_HOUR = 3600 };

static bool is_blank(const char *s)
{
    return !s[strspn(s, " \t\r\n")];
}

static bool is_system(const Sluice__V1__Message *m)
{
    return m->role == SLUICE__V1__ROLE__ROLE_SYSTEM || m->role == SLUICE__V1__ROLE__ROLE_DEVELOPER;
}

/* An element with one text member. */
static void put_text(struct nv_build *b, const char *text)
{
    if (is_blank(text))
        return;
    sl_jw_object(&b->w);
    nv_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

enum sl_code br_put_cache(struct nv_build *b, const Sluice__V1__CacheHint *hint, const char *field)
{
    if (!hint)
        return SL_OK;
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "cachePoint");
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "default");
    if (hint->ttl_seconds)
        nv_put_string(b, "ttl", hint->ttl_seconds >= ONE_HOUR ? "1h" : "5m");
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    if (hint->ttl_seconds && hint->ttl_seconds != 300 && hint->ttl_seconds != ONE_HOUR)
        return sl_unsupported(b->in, b->err, field, "%s keeps a prefix for five minutes or an hour",
                              b->title);
    return SL_OK;
}

/* ---- what every part may carry ---- */

static bool is_own(const Sluice__V1__Part *part)
{
    return part->provider_state && !strcmp(part->provider_state->provider, br_kind);
}

/* What comes with answers and does not go back. guarded: a state says how guardrails look at it. */
static void check_given_back(struct nv_build *b, const Sluice__V1__Part *part, struct nv_place at,
                             bool guarded)
{
    if (part->provider_state && !(guarded && is_own(part)))
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", nv_part_field(b, at, ".provider_state"),
                "the state belongs to %s and was not sent to %s", part->provider_state->provider,
                b->title);
    if (part->n_citations)
        sl_warn(b->in->warnings, "CITATIONS_DROPPED", nv_part_field(b, at, ".citations"),
                "citations of earlier answers are not sent");
}

/* ---- system ---- */

static enum sl_code put_system_part(struct nv_build *b, const Sluice__V1__Part *part,
                                    struct nv_place at)
{
    if (part->content_case != SLUICE__V1__PART__CONTENT_TEXT)
        return nv_wrong_place(b, at, "anything but text");
    check_given_back(b, part, at, false);
    put_text(b, part->text);
    return br_put_cache(b, part->cache_hint, nv_part_field(b, at, ".cache_hint"));
}

enum sl_code br_put_system(struct nv_build *b)
{
    enum sl_code code = SL_OK;
    bool some = false;

    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++) {
        const Sluice__V1__Message *m = b->request->messages[i];
        struct nv_place at = {i, 0};
        if (!is_system(m))
            continue;
        if (!some) {
            sl_jw_key(&b->w, "system");
            sl_jw_array(&b->w);
        }
        some = true;
        code = nv_check_name(b, m, i);
        for (; at.part < m->n_parts && code == SL_OK; at.part++)
            code = put_system_part(b, m->parts[at.part], at);
    }
    if (some)
        sl_jw_array_end(&b->w);
    return code;
}

/* ---- parts ---- */

/* {"guardContent": {"text": {"text", and the members of the state}}} */
static enum sl_code put_guarded(struct nv_build *b, const Sluice__V1__Part *part,
                                struct nv_place at)
{
    const ProtobufCBinaryData *data = &part->provider_state->data;
    const char *state = sl_arena_strndup(b->in->arena, (const char *)data->data, data->len);
    enum sl_code code =
        nv_check_json(b, state, SL_JSON_OBJECT, nv_part_field(b, at, ".provider_state.data"));

    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "guardContent");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "text");
    sl_jw_object(&b->w);
    nv_put_string(b, "text", part->text);
    sl_jw_members(&b->w, state, strlen(state));
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static void put_reasoning(struct nv_build *b, const Sluice__V1__Part *part, struct nv_place at)
{
    const Sluice__V1__Reasoning *r = part->reasoning;
    bool redacted = r->redacted_data.len > 0;

    if (!redacted && !r->signature[0] && br_is_claude(b)) {
        sl_warn(b->in->warnings, "REASONING_DROPPED", nv_part_field(b, at, ""),
                "reasoning without a signature is not taken back by the model");
        return;
    }
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "reasoningContent");
    sl_jw_object(&b->w);
    if (redacted) {
        sl_jw_key(&b->w, "redactedContent");
        sl_jw_string_n(&b->w, (const char *)r->redacted_data.data, r->redacted_data.len);
    } else {
        sl_jw_key(&b->w, "reasoningText");
        sl_jw_object(&b->w);
        nv_put_string(b, "text", r->text);
        if (r->signature[0])
            nv_put_string(b, "signature", r->signature);
        sl_jw_object_end(&b->w);
    }
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

/* ToolUseBlock: toolUseId, [a-zA-Z0-9_-]+, at most 64. */
static const char *tool_id(struct nv_build *b, const char *id)
{
    static const struct sl_call_id_rule rule = {"_-", 1, 64};

    return sl_call_id(b->in->arena, id, &rule);
}

static void put_call(struct nv_build *b, const Sluice__V1__ToolCall *call, struct nv_place at)
{
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "toolUse");
    sl_jw_object(&b->w);
    nv_put_string(b, "toolUseId", tool_id(b, call->id));
    nv_put_string(b, "name", call->name);
    nv_put_arguments(b, "input",
                     call->_custom_input_case ? call->custom_input : call->arguments_json, at);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static void put_provider_call(struct nv_build *b, const Sluice__V1__ProviderToolCall *call,
                              struct nv_place at)
{
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "toolUse");
    sl_jw_object(&b->w);
    nv_put_string(b, "toolUseId", call->id);
    nv_put_string(b, "name", call->name[0] ? call->name : call->kind);
    nv_put_arguments(b, "input", call->input_json, at);
    nv_put_string(b, "type", "server_tool_use");
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_provider_result(struct nv_build *b,
                                        const Sluice__V1__ProviderToolResult *result,
                                        struct nv_place at)
{
    const char *output = result->output_json[0] ? result->output_json : "[]";
    enum sl_code code = nv_check_json(b, output, SL_JSON_ARRAY,
                                      nv_part_field(b, at, ".provider_tool_result.output_json"));

    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "toolResult");
    sl_jw_object(&b->w);
    nv_put_string(b, "toolUseId", result->id);
    nv_put_raw(b, "content", output);
    if (result->status[0])
        nv_put_string(b, "status", result->status);
    if (result->kind[0])
        nv_put_string(b, "type", result->kind);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* ---- results ---- */

static enum sl_code put_result_part(struct nv_build *b, const Sluice__V1__ToolResultPart *part,
                                    const char *field)
{
    enum sl_code code = SL_OK;

    switch (part->content_case) {
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT:
        put_text(b, part->text);
        break;
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE:
        code = br_put_image(b, part->image, field);
        break;
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT:
        code = br_put_document(b, part->document, field);
        break;
    default:
        break;
    }
    if (code == SL_OK && part->cache_hint)
        code = sl_unsupported(b->in, b->err, nv_field(b, "%s.cache_hint", field),
                              "%s takes cache hints behind a result, not in it", b->title);
    return code;
}

static enum sl_code put_result(struct nv_build *b, const Sluice__V1__ToolResult *result,
                               struct nv_place at)
{
    enum sl_code code = SL_OK;

    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "toolResult");
    sl_jw_object(&b->w);
    nv_put_string(b, "toolUseId", tool_id(b, result->tool_call_id));
    sl_jw_key(&b->w, "content");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < result->n_parts && code == SL_OK; i++)
        code = put_result_part(b, result->parts[i],
                               nv_part_field(b, at, nv_field(b, ".tool_result.parts[%zu]", i)));
    sl_jw_array_end(&b->w);
    if (result->is_error)
        nv_put_string(b, "status", "error");
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return code;
}

/* ---- turns ---- */

static enum sl_code put_assistant(struct nv_build *b, const Sluice__V1__Part *part,
                                  struct nv_place at)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        put_text(b, part->text);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        put_text(b, part->refusal);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_REASONING:
        put_reasoning(b, part, at);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        put_call(b, part->tool_call, at);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
        put_provider_call(b, part->provider_tool_call, at);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        return put_provider_result(b, part->provider_tool_result, at);
    default:
        return nv_unsupported_part(b, at, "such part of an answer");
    }
}

static enum sl_code put_user(struct nv_build *b, const Sluice__V1__Part *part, struct nv_place at)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        if (is_own(part))
            return put_guarded(b, part, at);
        put_text(b, part->text);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_IMAGE:
        return br_put_image(b, part->image, nv_part_field(b, at, ""));
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return br_put_document(b, part->document, nv_part_field(b, at, ""));
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return br_put_video(b, part->video, nv_part_field(b, at, ""));
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return br_put_audio(b, part->audio, nv_part_field(b, at, ""));
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return put_result(b, part->tool_result, at);
    default:
        return nv_wrong_place(b, at, "a part of this kind");
    }
}

static enum sl_code put_part(struct nv_build *b, const Sluice__V1__Message *m, struct nv_place at)
{
    const Sluice__V1__Part *part = m->parts[at.part];
    bool assistant = m->role == SLUICE__V1__ROLE__ROLE_ASSISTANT;

    check_given_back(b, part, at,
                     !assistant && part->content_case == SLUICE__V1__PART__CONTENT_TEXT);
    enum sl_code code = assistant ? put_assistant(b, part, at) : put_user(b, part, at);
    return code == SL_OK ? br_put_cache(b, part->cache_hint, nv_part_field(b, at, ".cache_hint"))
                         : code;
}

static void begin_turn(struct nv_build *b, bool assistant)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "role", assistant ? "assistant" : "user");
    sl_jw_key(&b->w, "content");
    sl_jw_array(&b->w);
}

static void end_turn(struct nv_build *b)
{
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
}

enum sl_code br_put_messages(struct nv_build *b)
{
    enum sl_code code = SL_OK;
    int open = -1; /* 0: user, 1: assistant */

    sl_jw_key(&b->w, "messages");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++) {
        const Sluice__V1__Message *m = b->request->messages[i];
        bool assistant = m->role == SLUICE__V1__ROLE__ROLE_ASSISTANT;
        struct nv_place at = {i, 0};
        if (is_system(m) || !m->n_parts)
            continue;
        if (open >= 0 && open != assistant)
            end_turn(b);
        if (open != assistant)
            begin_turn(b, assistant);
        open = assistant;
        code = nv_check_name(b, m, i);
        for (; at.part < m->n_parts && code == SL_OK; at.part++)
            code = put_part(b, m, at);
    }
    if (open >= 0)
        end_turn(b);
    sl_jw_array_end(&b->w);
    return code;
}
