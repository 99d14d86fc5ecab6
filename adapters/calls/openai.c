/* OpenAI (https://platform.openai.com/docs/api-reference): embeddings of up to 2048 inputs, texts or token ids; images,
 * with unfinished ones in a stream from gpt-image models, and edits as a form; moderations of texts and pictures; models.
 * gpt-image models send bytes only, and no response_format. */
#include "adapters/calls/calls.h"

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .max_inputs = 2048,
    .dimensions_key = "dimensions",
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
    .end_user_key = "user",
    .tokens = true,
};

static const struct sl_calls_images images = {
    .path = "/images/generations",
    .edits_path = "/images/edits",
    .n_key = "n",
    .size_key = "size",
    .quality_key = "quality",
    .style_key = "style",
    .background_key = "background",
    .format_key = "output_format",
    .compression_key = "output_compression",
    .end_user_key = "user",
    .delivery_key = "response_format",
    .url_word = "url",
    .bytes_word = "b64_json",
    .form_edits = true,
    .partial = true,
    .gpt_image = true,
};

static const struct sl_calls_moderations moderations = {.path = "/moderations", .images = true};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES_STREAMED(images);
static const struct sl_op_api moderations_api = SL_CALLS_MODERATIONS(moderations);

extern const struct sl_op_api *const sl_openai_operations[];
const struct sl_op_api *const sl_openai_operations[] = {
    &embeddings_api, &images_api, &moderations_api, &sl_calls_models_api, NULL,
};
