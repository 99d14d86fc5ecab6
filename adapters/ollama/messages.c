/* The conversation for Ollama's own APIs. A message's content is one string: several texts of
 * system or user are set apart by an empty line, those of an answer are joined as they came.
 *
 * Source: docs.ollama.com, openapi.yaml (ChatMessage: role, content, images, thinking, tool_calls,
 * tool_name), "Tool calling". */
#include "adapters/ollama/internal.h"

#include <string.h>

/* The text a part is sent as; NULL where it is none. */
static const char *part_text(const Sluice__V1__Part *part)
{
    if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT)
        return part->text;
    if (part->content_case == SLUICE__V1__PART__CONTENT_REFUSAL)
        return part->refusal;
    if (part->content_case == SLUICE__V1__PART__CONTENT_DOCUMENT &&
        part->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT)
        return part->document->text;
    return NULL;
}

static bool is_image(const Sluice__V1__Part *part)
{
    return part->content_case == SLUICE__V1__PART__CONTENT_IMAGE &&
           part->image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA;
}

/* ---- strings ---- */

static void add_text(struct nv_build *b, const char *text, const char *between, bool *some)
{
    if (*some)
        sl_jw_string_text(&b->w, between, strlen(between));
    sl_jw_string_text(&b->w, text, strlen(text));
    *some = true;
}

static void add_texts(struct nv_build *b, const Sluice__V1__Message *m, const char *between,
                      bool *some)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        const char *text = part_text(m->parts[i]);
        if (text)
            add_text(b, text, between, some);
    }
}

static void put_content(struct nv_build *b, const Sluice__V1__Message *m, const char *between)
{
    bool some = false;

    sl_jw_key(&b->w, "content");
    sl_jw_string_begin(&b->w);
    add_texts(b, m, between, &some);
    sl_jw_string_end(&b->w);
}

static void put_images(struct nv_build *b, const Sluice__V1__Message *m)
{
    bool some = false;

    for (size_t i = 0; i < m->n_parts; i++) {
        if (!is_image(m->parts[i]))
            continue;
        if (!some) {
            sl_jw_key(&b->w, "images");
            sl_jw_array(&b->w);
            some = true;
        }
        sl_jw_string_begin(&b->w);
        sl_jw_string_base64(&b->w, m->parts[i]->image->data.data, m->parts[i]->image->data.len);
        sl_jw_string_end(&b->w);
    }
    if (some)
        sl_jw_array_end(&b->w);
}

/* ---- system and user ---- */

static enum sl_code check_document(struct nv_build *b, const Sluice__V1__Document *doc,
                                   struct nv_place at)
{
    enum sl_code code = SL_OK;

    if (doc->source_case != SLUICE__V1__DOCUMENT__SOURCE_TEXT)
        return nv_unsupported_part(b, at, "document but text");
    if (doc->filename[0])
        code = sl_unsupported(b->in, b->err, nv_part_field(b, at, ".document.filename"),
                              "%s has no file name for a document", b->title);
    if (code == SL_OK && doc->title[0])
        code = sl_unsupported(b->in, b->err, nv_part_field(b, at, ".document.title"),
                              "%s has no title for a document", b->title);
    if (code == SL_OK && doc->context[0])
        code = sl_unsupported(b->in, b->err, nv_part_field(b, at, ".document.context"),
                              "%s has no context for a document", b->title);
    if (code == SL_OK && doc->citations)
        code = sl_unsupported(b->in, b->err, nv_part_field(b, at, ".document.citations"),
                              "%s cites no documents", b->title);
    return code;
}

static enum sl_code check_input_part(struct nv_build *b, const Sluice__V1__Part *part,
                                     struct nv_place at, bool user)
{
    enum sl_code code = nv_check_part(b, part, at, "");

    if (code != SL_OK)
        return code;
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return check_document(b, part->document, at);
    case SLUICE__V1__PART__CONTENT_IMAGE:
        if (!user || !is_image(part))
            return nv_unsupported_part(b, at, "picture but as bytes from a user");
        if (part->image->detail[0])
            return sl_unsupported(b->in, b->err, nv_part_field(b, at, ".image.detail"),
                                  "%s has no levels of detail", b->title);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return nv_unsupported_part(b, at, "sound");
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return nv_unsupported_part(b, at, "video");
    default:
        return nv_wrong_place(b, at, "such a part");
    }
}

static enum sl_code check_input(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    bool user = m->role == SLUICE__V1__ROLE__ROLE_USER;
    enum sl_code code = nv_check_name(b, m, index);
    struct nv_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = check_input_part(b, m->parts[at.part], at, user);
    return code;
}

static enum sl_code put_input(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    bool user = m->role == SLUICE__V1__ROLE__ROLE_USER;
    enum sl_code code = check_input(b, m, index);

    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    nv_put_string(b, "role", user ? "user" : "system");
    put_content(b, m, "\n\n");
    if (user)
        put_images(b, m);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* ---- assistant ---- */

static enum sl_code check_call(struct nv_build *b, const Sluice__V1__ToolCall *call,
                               struct nv_place at)
{
    if (call->_custom_input_case)
        return nv_unsupported_part(b, at, "call of a tool with free text");
    return SL_OK;
}

static enum sl_code check_spoken_part(struct nv_build *b, const Sluice__V1__Part *part,
                                      struct nv_place at)
{
    enum sl_code code = nv_check_part(b, part, at, "");

    if (code != SL_OK)
        return code;
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        return check_call(b, part->tool_call, at);
    case SLUICE__V1__PART__CONTENT_REASONING:
        if (part->reasoning->signature[0] || part->reasoning->redacted_data.len)
            sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", nv_part_field(b, at, ".reasoning"),
                    "%s takes no signed or encrypted reasoning", b->title);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return nv_wrong_place(b, at, "a tool result");
    default:
        return nv_unsupported_part(b, at, "such part of an assistant");
    }
}

static void put_thinking(struct nv_build *b, const Sluice__V1__Message *m)
{
    bool some = false;

    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (part->content_case != SLUICE__V1__PART__CONTENT_REASONING || !part->reasoning->text[0])
            continue;
        if (!some) {
            sl_jw_key(&b->w, "thinking");
            sl_jw_string_begin(&b->w);
        }
        add_text(b, part->reasoning->text, "", &some);
    }
    if (some)
        sl_jw_string_end(&b->w);
}

static void put_call(struct nv_build *b, const Sluice__V1__ToolCall *call, struct nv_place at)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "id", call->id);
    sl_jw_key(&b->w, "function");
    sl_jw_object(&b->w);
    nv_put_string(b, "name", call->name);
    nv_put_arguments(b, "arguments", call->arguments_json, at);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static void put_calls(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    bool some = false;

    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_CALL ||
            part->tool_call->_custom_input_case)
            continue;
        if (!some) {
            sl_jw_key(&b->w, "tool_calls");
            sl_jw_array(&b->w);
            some = true;
        }
        put_call(b, part->tool_call, (struct nv_place){index, i});
    }
    if (some)
        sl_jw_array_end(&b->w);
}

static enum sl_code put_assistant(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = nv_check_name(b, m, index);
    struct nv_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = check_spoken_part(b, m->parts[at.part], at);
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    nv_put_string(b, "role", "assistant");
    put_content(b, m, "");
    put_thinking(b, m);
    put_calls(b, m, index);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* ---- tool ---- */

/* tool_name is what models are shown; tool_call_id newer servers pair by. */
static void put_result(struct nv_build *b, const Sluice__V1__ToolResult *result)
{
    const char *name = nv_result_name(b, result);
    bool some = false;

    sl_jw_object(&b->w);
    nv_put_string(b, "role", "tool");
    sl_jw_key(&b->w, "content");
    sl_jw_string_begin(&b->w);
    for (size_t i = 0; i < result->n_parts; i++)
        if (result->parts[i]->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT)
            add_text(b, result->parts[i]->text, "\n\n", &some);
    sl_jw_string_end(&b->w);
    if (*name)
        nv_put_string(b, "tool_name", name);
    if (result->tool_call_id[0])
        nv_put_string(b, "tool_call_id", result->tool_call_id);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_results(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = nv_check_name(b, m, index);
    struct nv_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++) {
        const Sluice__V1__Part *part = m->parts[at.part];
        if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_RESULT)
            return nv_wrong_place(b, at, "a part that is no tool result");
        code = nv_check_part(b, part, at, "");
        if (code == SL_OK)
            code = nv_check_result(b, part->tool_result, at, false);
        if (code == SL_OK)
            put_result(b, part->tool_result);
    }
    return code;
}

static enum sl_code put_message(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    switch (m->role) {
    case SLUICE__V1__ROLE__ROLE_SYSTEM:
    case SLUICE__V1__ROLE__ROLE_DEVELOPER:
    case SLUICE__V1__ROLE__ROLE_USER:
        return put_input(b, m, index);
    case SLUICE__V1__ROLE__ROLE_ASSISTANT:
        return put_assistant(b, m, index);
    case SLUICE__V1__ROLE__ROLE_TOOL:
        return put_results(b, m, index);
    default:
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            nv_field(b, "messages[%zu].role", index), "a message has no role");
    }
}

enum sl_code ollama_put_messages(struct nv_build *b)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->w, "messages");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++)
        code = put_message(b, b->request->messages[i], i);
    sl_jw_array_end(&b->w);
    return code;
}

/* ---- /api/generate ---- */

static bool is_system(const Sluice__V1__Message *m)
{
    return m->role == SLUICE__V1__ROLE__ROLE_SYSTEM || m->role == SLUICE__V1__ROLE__ROLE_DEVELOPER;
}

/* System messages, then one question. */
static enum sl_code check_turns(struct nv_build *b, const Sluice__V1__Message **question)
{
    enum sl_code code = SL_OK;

    *question = NULL;
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++) {
        const Sluice__V1__Message *m = b->request->messages[i];
        if (!is_system(m) && (m->role != SLUICE__V1__ROLE__ROLE_USER || *question))
            return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                                nv_field(b, "messages[%zu]", i),
                                "%s's /api/generate takes one question and no history; the api "
                                "\"api_chat\" takes both",
                                b->title);
        code = check_input(b, m, i);
        if (!is_system(m))
            *question = m;
    }
    if (code == SL_OK && !*question)
        code = sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "messages",
                            "%s's /api/generate needs a question", b->title);
    return code;
}

enum sl_code ollama_put_prompt(struct nv_build *b)
{
    const Sluice__V1__Message *question;
    enum sl_code code = check_turns(b, &question);
    bool some = false;

    if (code != SL_OK)
        return code;
    if (b->request->n_messages > 1) {
        sl_jw_key(&b->w, "system");
        sl_jw_string_begin(&b->w);
        for (size_t i = 0; i < b->request->n_messages; i++)
            if (is_system(b->request->messages[i]))
                add_texts(b, b->request->messages[i], "\n\n", &some);
        sl_jw_string_end(&b->w);
    }
    some = false;
    sl_jw_key(&b->w, "prompt");
    sl_jw_string_begin(&b->w);
    add_texts(b, question, "\n\n", &some);
    sl_jw_string_end(&b->w);
    put_images(b, question);
    return SL_OK;
}
