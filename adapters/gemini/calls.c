/* Function calls and their results in a generateContent request. A call that came without an id has
 * one that Sluice made up, which is not sent: the API then goes by the function's name.
 *
 * Sources: https://ai.google.dev/api/caching#FunctionCall and #FunctionResponse ("use "output" key
 * to specify function output and "error" key to specify error details"; parts for media, from
 * Gemini 3), https://ai.google.dev/gemini-api/docs/thought-signatures. */
#include "adapters/gemini/internal.h"

#include <string.h>

/* What Google accepts in place of the signature of a call that is not its own: Gemini 3 refuses the
 * first call of a step of the current turn without one (the FAQ of "Thought signatures", also at
 * docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures). */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* "call_" and 24 letters. */
static bool is_made_up(const char *id)
{
    size_t n = strspn(id + (strlen(id) > 5 ? 5 : 0),
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    return sl_starts_with(id, "call_") && n == 24 && strlen(id) == 29;
}

static void put_id(struct gm_build *b, const char *id)
{
    if (id[0] && !is_made_up(id))
        gm_put_string(b, "id", id);
}

/* args is an object; what an answer that was cut off left is put into one. */
static void put_arguments(struct gm_build *b, const char *json, struct gm_place at)
{
    struct sl_err ignored = {0};

    if (sl_json_check(json, strlen(json), SL_JSON_OBJECT, &ignored)) {
        gm_put_raw(b, "args", json);
        return;
    }
    sl_warn(b->in->warnings, "ARGUMENTS_WRAPPED", gm_part_field(b, at, ".tool_call"),
            "%s takes objects as arguments; the text was put into one", b->d->title);
    sl_jw_key(&b->w, "args");
    sl_jw_object(&b->w);
    gm_put_string(b, "INVALID_JSON", json);
    sl_jw_object_end(&b->w);
}

enum sl_code gm_put_call(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at)
{
    const Sluice__V1__ToolCall *call = part->tool_call;
    const char *arguments = call->arguments_json[0] ? call->arguments_json : "{}";

    if (call->_custom_input_case)
        return gm_unsupported_part(b, at, "call of a custom tool");
    gm_begin_part(b, "model");
    sl_jw_key(&b->w, "functionCall");
    sl_jw_object(&b->w);
    put_id(b, call->id);
    gm_put_string(b, "name", call->name);
    put_arguments(b, arguments, at);
    sl_jw_object_end(&b->w);
    if (!gm_signature(b, part).n && !b->has_call && at.message > b->turn && gm_has_levels(b))
        gm_put_string(b, "thoughtSignature", NO_SIGNATURE);
    b->has_call = true;
    gm_end_part(b, part);
    return SL_OK;
}

/* ---- results ---- */

static const char *name_of(const struct gm_build *b, const Sluice__V1__ToolResult *result,
                           size_t before)
{
    if (result->name[0])
        return result->name;
    for (size_t i = before; i-- > 0;) {
        const Sluice__V1__Message *m = b->request->messages[i];
        for (size_t p = 0; p < m->n_parts; p++)
            if (m->parts[p]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL &&
                !strcmp(m->parts[p]->tool_call->id, result->tool_call_id))
                return m->parts[p]->tool_call->name;
    }
    return NULL;
}

static bool is_text(const Sluice__V1__ToolResultPart *part)
{
    return part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
}

static size_t count_texts(const Sluice__V1__ToolResult *result, const char **text)
{
    size_t n = 0;

    *text = "";
    for (size_t i = 0; i < result->n_parts; i++)
        if (is_text(result->parts[i])) {
            *text = result->parts[i]->text;
            n++;
        }
    return n;
}

static void put_texts(struct gm_build *b, const Sluice__V1__ToolResult *result)
{
    sl_jw_array(&b->w);
    for (size_t i = 0; i < result->n_parts; i++)
        if (is_text(result->parts[i]))
            sl_jw_string(&b->w, result->parts[i]->text);
    sl_jw_array_end(&b->w);
}

/* The response is an object: one that a tool gave is sent as it is, anything else stands under
 * "output" or "error". */
static void put_response(struct gm_build *b, const Sluice__V1__ToolResult *result)
{
    struct sl_err ignored = {0};
    const char *text;
    size_t texts = count_texts(result, &text);
    bool object = texts == 1 && sl_json_check(text, strlen(text), SL_JSON_OBJECT, &ignored);

    sl_jw_key(&b->w, "response");
    if (object && !result->is_error) {
        sl_jw_raw(&b->w, text, strlen(text));
        return;
    }
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, result->is_error ? "error" : "output");
    if (object)
        sl_jw_raw(&b->w, text, strlen(text));
    else if (texts > 1)
        put_texts(b, result);
    else
        sl_jw_string(&b->w, text);
    sl_jw_object_end(&b->w);
}

/* ---- media in results ---- */

struct media {
    const char *type;
    const ProtobufCBinaryData *data;
};

/* data is NULL where the part is none that can be sent. */
static struct media media_of(const Sluice__V1__ToolResultPart *part)
{
    if (part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE &&
        part->image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        return (struct media){part->image->media_type, &part->image->data};
    if (part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT &&
        part->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_DATA)
        return (struct media){part->document->media_type, &part->document->data};
    return (struct media){NULL, NULL};
}

static enum sl_code check_media(struct gm_build *b, const Sluice__V1__ToolResultPart *part,
                                const char *field)
{
    if (part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE)
        return gm_check_image(b, part->image, field);
    return gm_check_document(b, part->document, field);
}

static enum sl_code check_result(struct gm_build *b, const Sluice__V1__ToolResult *result,
                                 struct gm_place at, size_t *media)
{
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < result->n_parts && code == SL_OK; i++) {
        const char *field =
            gm_field(b, "messages[%zu].parts[%zu].tool_result.parts[%zu]", at.message, at.part, i);
        bool sent = media_of(result->parts[i]).data != NULL;
        *media += sent;
        if (sent)
            code = check_media(b, result->parts[i], field);
        else if (!is_text(result->parts[i]))
            code = sl_unsupported(b->in, b->err, field,
                                  "%s takes media from tools as bytes only; the part was left out",
                                  b->d->title);
        if (code == SL_OK && result->parts[i]->cache_hint)
            code = sl_unsupported(b->in, b->err, gm_field(b, "%s.cache_hint", field),
                                  "%s caches by itself and takes no hints", b->d->title);
    }
    return code;
}

static void put_result_parts(struct gm_build *b, const Sluice__V1__ToolResult *result)
{
    sl_jw_key(&b->w, "parts");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < result->n_parts; i++) {
        struct media m = media_of(result->parts[i]);
        if (!m.data)
            continue;
        sl_jw_object(&b->w);
        gm_put_inline(b, m.type, m.data);
        sl_jw_object_end(&b->w);
    }
    sl_jw_array_end(&b->w);
}

/* Models before Gemini 3 see media of tools beside the result (recorded). */
static void put_media_beside(struct gm_build *b, const Sluice__V1__ToolResult *result)
{
    for (size_t i = 0; i < result->n_parts; i++) {
        struct media m = media_of(result->parts[i]);
        if (!m.data)
            continue;
        gm_begin_part(b, "user");
        gm_put_inline(b, m.type, m.data);
        sl_jw_object_end(&b->w);
    }
}

enum sl_code gm_put_result(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at)
{
    const Sluice__V1__ToolResult *result = part->tool_result;
    const char *name = name_of(b, result, at.message);
    size_t media = 0;
    enum sl_code code = check_result(b, result, at, &media);

    if (code == SL_OK && !name)
        code = gm_invalid(b, gm_part_field(b, at, ".tool_result.tool_call_id"),
                          "the result answers no earlier call, and says no name of a function");
    if (code != SL_OK)
        return code;
    gm_begin_part(b, "user");
    sl_jw_key(&b->w, "functionResponse");
    sl_jw_object(&b->w);
    put_id(b, result->tool_call_id);
    gm_put_string(b, "name", name);
    put_response(b, result);
    if (media && gm_has_levels(b))
        put_result_parts(b, result);
    sl_jw_object_end(&b->w);
    gm_end_part(b, part);
    if (media && !gm_has_levels(b))
        put_media_beside(b, result);
    return SL_OK;
}
