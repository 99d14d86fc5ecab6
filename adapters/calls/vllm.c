/* vLLM (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html): embeddings with token ids,
 * dimensions of Matryoshka models and truncation by provider_options_json.truncate_prompt_tokens; ranking at /rerank,
 * which Jina's and Cohere's clients find at /v1/rerank and /v2/rerank, too. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    SL_CALLS_OPENAI_EMBEDDINGS,
};

static const struct sl_calls_rerank rerank = {.path = "/rerank", .top_n_key = "top_n"};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_vllm_operations[];
const struct sl_op_api *const sl_vllm_operations[] = {&embeddings_api, &rerank_api,
                                                      &sl_calls_models_api, NULL};
