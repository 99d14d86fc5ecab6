/* Messages of system and user in a chat-completions request: text, pictures, sound, video,
 * files. Content is a plain string where a message is one text, else a list of parts.
 *
 * Sources: OpenAI's API reference, "messages" of "Create chat completion"; vLLM's page
 * "Multimodal Inputs" for audio_url and video_url. */
#include "adapters/chat_completions/internal.h"

#include <string.h>
#include <strings.h>

const char *cc_part_field(struct cc_build *b, struct cc_place at, const char *rest)
{
    return cc_field(b, "messages[%zu].parts[%zu]%s", at.message, at.part, rest);
}

enum sl_code cc_wrong_place(struct cc_build *b, struct cc_place at, const char *what)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                        cc_part_field(b, at, ""), "%s cannot stand in a message of this role",
                        what);
}

enum sl_code cc_unsupported_part(struct cc_build *b, struct cc_place at, const char *what)
{
    return sl_unsupported(b->in, b->err, cc_part_field(b, at, ""),
                          "%s takes no %s here; it was left out", b->d->title, what);
}

/* ---- parts with media ---- */

static void put_data_url(struct cc_build *b, const char *media_type,
                         const ProtobufCBinaryData *data)
{
    sl_jw_string_begin(&b->w);
    sl_jw_string_text(&b->w, "data:", 5);
    sl_jw_string_text(&b->w, media_type, strlen(media_type));
    sl_jw_string_text(&b->w, ";base64,", 8);
    sl_jw_string_base64(&b->w, data->data, data->len);
    sl_jw_string_end(&b->w);
}

/* {"type": T, T: { ... the caller closes both with end_part */
static void begin_part(struct cc_build *b, const char *type)
{
    sl_jw_object(&b->w);
    cc_put_string(b, "type", type);
    sl_jw_key(&b->w, type);
    sl_jw_object(&b->w);
}

static void end_part(struct cc_build *b)
{
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

void cc_put_text_part(struct cc_build *b, const char *text)
{
    sl_jw_object(&b->w);
    cc_put_string(b, "type", "text");
    cc_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_image(struct cc_build *b, const Sluice__V1__Image *image,
                              struct cc_place at)
{
    if (image->source_case != SLUICE__V1__IMAGE__SOURCE_DATA &&
        image->source_case != SLUICE__V1__IMAGE__SOURCE_URL)
        return cc_unsupported_part(b, at, "picture by file id");
    begin_part(b, "image_url");
    sl_jw_key(&b->w, "url");
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        put_data_url(b, image->media_type, &image->data);
    else
        sl_jw_string(&b->w, image->url);
    if (image->detail[0])
        cc_put_string(b, "detail", image->detail);
    end_part(b);
    return SL_OK;
}

/* input_audio.format: "wav" and "mp3" at OpenAI; elsewhere what the media type says. */
static const char *audio_format(struct cc_build *b, const char *media_type)
{
    static const struct {
        const char *media_type, *format;
    } known[] = {
        {"audio/wav", "wav"},     {"audio/x-wav", "wav"}, {"audio/wave", "wav"},
        {"audio/mpeg", "mp3"},    {"audio/mp3", "mp3"},   {"audio/vnd.wave", "wav"},
        {"audio/x-flac", "flac"}, {"audio/mp4", "m4a"},   {"audio/x-m4a", "m4a"},
    };
    const char *format = NULL;

    for (size_t i = 0; i < SL_ARRAY_LEN(known); i++)
        if (!strcasecmp(known[i].media_type, media_type))
            format = known[i].format;
    if (!format && sl_starts_with(media_type, "audio/"))
        format = media_type + strlen("audio/");
    if (format && !b->d->any_audio_format && strcmp(format, "wav") != 0 &&
        strcmp(format, "mp3") != 0)
        return NULL;
    return format && *format ? format : NULL;
}

/* {"type": "audio_url", "audio_url": {"url"}}, and the same for video. */
static void put_media_url(struct cc_build *b, const char *type, const char *url)
{
    begin_part(b, type);
    cc_put_string(b, "url", url);
    end_part(b);
}

/* Mistral's AudioChunk: {"type": "input_audio", "input_audio": base64 or address}. */
static enum sl_code put_plain_audio(struct cc_build *b, const Sluice__V1__Audio *audio,
                                    struct cc_place at)
{
    bool url = audio->source_case == SLUICE__V1__AUDIO__SOURCE_URL;

    if (!url && audio->source_case != SLUICE__V1__AUDIO__SOURCE_DATA)
        return cc_unsupported_part(b, at, "sound by file id");
    sl_jw_object(&b->w);
    cc_put_string(b, "type", "input_audio");
    sl_jw_key(&b->w, "input_audio");
    sl_jw_string_begin(&b->w);
    if (url)
        sl_jw_string_text(&b->w, audio->url, strlen(audio->url));
    else
        sl_jw_string_base64(&b->w, audio->data.data, audio->data.len);
    sl_jw_string_end(&b->w);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_audio(struct cc_build *b, const Sluice__V1__Audio *audio,
                              struct cc_place at)
{
    if (audio->transcript[0])
        sl_warn(b->in->warnings, "TRANSCRIPT_DROPPED", cc_part_field(b, at, ".audio.transcript"),
                "%s takes the sound, and no transcript beside it", b->d->title);
    if (b->d->mistral_parts)
        return put_plain_audio(b, audio, at);
    if (audio->source_case == SLUICE__V1__AUDIO__SOURCE_URL && b->d->media_urls) {
        put_media_url(b, "audio_url", audio->url);
        return SL_OK;
    }
    if (audio->source_case != SLUICE__V1__AUDIO__SOURCE_DATA)
        return cc_unsupported_part(b, at, "sound by address or file id");
    const char *format = audio_format(b, audio->media_type);
    if (!format)
        return cc_unsupported_part(b, at, "sound of this media type");
    begin_part(b, "input_audio");
    sl_jw_key(&b->w, "data");
    sl_jw_string_begin(&b->w);
    sl_jw_string_base64(&b->w, audio->data.data, audio->data.len);
    sl_jw_string_end(&b->w);
    cc_put_string(b, "format", format);
    end_part(b);
    return SL_OK;
}

static enum sl_code put_video(struct cc_build *b, const Sluice__V1__Video *video,
                              struct cc_place at)
{
    if (!b->d->media_urls || video->source_case == SLUICE__V1__VIDEO__SOURCE_FILE_ID)
        return cc_unsupported_part(b, at, "video");
    if (video->source_case == SLUICE__V1__VIDEO__SOURCE_URL) {
        put_media_url(b, "video_url", video->url);
        return SL_OK;
    }
    begin_part(b, "video_url");
    sl_jw_key(&b->w, "url");
    put_data_url(b, video->media_type, &video->data);
    end_part(b);
    return SL_OK;
}

/* What a document may say about itself and chat completions have no place for. */
static enum sl_code check_document(struct cc_build *b, const Sluice__V1__Document *doc,
                                   struct cc_place at)
{
    bool text = doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT;
    enum sl_code code = SL_OK;

    if (text && doc->filename[0])
        code =
            sl_unsupported(b->in, b->err, cc_part_field(b, at, ".document.filename"),
                           "%s has no file name for a document that is sent as text", b->d->title);
    if (code == SL_OK && doc->title[0])
        code = sl_unsupported(b->in, b->err, cc_part_field(b, at, ".document.title"),
                              "%s has no title for a document", b->d->title);
    if (code == SL_OK && doc->context[0])
        code = sl_unsupported(b->in, b->err, cc_part_field(b, at, ".document.context"),
                              "%s has no context for a document", b->d->title);
    if (code == SL_OK && doc->citations)
        code = sl_unsupported(b->in, b->err, cc_part_field(b, at, ".document.citations"),
                              "%s cites no documents in chat completions", b->d->title);
    return code;
}

/* OpenAI wants a name beside file_data. */
static const char *file_name(const Sluice__V1__Document *doc)
{
    if (doc->filename[0])
        return doc->filename;
    return !strcmp(doc->media_type, "application/pdf") ? "document.pdf" : "document";
}

/* Mistral's parts ("Chat Completion", DocumentURLChunk and FileChunk): {"type": "document_url",
 * "document_url", "document_name"}, an address or a data: URL; {"type": "file", "file_id"}. */
static void put_mistral_document(struct cc_build *b, const Sluice__V1__Document *doc)
{
    bool file = doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_FILE_ID;

    sl_jw_object(&b->w);
    cc_put_string(b, "type", file ? "file" : "document_url");
    if (file) {
        cc_put_string(b, "file_id", doc->file_id);
    } else {
        sl_jw_key(&b->w, "document_url");
        if (doc->source_case == SLUICE__V1__DOCUMENT__SOURCE_URL)
            sl_jw_string(&b->w, doc->url);
        else
            put_data_url(b, doc->media_type, &doc->data);
        if (doc->filename[0])
            cc_put_string(b, "document_name", doc->filename);
    }
    sl_jw_object_end(&b->w);
}

static enum sl_code put_document(struct cc_build *b, const Sluice__V1__Document *doc,
                                 struct cc_place at)
{
    enum sl_code code = check_document(b, doc, at);

    if (code != SL_OK)
        return code;
    if (b->d->mistral_parts && doc->source_case != SLUICE__V1__DOCUMENT__SOURCE_TEXT &&
        doc->source_case != SLUICE__V1__DOCUMENT__SOURCE__NOT_SET) {
        put_mistral_document(b, doc);
        return SL_OK;
    }
    switch (doc->source_case) {
    case SLUICE__V1__DOCUMENT__SOURCE_TEXT:
        cc_put_text_part(b, doc->text);
        return SL_OK;
    case SLUICE__V1__DOCUMENT__SOURCE_DATA:
        begin_part(b, "file");
        cc_put_string(b, "filename", file_name(doc));
        sl_jw_key(&b->w, "file_data");
        put_data_url(b, doc->media_type, &doc->data);
        break;
    case SLUICE__V1__DOCUMENT__SOURCE_FILE_ID:
        begin_part(b, "file");
        cc_put_string(b, "file_id", doc->file_id);
        break;
    case SLUICE__V1__DOCUMENT__SOURCE_URL:
        if (!b->d->file_urls)
            return cc_unsupported_part(b, at, "document by address");
        begin_part(b, "file");
        cc_put_string(b, "filename", file_name(doc));
        cc_put_string(b, "file_data", doc->url);
        break;
    default:
        return cc_unsupported_part(b, at, "document by address");
    }
    end_part(b);
    return SL_OK;
}

/* ---- what every part may carry ---- */

/* An audio part's state is the id of a spoken answer, a reasoning part's its details; anything else
 * is another API's. */
bool cc_is_own_state(const struct cc_build *b, const Sluice__V1__Part *part)
{
    bool fits =
        part->content_case == SLUICE__V1__PART__CONTENT_AUDIO ||
        (part->content_case == SLUICE__V1__PART__CONTENT_REASONING && b->d->reasoning_details);

    return fits && !strcmp(part->provider_state->provider, b->d->kind);
}

void cc_check_state(struct cc_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    bool answer = b->request->messages[at.message]->role == SLUICE__V1__ROLE__ROLE_ASSISTANT;

    if (part->provider_state && !(answer && cc_is_own_state(b, part)))
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", cc_part_field(b, at, ".provider_state"),
                "the state belongs to an answer of %s and was not sent to %s",
                part->provider_state->provider, b->d->title);
    if (part->n_citations)
        sl_warn(b->in->warnings, "CITATIONS_DROPPED", cc_part_field(b, at, ".citations"),
                "%s takes no citations of earlier answers", b->d->title);
}

enum sl_code cc_check_part(struct cc_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    cc_check_state(b, part, at);
    if (part->cache_hint)
        return sl_unsupported(b->in, b->err, cc_part_field(b, at, ".cache_hint"),
                              "%s takes no cache hints here", b->d->title);
    return SL_OK;
}

/* ---- system and user ---- */

static bool has_cache_control(const struct cc_build *b, const Sluice__V1__Part *part)
{
    return b->d->cache_control && part->cache_hint &&
           part->content_case == SLUICE__V1__PART__CONTENT_TEXT;
}

/* Anthropic's form, which OpenRouter passes on ("Prompt Caching"): five minutes or an hour. */
static void put_cached_text(struct cc_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    int32_t ttl = part->cache_hint->ttl_seconds;

    sl_jw_object(&b->w);
    cc_put_string(b, "type", "text");
    cc_put_string(b, "text", part->text);
    sl_jw_key(&b->w, "cache_control");
    sl_jw_object(&b->w);
    cc_put_string(b, "type", "ephemeral");
    if (ttl > 0)
        cc_put_string(b, "ttl", ttl <= 300 ? "5m" : "1h");
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    if (ttl > 0 && ttl != 300 && ttl != 3600)
        sl_warn(b->in->warnings, "CACHE_TTL_ROUNDED",
                cc_part_field(b, at, ".cache_hint.ttl_seconds"),
                "%s keeps prompts for five minutes or an hour", b->d->title);
}

static enum sl_code put_input_part(struct cc_build *b, const Sluice__V1__Part *part,
                                   struct cc_place at, bool text_only)
{
    if (has_cache_control(b, part)) {
        put_cached_text(b, part, at);
        return SL_OK;
    }
    if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT) {
        cc_put_text_part(b, part->text);
        return SL_OK;
    }
    if (text_only)
        return cc_unsupported_part(b, at, "part but text in system messages");
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_IMAGE:
        return put_image(b, part->image, at);
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return put_document(b, part->document, at);
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return put_audio(b, part->audio, at);
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return put_video(b, part->video, at);
    default:
        return cc_wrong_place(b, at, "such a part");
    }
}

enum sl_code cc_put_input(struct cc_build *b, const Sluice__V1__Message *m, size_t index,
                          bool text_only)
{
    enum sl_code code = SL_OK;
    struct cc_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        if (has_cache_control(b, m->parts[at.part]))
            cc_check_state(b, m->parts[at.part], at);
        else
            code = cc_check_part(b, m->parts[at.part], at);
    if (code != SL_OK)
        return code;
    sl_jw_key(&b->w, "content");
    if (m->n_parts == 1 && m->parts[0]->content_case == SLUICE__V1__PART__CONTENT_TEXT &&
        !has_cache_control(b, m->parts[0])) {
        sl_jw_string(&b->w, m->parts[0]->text);
        return SL_OK;
    }
    sl_jw_array(&b->w);
    for (at.part = 0; at.part < m->n_parts && code == SL_OK; at.part++)
        code = put_input_part(b, m->parts[at.part], at, text_only);
    sl_jw_array_end(&b->w);
    return code;
}
