/* Example AI, https://example.com/docs/api: OpenAI's chat completions, with reasoning in
 * reasoning_content, top_k, and no more than four stop sequences. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "example",
    .title = "Example AI",
    .key_variable = "EXAMPLE_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .max_stop = 4,
    .legacy_max_tokens = true,
    .top_k = true,
};
SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"EXAMPLE_API_KEY", NULL};

const struct sl_adapter sl_adapter_example = {
    .name = "example",
    .api = "chat_completions",
    .title = "Example AI",
    .default_base_url = "https://api.example.com/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true, .tools = true, .json_schema = true},
    SL_CC_ENTRY,
};
