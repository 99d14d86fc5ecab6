/* The member `input` of a Responses request: messages of system, developer and user, and what
 * tools answered. A system message stays where it stands, as an item; `instructions` is a provider
 * option.
 *
 * Source: OpenAI's API reference, "input" of "Create a model response" (EasyInputMessage,
 * function_call_output, custom_tool_call_output). */
#include "adapters/responses/internal.h"

#include <string.h>

/* ---- parts ---- */

void rs_put_text_part(struct rs_build *b, const char *type, const char *text)
{
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", type);
    cc_put_string(&b->b, "text", text);
    sl_jw_object_end(&b->b.w);
}

static void put_data_url(struct rs_build *b, const char *media_type,
                         const ProtobufCBinaryData *data)
{
    sl_jw_string_begin(&b->b.w);
    sl_jw_string_text(&b->b.w, "data:", 5);
    sl_jw_string_text(&b->b.w, media_type, strlen(media_type));
    sl_jw_string_text(&b->b.w, ";base64,", 8);
    sl_jw_string_base64(&b->b.w, data->data, data->len);
    sl_jw_string_end(&b->b.w);
}

static enum sl_code unsupported_part(struct rs_build *b, const char *field, const char *what)
{
    return sl_unsupported(b->b.in, b->b.err, field, "%s takes no %s here; it was left out",
                          b->d->words.title, what);
}

enum sl_code rs_put_image(struct rs_build *b, const Sluice__V1__Image *image, const char *field)
{
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE__NOT_SET)
        return unsupported_part(b, field, "picture without a source");
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", "input_image");
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_FILE_ID) {
        cc_put_string(&b->b, "file_id", image->file_id);
    } else {
        sl_jw_key(&b->b.w, "image_url");
        if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
            put_data_url(b, image->media_type, &image->data);
        else
            sl_jw_string(&b->b.w, image->url);
    }
    if (image->detail[0])
        cc_put_string(&b->b, "detail", image->detail);
    sl_jw_object_end(&b->b.w);
    return SL_OK;
}

/* What a document may say about itself and input_file has no place for. */
static enum sl_code check_document(struct rs_build *b, const Sluice__V1__Document *doc,
                                   const char *field)
{
    const struct {
        bool is_set;
        const char *name;
    } extras[] = {
        {doc->filename[0] && (doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT ||
                              doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_URL),
         "filename"},
        {doc->title[0] != '\0', "title"},
        {doc->context[0] != '\0', "context"},
        {doc->citations, "citations"},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(extras) && code == SL_OK; i++)
        if (extras[i].is_set)
            code = sl_unsupported(
                b->b.in, b->b.err, cc_field(&b->b, "%s.document.%s", field, extras[i].name),
                "%s takes no %s of such a document", b->d->words.title, extras[i].name);
    return code;
}

static const char *file_name(const Sluice__V1__Document *doc)
{
    if (doc->filename[0])
        return doc->filename;
    return !strcmp(doc->media_type, "application/pdf") ? "document.pdf" : "document";
}

static void put_file(struct rs_build *b, const Sluice__V1__Document *doc)
{
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", "input_file");
    if (doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_FILE_ID) {
        cc_put_string(&b->b, "file_id", doc->file_id);
    } else if (doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_URL) {
        cc_put_string(&b->b, "file_url", doc->url);
    } else {
        cc_put_string(&b->b, "filename", file_name(doc));
        sl_jw_key(&b->b.w, "file_data");
        put_data_url(b, doc->media_type, &doc->data);
    }
    sl_jw_object_end(&b->b.w);
}

enum sl_code rs_put_document(struct rs_build *b, const Sluice__V1__Document *doc, const char *field)
{
    enum sl_code code = check_document(b, doc, field);

    if (code != SL_OK)
        return code;
    if (doc->source_case == SLUICE__V1__DOCUMENT__SOURCE__NOT_SET)
        return unsupported_part(b, field, "document without a source");
    if (doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT)
        rs_put_text_part(b, "input_text", doc->text);
    else
        put_file(b, doc);
    return SL_OK;
}

/* ---- what every part may carry ---- */

struct sl_str rs_own_state(const struct rs_build *b, const Sluice__V1__Part *part)
{
    const Sluice__V1__ProviderState *state = part->provider_state;
    struct sl_err ignored = {0};

    if (!state || strcmp(state->provider, b->d->words.kind) != 0 || !state->data.len ||
        !sl_json_check((const char *)state->data.data, state->data.len, SL_JSON_OBJECT, &ignored))
        return (struct sl_str){NULL, 0};
    return (struct sl_str){(const char *)state->data.data, state->data.len};
}

enum sl_code rs_check_part(struct rs_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    bool answer = b->b.request->messages[at.message]->role == SLUICE__V1__ROLE__ROLE_ASSISTANT;
    bool own = answer && rs_own_state(b, part).n != 0;

    if (part->provider_state && !own)
        sl_warn(b->b.in->warnings, "PROVIDER_STATE_DROPPED",
                cc_part_field(&b->b, at, ".provider_state"),
                "the state belongs to %s and was not sent to %s", part->provider_state->provider,
                b->d->words.title);
    if (part->n_citations && !own)
        sl_warn(b->b.in->warnings, "CITATIONS_DROPPED", cc_part_field(&b->b, at, ".citations"),
                "%s takes its own citations only", b->d->words.title);
    if (part->cache_hint)
        return sl_unsupported(b->b.in, b->b.err, cc_part_field(&b->b, at, ".cache_hint"),
                              "%s takes no cache hints here", b->d->words.title);
    return SL_OK;
}

/* ---- system and user ---- */

static enum sl_code put_part(struct rs_build *b, const Sluice__V1__Part *part, struct cc_place at,
                             bool text_only)
{
    const char *field = cc_part_field(&b->b, at, "");

    if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT) {
        rs_put_text_part(b, "input_text", part->text);
        return SL_OK;
    }
    if (text_only)
        return unsupported_part(b, field, "part but text in system messages");
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_IMAGE:
        return rs_put_image(b, part->image, field);
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return rs_put_document(b, part->document, field);
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return unsupported_part(b, field, "sound");
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return unsupported_part(b, field, "video");
    default:
        return cc_wrong_place(&b->b, at, "such a part");
    }
}

static enum sl_code put_content(struct rs_build *b, const Sluice__V1__Message *m, size_t index,
                                bool text_only)
{
    enum sl_code code = SL_OK;
    struct cc_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = rs_check_part(b, m->parts[at.part], at);
    if (code != SL_OK)
        return code;
    sl_jw_key(&b->b.w, "content");
    if (m->n_parts == 1 && m->parts[0]->content_case == SLUICE__V1__PART__CONTENT_TEXT) {
        sl_jw_string(&b->b.w, m->parts[0]->text);
        return SL_OK;
    }
    sl_jw_array(&b->b.w);
    for (at.part = 0; at.part < m->n_parts && code == SL_OK; at.part++)
        code = put_part(b, m->parts[at.part], at, text_only);
    sl_jw_array_end(&b->b.w);
    return code;
}

static enum sl_code put_message(struct rs_build *b, const Sluice__V1__Message *m, size_t index,
                                const char *role)
{
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "role", role);
    enum sl_code code = put_content(b, m, index, m->role != SLUICE__V1__ROLE__ROLE_USER);
    sl_jw_object_end(&b->b.w);
    return code;
}

/* ---- tools' answers ---- */

/* Whether the call with that id, the last one before message `before`, was of a custom tool. */
static bool is_custom(const struct rs_build *b, const char *id, size_t before)
{
    for (size_t m = before; m-- > 0;) {
        const Sluice__V1__Message *message = b->b.request->messages[m];
        for (size_t p = 0; p < message->n_parts; p++) {
            const Sluice__V1__Part *part = message->parts[p];
            if (part->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL &&
                !strcmp(part->tool_call->id, id))
                return part->tool_call->_custom_input_case != 0;
        }
    }
    return false;
}

static enum sl_code put_result_part(struct rs_build *b, const Sluice__V1__ToolResultPart *part,
                                    const char *field)
{
    if (part->cache_hint) {
        enum sl_code code =
            sl_unsupported(b->b.in, b->b.err, cc_field(&b->b, "%s.cache_hint", field),
                           "%s takes no cache hints here", b->d->words.title);
        if (code != SL_OK)
            return code;
    }
    switch (part->content_case) {
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT:
        rs_put_text_part(b, "input_text", part->text);
        return SL_OK;
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE:
        return rs_put_image(b, part->image, field);
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT:
        return rs_put_document(b, part->document, field);
    default:
        return unsupported_part(b, field, "such a part of a tool's answer");
    }
}

static enum sl_code put_output(struct rs_build *b, const Sluice__V1__ToolResult *result,
                               struct cc_place at)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->b.w, "output");
    if (!result->n_parts) {
        sl_jw_string(&b->b.w, "");
        return SL_OK;
    }
    if (result->n_parts == 1 && !result->parts[0]->cache_hint &&
        result->parts[0]->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT) {
        sl_jw_string(&b->b.w, result->parts[0]->text);
        return SL_OK;
    }
    sl_jw_array(&b->b.w);
    for (size_t i = 0; i < result->n_parts && code == SL_OK; i++)
        code = put_result_part(b, result->parts[i],
                               cc_field(&b->b, "messages[%zu].parts[%zu].tool_result.parts[%zu]",
                                        at.message, at.part, i));
    sl_jw_array_end(&b->b.w);
    return code;
}

static enum sl_code put_result(struct rs_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_RESULT)
        return cc_wrong_place(&b->b, at, "a part that is no tool result");
    const Sluice__V1__ToolResult *result = part->tool_result;
    enum sl_code code = rs_check_part(b, part, at);
    if (code == SL_OK && result->is_error)
        code = sl_unsupported(b->b.in, b->b.err, cc_part_field(&b->b, at, ".tool_result.is_error"),
                              "%s is not told that a tool failed, only what it said",
                              b->d->words.title);
    if (code != SL_OK)
        return code;
    bool custom = is_custom(b, result->tool_call_id, at.message);
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", custom ? "custom_tool_call_output" : "function_call_output");
    cc_put_string(&b->b, "call_id", result->tool_call_id);
    code = put_output(b, result, at);
    sl_jw_object_end(&b->b.w);
    return code;
}

static enum sl_code put_results(struct rs_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = SL_OK;
    struct cc_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = put_result(b, m->parts[at.part], at);
    return code;
}

/* ---- items ---- */

static enum sl_code put_items(struct rs_build *b, const Sluice__V1__Message *m, size_t index)
{
    bool no_developer = b->b.in->target->no_developer_role;
    enum sl_code code = SL_OK;

    if (m->name[0])
        code = sl_unsupported(b->b.in, b->b.err, cc_field(&b->b, "messages[%zu].name", index),
                              "%s takes no names of participants in its Responses API",
                              b->d->words.title);
    if (code != SL_OK)
        return code;
    switch (m->role) {
    case SLUICE__V1__ROLE__ROLE_SYSTEM:
        return put_message(b, m, index, "system");
    case SLUICE__V1__ROLE__ROLE_DEVELOPER:
        return put_message(b, m, index, no_developer ? "system" : "developer");
    case SLUICE__V1__ROLE__ROLE_USER:
        return put_message(b, m, index, "user");
    case SLUICE__V1__ROLE__ROLE_ASSISTANT:
        return rs_put_assistant(b, m, index);
    case SLUICE__V1__ROLE__ROLE_TOOL:
        return put_results(b, m, index);
    default:
        return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            cc_field(&b->b, "messages[%zu].role", index), "a message has no role");
    }
}

enum sl_code rs_put_input(struct rs_build *b)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->b.w, "input");
    sl_jw_array(&b->b.w);
    for (size_t i = 0; i < b->b.request->n_messages && code == SL_OK; i++)
        code = put_items(b, b->b.request->messages[i], i);
    sl_jw_array_end(&b->b.w);
    return code;
}
