/* Zhipu (https://docs.bigmodel.cn/api-reference): embeddings of up to 64 inputs with dimensions (embedding-3);
 * images as addresses (cogview); ranking at /rerank. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .max_inputs = 64,
    .dimensions_key = "dimensions",
};

static const struct sl_calls_images images = {
    .path = "/images/generations",
    .size_key = "size",
    .quality_key = "quality",
    .end_user_key = "user_id",
};

static const struct sl_calls_rerank rerank = {
    .path = "/rerank",
    .top_n_key = "top_n",
    .return_key = "return_documents",
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES(images);
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_zhipu_operations[];
const struct sl_op_api *const sl_zhipu_operations[] = {&embeddings_api, &images_api, &rerank_api,
                                                       &sl_calls_models_api, NULL};
