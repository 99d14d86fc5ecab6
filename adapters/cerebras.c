/* Cerebras, https://inference-docs.cerebras.ai/api-reference/chat-completions. Reasoning comes
 * in `reasoning`. Errors have no `error` around them: {"message", "type", "param", "code"}
 * (recorded). */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "cerebras",
    .title = "Cerebras",
    .key_variable = "CEREBRAS_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning",
    .max_stop = 4,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"CEREBRAS_API_KEY", NULL};

extern const struct sl_op_api *const sl_models_only_operations[];

const struct sl_adapter sl_adapter_cerebras = {
    .name = "cerebras",
    .api = "chat_completions",
    .operations = sl_models_only_operations,
    .title = "Cerebras",
    .default_base_url = "https://api.cerebras.ai/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = false,
                     .json_schema = true,
                     .reasoning = true},
    SL_CC_ENTRY,
};
