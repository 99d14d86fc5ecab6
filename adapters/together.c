/* Together AI, https://docs.together.ai/reference/chat-completions-1. Deltas may come after the
 * finish reason (recorded). It takes top_k, repetition_penalty and min_p beside OpenAI's
 * parameters, and video_url parts; reasoning comes in `reasoning`. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "together",
    .title = "Together AI",
    .key_variable = "TOGETHER_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning",
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
    .media_urls = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"TOGETHER_API_KEY", "TOGETHERAI_API_KEY", NULL};

extern const struct sl_op_api *const sl_together_operations[];

const struct sl_adapter sl_adapter_together = {
    .name = "together",
    .api = "chat_completions",
    .operations = sl_together_operations,
    .title = "Together AI",
    .default_base_url = "https://api.together.xyz/v1",
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
