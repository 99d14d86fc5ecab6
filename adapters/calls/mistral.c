/* Mistral AI (https://docs.mistral.ai/api/endpoint/embeddings): output_dimension, numbers as lists or base64
 * (encoding_format), other forms by output_dtype; one request takes 256 inputs and refuses 257 ("Too many inputs in
 * request, split into more batches"). Moderations (.../api/endpoint/classifiers) take texts only, and give no verdict
 * beside the categories (recorded). */
#include "adapters/calls/calls.h"

static const char *const types[] = {NULL, NULL, NULL, "int8", "uint8", "binary", "ubinary"};

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .max_inputs = 256,
    .dimensions_key = "output_dimension",
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
    .type_key = "output_dtype",
    .types = types,
};

static const struct sl_calls_moderations moderations = {.path = "/moderations"};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api moderations_api = SL_CALLS_MODERATIONS(moderations);

extern const struct sl_op_api *const sl_mistral_operations[];
const struct sl_op_api *const sl_mistral_operations[] = {&embeddings_api, &moderations_api,
                                                         &sl_calls_models_api, NULL};
