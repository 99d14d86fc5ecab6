/* NVIDIA NIM, https://docs.api.nvidia.com/nim/reference/llm-apis: hosted, or in one's own
 * cluster under its own address, where vLLM serves it ("API Reference" of NIM for large language
 * models). Reasoning comes in reasoning_content and is turned off in chat_template_kwargs (the model
 * cards at build.nvidia.com). Errors are {"detail": ...} or {"status", "title", "detail"}. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "nvidia",
    .title = "NVIDIA",
    .key_variable = "NVIDIA_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .reasoning = SL_CC_REASONING_TEMPLATE,
    .legacy_max_tokens = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY", NULL};

extern const struct sl_op_api *const sl_nvidia_operations[];

const struct sl_adapter sl_adapter_nvidia = {
    .name = "nvidia",
    .api = "chat_completions",
    .operations = sl_nvidia_operations,
    .title = "NVIDIA",
    .default_base_url = "https://integrate.api.nvidia.com/v1",
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
