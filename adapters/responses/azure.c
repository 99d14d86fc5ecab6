/* Azure's Responses API, https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses. The
 * model is the deployment's name, in the body. The base URL tells which of the two doors is meant
 * (both recorded):
 *
 *   https://RESOURCE.openai.azure.com/openai/v1     no version
 *   https://RESOURCE.openai.azure.com/openai        /responses?api-version=..., from api_version
 *
 * The key goes into `api-key`; a token of Entra's into `authorization: Bearer` (auth: bearer). An
 * answer that the filter stops is incomplete with the reason content_filter, and its usage is all
 * zero (recorded). */
#include "adapters/responses/responses.h"

static const struct sl_rs_dialect dialect = {
    .words = {.kind = "azure",
              .title = "Azure",
              .key_variable = "AZURE_OPENAI_API_KEY",
              .auth = SL_AUTH_HEADER,
              .end_user_key = "user"},
};

SL_RS_SLOTS(dialect)

static enum sl_code build_azure(const struct sl_build_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    struct sl_target target = *in->target;
    struct sl_build_in own = *in;
    const char *version = target.api_version;

    if (target.auth == SL_AUTH_DEFAULT)
        target.auth = SL_AUTH_HEADER;
    if (target.auth == SL_AUTH_HEADER && (!target.auth_header || !*target.auth_header))
        target.auth_header = "api-key";
    own.target = &target;
    enum sl_code code = build(&own, out, err);
    if (code == SL_OK && version && *version)
        out->url = sl_arena_printf(in->arena, "%s?api-version=%s", out->url, version);
    return code;
}

static const char *const key_variables[] = {"AZURE_OPENAI_API_KEY", "AZURE_API_KEY", NULL};

const struct sl_adapter sl_adapter_azure_responses = {
    .name = "azure",
    .api = "responses",
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
    .state_size = SL_RS_STATE_SIZE,
    .build = build_azure,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
