/* SiliconFlow, https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions;
 * accounts in mainland China use https://api.siliconflow.cn/v1. Thinking is turned on and off
 * with enable_thinking and bounded with thinking_budget (128 to 32768); it comes in
 * reasoning_content. A few models take reasoning_effort, "high" or "max"
 * (https://docs.siliconflow.cn/docs/api/chat-completions-post); that is provider_options_json. Errors
 * are {"code": number, "message", "data"}, and plain JSON strings for keys. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "siliconflow",
    .title = "SiliconFlow",
    .key_variable = "SILICONFLOW_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .reasoning = SL_CC_REASONING_SWITCH,
    .max_stop = 4,
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
    .media_urls = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"SILICONFLOW_API_KEY", NULL};

extern const struct sl_op_api *const sl_siliconflow_operations[];

const struct sl_adapter sl_adapter_siliconflow = {
    .name = "siliconflow",
    .api = "chat_completions",
    .operations = sl_siliconflow_operations,
    .title = "SiliconFlow",
    .default_base_url = "https://api.siliconflow.com/v1",
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
