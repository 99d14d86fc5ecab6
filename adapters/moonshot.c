/* Moonshot AI (Kimi), https://platform.moonshot.ai/docs/api/chat. Usage stands in the choice of
 * a stream's last chunk, and names cached_tokens at its top level (recorded). The efforts of
 * kimi-k3 are low, high and max; kimi-k2.5 and k2.6 can be told not to think. Tools of its own
 * ("$web_search") are of type builtin_function. A 429 is rate_limit_reached_error with retry-
 * after, or engine_overloaded_error without (recorded); an unpaid account is
 * exceeded_current_quota_error. An answer goes on from a last message of the assistant's that
 * says "partial": true, which is not to be mixed with response_format json_object (guide "Partial
 * Mode"): there the message is sent without it. */
#include "adapters/chat_completions/chat_completions.h"

static const char *const provider_tools[] = {"builtin_function", "plugin", NULL};

static const struct sl_cc_dialect dialect = {
    .kind = "moonshot",
    .title = "Moonshot AI",
    .key_variable = "MOONSHOT_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "safety_identifier",
    .reasoning_history = "reasoning_content",
    .prefix_key = "partial",
    .no_prefix_json = true,
    .max_effort = "max",
    .provider_tools = provider_tools,
    .reasoning = SL_CC_REASONING_THINKING,
    .max_stop = 5,
    .null_content = true,
    .media_urls = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"MOONSHOT_API_KEY", NULL};

extern const struct sl_op_api *const sl_models_only_operations[];

const struct sl_adapter sl_adapter_moonshot = {
    .name = "moonshot",
    .api = "chat_completions",
    .operations = sl_models_only_operations,
    .title = "Moonshot AI",
    .default_base_url = "https://api.moonshot.ai/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    SL_CC_ENTRY,
};
