/* The calls beside chat of the Gemini API: embeddings, pictures, token counts (https://ai.google.dev/api/tokens), and the
 * list of models (https://ai.google.dev/api/models, up to 1000 a page). */
#include "adapters/gemini/operations.h"

/* ---- token counts ---- */

static enum sl_code count_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    return gm_build_counting(in->api->dialect, &in->build, out, err);
}

enum sl_code gm_count_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int64_t cached = sl_op_count(&j, SL_JSON_ROOT, "cachedContentTokenCount");
    o->out.tokens = sl_op_count(&j, SL_JSON_ROOT, "totalTokens");
    o->out.cached = cached > 0 ? cached : 0;
    return SL_OK;
}

/* ---- models ---- */

static void models_address(const struct sl_op_in *in, struct sl_http_request *out,
                           const char *method, const char *path)
{
    struct sl_target target = *in->build.target;
    struct sl_op_in own = *in;

    if (target.auth == SL_AUTH_DEFAULT)
        target.auth = sl_gemini_dialect.auth;
    if (target.auth == SL_AUTH_HEADER && (!target.auth_header || !*target.auth_header))
        target.auth_header = sl_gemini_dialect.key_header;
    own.build.target = &target;
    sl_op_begin(&own, out, method, path);
}

static const struct sl_calls_models models = {
    .path = "/models?pageSize=1000",
    .page_key = "pageToken",
    .address = models_address,
};

/* ---- the list ---- */

static const struct sl_op_api batch_embed = {
    .operation = SL_EMBED,
    .name = "batchEmbedContents",
    .dialect = &sl_gemini_dialect,
    .batch = gm_embed_batch,
    .build = gm_batch_build,
    .on_body = gm_embed_body,
};
static const struct sl_op_api embed = {
    .operation = SL_EMBED,
    .name = "embedContent",
    .dialect = &sl_gemini_dialect,
    .batch = gm_embed_one,
    .build = gm_embed_build,
    .on_body = gm_embed_body,
};
static const struct sl_op_api image = {
    .operation = SL_GENERATE_IMAGE,
    .name = "generate_content_image",
    .dialect = &sl_gemini_dialect,
    .fits = gm_is_no_imagen,
    .build = gm_image_build,
    .on_body = gm_image_body,
};
static const struct sl_op_api imagen = {
    .operation = SL_GENERATE_IMAGE,
    .name = "predict",
    .dialect = &sl_gemini_dialect,
    .fits = gm_is_imagen,
    .build = gm_imagen_build,
    .on_body = gm_imagen_body,
};
static const struct sl_op_api count = {
    .operation = SL_COUNT_TOKENS,
    .name = "countTokens",
    .dialect = &sl_gemini_dialect,
    .build = count_build,
    .on_body = gm_count_body,
};
static const struct sl_op_api models_api = SL_CALLS_MODELS(models);

extern const struct sl_op_api *const sl_gemini_operations[];
const struct sl_op_api *const sl_gemini_operations[] = {&batch_embed, &embed,      &image, &imagen,
                                                        &count,       &models_api, NULL};
