/* The conversation of a chat-completions request, message by message. A tool message with
 * several results becomes several messages, since each may answer one call only. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

/* ---- tool ---- */

const char *cc_call_id(struct cc_build *b, const char *id)
{
    return b->d->call_ids ? sl_call_id(b->in->arena, id, b->d->call_ids) : id;
}

static enum sl_code check_result(struct cc_build *b, const Sluice__V1__ToolResult *result,
                                 struct cc_place at, size_t *texts)
{
    enum sl_code code = SL_OK;

    if (result->is_error)
        code = sl_unsupported(b->in, b->err, cc_part_field(b, at, ".tool_result.is_error"),
                              "%s is not told that a tool failed, only what it said", b->d->title);
    for (size_t i = 0; i < result->n_parts && code == SL_OK; i++) {
        const Sluice__V1__ToolResultPart *part = result->parts[i];
        const char *field =
            cc_field(b, "messages[%zu].parts[%zu].tool_result.parts[%zu]", at.message, at.part, i);
        if (part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT)
            ++*texts;
        else
            code =
                sl_unsupported(b->in, b->err, field,
                               "%s takes text only from tools; the part was left out", b->d->title);
        if (code == SL_OK && part->cache_hint)
            code = sl_unsupported(b->in, b->err, cc_field(b, "%s.cache_hint", field),
                                  "%s takes no cache hints here", b->d->title);
    }
    return code;
}

static void put_result_content(struct cc_build *b, const Sluice__V1__ToolResult *result,
                               size_t texts)
{
    sl_jw_key(&b->w, "content");
    if (!texts)
        sl_jw_string(&b->w, "");
    if (texts > 1)
        sl_jw_array(&b->w);
    for (size_t i = 0; i < result->n_parts; i++) {
        const Sluice__V1__ToolResultPart *part = result->parts[i];
        if (part->content_case != SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT)
            continue;
        if (texts > 1)
            cc_put_text_part(b, part->text);
        else
            sl_jw_string(&b->w, part->text);
    }
    if (texts > 1)
        sl_jw_array_end(&b->w);
}

static enum sl_code put_result(struct cc_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    size_t texts = 0;

    if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_RESULT)
        return cc_wrong_place(b, at, "a part that is no tool result");
    enum sl_code code = cc_check_part(b, part, at);
    if (code == SL_OK)
        code = check_result(b, part->tool_result, at, &texts);
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    cc_put_string(b, "role", "tool");
    cc_put_string(b, "tool_call_id", cc_call_id(b, part->tool_result->tool_call_id));
    if (b->d->tool_names && part->tool_result->name[0])
        cc_put_string(b, "name", part->tool_result->name);
    put_result_content(b, part->tool_result, texts);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_results(struct cc_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = SL_OK;
    struct cc_place at = {index, 0};

    if (m->name[0])
        code = sl_unsupported(b->in, b->err, cc_field(b, "messages[%zu].name", index),
                              "messages of tools have no name");
    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = put_result(b, m->parts[at.part], at);
    return code;
}

/* ---- messages ---- */

static const char *role_name(const struct cc_build *b, Sluice__V1__Role role)
{
    switch (role) {
    case SLUICE__V1__ROLE__ROLE_SYSTEM:
        return "system";
    case SLUICE__V1__ROLE__ROLE_DEVELOPER:
        return b->d->developer_role && !b->in->target->no_developer_role ? "developer" : "system";
    case SLUICE__V1__ROLE__ROLE_USER:
        return "user";
    case SLUICE__V1__ROLE__ROLE_ASSISTANT:
        return "assistant";
    default:
        return NULL;
    }
}

/* Whether the answer is to go on from this message of the assistant's: the last one, whose last
 * part is a text. One that calls tools waits for their results. */
static bool is_prefix(const struct cc_build *b, const Sluice__V1__Message *m, size_t index)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    const Sluice__V1__Part *last = m->n_parts ? m->parts[m->n_parts - 1] : NULL;

    if (!b->d->prefix_key || index + 1 < b->request->n_messages)
        return false;
    if (b->d->prefix_base && !sl_ends_with(b->in->target->base_url, b->d->prefix_base))
        return false;
    if (b->d->no_prefix_json && format &&
        format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON)
        return false;
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL)
            return false;
    return last && last->content_case == SLUICE__V1__PART__CONTENT_TEXT && last->text[0];
}

static enum sl_code put_assistant(struct cc_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = cc_put_assistant(b, m, index);

    if (code == SL_OK && is_prefix(b, m, index)) {
        sl_jw_key(&b->w, b->d->prefix_key);
        sl_jw_bool(&b->w, true);
    }
    return code;
}

static enum sl_code put_message(struct cc_build *b, const Sluice__V1__Message *m, size_t index)
{
    const char *role = role_name(b, m->role);
    enum sl_code code;

    if (m->role == SLUICE__V1__ROLE__ROLE_TOOL)
        return put_results(b, m, index);
    if (!role)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            cc_field(b, "messages[%zu].role", index), "a message has no role");
    sl_jw_object(&b->w);
    cc_put_string(b, "role", role);
    if (m->name[0])
        cc_put_string(b, "name", m->name);
    if (m->role == SLUICE__V1__ROLE__ROLE_ASSISTANT)
        code = put_assistant(b, m, index);
    else
        code = cc_put_input(b, m, index, m->role != SLUICE__V1__ROLE__ROLE_USER);
    sl_jw_object_end(&b->w);
    return code;
}

enum sl_code cc_build_messages(struct cc_build *b)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->w, "messages");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++)
        code = put_message(b, b->request->messages[i], i);
    sl_jw_array_end(&b->w);
    return code;
}
