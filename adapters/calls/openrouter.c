/* OpenRouter (https://openrouter.ai/docs/api/reference/embeddings): embeddings with dimensions (recorded: white
 * space before the JSON); models with context_length and supported_parameters. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    SL_CALLS_OPENAI_EMBEDDINGS,
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);

extern const struct sl_op_api *const sl_openrouter_operations[];
const struct sl_op_api *const sl_openrouter_operations[] = {&embeddings_api, &sl_calls_models_api,
                                                            NULL};
