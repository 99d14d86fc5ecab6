/* Providers that speak chat and list their models in OpenAI's form: Cerebras (inference-docs.cerebras.ai), DeepSeek
 * (api-docs.deepseek.com, "Lists Models"), Groq (console.groq.com/docs/api-reference#models; recorded), MiniMax
 * (platform.minimax.io, "List Models"), Moonshot (platform.moonshot.ai, "List Models"). */
#include "adapters/calls/calls.h"

extern const struct sl_op_api *const sl_models_only_operations[];
const struct sl_op_api *const sl_models_only_operations[] = {&sl_calls_models_api, NULL};
