/* OpenRouter, https://openrouter.ai/docs/api-reference/chat-completion. White space stands
 * before a body, comment lines before the frames of a stream, and the finish reason is sent
 * twice (recorded). An error after the first token is a chunk of a 200 with `error` beside the
 * choices, whose code is a status. Reasoning is asked for with `reasoning` and comes as
 * `reasoning` and reasoning_details, which go back unchanged ("Reasoning Tokens"). Texts take
 * cache_control ("Prompt Caching"), files may be addresses ("PDF Inputs"). Routing (provider,
 * plugins, transforms) is provider_options_json; other models to ask (models, route, preset) are
 * the registry entry's alone. */
#include "adapters/chat_completions/chat_completions.h"

/* "Server Tools" of its documentation. */
static const char *const provider_tools[] = {"openrouter:web_search", "openrouter:datetime", NULL};

static const struct sl_cc_dialect dialect = {
    .kind = "openrouter",
    .title = "OpenRouter",
    .key_variable = "OPENROUTER_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning",
    .provider_tools = provider_tools,
    .reasoning = SL_CC_REASONING_OBJECT,
    .max_stop = 4,
    .developer_role = true,
    .top_k = true,
    .web_search_options = true,
    .null_content = true,
    .any_audio_format = true,
    .media_urls = true,
    .cache_control = true,
    .file_urls = true,
    .reasoning_details = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"OPENROUTER_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_openrouter_responses;
static const struct sl_adapter *const others[] = {&sl_adapter_openrouter_responses, NULL};

extern const struct sl_op_api *const sl_openrouter_operations[];

const struct sl_adapter sl_adapter_openrouter = {
    .name = "openrouter",
    .api = "chat_completions",
    .others = others,
    .operations = sl_openrouter_operations,
    .title = "OpenRouter",
    .default_base_url = "https://openrouter.ai/api/v1",
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
