/* Files and addresses as parts of a message: what they are is told by their bytes, then by their name. */
#include "conversation.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "files.h"

/* The service takes requests of 16 MiB, at most 64 where it is configured so. */
enum { ATTACH_MAX = 64 * 1024 * 1024 };

#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

/* What is attached; url NULL: data holds it. */
struct source {
    char *name, *url, *media_type;
    ProtobufCBinaryData data;
};

/* The four kinds have the same shape, but types of their own. */
#define SET_SOURCE(message, NAME, s)                                                               \
    do {                                                                                           \
        if ((s)->url) {                                                                            \
            (message)->source_case = SLUICE__V1__##NAME##__SOURCE_URL;                             \
            (message)->url = (s)->url;                                                             \
        } else {                                                                                   \
            (message)->source_case = SLUICE__V1__##NAME##__SOURCE_DATA;                            \
            (message)->data = (s)->data;                                                           \
        }                                                                                          \
        (message)->media_type = (s)->media_type;                                                   \
    } while (0)

static void set_image(struct sl_arena *arena, Sluice__V1__Part *part, const struct source *s)
{
    part->image = SL_ARENA_NEW(arena, Sluice__V1__Image);
    sluice__v1__image__init(part->image);
    SET_SOURCE(part->image, IMAGE, s);
    part->content_case = SLUICE__V1__PART__CONTENT_IMAGE;
}

static void set_audio(struct sl_arena *arena, Sluice__V1__Part *part, const struct source *s)
{
    part->audio = SL_ARENA_NEW(arena, Sluice__V1__Audio);
    sluice__v1__audio__init(part->audio);
    SET_SOURCE(part->audio, AUDIO, s);
    part->content_case = SLUICE__V1__PART__CONTENT_AUDIO;
}

static void set_video(struct sl_arena *arena, Sluice__V1__Part *part, const struct source *s)
{
    part->video = SL_ARENA_NEW(arena, Sluice__V1__Video);
    sluice__v1__video__init(part->video);
    SET_SOURCE(part->video, VIDEO, s);
    part->content_case = SLUICE__V1__PART__CONTENT_VIDEO;
}

static void set_document(struct sl_arena *arena, Sluice__V1__Part *part, const struct source *s)
{
    part->document = SL_ARENA_NEW(arena, Sluice__V1__Document);
    sluice__v1__document__init(part->document);
    SET_SOURCE(part->document, DOCUMENT, s);
    if (!s->url && sl_starts_with(s->media_type, "text/")) {
        part->document->source_case = SLUICE__V1__DOCUMENT__SOURCE_TEXT;
        part->document->text = (char *)s->data.data;
    }
    part->document->filename = s->name;
    part->content_case = SLUICE__V1__PART__CONTENT_DOCUMENT;
}

static enum sl_code read_source(struct sl_arena *arena, const char *path, struct source *s,
                                struct sl_err *err)
{
    struct sl_buf bytes;
    const char *type;
    enum sl_code code;

    sl_buf_init(&bytes, ATTACH_MAX);
    code = files_read(path, &bytes, err);
    if (code == SL_OK && !bytes.n)
        code = BAD(err, "%s is empty", path);
    if (code == SL_OK) {
        type = files_media_type(path, bytes.p, bytes.n);
        s->media_type = sl_arena_strdup(arena, type ? type : "application/octet-stream");
        s->data.len = bytes.n;
        s->data.data = sl_arena_try(arena, bytes.n + 1);
        if (s->data.data)
            memcpy(s->data.data, bytes.p, bytes.n + 1);
        else
            code = BAD(err, "%s does not fit into memory", path);
    }
    sl_buf_fini(&bytes);
    return code;
}

enum sl_code message_attach(struct conversation *c, Sluice__V1__Message *m, const char *path,
                            bool picture, struct sl_err *err)
{
    struct sl_arena *arena = &c->arena;
    struct source s = {.name = sl_arena_strdup(arena, files_base_name(path))};
    Sluice__V1__Part *part;

    if (sl_starts_with(path, "http://") || sl_starts_with(path, "https://")) {
        const char *type = files_media_type(path, NULL, 0);

        s.url = sl_arena_strdup(arena, path);
        s.name[strcspn(s.name, "?#")] = 0;
        s.media_type = sl_arena_strdup(arena, type ? type : "");
    } else {
        enum sl_code code = read_source(arena, path, &s, err);

        if (code != SL_OK)
            return code;
        if (picture && !sl_starts_with(s.media_type, "image/"))
            return BAD(err, "%s is no picture (%s); --file adds other files", path, s.media_type);
    }
    part = message_add_part(c, m);
    if (picture || sl_starts_with(s.media_type, "image/"))
        set_image(arena, part, &s);
    else if (sl_starts_with(s.media_type, "audio/"))
        set_audio(arena, part, &s);
    else if (sl_starts_with(s.media_type, "video/"))
        set_video(arena, part, &s);
    else
        set_document(arena, part, &s);
    return SL_OK;
}
