/* Servers of one's own that speak OpenAI's calls: LM Studio, llama.cpp, Xinference, gateways. Ranking is Jina's
 * form below the same base URL (llama.cpp's README, "POST /reranking", which answers /v1/rerank too; recorded). */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    SL_CALLS_OPENAI_EMBEDDINGS,
};

static const struct sl_calls_images images = {
    SL_CALLS_OPENAI_IMAGES,
};

static const struct sl_calls_moderations moderations = {.path = "/moderations", .images = true};

static const struct sl_calls_rerank rerank = {
    .path = "/rerank",
    .top_n_key = "top_n",
    .return_key = "return_documents",
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES_STREAMED(images);
static const struct sl_op_api moderations_api = SL_CALLS_MODERATIONS(moderations);
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_custom_operations[];
const struct sl_op_api *const sl_custom_operations[] = {
    &embeddings_api, &images_api, &moderations_api, &rerank_api, &sl_calls_models_api, NULL};
