/* DeepInfra, https://deepinfra.com/docs/openai_api. It takes top_k, min_p and repetition_penalty
 * beside OpenAI's parameters; reasoning comes in reasoning_content. A body without JSON's form
 * is answered with {"detail": ...}. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "deepinfra",
    .title = "DeepInfra",
    .key_variable = "DEEPINFRA_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .max_stop = 16,
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN", NULL};

extern const struct sl_op_api *const sl_deepinfra_operations[];

const struct sl_adapter sl_adapter_deepinfra = {
    .name = "deepinfra",
    .api = "chat_completions",
    .operations = sl_deepinfra_operations,
    .title = "DeepInfra",
    .default_base_url = "https://api.deepinfra.com/v1/openai",
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
