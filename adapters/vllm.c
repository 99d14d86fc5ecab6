/* vLLM, https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html. It has no host of
 * its own: the configuration names it. A key is needed only where the server was started with
 * one. Beyond OpenAI's parameters it takes top_k, audio_url and video_url parts; thinking is
 * turned off through the chat template ("Reasoning Outputs"). Errors are {"object": "error",
 * "message", "type", "code"} in older versions, OpenAI's form in newer ones; a stop sequence
 * that was met is in stop_reason. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "vllm",
    .title = "vLLM",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .reasoning = SL_CC_REASONING_TEMPLATE,
    .legacy_max_tokens = true,
    .top_k = true,
    .null_content = true,
    .any_audio_format = true,
    .media_urls = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"VLLM_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_vllm_completions;
static const struct sl_adapter *const others[] = {&sl_adapter_vllm_completions, NULL};

extern const struct sl_op_api *const sl_vllm_operations[];

const struct sl_adapter sl_adapter_vllm = {
    .name = "vllm",
    .api = "chat_completions",
    .others = others,
    .operations = sl_vllm_operations,
    .title = "vLLM",
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
