/* SiliconFlow (https://docs.siliconflow.com/en/api-reference): embeddings of up to 32 inputs ("input: array of
 * up to 32"), dimensions with Qwen3's models; ranking with tokens beside the results; images whose size is image_size, how
 * many batch_size, and whose answer is a list `images` of addresses that hold for an hour. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .max_inputs = 32,
    .dimensions_key = "dimensions",
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
};

static const struct sl_calls_images images = {
    .path = "/images/generations",
    .n_key = "batch_size",
    .size_key = "image_size",
    .negative_key = "negative_prompt",
    .seed_key = "seed",
    .image_key = "image",
};

static const struct sl_calls_rerank rerank = {
    .path = "/rerank",
    .top_n_key = "top_n",
    .return_key = "return_documents",
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES(images);
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_siliconflow_operations[];
const struct sl_op_api *const sl_siliconflow_operations[] = {
    &embeddings_api, &images_api, &rerank_api, &sl_calls_models_api, NULL};
