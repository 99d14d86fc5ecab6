/* Alibaba Cloud Model Studio (DashScope, Qwen), https://www.alibabacloud.com/help/en/model-
 * studio/use-qwen-by-calling-api; accounts in mainland China use
 * https://dashscope.aliyuncs.com/compatible-mode/v1. Thinking is turned on and off with
 * enable_thinking and bounded with thinking_budget ("Deep thinking"); it comes in
 * reasoning_content. Searching (enable_search) is provider_options_json. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "dashscope",
    .title = "Alibaba Model Studio",
    .key_variable = "DASHSCOPE_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .reasoning = SL_CC_REASONING_SWITCH,
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
    .any_audio_format = true,
    .media_urls = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"DASHSCOPE_API_KEY", NULL};

extern const struct sl_op_api *const sl_dashscope_operations[];

const struct sl_adapter sl_adapter_dashscope = {
    .name = "dashscope",
    .api = "chat_completions",
    .operations = sl_dashscope_operations,
    .title = "Alibaba Model Studio",
    .default_base_url = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
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
