/* Azure OpenAI (https://learn.microsoft.com/azure/ai-foundry/openai/reference): the calls of OpenAI's below the doors that
 * adapters/azure.c tells of. The deployments' API takes 2048 inputs, as OpenAI's does. Models are listed at /openai/models
 * and /openai/v1/models; the door /models has no listing. */
#include <string.h>

#include "adapters/azure.h"
#include "adapters/calls/calls.h"

static void address(const struct sl_op_in *in, struct sl_http_request *out, const char *method,
                    const char *path)
{
    struct sl_target target = *in->build.target;
    struct sl_op_in own = *in;

    if (target.auth == SL_AUTH_DEFAULT)
        target.auth = SL_AUTH_HEADER;
    if (target.auth == SL_AUTH_HEADER && (!target.auth_header || !*target.auth_header))
        target.auth_header = "api-key";
    own.build.target = &target;
    sl_calls_begin(&own, out, method, path);
    out->url = sl_azure_url(&in->build, path);
}

static void models_address(const struct sl_op_in *in, struct sl_http_request *out,
                           const char *method, const char *path)
{
    struct sl_target target = *in->build.target;
    struct sl_op_in own = *in;
    const char *deployments = strstr(target.base_url, "/deployments");

    own.build.target = &target;
    if (deployments) { /* listed beside them, with a version, too */
        size_t n = (size_t)(deployments - target.base_url);
        target.base_url = sl_arena_strndup(in->build.arena, target.base_url, n);
        if (!target.api_version || !*target.api_version)
            target.api_version = SL_AZURE_DEPLOYMENTS_VERSION;
    }
    address(&own, out, method, path);
}

static bool is_listed(const struct sl_target *target)
{
    return !sl_op_base_ends(target, "/models");
}

static const struct sl_calls_embeddings embeddings = {
    SL_CALLS_OPENAI_EMBEDDINGS,
    .address = address,
    .max_inputs = 2048,
};

static const struct sl_calls_images images = {
    SL_CALLS_OPENAI_IMAGES,
    .address = address,
};

static const struct sl_calls_models models = {.path = "/models", .address = models_address};

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api images_api = SL_CALLS_IMAGES_STREAMED(images);
static const struct sl_op_api models_api = {
    .operation = SL_LIST_MODELS,
    .name = "models",
    .dialect = &models,
    .fits = is_listed,
    .build = sl_calls_models_build,
    .on_body = sl_calls_models_body,
};

extern const struct sl_op_api *const sl_azure_operations[];
const struct sl_op_api *const sl_azure_operations[] = {&embeddings_api, &images_api, &models_api,
                                                       NULL};
