/* Zhipu AI (Z.ai, GLM), https://docs.z.ai/api-reference/llm/chat-completion; accounts in China
 * use https://open.bigmodel.cn/api/paas/v4, coding plans https://api.z.ai/api/coding/paas/v4.
 * Deltas come after the finish reason too (recorded). Thinking is turned off by thinking: {type:
 * disabled} (guide "Thinking Mode"); error codes are numbers in strings ("Error Codes"). */
#include "adapters/chat_completions/chat_completions.h"

static const char *const provider_tools[] = {"web_search", "retrieval", "mcp", NULL};

static const struct sl_cc_word words[] = {
    {"1113", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA}, /* no balance */
    {"1261", SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG},
    {"1301", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
    {NULL, SL_OK, SL_REASON_NONE},
};

static const struct sl_cc_dialect dialect = {
    .kind = "zhipu",
    .title = "Zhipu AI",
    .key_variable = "ZHIPU_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user_id",
    .reasoning_history = "reasoning_content",
    .provider_tools = provider_tools,
    .reasoning = SL_CC_REASONING_THINKING,
    .legacy_max_tokens = true,
    .null_content = true,
    .media_urls = true,
    .words = words,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"ZHIPU_API_KEY", "ZAI_API_KEY", NULL};

extern const struct sl_op_api *const sl_zhipu_operations[];

const struct sl_adapter sl_adapter_zhipu = {
    .name = "zhipu",
    .api = "chat_completions",
    .operations = sl_zhipu_operations,
    .title = "Zhipu AI",
    .default_base_url = "https://api.z.ai/api/paas/v4",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = false,
                     .reasoning = true},
    SL_CC_ENTRY,
};
