/* xAI (Grok), https://docs.x.ai/docs/api-reference#chat-completions. Reasoning tokens are
 * counted beside completion_tokens, and total_tokens is the sum of all three (recorded). Errors
 * are {"code": "words", "error": "text"} (recorded). Live search (search_parameters) is
 * provider_options_json; its sources come in `citations`. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "xai",
    .title = "xAI",
    .key_variable = "XAI_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .max_stop = 4,
    .null_content = true,
    .reasoning_beside = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"XAI_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_xai_responses;
static const struct sl_adapter *const others[] = {&sl_adapter_xai_responses, NULL};

extern const struct sl_op_api *const sl_xai_operations[];

const struct sl_adapter sl_adapter_xai = {
    .name = "xai",
    .api = "chat_completions",
    .others = others,
    .operations = sl_xai_operations,
    .title = "xAI",
    .default_base_url = "https://api.x.ai/v1",
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
