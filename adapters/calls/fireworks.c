/* Fireworks AI (https://docs.fireworks.ai/api-reference/creates-an-embedding-vector-representing-the-input-text,
 * .../rerank-documents): embeddings with dimensions; ranking whose results are a list `data`. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .dimensions_key = "dimensions",
};

static const struct sl_calls_rerank rerank = {
    .path = "/rerank",
    .top_n_key = "top_n",
    .return_key = "return_documents",
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_fireworks_operations[];
const struct sl_op_api *const sl_fireworks_operations[] = {&embeddings_api, &rerank_api,
                                                           &sl_calls_models_api, NULL};
