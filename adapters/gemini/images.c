/* Pictures. Gemini's own models answer generateContent with parts of inlineData, and maybe text, where
 * generationConfig.responseModalities says so (https://ai.google.dev/gemini-api/docs/image-generation); pictures to go by are
 * parts of the question. Imagen's answer predict: {"instances": [{"prompt"}], "parameters"} -> {"predictions":
 * [{"bytesBase64Encoded", "mimeType"}]} (https://ai.google.dev/gemini-api/docs/imagen). */
#include <string.h>

#include "adapters/gemini/operations.h"
#include "base/base64.h"

bool gm_is_imagen(const struct sl_target *target)
{
    return strstr(target->model_id, "imagen") != NULL;
}

bool gm_is_no_imagen(const struct sl_target *target)
{
    return !gm_is_imagen(target);
}

/* ---- requests ---- */

/* What neither API has a word for. */
static enum sl_code check_rest(struct nv_build *b, const Sluice__V1__GenerateImageRequest *r)
{
    const struct {
        bool there;
        const char *field;
    } rows[] = {
        {r->quality[0] != '\0', "quality"},
        {r->style[0] != '\0', "style"},
        {r->background[0] != '\0', "background"},
        {r->end_user[0] != '\0', "end_user"},
        {r->_partial_images_case && r->partial_images, "partial_images"},
        {r->delivery == SLUICE__V1__IMAGE_DELIVERY__IMAGE_DELIVERY_URL, "delivery"},
    };
    enum sl_code code = SL_OK;

    if (r->mask)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "mask",
                            "%s takes no mask", b->title);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows) && code == SL_OK; i++)
        if (rows[i].there)
            code = sl_unsupported(b->in, b->err, rows[i].field, "%s has no such %s", b->title,
                                  rows[i].field);
    return code;
}

static enum sl_code put_source(struct nv_build *b, const Sluice__V1__Image *image, size_t i)
{
    bool data = image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA;

    if (!data && image->source_case != SLUICE__V1__IMAGE__SOURCE_URL)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "images[%zu]", i), "%s takes no stored files here",
                            b->title);
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, data ? "inlineData" : "fileData");
    sl_jw_object(&b->w);
    if (image->media_type[0])
        nv_put_string(b, "mimeType", image->media_type);
    sl_jw_key(&b->w, data ? "data" : "fileUri");
    sl_jw_string_begin(&b->w);
    if (data)
        sl_jw_string_base64(&b->w, image->data.data, image->data.len);
    else
        sl_jw_string_text(&b->w, image->url, strlen(image->url));
    sl_jw_string_end(&b->w);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_contents(struct nv_build *b, const Sluice__V1__GenerateImageRequest *r)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->w, "contents");
    sl_jw_array(&b->w);
    sl_jw_object(&b->w);
    nv_put_string(b, "role", "user");
    sl_jw_key(&b->w, "parts");
    sl_jw_array(&b->w);
    sl_jw_object(&b->w);
    nv_put_string(b, "text", r->prompt);
    sl_jw_object_end(&b->w);
    for (size_t i = 0; i < r->n_images && code == SL_OK; i++)
        code = put_source(b, r->images[i], i);
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
    sl_jw_array_end(&b->w);
    return code;
}

/* imageConfig: aspectRatio, and imageSize ("1K", "2K", "4K"). */
static void put_image_config(struct nv_build *b, const Sluice__V1__GenerateImageRequest *r)
{
    if (!r->aspect_ratio[0] && !r->size[0])
        return;
    sl_jw_key(&b->w, "imageConfig");
    sl_jw_object(&b->w);
    if (r->aspect_ratio[0])
        nv_put_string(b, "aspectRatio", r->aspect_ratio);
    if (r->size[0])
        nv_put_string(b, "imageSize", r->size);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_config(struct nv_build *b, const Sluice__V1__GenerateImageRequest *r,
                               struct nv_options *options)
{
    static const struct nv_owned owned[] = {
        {"responseModalities", "GenerateImage"},
        {"imageConfig", "size and aspect_ratio"},
        {"candidateCount", "n"},
        {"seed", "seed"},
        {NULL, NULL},
    };

    sl_jw_key(&b->w, "generationConfig");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "responseModalities");
    sl_jw_array(&b->w);
    sl_jw_string(&b->w, "TEXT");
    sl_jw_string(&b->w, "IMAGE");
    sl_jw_array_end(&b->w);
    put_image_config(b, r);
    if (r->_n_case && r->n > 1)
        nv_put_int(b, "candidateCount", r->n);
    if (r->_seed_case)
        nv_put_int(b, "seed", r->seed);
    enum sl_code code = nv_options_has(options, NULL, "generationConfig")
                            ? nv_options_put(b, options, "generationConfig", NULL, owned)
                            : SL_OK;
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_image_body(struct nv_build *b, const struct sl_op_in *in,
                                   struct nv_options *options)
{
    static const struct nv_owned owned[] = {
        {"contents", "prompt"}, {"model", "model"}, {NULL, NULL}};
    const Sluice__V1__GenerateImageRequest *r = in->image;
    const struct {
        const char *value, *field;
    } rows[] = {{r->output_format, "output_format"}, {r->negative_prompt, "negative_prompt"}};
    enum sl_code code = check_rest(b, r);

    for (size_t i = 0; i < SL_ARRAY_LEN(rows) && code == SL_OK; i++)
        code = sl_calls_put_string(b, NULL, rows[i].field, rows[i].value);
    if (code == SL_OK)
        code = sl_calls_put_int(b, NULL, "output_compression", r->_output_compression_case,
                                r->output_compression);
    if (code == SL_OK)
        code = put_contents(b, r);
    if (code == SL_OK)
        code = put_config(b, r, options);
    return code == SL_OK ? nv_options_put(b, options, NULL, "generationConfig", owned) : code;
}

enum sl_code gm_image_build(const struct sl_op_in *in, struct sl_http_request *out,
                            struct sl_err *err)
{
    struct nv_options options = {0};
    struct nv_build b;

    gm_address(in->api->dialect, &in->build, out, "generateContent");
    sl_calls_writer(&b, in, out, err);
    enum sl_code code = nv_options_open(&b, &options);
    sl_jw_object(&b.w);
    if (code == SL_OK)
        code = put_image_body(&b, in, &options);
    nv_options_close(&options);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return SL_OK;
}

static enum sl_code put_output(struct nv_build *b, const Sluice__V1__GenerateImageRequest *r)
{
    if (!r->output_format[0] && !r->_output_compression_case)
        return SL_OK;
    sl_jw_key(&b->w, "outputOptions");
    sl_jw_object(&b->w);
    if (r->output_format[0])
        nv_put_string(b, "mimeType", nv_field(b, "image/%s", r->output_format));
    if (r->_output_compression_case)
        nv_put_int(b, "compressionQuality", r->output_compression);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_parameters(struct nv_build *b, const Sluice__V1__GenerateImageRequest *r,
                                   struct nv_options *options)
{
    static const struct nv_owned owned[] = {
        {"sampleCount", "n"},
        {"aspectRatio", "aspect_ratio"},
        {"sampleImageSize", "size"},
        {"negativePrompt", "negative_prompt"},
        {"seed", "seed"},
        {"outputOptions", "output_format"},
        {NULL, NULL},
    };

    sl_jw_key(&b->w, "parameters");
    sl_jw_object(&b->w);
    if (r->_n_case)
        nv_put_int(b, "sampleCount", r->n);
    if (r->aspect_ratio[0])
        nv_put_string(b, "aspectRatio", r->aspect_ratio);
    if (r->size[0])
        nv_put_string(b, "sampleImageSize", r->size);
    if (r->negative_prompt[0])
        nv_put_string(b, "negativePrompt", r->negative_prompt);
    if (r->_seed_case)
        nv_put_int(b, "seed", r->seed);
    enum sl_code code = put_output(b, r);
    if (code == SL_OK && nv_options_has(options, NULL, "parameters"))
        code = nv_options_put(b, options, "parameters", NULL, owned);
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_imagen_body(struct nv_build *b, const struct sl_op_in *in,
                                    struct nv_options *options)
{
    static const struct nv_owned owned[] = {{"instances", "prompt"}, {NULL, NULL}};
    const Sluice__V1__GenerateImageRequest *r = in->image;
    enum sl_code code = check_rest(b, r);

    if (code == SL_OK && r->n_images)
        code = sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "images",
                            "Imagen takes no pictures to go by");
    if (code != SL_OK)
        return code;
    sl_jw_key(&b->w, "instances");
    sl_jw_array(&b->w);
    sl_jw_object(&b->w);
    nv_put_string(b, "prompt", r->prompt);
    sl_jw_object_end(&b->w);
    sl_jw_array_end(&b->w);
    code = put_parameters(b, r, options);
    return code == SL_OK ? nv_options_put(b, options, NULL, "parameters", owned) : code;
}

enum sl_code gm_imagen_build(const struct sl_op_in *in, struct sl_http_request *out,
                             struct sl_err *err)
{
    struct nv_options options = {0};
    struct nv_build b;

    gm_address(in->api->dialect, &in->build, out, "predict");
    sl_calls_writer(&b, in, out, err);
    enum sl_code code = nv_options_open(&b, &options);
    sl_jw_object(&b.w);
    if (code == SL_OK)
        code = put_imagen_body(&b, in, &options);
    nv_options_close(&options);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return SL_OK;
}

/* ---- answers ---- */

static enum sl_code emit(struct sl_op_answer *o, struct sl_json *j, int object, const char *key,
                         struct sl_err *err)
{
    struct sl_op_image image = {.index = o->n_images, .partial_index = -1};
    char *text = sl_json_string(j, sl_json_member(j, object, key), &image.n, NULL);

    image.media_type = sl_op_string(o, j, object, "mimeType");
    image.revised_prompt = sl_op_string(o, j, object, "prompt");
    if (!text || !image.n || !sl_base64_decode_in_place(text, &image.n))
        return sl_op_garbage(o, err, "a picture that is no base64");
    o->n_images++;
    image.data = text;
    o->images.on_image(o->images.owner, &image);
    return SL_OK;
}

/* Thoughts are not for the caller; a model that draws may show drafts as such. */
static enum sl_code read_part(struct sl_op_answer *o, struct sl_json *j, int part,
                              struct sl_err *err)
{
    bool thought = false;
    int data = sl_json_type(j, part) == SL_JSON_OBJECT ? sl_json_present(j, part, "inlineData")
                                                       : SL_JSON_ABSENT;

    if (sl_json_type(j, part) != SL_JSON_OBJECT)
        return SL_OK;
    if (sl_json_bool(j, sl_json_member(j, part, "thought"), &thought) && thought)
        return SL_OK;
    if (sl_json_type(j, data) == SL_JSON_OBJECT)
        return emit(o, j, data, "data", err);
    char *text = sl_json_string(j, sl_json_member(j, part, "text"), NULL, NULL);
    if (text && text[0])
        o->images.on_text(o->images.owner, text);
    return SL_OK;
}

static enum sl_code read_candidate(struct sl_op_answer *o, struct sl_json *j, int candidate,
                                   struct sl_err *err)
{
    enum sl_code code = SL_OK;
    int content = sl_json_type(j, candidate) == SL_JSON_OBJECT
                      ? sl_json_present(j, candidate, "content")
                      : SL_JSON_ABSENT;
    int parts = sl_json_type(j, content) == SL_JSON_OBJECT ? sl_json_present(j, content, "parts")
                                                           : SL_JSON_ABSENT;

    for (int k = sl_json_first(j, parts); parts >= 0 && k >= 0 && code == SL_OK;
         k = sl_json_next(j, parts, k))
        code = read_part(o, j, k, err);
    return code;
}

/* No picture, and a reason that is not STOP: the policy's, as all of them are that come without one. */
static enum sl_code refused(struct sl_op_answer *o, struct sl_json *j, int candidate,
                            struct sl_err *err)
{
    int feedback = sl_json_present(j, SL_JSON_ROOT, "promptFeedback");
    const char *why = feedback >= 0 ? sl_op_string(o, j, feedback, "blockReason") : NULL;
    const char *finish = candidate >= 0 ? sl_op_string(o, j, candidate, "finishReason") : NULL;
    const char *message = candidate >= 0 ? sl_op_string(o, j, candidate, "finishMessage") : NULL;

    if (!why && finish && strcmp(finish, "STOP") != 0)
        why = finish;
    if (!why)
        return SL_OK; /* the caller says that there is no picture */
    sl_copy(err->provider_code, sizeof(err->provider_code), why);
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED,
                      "%s made no picture: %s%s%s", o->in->adapter->title, why, message ? ": " : "",
                      message ? message : "");
}

enum sl_code gm_image_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_present(&j, SL_JSON_ROOT, "candidates");
    int usage = sl_json_present(&j, SL_JSON_ROOT, "usageMetadata");
    int first = list >= 0 ? sl_json_first(&j, list) : SL_JSON_ABSENT;
    if (usage >= 0)
        sl_op_set_usage(o, sl_op_count(&j, usage, "promptTokenCount"),
                        sl_op_count(&j, usage, "candidatesTokenCount"), sl_json_raw(&j, usage));
    sl_end_set(&o->a, &o->a.end.model, sl_op_string(o, &j, SL_JSON_ROOT, "modelVersion"));
    sl_end_set(&o->a, &o->a.end.response_id, sl_op_string(o, &j, SL_JSON_ROOT, "responseId"));
    for (int k = first; k >= 0 && code == SL_OK; k = sl_json_next(&j, list, k))
        code = read_candidate(o, &j, k, err);
    if (code == SL_OK && !o->n_images)
        code = refused(o, &j, first, err);
    return code;
}

/* "raiFilteredReason" stands where a picture was filtered out. */
enum sl_code gm_imagen_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    const char *filtered = NULL;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_present(&j, SL_JSON_ROOT, "predictions");
    for (int k = list >= 0 ? sl_json_first(&j, list) : -1; k >= 0 && code == SL_OK;
         k = sl_json_next(&j, list, k)) {
        const char *why = sl_op_string(o, &j, k, "raiFilteredReason");
        if (why)
            filtered = why;
        else if (sl_json_type(&j, k) == SL_JSON_OBJECT)
            code = emit(o, &j, k, "bytesBase64Encoded", err);
    }
    if (code != SL_OK || o->n_images)
        return code;
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED,
                      "%s filtered the pictures out%s%s", o->in->adapter->title,
                      filtered ? ": " : "", filtered ? filtered : "");
}
