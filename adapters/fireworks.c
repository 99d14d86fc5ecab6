/* Fireworks AI, https://docs.fireworks.ai/api-reference/post-chatcompletions. It takes top_k and
 * repetition_penalty beside OpenAI's parameters. Reasoning comes in reasoning_content and may go
 * back there (https://docs.fireworks.ai/guides/reasoning); reasoning_effort takes a level, "none"
 * or a number of tokens (the number is provider_options_json). */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "fireworks",
    .title = "Fireworks AI",
    .key_variable = "FIREWORKS_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .max_stop = 4,
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", NULL};

extern const struct sl_op_api *const sl_fireworks_operations[];

const struct sl_adapter sl_adapter_fireworks = {
    .name = "fireworks",
    .api = "chat_completions",
    .operations = sl_fireworks_operations,
    .title = "Fireworks AI",
    .default_base_url = "https://api.fireworks.ai/inference/v1",
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
