/* Perplexity (https://docs.perplexity.ai/api-reference/embeddings-post): embeddings of up to 512 inputs, with
 * dimensions; unasked they come as base64 of signed bytes ("base64_int8"), asked for as packed bits ("base64_binary"). */
#include "adapters/calls/calls.h"

static const char *const encodings[] = {NULL, NULL, NULL, "base64_int8", NULL, "base64_binary",
                                        NULL};

static const struct sl_calls_embeddings embeddings = {
    .path = "/v1/embeddings",
    .max_inputs = 512,
    .dimensions_key = "dimensions",
    .encoding_key = "encoding_format",
    .encodings = encodings,
    .usual = SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_INT8,
};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);

extern const struct sl_op_api *const sl_perplexity_operations[];
const struct sl_op_api *const sl_perplexity_operations[] = {&embeddings_api, NULL};
