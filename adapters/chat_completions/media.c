/* Sound, pictures and sources of an answer. Base64 is decoded in place, in the received bytes.
 *
 * Sources: OpenAI's API reference, "Audio" of the chat completion object and chunk,
 * "annotations"; OpenRouter's guide "Image Generation" (message.images and delta.images);
 * Perplexity's list of addresses `citations`. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

enum {
    MAX_PIECE = 512 * 1024,   /* bytes of one event */
    MAX_CITATION = 64 * 1024, /* bytes of a source's JSON */
};

/* ---- base64 ---- */

/* A decoder that takes its text in pieces of any size. */
struct base64 {
    unsigned bits, count; /* what waits, and how many bits of it */
};

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

/* Decodes text over itself; padding ends a group, other characters are skipped. Returns the
 * bytes. */
static size_t base64_decode(struct base64 *b, char *text, size_t n)
{
    uint8_t *out = (uint8_t *)text;
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        int value = base64_value((unsigned char)text[i]);
        if (value < 0) {
            if (text[i] == '=')
                *b = (struct base64){0};
            continue;
        }
        b->bits = (b->bits << 6 | (unsigned)value) & 0xffff;
        b->count += 6;
        if (b->count >= 8) {
            b->count -= 8;
            out[used++] = (uint8_t)(b->bits >> b->count);
        }
    }
    return used;
}

/* ---- audio ---- */

struct format {
    const char *name, *media_type;
};

/* audio.format of the request, and what it is called elsewhere. */
static const struct format formats[] = {
    {"wav", "audio/wav"},   {"mp3", "audio/mpeg"},  {"flac", "audio/flac"},
    {"opus", "audio/opus"}, {"pcm16", "audio/pcm"}, {"aac", "audio/aac"},
};

/* audio.format in provider options; "" where it is not there. */
static const char *format_in_options(struct cc *c, const char *options)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err err = {0};
    const char *type = "";

    if (!options || !*options)
        return "";
    char *copy = sl_arena_strdup(c->a->arena, options);
    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, copy, strlen(copy), &j, &err) == SL_OK) {
        int audio = sl_json_member(&j, SL_JSON_ROOT, "audio");
        int format = audio < 0 ? audio : sl_json_member(&j, audio, "format");
        for (size_t i = 0; i < SL_ARRAY_LEN(formats) && format >= 0; i++)
            if (sl_json_string_is(&j, format, formats[i].name))
                type = formats[i].media_type;
    }
    sl_json_parser_fini(&parser);
    return type;
}

/* The answer does not say what it is: it is what the request asked for. */
static const char *audio_type(struct cc *c)
{
    const char *type = format_in_options(c, c->a->request->provider_options_json);

    return *type ? type : format_in_options(c, c->a->target->provider_options_json);
}

static void emit_audio(struct cc *c, Sluice__V1__Audio *audio)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    bool first = !c->s->audio_part;

    delta.part = cc_part(c, &c->s->audio_part);
    if (first)
        audio->media_type = (char *)(uintptr_t)audio_type(c);
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_AUDIO;
    delta.audio = audio;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    cc_emit(c, &event);
}

static void emit_audio_data(struct cc *c, Sluice__V1__Audio *audio, uint8_t *data, size_t n)
{
    while (n) {
        size_t piece = n < MAX_PIECE ? n : MAX_PIECE;
        audio->source_case = SLUICE__V1__AUDIO__SOURCE_DATA;
        audio->data = (ProtobufCBinaryData){piece, data};
        emit_audio(c, audio);
        sluice__v1__audio__init(audio);
        data += piece;
        n -= piece;
    }
}

/* The id is kept for provider_state, with which the next request names this audio. */
static void read_audio_id(struct cc *c, int value)
{
    char *id = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);

    sl_end_set(c->a, &c->s->audio_id, id);
}

enum sl_code cc_read_audio(struct cc *c, int audio)
{
    Sluice__V1__Audio delta = SLUICE__V1__AUDIO__INIT;
    size_t n = 0;

    if (sl_json_type(c->j, audio) != SL_JSON_OBJECT)
        return SL_OK;
    read_audio_id(c, sl_json_member(c->j, audio, "id"));
    int transcript = sl_json_member(c->j, audio, "transcript");
    char *text = transcript < 0 ? NULL : cc_text(c, transcript, &n);
    if (text)
        delta.transcript = text;
    bool expires = sl_json_int(c->j, sl_json_member(c->j, audio, "expires_at"), &delta.expires_at);
    char *data = sl_json_string(c->j, sl_json_member(c->j, audio, "data"), &n, NULL);
    if (data) {
        struct base64 b = {c->s->audio_bits, c->s->audio_waiting};
        n = base64_decode(&b, data, n);
        c->s->audio_bits = b.bits;
        c->s->audio_waiting = b.count;
    }
    if (data && n)
        emit_audio_data(c, &delta, (uint8_t *)data, n);
    else if (text || expires)
        emit_audio(c, &delta);
    return SL_OK;
}

void cc_close_audio(struct cc *c)
{
    Sluice__V1__ProviderState state = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    const char *id = c->s->audio_id;

    if (!id || !c->s->audio_part || c->s->audio_closed)
        return;
    c->s->audio_closed = true;
    state.provider = (char *)(uintptr_t)c->d->kind;
    state.data = (ProtobufCBinaryData){strlen(id), (uint8_t *)(uintptr_t)id};
    done.part = c->s->audio_part - 1;
    done.provider_state = &state;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
    event.part_done = &done;
    cc_emit(c, &event);
}

/* ---- pictures ---- */

static void emit_image(struct cc *c, int32_t *part, Sluice__V1__Image *image)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = cc_part(c, part);
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_IMAGE;
    delta.image = image;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = &delta;
    cc_emit(c, &event);
}

/* data:image/png;base64,... : url is cut into its media type and its bytes. */
static void emit_image_data(struct cc *c, char *url, char *comma, size_t n)
{
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
    struct base64 b = {0};
    int32_t part = 0;
    uint8_t *data = (uint8_t *)comma + 1;

    url[strcspn(url, ";,")] = '\0';
    image.media_type = url + strlen("data:");
    n = base64_decode(&b, comma + 1, n);
    while (n) {
        size_t piece = n < MAX_PIECE ? n : MAX_PIECE;
        image.source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
        image.data = (ProtobufCBinaryData){piece, data};
        emit_image(c, &part, &image);
        sluice__v1__image__init(&image);
        data += piece;
        n -= piece;
    }
}

void cc_read_image(struct cc *c, int image_url)
{
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
    int32_t part = 0;
    size_t n;
    int value = sl_json_type(c->j, image_url) == SL_JSON_OBJECT
                    ? sl_json_member(c->j, image_url, "url")
                    : image_url;
    char *url = value < 0 ? NULL : cc_text(c, value, &n);

    if (!url)
        return;
    char *comma = strchr(url, ',');
    if (sl_starts_with(url, "data:") && comma) {
        emit_image_data(c, url, comma, n - (size_t)(comma + 1 - url));
        return;
    }
    image.source_case = SLUICE__V1__IMAGE__SOURCE_URL;
    image.url = url;
    emit_image(c, &part, &image);
}

void cc_read_images(struct cc *c, int list)
{
    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v))
        if (sl_json_type(c->j, v) == SL_JSON_OBJECT)
            cc_read_image(c, sl_json_member(c->j, v, "image_url"));
}

/* ---- sources ---- */

/* A source belongs to the text; one that comes before it begins it. */
static int32_t citation_part(struct cc *c)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    if (!c->s->text_part) {
        delta.part = cc_part(c, &c->s->text_part);
        event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
        event.text_delta = &delta;
        cc_emit(c, &event);
    }
    return c->s->text_part - 1;
}

static void emit_citation(struct cc *c, Sluice__V1__Citation *citation)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    citation->part = citation_part(c);
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_CITATION;
    event.citation = citation;
    cc_emit(c, &event);
}

static void set_string(struct cc *c, int object, const char *key, char **slot)
{
    size_t n;
    int value = sl_json_member(c->j, object, key);
    char *text = value < 0 ? NULL : cc_text(c, value, &n);

    if (text)
        *slot = text;
}

static bool get_index(struct cc *c, int object, const char *key, int32_t *out)
{
    int64_t v;

    if (!sl_json_int(c->j, sl_json_member(c->j, object, key), &v) || v < 0 || v > INT32_MAX)
        return false;
    *out = (int32_t)v;
    return true;
}

/* {"type": "url_citation", "url_citation": {...}}; other types have their object under their own
 * name too (OpenRouter: "file"). */
static void read_annotation(struct cc *c, int object, struct sl_arena *scratch)
{
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
    struct sl_str raw = sl_json_raw(c->j, object);
    char *copy = raw.n <= MAX_CITATION ? sl_arena_try(scratch, raw.n + 1) : NULL;

    if (copy) {
        memcpy(copy, raw.p, raw.n);
        copy[raw.n] = '\0';
        cc_repair(c, copy, raw.n);
        citation.provider_json = copy;
    }
    int inner = sl_json_present(c->j, object, "url_citation");
    if (inner < 0)
        inner = sl_json_present(c->j, object, "file");
    if (sl_json_type(c->j, inner) != SL_JSON_OBJECT)
        inner = object;
    set_string(c, inner, "url", &citation.url);
    set_string(c, inner, "name", &citation.title);
    set_string(c, inner, "title", &citation.title);
    set_string(c, inner, "file_id", &citation.file_id);
    if (get_index(c, inner, "start_index", &citation.start_index))
        citation._start_index_case = SLUICE__V1__CITATION___START_INDEX_START_INDEX;
    if (get_index(c, inner, "end_index", &citation.end_index))
        citation._end_index_case = SLUICE__V1__CITATION___END_INDEX_END_INDEX;
    emit_citation(c, &citation);
}

void cc_read_annotations(struct cc *c, int list)
{
    struct sl_arena scratch;

    if (sl_json_type(c->j, list) != SL_JSON_ARRAY || !sl_json_size(c->j, list))
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v)) {
        if (sl_json_type(c->j, v) != SL_JSON_OBJECT)
            continue;
        sl_arena_init(&scratch, MAX_CITATION * 2);
        read_annotation(c, v, &scratch);
        sl_arena_fini(&scratch);
    }
}

/* The address as it was sent, too, before it is decoded. */
static void read_citation_url(struct cc *c, int value, struct sl_arena *scratch)
{
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
    struct sl_str raw = sl_json_raw(c->j, value);
    char *copy = raw.n <= MAX_CITATION ? sl_arena_try(scratch, raw.n + 1) : NULL;
    size_t n;

    if (copy) {
        memcpy(copy, raw.p, raw.n);
        copy[raw.n] = '\0';
        cc_repair(c, copy, raw.n);
        citation.provider_json = copy;
    }
    citation.url = cc_text(c, value, &n);
    if (citation.url)
        emit_citation(c, &citation);
}

void cc_read_citation_urls(struct cc *c, int list)
{
    struct sl_arena scratch;
    unsigned at = 0;

    if (sl_json_type(c->j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(c->j, list); v >= 0; v = sl_json_next(c->j, list, v), at++) {
        if (at < c->s->urls || sl_json_type(c->j, v) != SL_JSON_STRING)
            continue;
        sl_arena_init(&scratch, MAX_CITATION * 2);
        read_citation_url(c, v, &scratch);
        sl_arena_fini(&scratch);
        c->s->urls = at + 1;
    }
}
