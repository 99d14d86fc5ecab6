/* DeepSeek, https://api-docs.deepseek.com/api/create-chat-completion. Reasoning comes in
 * reasoning_content, and has to go back with tool calls (guide "Thinking Mode"); the highest
 * effort is "max", and "none" is taken too (recorded). Prompts are cached without being asked
 * to: usage says prompt_cache_hit_tokens. Errors of the deserializer are plain text with status
 * 422 (recorded); an answer may end with insufficient_system_resource. An answer goes on from a
 * last message of the assistant's that says "prefix": true, on the base URL
 * https://api.deepseek.com/beta only (guide "Chat Prefix Completion"): with any other the message
 * is sent without it. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "deepseek",
    .title = "DeepSeek",
    .key_variable = "DEEPSEEK_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .prefix_key = "prefix",
    .prefix_base = "/beta",
    .max_effort = "max",
    .max_stop = 16,
    .legacy_max_tokens = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"DEEPSEEK_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_deepseek_responses;
static const struct sl_adapter *const others[] = {&sl_adapter_deepseek_responses, NULL};

extern const struct sl_op_api *const sl_models_only_operations[];

const struct sl_adapter sl_adapter_deepseek = {
    .name = "deepseek",
    .api = "chat_completions",
    .others = others,
    .operations = sl_models_only_operations,
    .title = "DeepSeek",
    .default_base_url = "https://api.deepseek.com",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = false,
                     .json_schema = false,
                     .reasoning = true},
    SL_CC_ENTRY,
};
