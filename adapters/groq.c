/* Groq, https://console.groq.com/docs/api-reference#chat-create. The usage of a stream is in
 * x_groq.usage, and with stream_options in a chunk of its own as well. An error in a stream has
 * `event: error` and no [DONE] after it (recorded: tool_use_failed, with failed_generation).
 * Reasoning comes in `reasoning` where reasoning_format is parsed ("Reasoning"); models of
 * OpenAI's run browser_search and code_interpreter themselves ("Built-in Tools"). */
#include "adapters/chat_completions/chat_completions.h"

static const char *const provider_tools[] = {"browser_search", "code_interpreter", NULL};

static const struct sl_cc_dialect dialect = {
    .kind = "groq",
    .title = "Groq",
    .key_variable = "GROQ_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning",
    .provider_tools = provider_tools,
    .max_stop = 4,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"GROQ_API_KEY", NULL};

extern const struct sl_op_api *const sl_models_only_operations[];

const struct sl_adapter sl_adapter_groq = {
    .name = "groq",
    .api = "chat_completions",
    .operations = sl_models_only_operations,
    .title = "Groq",
    .default_base_url = "https://api.groq.com/openai/v1",
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
