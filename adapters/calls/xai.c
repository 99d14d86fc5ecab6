/* xAI (https://docs.x.ai/docs/api-reference): images with aspect_ratio and resolution ("1k", "2k": the request's size),
 * no size, quality or style (recorded); edits as JSON. Cost comes as usage.cost_in_usd_ticks. */
#include "adapters/calls/calls.h"

static const struct sl_calls_images images = {
    .path = "/images/generations",
    .edits_path = "/images/edits",
    .n_key = "n",
    .size_key = "resolution",
    .aspect_key = "aspect_ratio",
    .end_user_key = "user",
    .delivery_key = "response_format",
    .url_word = "url",
    .bytes_word = "b64_json",
    .object_edits = true,
};

static const struct sl_op_api images_api = SL_CALLS_IMAGES(images);

extern const struct sl_op_api *const sl_xai_operations[];
const struct sl_op_api *const sl_xai_operations[] = {&images_api, &sl_calls_models_api, NULL};
