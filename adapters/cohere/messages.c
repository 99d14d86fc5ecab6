/* The conversation for Cohere's v2 chat. A user's documents with their text stand in the request's
 * own list `documents`, the rest in the message.
 *
 * Sources: docs.cohere.com, "Chat" (messages, documents), "Image inputs", "Tool use" (tool_plan,
 * tool results as text or documents), "Retrieval Augmented Generation" (ids doc:0, doc:1, ...). */
#include "adapters/cohere/internal.h"

#include <string.h>

static void put_text_part(struct nv_build *b, const char *text)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "text");
    nv_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

/* ---- documents ---- */

bool cohere_is_document(const Sluice__V1__Part *part)
{
    return part->content_case == SLUICE__V1__PART__CONTENT_DOCUMENT &&
           part->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT;
}

bool cohere_has_documents(const struct nv_build *b)
{
    for (size_t i = 0; i < b->request->n_messages; i++)
        for (size_t j = 0; j < b->request->messages[i]->n_parts; j++)
            if (b->request->messages[i]->role == SLUICE__V1__ROLE__ROLE_USER &&
                cohere_is_document(b->request->messages[i]->parts[j]))
                return true;
    return false;
}

/* A document is an object of any texts, all of which the model sees. */
static void put_document_members(struct nv_build *b, const Sluice__V1__Document *doc)
{
    if (doc->title[0])
        nv_put_string(b, "title", doc->title);
    if (doc->filename[0])
        nv_put_string(b, "filename", doc->filename);
    nv_put_string(b, "text", doc->text);
    if (doc->context[0])
        nv_put_string(b, "context", doc->context);
}

static void put_document(struct nv_build *b, const Sluice__V1__Document *doc, size_t number,
                         bool flat)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "id", nv_field(b, "doc:%zu", number));
    if (!flat) {
        sl_jw_key(&b->w, "data");
        sl_jw_object(&b->w);
    }
    put_document_members(b, doc);
    if (!flat)
        sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

void cohere_put_documents(struct nv_build *b, bool flat)
{
    size_t n = 0;

    if (!cohere_has_documents(b))
        return;
    sl_jw_key(&b->w, "documents");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages; i++) {
        const Sluice__V1__Message *m = b->request->messages[i];
        if (m->role != SLUICE__V1__ROLE__ROLE_USER)
            continue;
        for (size_t j = 0; j < m->n_parts; j++)
            if (cohere_is_document(m->parts[j]))
                put_document(b, m->parts[j]->document, n++, flat);
    }
    sl_jw_array_end(&b->w);
}

/* ---- system and user ---- */

static enum sl_code check_image(struct nv_build *b, const Sluice__V1__Image *image,
                                struct nv_place at)
{
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA ||
        image->source_case == SLUICE__V1__IMAGE__SOURCE_URL)
        return SL_OK;
    return nv_unsupported_part(b, at, "picture by file id");
}

static enum sl_code check_input_part(struct nv_build *b, const Sluice__V1__Part *part,
                                     struct nv_place at, bool user)
{
    enum sl_code code = nv_check_part(b, part, at, "");

    if (code != SL_OK || part->content_case == SLUICE__V1__PART__CONTENT_TEXT)
        return code;
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_IMAGE:
        return user ? check_image(b, part->image, at) : nv_unsupported_part(b, at, "picture");
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return user && cohere_is_document(part)
                   ? SL_OK
                   : nv_unsupported_part(b, at, "document but a user's with its text");
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return nv_unsupported_part(b, at, "sound");
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return nv_unsupported_part(b, at, "video");
    default:
        return nv_wrong_place(b, at, "such a part");
    }
}

static bool is_sent_image(const Sluice__V1__Part *part, bool user)
{
    return user && part->content_case == SLUICE__V1__PART__CONTENT_IMAGE &&
           part->image->source_case != SLUICE__V1__IMAGE__SOURCE_FILE_ID &&
           part->image->source_case != SLUICE__V1__IMAGE__SOURCE__NOT_SET;
}

static void put_image(struct nv_build *b, const Sluice__V1__Image *image)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "image_url");
    sl_jw_key(&b->w, "image_url");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "url");
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        nv_put_data_url(b, image->media_type, &image->data);
    else
        sl_jw_string(&b->w, image->url);
    if (image->detail[0])
        nv_put_string(b, "detail", image->detail);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

/* A plain string where there is one text. */
static void put_input_content(struct nv_build *b, const Sluice__V1__Message *m, bool user)
{
    const char *text = "";
    size_t n = 0, images = 0;

    for (size_t i = 0; i < m->n_parts; i++) {
        images += is_sent_image(m->parts[i], user);
        if (m->parts[i]->content_case != SLUICE__V1__PART__CONTENT_TEXT)
            continue;
        text = m->parts[i]->text;
        n++;
    }
    sl_jw_key(&b->w, "content");
    if (n <= 1 && !images) {
        sl_jw_string(&b->w, text);
        return;
    }
    sl_jw_array(&b->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TEXT)
            put_text_part(b, m->parts[i]->text);
        else if (is_sent_image(m->parts[i], user))
            put_image(b, m->parts[i]->image);
    }
    sl_jw_array_end(&b->w);
}

static enum sl_code put_input(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    bool user = m->role == SLUICE__V1__ROLE__ROLE_USER;
    enum sl_code code = nv_check_name(b, m, index);
    struct nv_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = check_input_part(b, m->parts[at.part], at, user);
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    nv_put_string(b, "role", user ? "user" : "system");
    put_input_content(b, m, user);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* ---- assistant ---- */

struct spoken {
    size_t texts, thoughts, plans, calls;
    const char *text; /* the only one */
};

static bool is_plan(const Sluice__V1__Part *part)
{
    const Sluice__V1__ProviderState *state = part->provider_state;

    return part->content_case == SLUICE__V1__PART__CONTENT_REASONING && state &&
           !strcmp(state->provider, cohere_kind) && state->data.len == strlen(cohere_plan) &&
           !memcmp(state->data.data, cohere_plan, state->data.len);
}

static const char *part_text(const Sluice__V1__Part *part)
{
    if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT)
        return part->text;
    return part->content_case == SLUICE__V1__PART__CONTENT_REFUSAL ? part->refusal : NULL;
}

static enum sl_code survey_part(struct nv_build *b, const Sluice__V1__Part *part,
                                struct nv_place at, struct spoken *s)
{
    enum sl_code code = nv_check_part(b, part, at, is_plan(part) ? cohere_kind : "");

    if (code != SL_OK)
        return code;
    if (part_text(part)) {
        s->text = part_text(part);
        s->texts++;
        return SL_OK;
    }
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_REASONING:
        if (part->reasoning->signature[0] || part->reasoning->redacted_data.len)
            sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", nv_part_field(b, at, ".reasoning"),
                    "%s takes no signed or encrypted reasoning", b->title);
        s->plans += is_plan(part);
        s->thoughts += !is_plan(part) && part->reasoning->text[0];
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        if (part->tool_call->_custom_input_case)
            return nv_unsupported_part(b, at, "call of a tool with free text");
        s->calls++;
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return nv_wrong_place(b, at, "a tool result");
    default:
        return nv_unsupported_part(b, at, "such part of an assistant");
    }
}

static void put_blocks(struct nv_build *b, const Sluice__V1__Message *m)
{
    sl_jw_array(&b->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (part_text(part)) {
            put_text_part(b, part_text(part));
        } else if (part->content_case == SLUICE__V1__PART__CONTENT_REASONING && !is_plan(part) &&
                   part->reasoning->text[0]) {
            sl_jw_object(&b->w);
            nv_put_string(b, "type", "thinking");
            nv_put_string(b, "thinking", part->reasoning->text);
            sl_jw_object_end(&b->w);
        }
    }
    sl_jw_array_end(&b->w);
}

static void put_plan(struct nv_build *b, const Sluice__V1__Message *m)
{
    sl_jw_key(&b->w, "tool_plan");
    sl_jw_string_begin(&b->w);
    for (size_t i = 0; i < m->n_parts; i++)
        if (is_plan(m->parts[i]))
            sl_jw_string_text(&b->w, m->parts[i]->reasoning->text,
                              strlen(m->parts[i]->reasoning->text));
    sl_jw_string_end(&b->w);
}

static void put_calls(struct nv_build *b, const Sluice__V1__Message *m)
{
    sl_jw_key(&b->w, "tool_calls");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_CALL ||
            part->tool_call->_custom_input_case)
            continue;
        sl_jw_object(&b->w);
        nv_put_string(b, "id", part->tool_call->id);
        nv_put_string(b, "type", "function");
        sl_jw_key(&b->w, "function");
        sl_jw_object(&b->w);
        nv_put_string(b, "name", part->tool_call->name);
        nv_put_string(b, "arguments",
                      part->tool_call->arguments_json[0] ? part->tool_call->arguments_json : "{}");
        sl_jw_object_end(&b->w);
        sl_jw_object_end(&b->w);
    }
    sl_jw_array_end(&b->w);
}

static enum sl_code put_assistant(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    struct spoken s = {0};
    enum sl_code code = nv_check_name(b, m, index);
    struct nv_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = survey_part(b, m->parts[at.part], at, &s);
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    nv_put_string(b, "role", "assistant");
    if (s.texts == 1 && !s.thoughts) {
        nv_put_string(b, "content", s.text);
    } else if (s.texts || s.thoughts) {
        sl_jw_key(&b->w, "content");
        put_blocks(b, m);
    } else if (!s.calls) {
        nv_put_string(b, "content", "");
    }
    if (s.plans)
        put_plan(b, m);
    if (s.calls)
        put_calls(b, m);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* ---- tool ---- */

static bool is_result_text(const Sluice__V1__ToolResultPart *part)
{
    return part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
}

static bool is_result_document(const Sluice__V1__ToolResultPart *part)
{
    return part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT &&
           part->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT;
}

/* {"type": "document", "document": {"data"}}: the text alone, or an object with what else there
 * is. */
static void put_result_document(struct nv_build *b, const Sluice__V1__Document *doc)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "document");
    sl_jw_key(&b->w, "document");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "data");
    if (doc->title[0] || doc->filename[0] || doc->context[0]) {
        sl_jw_object(&b->w);
        put_document_members(b, doc);
        sl_jw_object_end(&b->w);
    } else {
        sl_jw_string(&b->w, doc->text);
    }
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static void put_result_content(struct nv_build *b, const Sluice__V1__ToolResult *result)
{
    const char *text = "";
    size_t texts = 0, documents = 0;

    for (size_t i = 0; i < result->n_parts; i++) {
        documents += is_result_document(result->parts[i]);
        if (!is_result_text(result->parts[i]))
            continue;
        text = result->parts[i]->text;
        texts++;
    }
    sl_jw_key(&b->w, "content");
    if (texts <= 1 && !documents) {
        sl_jw_string(&b->w, text);
        return;
    }
    sl_jw_array(&b->w);
    for (size_t i = 0; i < result->n_parts; i++) {
        if (is_result_text(result->parts[i]))
            put_text_part(b, result->parts[i]->text);
        else if (is_result_document(result->parts[i]))
            put_result_document(b, result->parts[i]->document);
    }
    sl_jw_array_end(&b->w);
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
            code = nv_check_result(b, part->tool_result, at, true);
        if (code != SL_OK)
            return code;
        sl_jw_object(&b->w);
        nv_put_string(b, "role", "tool");
        nv_put_string(b, "tool_call_id", part->tool_result->tool_call_id);
        put_result_content(b, part->tool_result);
        sl_jw_object_end(&b->w);
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

enum sl_code cohere_put_messages(struct nv_build *b)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->w, "messages");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++)
        code = put_message(b, b->request->messages[i], i);
    sl_jw_array_end(&b->w);
    return code;
}
