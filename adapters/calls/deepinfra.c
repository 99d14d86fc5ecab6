/* DeepInfra (https://deepinfra.com/docs/openai_api): embeddings of up to 1024 inputs, with dimensions; images as
 * base64 only ("response_format: only b64_json is supported"); models. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .max_inputs = 1024,
    .dimensions_key = "dimensions",
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
};

static const struct sl_calls_images images = {
    .path = "/images/generations",
    .n_key = "n",
    .size_key = "size",
    .delivery_key = "response_format",
    .bytes_word = "b64_json",
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES(images);

extern const struct sl_op_api *const sl_deepinfra_operations[];
const struct sl_op_api *const sl_deepinfra_operations[] = {&embeddings_api, &images_api,
                                                           &sl_calls_models_api, NULL};
