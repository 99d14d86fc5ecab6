/* LM Studio, https://lmstudio.ai/docs/developer/openai-compat: a server on one's own machine,
 * whose models are those that are loaded. It takes max_tokens, top_k and repeat_penalty, and
 * needs no key unless it was told to ask for one. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "lmstudio",
    .title = "LM Studio",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"LMSTUDIO_API_KEY", NULL};

extern const struct sl_op_api *const sl_lmstudio_operations[];

const struct sl_adapter sl_adapter_lmstudio = {
    .name = "lmstudio",
    .api = "chat_completions",
    .operations = sl_lmstudio_operations,
    .title = "LM Studio",
    .default_base_url = "http://127.0.0.1:1234/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    SL_CC_ENTRY,
};
