/* Alibaba's Model Studio (https://help.aliyun.com/en/model-studio/embedding-interfaces-compatible-with-openai):
 * embeddings of up to 10 inputs, with dimensions, as lists of floats only; models. */
#include "adapters/calls/calls.h"

static const char *const floats[] = {NULL, "float", NULL, NULL, NULL, NULL, NULL};

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .max_inputs = 10,
    .dimensions_key = "dimensions",
    .encoding_key = "encoding_format",
    .encodings = floats,
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);

extern const struct sl_op_api *const sl_dashscope_operations[];
const struct sl_op_api *const sl_dashscope_operations[] = {&embeddings_api, &sl_calls_models_api,
                                                           NULL};
