/* Together AI (https://docs.together.ai/reference): embeddings; images with width and height apart, answers as an
 * address or as base64 (response_format "base64", whose member is b64_json); ranking; models as a bare list. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {.path = "/embeddings"};

static const struct sl_calls_images images = {
    .path = "/images/generations",
    .n_key = "n",
    .width_height = true,
    .format_key = "output_format",
    .negative_key = "negative_prompt",
    .seed_key = "seed",
    .delivery_key = "response_format",
    .url_word = "url",
    .bytes_word = "base64",
    .image_key = "image_url",
};

static const struct sl_calls_rerank rerank = {
    .path = "/rerank",
    .top_n_key = "top_n",
    .return_key = "return_documents",
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES(images);
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_together_operations[];
const struct sl_op_api *const sl_together_operations[] = {&embeddings_api, &images_api, &rerank_api,
                                                          &sl_calls_models_api, NULL};
