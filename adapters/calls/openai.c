/* OpenAI (https://platform.openai.com/docs/api-reference): embeddings of up to 2048 inputs, texts or token ids; images,
 * with unfinished ones in a stream from gpt-image models, and edits as a form; moderations of texts and pictures; models.
 * gpt-image models send bytes only, and no response_format. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    SL_CALLS_OPENAI_EMBEDDINGS,
    .max_inputs = 2048,
};

static const struct sl_calls_images images = {
    SL_CALLS_OPENAI_IMAGES,
};

static const struct sl_calls_moderations moderations = {.path = "/moderations", .images = true};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES_STREAMED(images);
static const struct sl_op_api moderations_api = SL_CALLS_MODERATIONS(moderations);

extern const struct sl_op_api *const sl_openai_operations[];
const struct sl_op_api *const sl_openai_operations[] = {
    &embeddings_api, &images_api, &moderations_api, &sl_calls_models_api, NULL,
};
