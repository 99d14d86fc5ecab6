/* Any server that speaks OpenAI's chat completions: vLLM, llama.cpp, LM Studio, SGLang, a
 * gateway. The newer names of OpenAI's (max_completion_tokens, developer, safety_identifier) are
 * not sent, since older servers refuse or ignore them; extensions that these servers share
 * (top_k, reasoning_content, audio_url and video_url parts: vLLM's pages "OpenAI-Compatible
 * Server", "Reasoning Outputs" and "Multimodal Inputs") are. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "custom",
    .title = "the server",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
    .any_audio_format = true,
    .media_urls = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {NULL};

extern const struct sl_adapter sl_adapter_custom_responses, sl_adapter_custom_completions;
static const struct sl_adapter *const others[] = {&sl_adapter_custom_responses,
                                                  &sl_adapter_custom_completions, NULL};

extern const struct sl_op_api *const sl_custom_operations[];

const struct sl_adapter sl_adapter_custom = {
    .name = "custom",
    .api = "chat_completions",
    .others = others,
    .operations = sl_custom_operations,
    .title = "OpenAI-compatible server",
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
