/* LM Studio (https://lmstudio.ai/docs/app/api/endpoints/openai): embeddings and models. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);

extern const struct sl_op_api *const sl_lmstudio_operations[];
const struct sl_op_api *const sl_lmstudio_operations[] = {&embeddings_api, &sl_calls_models_api,
                                                          NULL};
