/* POST /images/generations: {"model", "prompt", ...} -> {"data": [{"b64_json" | "url", "revised_prompt"}]}; streamed, where
 * unfinished pictures are wanted: events image_generation.partial_image and image_generation.completed (or image_edit.*),
 * each with b64_json (OpenAI, "Image generation streaming events"). Pictures to go by make it an edit. */
#include "adapters/calls/calls.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"

enum { MAX_URL = 65536 };

static const struct sl_calls_images *dialect_of(const struct sl_op_in *in)
{
    return in->api->dialect;
}

bool sl_calls_is_gpt_image(const struct sl_op_in *in)
{
    return dialect_of(in)->gpt_image && (strstr(in->build.target->model_id, "gpt-image") != NULL ||
                                         strstr(in->build.target->model_id, "gpt_image") != NULL);
}

/* ---- the request ---- */

/* "1024x768"; false: it is something else. */
static bool read_size(const char *size, int *width, int *height)
{
    int *into = width, digits = 0;

    *width = *height = 0;
    for (; *size; size++) {
        if (*size >= '0' && *size <= '9' && digits < 5) {
            *into = *into * 10 + (*size - '0');
            digits++;
        } else if (*size == 'x' && into == width && digits) {
            into = height;
            digits = 0;
        } else {
            return false;
        }
    }
    return into == height && digits;
}

static enum sl_code put_size(struct nv_build *b, const struct sl_op_in *in)
{
    int width, height;

    if (!dialect_of(in)->width_height || !in->image->size[0])
        return sl_calls_put_string(b, dialect_of(in)->size_key, "size", in->image->size);
    if (!read_size(in->image->size, &width, &height))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "size",
                            "%s takes a size of the form WIDTHxHEIGHT", b->title);
    nv_put_int(b, "width", width);
    nv_put_int(b, "height", height);
    return SL_OK;
}

/* "This parameter isn't supported for gpt-image-1, which always returns base64-encoded images." */
static enum sl_code put_delivery(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_images *d = dialect_of(in);
    const char *const words[] = {NULL, d->bytes_word, d->url_word};
    int wanted = (int)in->image->delivery;

    if (sl_calls_is_gpt_image(in) && wanted == SLUICE__V1__IMAGE_DELIVERY__IMAGE_DELIVERY_BYTES)
        return SL_OK;
    if (sl_calls_is_gpt_image(in) && wanted)
        return sl_unsupported(b->in, b->err, "delivery", "the model sends pictures as bytes only");
    return sl_calls_put_word(b, d->delivery_key, "delivery", words, wanted);
}

static enum sl_code put_partial(struct nv_build *b, const struct sl_op_in *in)
{
    if (!in->image->_partial_images_case || !in->image->partial_images)
        return SL_OK;
    if (!dialect_of(in)->partial)
        return sl_unsupported(b->in, b->err, "partial_images", "%s sends finished pictures only",
                              b->title);
    nv_put_bool(b, "stream", true);
    nv_put_int(b, "partial_images", in->image->partial_images);
    return SL_OK;
}

/* xAI: {"url": "...", "type": "image_url"}, a list where there are several (docs.x.ai, "Image edit"). */
static enum sl_code put_object(struct nv_build *b, const struct sl_op_in *in, size_t i)
{
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "url");
    enum sl_code code = sl_calls_put_image(b, in->image->images[i], nv_field(b, "images[%zu]", i));
    nv_put_string(b, "type", "image_url");
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_objects(struct nv_build *b, const struct sl_op_in *in)
{
    enum sl_code code = SL_OK;
    size_t n = in->image->n_images;

    sl_jw_key(&b->w, n == 1 ? "image" : "images");
    if (n > 1)
        sl_jw_array(&b->w);
    for (size_t i = 0; i < n && code == SL_OK; i++)
        code = put_object(b, in, i);
    if (n > 1)
        sl_jw_array_end(&b->w);
    return code;
}

static enum sl_code put_sources(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_images *d = dialect_of(in);
    size_t n = in->image->n_images;

    if (in->image->mask)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "mask",
                            "%s takes no mask", b->title);
    if (!n)
        return SL_OK;
    if (d->object_edits)
        return put_objects(b, in);
    if (!d->image_key || n > 1)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "images",
                            "%s takes no%s pictures to go by", b->title,
                            d->image_key ? " second" : "");
    sl_jw_key(&b->w, d->image_key);
    return sl_calls_put_image(b, in->image->images[0], "images[0]");
}

static enum sl_code put_words(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_images *d = dialect_of(in);
    const Sluice__V1__GenerateImageRequest *r = in->image;
    const struct {
        const char *key, *field, *word;
    } rows[] = {
        {d->aspect_key, "aspect_ratio", r->aspect_ratio},
        {d->quality_key, "quality", r->quality},
        {d->style_key, "style", r->style},
        {d->background_key, "background", r->background},
        {d->format_key, "output_format", r->output_format},
        {d->negative_key, "negative_prompt", r->negative_prompt},
        {d->end_user_key, "end_user", r->end_user},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(rows) && code == SL_OK; i++)
        code = sl_calls_put_string(b, rows[i].key, rows[i].field, rows[i].word);
    return code;
}

static enum sl_code put_members(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_images *d = dialect_of(in);
    const Sluice__V1__GenerateImageRequest *r = in->image;
    enum sl_code code = put_words(b, in);

    if (code == SL_OK)
        code = sl_calls_put_int(b, d->n_key, "n", r->_n_case, r->n);
    if (code == SL_OK)
        code = put_size(b, in);
    if (code == SL_OK)
        code = sl_calls_put_int(b, d->compression_key, "output_compression",
                                r->_output_compression_case, r->output_compression);
    if (code == SL_OK)
        code = sl_calls_put_int(b, d->seed_key, "seed", r->_seed_case, r->seed);
    if (code == SL_OK)
        code = put_delivery(b, in);
    if (code == SL_OK)
        code = put_partial(b, in);
    return code == SL_OK ? put_sources(b, in) : code;
}

void sl_calls_images_owned(const struct sl_calls_images *d,
                           struct nv_owned out[SL_CALLS_IMAGES_OWNED])
{
    const struct nv_owned owned[] = {
        {"model", "model"},
        {"prompt", "prompt"},
        {SL_CALLS_OWNED(d->n_key), "n"},
        {SL_CALLS_OWNED(d->size_key), "size"},
        {SL_CALLS_OWNED(d->aspect_key), "aspect_ratio"},
        {SL_CALLS_OWNED(d->quality_key), "quality"},
        {SL_CALLS_OWNED(d->style_key), "style"},
        {SL_CALLS_OWNED(d->background_key), "background"},
        {SL_CALLS_OWNED(d->format_key), "output_format"},
        {SL_CALLS_OWNED(d->compression_key), "output_compression"},
        {SL_CALLS_OWNED(d->negative_key), "negative_prompt"},
        {SL_CALLS_OWNED(d->seed_key), "seed"},
        {SL_CALLS_OWNED(d->end_user_key), "end_user"},
        {SL_CALLS_OWNED(d->delivery_key), "delivery"},
        {SL_CALLS_OWNED(d->image_key), "images"},
        {"stream", "partial_images"},
        {"partial_images", "partial_images"},
        {NULL, NULL},
    };

    static_assert(sizeof(owned) == SL_CALLS_IMAGES_OWNED * sizeof(*out), "all of them");
    memcpy(out, owned, sizeof(owned));
}

static enum sl_code put_options(struct nv_build *b, const struct sl_calls_images *d)
{
    struct nv_owned owned[SL_CALLS_IMAGES_OWNED];

    sl_calls_images_owned(d, owned);
    return sl_calls_close(b, owned);
}

enum sl_code sl_calls_images_build(const struct sl_op_in *in, struct sl_http_request *out,
                                   struct sl_err *err)
{
    const struct sl_calls_images *d = dialect_of(in);
    bool edit = in->image->n_images && d->edits_path;
    struct nv_build b;

    (d->address ? d->address : sl_calls_begin)(in, out, "POST", edit ? d->edits_path : d->path);
    out->framing = in->build.stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    if (edit && d->form_edits)
        return sl_calls_images_form(in, out, err);
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    nv_put_string(&b, "prompt", in->image->prompt);
    enum sl_code code = put_members(&b, in);
    return code == SL_OK ? put_options(&b, d) : code;
}

/* ---- the answer ---- */

/* "png" as a media type; NULL stays NULL. */
static const char *media_of(struct sl_op_answer *o, const char *format)
{
    if (!format || !format[0])
        return NULL;
    return strchr(format, '/') ? format : sl_arena_printf(o->a.arena, "image/%s", format);
}

/* The member's, else the request's word, else what the provider's documentation says it is unasked. */
static const char *media_type(struct sl_op_answer *o, struct sl_json *j, int object)
{
    static const char *const keys[] = {"mime_type", "media_type", "output_format"};
    const char *media = NULL;

    for (size_t i = 0; i < SL_ARRAY_LEN(keys) && !media; i++)
        media = media_of(o, sl_op_string(o, j, object, keys[i]));
    for (size_t i = 0; i < SL_ARRAY_LEN(keys) && !media; i++)
        media = media_of(o, sl_op_string(o, j, SL_JSON_ROOT, keys[i]));
    if (!media)
        media = media_of(o, o->in->image->output_format);
    return media ? media : sl_calls_is_gpt_image(o->in) ? "image/png" : NULL;
}

/* A string that may be megabytes: decoded where it stands. */
static enum sl_code take_base64(struct sl_op_answer *o, struct sl_json *j, int value,
                                struct sl_op_image *image, struct sl_err *err)
{
    char *text = sl_json_string(j, value, &image->n, NULL);

    if (sl_starts_with(text, "data:")) {
        char *comma = strchr(text, ',');
        if (!comma)
            return sl_op_garbage(o, err, "a data: URL without data");
        if (!image->media_type)
            image->media_type = sl_arena_strndup(o->a.arena, text + 5, strcspn(text + 5, ";,"));
        image->n -= (size_t)(comma + 1 - text);
        text = comma + 1;
    }
    if (!sl_base64_decode_in_place(text, &image->n) || !image->n)
        return sl_op_garbage(o, err, "a picture that is no base64");
    image->data = text;
    return SL_OK;
}

static enum sl_code emit(struct sl_op_answer *o, struct sl_json *j, int object,
                         struct sl_op_image *image, struct sl_err *err)
{
    int bytes = sl_json_present(j, object, "b64_json");
    const char *url = sl_json_string(j, sl_json_present(j, object, "url"), NULL, NULL);
    enum sl_code code = SL_OK;

    image->media_type = media_type(o, j, object);
    image->revised_prompt = sl_op_string(o, j, object, "revised_prompt");
    if (sl_json_type(j, bytes) == SL_JSON_STRING)
        code = take_base64(o, j, bytes, image, err);
    else if (url && sl_starts_with(url, "data:"))
        code = take_base64(o, j, sl_json_present(j, object, "url"), image, err);
    else if (url && url[0] && strlen(url) <= MAX_URL)
        image->url = url;
    else
        code = sl_op_garbage(o, err, "a picture without bytes and address");
    if (code == SL_OK)
        o->images.on_image(o->images.owner, image);
    return code;
}

enum sl_code sl_calls_images_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_present(&j, SL_JSON_ROOT, "data");
    if (list < 0)
        list = sl_json_present(&j, SL_JSON_ROOT, "images"); /* SiliconFlow */
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without pictures");
    sl_calls_facts(o, &j);
    for (int k = sl_json_first(&j, list); k >= 0 && code == SL_OK; k = sl_json_next(&j, list, k)) {
        struct sl_op_image image = {.index = o->n_images++, .partial_index = -1};
        if (sl_json_type(&j, k) != SL_JSON_OBJECT)
            return sl_op_garbage(o, err, "a list of something else than pictures");
        code = emit(o, &j, k, &image, err);
    }
    return code;
}

/* ---- the stream ---- */

static enum sl_code stream_error(struct sl_op_answer *o, struct sl_json *j, int error,
                                 struct sl_err *err)
{
    const char *message = sl_op_string(o, j, error, "message");
    const char *code = sl_op_string(o, j, error, "code"), *type = sl_op_string(o, j, error, "type");

    if (code)
        sl_copy(err->provider_code, sizeof(err->provider_code), code);
    if (type)
        sl_copy(err->provider_type, sizeof(err->provider_type), type);
    if (code && !strcmp(code, "moderation_blocked"))
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED, "%s",
                          message ? message : "the provider's policy refused the picture");
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "%s",
                      message ? message : "the provider said that it failed");
}

static enum sl_code on_event(struct sl_op_answer *o, struct sl_json *j, const char *type,
                             struct sl_err *err)
{
    struct sl_op_image image = {.index = o->n_images, .partial_index = -1};
    int64_t partial = sl_op_count(j, SL_JSON_ROOT, "partial_image_index");

    if (strstr(type, ".partial_image")) {
        image.partial_index = partial < 0 ? 0 : (int32_t)partial;
        return emit(o, j, SL_JSON_ROOT, &image, err);
    }
    if (!strstr(type, ".completed"))
        return SL_OK; /* events that may come: the stream's end says whether the picture did */
    o->n_images++;
    o->a.end.done = true;
    sl_calls_usage(o, j, sl_json_member(j, SL_JSON_ROOT, "usage"));
    return emit(o, j, SL_JSON_ROOT, &image, err);
}

enum sl_code sl_calls_images_frame(struct sl_op_answer *o, const struct sl_frame *frame,
                                   struct sl_err *err)
{
    struct sl_json j;

    if (!strcmp(frame->data, "[DONE]"))
        return SL_OK;
    enum sl_code code = sl_op_parse(o, frame->data, frame->n, SL_JSON_OBJECT, &j, err);
    if (code != SL_OK)
        return code;
    const char *type = sl_op_string(o, &j, SL_JSON_ROOT, "type");
    int error = sl_json_present(&j, SL_JSON_ROOT, "error");
    if (error >= 0)
        return stream_error(o, &j, error, err);
    return on_event(o, &j, type ? type : frame->event, err);
}

enum sl_code sl_calls_images_eof(struct sl_op_answer *o, struct sl_err *err)
{
    if (o->a.end.done)
        return SL_OK;
    err->retryable = true;
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
                      "%s ended the stream before the picture was finished", o->in->adapter->title);
}
