/* Azure OpenAI and Azure AI Foundry, https://learn.microsoft.com/azure/ai-foundry/openai/reference. The
 * base URL tells which of the three doors is meant (all recorded):
 *
 *   https://RESOURCE.openai.azure.com/openai/v1            the model in the body, no version
 *   https://RESOURCE.openai.azure.com/openai/deployments   /MODEL/chat/completions?api-version=...
 *   https://RESOURCE.services.ai.azure.com/models          /chat/completions?api-version=...
 *
 * The version is the configuration's api_version, else the newest stable one of the door. The key goes
 * into `api-key`; a token of Entra's into `authorization: Bearer` (auth: bearer). A stream's first
 * chunk has no choices, but prompt_filter_results (recorded). A request that the filter refuses is a
 * 400 with the code content_filter. Models of others keep their own ways: Grok counts reasoning
 * beside the completion, Kimi has reasoning_tokens at the top of usage (recorded). */
#include "adapters/azure.h"

#include <string.h>

#include "adapters/chat_completions/chat_completions.h"
#include "adapters/operation.h"

/* "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40" (the API's
 * refusal). */
static const struct sl_call_id_rule call_ids = {NULL, 1, 40};

static const struct sl_cc_dialect dialect = {
    .call_ids = &call_ids,
    .kind = "azure",
    .title = "Azure",
    .key_variable = "AZURE_OPENAI_API_KEY",
    .auth = SL_AUTH_HEADER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .max_stop = 4,
    .developer_role = true,
    .allowed_tools = true,
    .refusal_history = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

/* "Azure AI Model Inference": it has previews only. */
#define MODELS_VERSION "2024-05-01-preview"

const char *sl_azure_url(const struct sl_build_in *in, const char *tail)
{
    const char *base = in->target->base_url, *version = in->target->api_version;
    const char *path = "";

    if (sl_ends_with(base, "/openai/deployments")) {
        path = sl_arena_printf(in->arena, "/%s", sl_op_segment(in->arena, in->target->model_id));
        version = version && *version ? version : SL_AZURE_DEPLOYMENTS_VERSION;
    } else if (strstr(base, "/openai/deployments/")) {
        version = version && *version ? version : SL_AZURE_DEPLOYMENTS_VERSION;
    } else if (sl_ends_with(base, "/models")) {
        version = version && *version ? version : MODELS_VERSION;
    }
    if (!version || !*version)
        return sl_arena_printf(in->arena, "%s%s%s", base, path, tail);
    return sl_arena_printf(in->arena, "%s%s%s?api-version=%s", base, path, tail,
                           sl_op_segment(in->arena, version));
}

static enum sl_code build_azure(const struct sl_build_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    struct sl_target target = *in->target;
    struct sl_build_in own = *in;

    if (target.auth == SL_AUTH_DEFAULT)
        target.auth = SL_AUTH_HEADER;
    if (target.auth == SL_AUTH_HEADER && (!target.auth_header || !*target.auth_header))
        target.auth_header = "api-key";
    own.target = &target;
    enum sl_code code = build(&own, out, err);
    if (code == SL_OK)
        out->url = sl_azure_url(in, "/chat/completions");
    return code;
}

static const char *const key_variables[] = {"AZURE_OPENAI_API_KEY", "AZURE_API_KEY", NULL};

extern const struct sl_op_api *const sl_azure_operations[];
extern const struct sl_adapter sl_adapter_azure_responses, sl_adapter_azure_completions;
static const struct sl_adapter *const others[] = {&sl_adapter_azure_responses,
                                                  &sl_adapter_azure_completions, NULL};

const struct sl_adapter sl_adapter_azure = {
    .name = "azure",
    .api = "chat_completions",
    .others = others,
    .operations = sl_azure_operations,
    .title = "Azure OpenAI",
    .key_variables = key_variables,
    .auth = SL_AUTH_HEADER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = build_azure,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
