/* Why settings of other programs are not carried, and what does their work here. */
#include "registry/import/source.h"

#include <string.h>

#include "base/str.h"

/* Patterns are matched against the path; the first that fits counts. */
static const struct {
    const char *pattern, *why;
} reasons[] = {
    {"*master_key*",
     "callers get keys of their own here: sluice keys create, or sluice users create"},
    {"*database_url*", "Sluice has a database of its own: setting store.url"},
    {"*database_*", "Sluice has a database of its own: setting store.url"},
    {"*store_model_in_db*", "models are always stored here"},
    {"*proxy_b*", "it belongs to LiteLLM's own database"},
    {"*redis*", "no Redis is needed: replicas share their database"},
    {"*cache*", "answers are not cached here"},
    {"*callback*", "Sluice writes its own log of calls"},
    {"*langfuse*", "Sluice writes its own log of calls"},
    {"*slack*", "alerts are for whoever watches the service's log and health"},
    {"*alert*", "alerts are for whoever watches the service's log and health"},
    {"*verbose*", "the log's level is a setting of the service: log.level"},
    {"*debug*", "the log's level is a setting of the service: log.level"},
    {"*json_logs*", "the log is JSON anyway"},
    {"*telemetry*", "Sluice calls nobody but providers"},
    {"*drop_params*",
     "a parameter that a model does not take is refused or left out with a warning, as the "
     "request says"},
    {"*modify_params*", "requests are translated for each provider anyway"},
    {"*budget*", "budgets are limits of tiers and users here, not of models"},
    {"*spend*", "budgets are limits of tiers and users here, not of models"},
    {"*tpm*", "rates are limits of tiers here; a provider's own limit is found by its answers"},
    {"*rpm*", "rates are limits of tiers here; a provider's own limit is found by its answers"},
    {"*max_parallel_requests*",
     "how many calls run at once is a limit of tiers and of the service"},
    {"*timeout*", "the caller's deadline counts, and the timeouts of the service's configuration"},
    {"*_retries*",
     "a caller that wants a retry asks again; models stand in for each other by their fallbacks"},
    {"*retry_*",
     "a caller that wants a retry asks again; models stand in for each other by their fallbacks"},
    {"*cooldown*",
     "a provider that fails is left alone by its circuit breaker, without this setting"},
    {"*allowed_fails*",
     "a provider that fails is left alone by its circuit breaker, without this setting"},
    {"*routing_strategy*", "models stand in for each other in the order of their fallbacks"},
    {"*pre_call_check*", "limits of models are always looked at before a call"},
    {"*weight*", "models stand in for each other in the order of their fallbacks"},
    {"*order", "models stand in for each other in the order of their fallbacks"},
    {"*guardrail*", "guardrails are not part of Sluice"},
    {"*mcp*", "tools are the caller's; Sluice runs no MCP servers"},
    {"*vector_store*", "Sluice serves models, no vector stores"},
    {"*team*", "users and tiers say here who may use what: sluice users, sluice tiers"},
    {"*internal_user*", "users and tiers say here who may use what: sluice users, sluice tiers"},
    {"*end_user*", "users and tiers say here who may use what: sluice users, sluice tiers"},
    {"*access_groups*", "tiers say here who may use what: sluice tiers"},
    {"*jwt*", "tokens of an identity provider are a matter of the service's configuration"},
    {"*sso*", "tokens of an identity provider are a matter of the service's configuration"},
    {"*allowed_ips*", "who may connect is for a firewall"},
    {"*public_routes*", "no call is anonymous here, but for health checks"},
    {"*custom_auth*", "code of the proxy cannot be run here"},
    {"*pass_through*", "only what the interface offers is passed on to providers"},
    {"*assistant*", "assistants are not part of Sluice"},
    {"*files_settings*", "files are not part of Sluice"},
    {"*finetune_settings*", "fine-tuning is not part of Sluice"},
    {"*aws_*",
     "credentials of a cloud come from the service's environment or its provider settings"},
    {"*vertex_*",
     "credentials of a cloud come from the service's environment or its provider settings"},
    {"*azure_ad*",
     "credentials of a cloud come from the service's environment or its provider settings"},
    {"*client_secret*",
     "credentials of a cloud come from the service's environment or its provider settings"},
    {"*client_id*",
     "credentials of a cloud come from the service's environment or its provider settings"},
    {"*tenant_id*",
     "credentials of a cloud come from the service's environment or its provider settings"},
    {"*_cost_per_*", "only prices per token are kept here"},
    {"*_cost*", "only prices per token are kept here"},
    {"*fallback*", "fallbacks are said of each model: sluice models update NAME --set "
                   "fallback_models=OTHER"},
    {"*mock_response*", "answers are not made up here"},
    {"*auto_router*", "routing by content is not carried"},
    {"*complexity_router*", "routing by content is not carried"},
    {"*environment_variables.*", "set it in the service's environment, where it matters to Sluice"},
    {"*model_info.*", "it says nothing that Sluice keeps of a model"},
    {"*litellm_params.*",
     "it has no counterpart here; what a provider takes besides can be said as "
     "provider_options_json"},
    {"model_list[*", "it has no counterpart here"},
    {"*litellm_settings.*", "it is LiteLLM's own and has no counterpart here"},
    {"*router_settings.*", "it is LiteLLM's own and has no counterpart here"},
    {"*general_settings.*", "it is LiteLLM's own and has no counterpart here"},
};

const char *sl_import_why(const char *path)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++) {
        if (sl_glob_match(reasons[i].pattern, path))
            return reasons[i].why;
    }
    return "it says nothing of models and providers";
}
