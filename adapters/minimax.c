/* MiniMax, https://platform.minimax.io/docs/api-reference/text-openai-api; accounts in China use
 * https://api.minimaxi.com/v1. Reasoning stays inside the text as <think> unless reasoning_split
 * is set, which Sluice does; then it comes in reasoning_content and reasoning_details, which go
 * back unchanged. Streams end without [DONE] (recorded). An error may be a 200 with base_resp:
 * {status_code, status_msg} ("Error Code"). The API "messages" is Anthropic's (anthropic/minimax.c),
 * "chatcompletion_v2" the one before (minimax_v2.c). */
#include "adapters/minimax.h"

const struct sl_cc_word sl_minimax_words[] = {
    {"1001", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR}, /* timeout */
    {"1002", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT},
    {"1004", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH},
    {"1008", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA},
    {"1026", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
    {"1027", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
    {"1039", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT}, /* tokens a minute */
    {"2013", SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST},
    {"2049", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH},
    {"2056", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA},
    {NULL, SL_OK, SL_REASON_NONE},
};

static const struct sl_cc_dialect dialect = {
    .kind = "minimax",
    .title = "MiniMax",
    .key_variable = "MINIMAX_API_KEY",
    .auth = SL_AUTH_BEARER,
    .extra_key = "reasoning_split",
    .extra_json = "true",
    .reasoning = SL_CC_REASONING_THINKING,
    .reasoning_history = "reasoning_content",
    .null_content = true,
    .reasoning_details = true,
    .base_resp = true,
    .words = sl_minimax_words,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"MINIMAX_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_minimax_messages, sl_adapter_minimax_v2;
static const struct sl_adapter *const others[] = {&sl_adapter_minimax_messages,
                                                  &sl_adapter_minimax_v2, NULL};
extern const struct sl_op_api *const sl_models_only_operations[];

const struct sl_adapter sl_adapter_minimax = {
    .name = "minimax",
    .api = "chat_completions",
    .others = others,
    .operations = sl_models_only_operations,
    .title = "MiniMax",
    .default_base_url = "https://api.minimax.io/v1",
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
    .release = sl_cc_release,
};
