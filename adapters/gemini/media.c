/* Media in generateContent: pictures, documents, sound and video of a request, as inlineData (the
 * bytes, encoded while they are sent) or fileData (an address, or a file stored at the provider),
 * and of an answer, where base64 is decoded in place.
 *
 * Source: https://ai.google.dev/api/caching#Blob and #FileData. */
#include "adapters/gemini/internal.h"

#include <string.h>

enum { MAX_PIECE = 512 * 1024 }; /* bytes of one event */

/* ---- request ---- */

/* A part's media, whatever its kind. Exactly one of data, url and file is set. */
struct media {
    const char *type;
    const ProtobufCBinaryData *data;
    const char *url, *file;
    const char *words; /* that stand for it */
};

static struct media image_of(const Sluice__V1__Image *m)
{
    return (struct media){
        .type = m->media_type,
        .data = m->source_case == SLUICE__V1__IMAGE__SOURCE_DATA ? &m->data : NULL,
        .url = m->source_case == SLUICE__V1__IMAGE__SOURCE_URL ? m->url : NULL,
        .file = m->source_case == SLUICE__V1__IMAGE__SOURCE_FILE_ID ? m->file_id : NULL,
    };
}

static struct media document_of(const Sluice__V1__Document *m)
{
    return (struct media){
        .type = m->media_type,
        .data = m->source_case == SLUICE__V1__DOCUMENT__SOURCE_DATA ? &m->data : NULL,
        .url = m->source_case == SLUICE__V1__DOCUMENT__SOURCE_URL ? m->url : NULL,
        .file = m->source_case == SLUICE__V1__DOCUMENT__SOURCE_FILE_ID ? m->file_id : NULL,
        .words = m->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT ? m->text : NULL,
    };
}

static struct media audio_of(const Sluice__V1__Audio *m)
{
    return (struct media){
        .type = m->media_type,
        .data = m->source_case == SLUICE__V1__AUDIO__SOURCE_DATA ? &m->data : NULL,
        .url = m->source_case == SLUICE__V1__AUDIO__SOURCE_URL ? m->url : NULL,
        .file = m->source_case == SLUICE__V1__AUDIO__SOURCE_FILE_ID ? m->file_id : NULL,
        .words = m->transcript[0] ? m->transcript : NULL,
    };
}

static struct media video_of(const Sluice__V1__Video *m)
{
    return (struct media){
        .type = m->media_type,
        .data = m->source_case == SLUICE__V1__VIDEO__SOURCE_DATA ? &m->data : NULL,
        .url = m->source_case == SLUICE__V1__VIDEO__SOURCE_URL ? m->url : NULL,
        .file = m->source_case == SLUICE__V1__VIDEO__SOURCE_FILE_ID ? m->file_id : NULL,
    };
}

/* What the API has no place for. */
enum sl_code gm_check_document(struct gm_build *b, const Sluice__V1__Document *m, const char *field)
{
    const struct {
        bool set;
        const char *name;
    } rows[] = {
        {m->filename[0] != '\0', "filename"},
        {m->title[0] != '\0', "title"},
        {m->context[0] != '\0', "context"},
        {m->citations, "citations"},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(rows) && code == SL_OK; i++)
        if (rows[i].set)
            code = sl_unsupported(b->in, b->err, gm_field(b, "%s.document.%s", field, rows[i].name),
                                  "%s takes a document's bytes and type only", b->d->title);
    return code;
}

/* mediaResolution of a single part is no part of v1beta; generationConfig has one for all. */
enum sl_code gm_check_image(struct gm_build *b, const Sluice__V1__Image *m, const char *field)
{
    if (!m->detail[0] || !strcmp(m->detail, "auto"))
        return SL_OK;
    return sl_unsupported(b->in, b->err, gm_field(b, "%s.image.detail", field),
                          "%s has no detail of one picture; generationConfig.mediaResolution in "
                          "provider_options_json serves for all",
                          b->d->title);
}

void gm_put_inline(struct gm_build *b, const char *media_type, const ProtobufCBinaryData *data)
{
    sl_jw_key(&b->w, "inlineData");
    sl_jw_object(&b->w);
    gm_put_string(b, "mimeType", media_type);
    sl_jw_key(&b->w, "data");
    sl_jw_string_begin(&b->w);
    sl_jw_string_base64(&b->w, data->data, data->len);
    sl_jw_string_end(&b->w);
    sl_jw_object_end(&b->w);
}

/* A stored file is named by its URI: "abc" and "files/abc" stand below the base URL. */
static const char *file_uri(struct gm_build *b, const char *file)
{
    if (strstr(file, "://") || !b->d->files_path)
        return file;
    const char *slash = strrchr(file, '/');
    return sl_arena_printf(b->in->arena, "%s/%s/%s", b->in->target->base_url, b->d->files_path,
                           slash ? slash + 1 : file);
}

static void put_file(struct gm_build *b, const char *media_type, const char *uri)
{
    sl_jw_key(&b->w, "fileData");
    sl_jw_object(&b->w);
    if (media_type[0])
        gm_put_string(b, "mimeType", media_type);
    gm_put_string(b, "fileUri", uri);
    sl_jw_object_end(&b->w);
}

static enum sl_code find_media(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at,
                               struct media *m)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_IMAGE:
        *m = image_of(part->image);
        return gm_check_image(b, part->image, gm_part_field(b, at, ""));
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        *m = document_of(part->document);
        return gm_check_document(b, part->document, gm_part_field(b, at, ""));
    case SLUICE__V1__PART__CONTENT_AUDIO:
        *m = audio_of(part->audio);
        return SL_OK;
    default:
        *m = part->content_case == SLUICE__V1__PART__CONTENT_VIDEO ? video_of(part->video)
                                                                   : (struct media){.type = ""};
        return SL_OK;
    }
}

enum sl_code gm_put_media(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at,
                          const char *role)
{
    struct media m;
    enum sl_code code = find_media(b, part, at, &m);

    /* An id of an earlier spoken answer is another provider's: its words are sent. */
    if (m.words && m.file && !strcmp(role, "model"))
        m.file = NULL;
    if (code == SL_OK && m.words && (m.data || m.url || m.file))
        sl_warn(b->in->warnings, "TRANSCRIPT_DROPPED", gm_part_field(b, at, ".audio.transcript"),
                "%s takes the sound, and no transcript beside it", b->d->title);
    if (code == SL_OK && !m.words && !m.data && !m.url && !m.file)
        return gm_unsupported_part(b, at, "such a part");
    if (code != SL_OK || (!m.data && !m.url && !m.file && !m.words[0]))
        return code;
    gm_begin_part(b, role);
    if (m.data)
        gm_put_inline(b, m.type, m.data);
    else if (m.url || m.file)
        put_file(b, m.type, m.url ? m.url : file_uri(b, m.file));
    else
        gm_put_string(b, "text", m.words);
    gm_end_part(b, part);
    return SL_OK;
}

/* ---- answer ---- */

static int base64_value(unsigned char ch)
{
    if (ch >= 'A' && ch <= 'Z')
        return ch - 'A';
    if (ch >= 'a' && ch <= 'z')
        return ch - 'a' + 26;
    if (ch >= '0' && ch <= '9')
        return ch - '0' + 52;
    if (ch == '+' || ch == '-')
        return 62;
    return ch == '/' || ch == '_' ? 63 : -1;
}

/* Decodes text over itself, to its padding; other characters are skipped. Returns the bytes. */
static size_t base64_decode(char *text, size_t n)
{
    uint8_t *out = (uint8_t *)text;
    unsigned bits = 0, count = 0;
    size_t used = 0;

    for (size_t i = 0; i < n && text[i] != '='; i++) {
        int value = base64_value((unsigned char)text[i]);
        if (value < 0)
            continue;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[used++] = (uint8_t)(bits >> count);
        }
    }
    return used;
}

static void emit_delta(struct gm *g, int32_t part, Sluice__V1__Image *image,
                       Sluice__V1__Audio *audio)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = part;
    if (image) {
        delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_IMAGE;
        delta.image = image;
    } else {
        delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_AUDIO;
        delta.audio = audio;
    }
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    gm_emit(g, &event);
}

static void emit_data(struct gm *g, char *media_type, uint8_t *data, size_t n)
{
    bool sound = sl_starts_with(media_type, "audio/");
    int32_t part = gm_begin(g);

    while (n) {
        Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
        Sluice__V1__Audio audio = SLUICE__V1__AUDIO__INIT;
        size_t piece = n < MAX_PIECE ? n : MAX_PIECE;
        image.source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
        image.data = (ProtobufCBinaryData){piece, data};
        image.media_type = media_type;
        audio.source_case = SLUICE__V1__AUDIO__SOURCE_DATA;
        audio.data = image.data;
        audio.media_type = media_type;
        emit_delta(g, part, sound ? NULL : &image, &audio);
        media_type = (char *)(uintptr_t)protobuf_c_empty_string;
        data += piece;
        n -= piece;
    }
}

static bool is_known(const char *media_type)
{
    return sl_starts_with(media_type, "image/") || sl_starts_with(media_type, "audio/");
}

static void warn_dropped(struct gm *g)
{
    sl_warn(g->a->warnings, "UNKNOWN_CONTENT_DROPPED", "",
            "%s sent media that is neither a picture nor sound", g->d->title);
}

void gm_read_inline(struct gm *g, int object)
{
    size_t n, type_n;
    char *type = gm_text(g, gm_member(g, object, "mimeType"), &type_n);
    char *data = sl_json_string(g->j, gm_member(g, object, "data"), &n, NULL);

    if (!type || !is_known(type)) {
        warn_dropped(g);
        return;
    }
    n = data ? base64_decode(data, n) : 0;
    if (n)
        emit_data(g, type, (uint8_t *)data, n);
}

void gm_read_file(struct gm *g, int object)
{
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
    Sluice__V1__Audio audio = SLUICE__V1__AUDIO__INIT;
    size_t n;
    char *type = gm_text(g, gm_member(g, object, "mimeType"), &n);
    char *uri = gm_text(g, gm_member(g, object, "fileUri"), &n);

    if (!uri || !type || !is_known(type)) {
        warn_dropped(g);
        return;
    }
    image.source_case = SLUICE__V1__IMAGE__SOURCE_URL;
    image.url = uri;
    image.media_type = type;
    audio.source_case = SLUICE__V1__AUDIO__SOURCE_URL;
    audio.url = uri;
    audio.media_type = type;
    emit_delta(g, gm_begin(g), sl_starts_with(type, "audio/") ? NULL : &image, &audio);
}
