/* Pictures, documents and tool results of a Messages request.
 *
 * Sources: "Vision" (base64, url, file), "PDF support", "Citations" (plain text documents, title,
 * context), "Files API", "Handle tool calls" (content of a tool_result). */
#include "adapters/anthropic/internal.h"

#include <strings.h>

#include "base/utf8.h"

/* ---- sources ---- */

static void begin_source(struct am_build *b, const char *type)
{
    sl_jw_key(&b->w, "source");
    am_begin(b, type);
}

static void put_source(struct am_build *b, const char *type, const char *key, const char *value)
{
    begin_source(b, type);
    am_put_string(b, key, value);
    sl_jw_object_end(&b->w);
}

static void put_base64(struct am_build *b, const char *media_type, const ProtobufCBinaryData *data)
{
    begin_source(b, "base64");
    am_put_string(b, "media_type", media_type);
    sl_jw_key(&b->w, "data");
    sl_jw_string_begin(&b->w);
    sl_jw_string_base64(&b->w, data->data, data->len);
    sl_jw_string_end(&b->w);
    sl_jw_object_end(&b->w);
}

static void put_plain(struct am_build *b, const char *text, size_t n)
{
    begin_source(b, "text");
    am_put_string(b, "media_type", "text/plain");
    sl_jw_key(&b->w, "data");
    sl_jw_string_n(&b->w, text, n);
    sl_jw_object_end(&b->w);
}

/* ---- blocks ---- */

static void put_image_block(struct am_build *b, const Sluice__V1__Image *image)
{
    am_begin(b, "image");
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        put_base64(b, image->media_type, &image->data);
    else if (image->source_case == SLUICE__V1__IMAGE__SOURCE_URL)
        put_source(b, "url", "url", image->url);
    else
        put_source(b, "file", "file_id", image->file_id);
}

static bool is_text(const Sluice__V1__Document *doc)
{
    return !strncasecmp(doc->media_type, "text/", 5) &&
           sl_utf8_valid((const char *)doc->data.data, doc->data.len) &&
           !memchr(doc->data.data, '\0', doc->data.len);
}

/* Documents are PDFs or plain text. */
static bool can_send(const Sluice__V1__Document *doc)
{
    return doc->source_case != SLUICE__V1__DOCUMENT__SOURCE_DATA ||
           !strcasecmp(doc->media_type, "application/pdf") || (doc->data.len && is_text(doc));
}

static void put_document_source(struct am_build *b, const Sluice__V1__Document *doc)
{
    switch (doc->source_case) {
    case SLUICE__V1__DOCUMENT__SOURCE_TEXT:
        put_plain(b, doc->text, strlen(doc->text));
        break;
    case SLUICE__V1__DOCUMENT__SOURCE_URL:
        put_source(b, "url", "url", doc->url);
        break;
    case SLUICE__V1__DOCUMENT__SOURCE_FILE_ID:
        put_source(b, "file", "file_id", doc->file_id);
        break;
    default:
        if (strcasecmp(doc->media_type, "application/pdf") != 0)
            put_plain(b, (const char *)doc->data.data, doc->data.len);
        else
            put_base64(b, doc->media_type, &doc->data);
    }
}

/* Leaves the block open. The file's name stands for a title where there is none. */
static void put_document_block(struct am_build *b, const Sluice__V1__Document *doc)
{
    const char *title = doc->title[0] ? doc->title : doc->filename;

    am_begin(b, "document");
    put_document_source(b, doc);
    if (title[0])
        am_put_string(b, "title", title);
    if (doc->context[0])
        am_put_string(b, "context", doc->context);
    if (doc->citations) {
        sl_jw_key(&b->w, "citations");
        sl_jw_object(&b->w);
        am_put_bool(b, "enabled", true);
        sl_jw_object_end(&b->w);
    }
}

static enum sl_code check_image(struct am_build *b, const Sluice__V1__Image *image,
                                const char *field)
{
    if (!image->detail[0])
        return SL_OK;
    return sl_unsupported(b->in, b->err, am_field(b, "%s.image.detail", field),
                          "%s has no level of detail for pictures", b->d->title);
}

static enum sl_code check_document(struct am_build *b, const Sluice__V1__Document *doc,
                                   const char *field)
{
    if (!doc->title[0] || !doc->filename[0])
        return SL_OK;
    return sl_unsupported(b->in, b->err, am_field(b, "%s.document.filename", field),
                          "%s knows a document's title, not its file name", b->d->title);
}

enum sl_code am_put_media(struct am_build *b, const Sluice__V1__Part *part, struct am_place at)
{
    bool image = part->content_case == SLUICE__V1__PART__CONTENT_IMAGE;
    const char *field = am_part_field(b, at, "");
    enum sl_code code =
        image ? check_image(b, part->image, field) : check_document(b, part->document, field);

    if (code != SL_OK)
        return code;
    if (!image && !can_send(part->document))
        return am_unsupported_part(b, at, "document of this media type");
    am_open_turn(b, AM_TURN_USER);
    if (image)
        put_image_block(b, part->image);
    else
        put_document_block(b, part->document);
    code = am_put_cache(b, part->cache_hint, am_part_field(b, at, ".cache_hint"));
    sl_jw_object_end(&b->w);
    return code;
}

/* ---- tool results ---- */

static enum sl_code put_result_part(struct am_build *b, const Sluice__V1__ToolResultPart *part,
                                    const char *field)
{
    enum sl_code code = SL_OK;

    switch (part->content_case) {
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT:
        if (am_is_blank(part->text))
            return SL_OK;
        am_begin(b, "text");
        am_put_string(b, "text", part->text);
        break;
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE:
        code = check_image(b, part->image, field);
        put_image_block(b, part->image);
        break;
    case SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT:
        if (!can_send(part->document))
            return sl_unsupported(b->in, b->err, field,
                                  "%s takes no document of this media type; it was left out",
                                  b->d->title);
        code = check_document(b, part->document, field);
        put_document_block(b, part->document);
        break;
    default:
        return SL_OK;
    }
    if (code == SL_OK)
        code = am_put_cache(b, part->cache_hint, am_field(b, "%s.cache_hint", field));
    sl_jw_object_end(&b->w);
    return code;
}

enum sl_code am_put_tool_result(struct am_build *b, const Sluice__V1__Part *part,
                                struct am_place at)
{
    const Sluice__V1__ToolResult *result = part->tool_result;
    enum sl_code code = SL_OK;

    am_open_turn(b, AM_TURN_USER);
    am_begin(b, "tool_result");
    am_put_string(b, "tool_use_id", am_tool_id(b, result->tool_call_id));
    if (result->n_parts) {
        sl_jw_key(&b->w, "content");
        sl_jw_array(&b->w);
        for (size_t i = 0; i < result->n_parts && code == SL_OK; i++)
            code = put_result_part(b, result->parts[i],
                                   am_field(b, "messages[%zu].parts[%zu].tool_result.parts[%zu]",
                                            at.message, at.part, i));
        sl_jw_array_end(&b->w);
    }
    if (result->is_error)
        am_put_bool(b, "is_error", true);
    if (code == SL_OK)
        code = am_put_cache(b, part->cache_hint, am_part_field(b, at, ".cache_hint"));
    sl_jw_object_end(&b->w);
    return code;
}
