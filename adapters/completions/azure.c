/* Azure's legacy completions, https://learn.microsoft.com/azure/ai-foundry/openai/reference. The base
 * URL is https://RESOURCE.openai.azure.com/openai/deployments, to which the model, as the
 * deployment's name, is added, or already ends with the deployment; or .../openai/v1, which has no
 * version. The key goes into `api-key`. Answers hold prompt_filter_results (recorded). */
#include "adapters/completions/completions.h"

#include <string.h>

static const struct sl_tc_dialect dialect = {
    .words = {.kind = "azure",
              .title = "Azure OpenAI",
              .key_variable = "AZURE_OPENAI_API_KEY",
              .auth = SL_AUTH_HEADER,
              .end_user_key = "user",
              .max_stop = 4,
              .legacy_max_tokens = true},
    .path = "/completions",
    .penalties = true,
    .logprobs = true,
};

SL_TC_SLOTS(dialect)

/* The newest stable version of "Azure OpenAI in Azure AI Foundry Models REST API reference". */
#define DEPLOYMENTS_VERSION "2024-10-21"

static const char *url_of(const struct sl_build_in *in)
{
    static const char end[] = "/openai/deployments";
    const char *base = in->target->base_url, *version = in->target->api_version;
    size_t n = strlen(base), m = sizeof(end) - 1;
    bool of_deployments = strstr(base, end) != NULL;
    bool open = n >= m && !strcmp(base + n - m, end);

    if (!version || !*version)
        version = of_deployments ? DEPLOYMENTS_VERSION : "";
    return sl_arena_printf(in->arena, "%s%s%s/completions%s%s", base, open ? "/" : "",
                           open ? in->target->model_id : "", *version ? "?api-version=" : "",
                           version);
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
        out->url = url_of(in);
    return code;
}

static const char *const key_variables[] = {"AZURE_OPENAI_API_KEY", "AZURE_API_KEY", NULL};

const struct sl_adapter sl_adapter_azure_completions = {
    .name = "azure",
    .api = "completions",
    .title = "Azure OpenAI",
    .key_variables = key_variables,
    .auth = SL_AUTH_HEADER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true},
    .state_size = SL_TC_STATE_SIZE,
    .build = build_azure,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
