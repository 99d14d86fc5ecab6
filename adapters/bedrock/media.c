/* Pictures, documents, sound and video of Converse: {"format", "source": {"bytes"}}, or an S3
 * address as {"s3Location": {"uri"}}. Nothing is fetched for the caller.
 *
 * Sources: API_runtime_ImageBlock, DocumentBlock, VideoBlock, AudioBlock. */
#include "adapters/bedrock/internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct format {
    const char *media_type, *format;
};

static const struct format images[] = {
    {"image/png", "png"}, {"image/jpeg", "jpeg"}, {"image/jpg", "jpeg"},
    {"image/gif", "gif"}, {"image/webp", "webp"}, {NULL, NULL},
};
static const struct format documents[] = {
    {"application/pdf", "pdf"},
    {"text/csv", "csv"},
    {"application/msword", "doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/vnd.ms-excel", "xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"text/html", "html"},
    {"text/plain", "txt"},
    {"text/markdown", "md"},
    {NULL, NULL},
};
static const struct format videos[] = {
    {"video/mp4", "mp4"},      {"video/quicktime", "mov"}, {"video/x-matroska", "mkv"},
    {"video/webm", "webm"},    {"video/x-flv", "flv"},     {"video/mpeg", "mpeg"},
    {"video/x-ms-wmv", "wmv"}, {"video/3gpp", "three_gp"}, {NULL, NULL},
};
static const struct format sounds[] = {
    {"audio/mpeg", "mp3"}, {"audio/mp3", "mp3"},   {"audio/wav", "wav"},   {"audio/x-wav", "wav"},
    {"audio/aac", "aac"},  {"audio/flac", "flac"}, {"audio/ogg", "ogg"},   {"audio/opus", "opus"},
    {"audio/mp4", "mp4"},  {"audio/webm", "webm"}, {"audio/x-m4a", "m4a"}, {NULL, NULL},
};

static const char *find_format(const struct format *list, const char *media_type)
{
    size_t n = strcspn(media_type, "; ");

    for (; list->media_type; list++)
        if (strlen(list->media_type) == n && !strncasecmp(list->media_type, media_type, n))
            return list->format;
    return NULL;
}

/* What all four kinds have. */
struct medium {
    const char *key; /* of the block */
    const struct format *formats;
    const char *media_type, *url; /* url: NULL where the bytes are here */
    const ProtobufCBinaryData *data;
};

/* {KEY: {"format", and the source; the block stays open. *open is false where it was left out. */
static enum sl_code begin_medium(struct nv_build *b, const struct medium *m, const char *field,
                                 bool *open)
{
    const char *format = find_format(m->formats, m->media_type);

    *open = false;
    if (!m->data && (!m->url || !sl_starts_with(m->url, "s3://")))
        return sl_unsupported(b->in, b->err, field,
                              "%s takes bytes and addresses in S3 only; the %s was left out",
                              b->title, m->key);
    if (!format)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field,
                            "%s has no format for a media type \"%s\" here", b->title,
                            m->media_type);
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, m->key);
    sl_jw_object(&b->w);
    nv_put_string(b, "format", format);
    sl_jw_key(&b->w, "source");
    sl_jw_object(&b->w);
    if (m->data) {
        sl_jw_key(&b->w, "bytes");
        sl_jw_string_begin(&b->w);
        sl_jw_string_base64(&b->w, m->data->data, m->data->len);
        sl_jw_string_end(&b->w);
    } else {
        sl_jw_key(&b->w, "s3Location");
        sl_jw_object(&b->w);
        nv_put_string(b, "uri", m->url);
        sl_jw_object_end(&b->w);
    }
    sl_jw_object_end(&b->w);
    *open = true;
    return SL_OK;
}

static void end_medium(struct nv_build *b)
{
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_medium(struct nv_build *b, const struct medium *m, const char *field)
{
    bool open;
    enum sl_code code = begin_medium(b, m, field, &open);

    if (open)
        end_medium(b);
    return code;
}

enum sl_code br_put_image(struct nv_build *b, const Sluice__V1__Image *image, const char *field)
{
    struct medium m = {"image", images, image->media_type, NULL, NULL};

    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        m.data = &image->data;
    else if (image->source_case == SLUICE__V1__IMAGE__SOURCE_URL)
        m.url = image->url;
    enum sl_code code = put_medium(b, &m, field);
    if (code == SL_OK && image->detail[0])
        code = sl_unsupported(b->in, b->err, nv_field(b, "%s.image.detail", field),
                              "%s cannot be told how closely to look", b->title);
    return code;
}

enum sl_code br_put_video(struct nv_build *b, const Sluice__V1__Video *video, const char *field)
{
    struct medium m = {"video", videos, video->media_type, NULL, NULL};

    if (video->source_case == SLUICE__V1__VIDEO__SOURCE_DATA)
        m.data = &video->data;
    else if (video->source_case == SLUICE__V1__VIDEO__SOURCE_URL)
        m.url = video->url;
    return put_medium(b, &m, field);
}

enum sl_code br_put_audio(struct nv_build *b, const Sluice__V1__Audio *audio, const char *field)
{
    struct medium m = {"audio", sounds, audio->media_type, NULL, NULL};

    if (audio->transcript[0])
        sl_warn(b->in->warnings, "TRANSCRIPT_DROPPED", nv_field(b, "%s.audio.transcript", field),
                "%s takes the sound, and no transcript beside it", b->title);
    if (audio->source_case == SLUICE__V1__AUDIO__SOURCE_DATA)
        m.data = &audio->data;
    else if (audio->source_case == SLUICE__V1__AUDIO__SOURCE_URL)
        m.url = audio->url;
    return put_medium(b, &m, field);
}

/* ---- documents ---- */

/* A name is required, of letters, digits, single blanks, '-', '(', ')', '[' and ']'; others become
 * '-'. Without a title or a file's name it is made from where the document stands. */
static const char *document_name(struct nv_build *b, const Sluice__V1__Document *document,
                                 const char *field)
{
    bool titled = document->title[0];
    const char *from = titled ? document->title : document->filename;
    const char *dot = titled ? NULL : strrchr(from, '.');
    char *name = dot && dot > from ? sl_arena_strndup(b->in->arena, from, (size_t)(dot - from))
                                   : sl_arena_strdup(b->in->arena, from[0] ? from : field);

    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-()[]", *p) &&
            (*p != ' ' || p == name || p[-1] == ' '))
            *p = '-';
    return name;
}

/* A document of plain text has a source of its own, {"text"}. */
static void begin_text(struct nv_build *b, const char *text)
{
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "document");
    sl_jw_object(&b->w);
    nv_put_string(b, "format", "txt");
    sl_jw_key(&b->w, "source");
    sl_jw_object(&b->w);
    nv_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

enum sl_code br_put_document(struct nv_build *b, const Sluice__V1__Document *document,
                             const char *field)
{
    struct medium m = {"document", documents, document->media_type, NULL, NULL};
    bool open = true;
    enum sl_code code = SL_OK;

    if (document->source_case == SLUICE__V1__DOCUMENT__SOURCE_DATA)
        m.data = &document->data;
    else if (document->source_case == SLUICE__V1__DOCUMENT__SOURCE_URL)
        m.url = document->url;
    if (document->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT)
        begin_text(b, document->text);
    else
        code = begin_medium(b, &m, field, &open);
    if (!open || code != SL_OK)
        return code;
    nv_put_string(b, "name", document_name(b, document, field));
    if (document->context[0])
        nv_put_string(b, "context", document->context);
    if (document->citations) {
        sl_jw_key(&b->w, "citations");
        sl_jw_object(&b->w);
        nv_put_bool(b, "enabled", true);
        sl_jw_object_end(&b->w);
    }
    end_medium(b);
    return SL_OK;
}
