/* Mistral AI, https://docs.mistral.ai/api/#tag/chat. A demanded call is tool_choice "any", the
 * seed random_seed, a document a part document_url. Content is a list where the model reasoned:
 * parts of type thinking and text, which go back in the same form (recorded). Unknown members of
 * a request are refused with 422, stream_options among them in older versions; usage comes in a
 * stream's last chunk unasked. A last message of the assistant's needs "prefix": true, and is the
 * answer's beginning (AssistantMessage.prefix); without it, it is refused with 400. Errors come
 * in three shapes (recorded): {"detail": "text"}, {"object": "error", "message", "type", "code":
 * "1500"} and {"detail": [...]}. */
#include "adapters/chat_completions/chat_completions.h"

/* "Tool call id was ... but must be a-z, A-Z, 0-9, with a length of 9" (the API's refusal, and the check of
 * mistral-common's request validator). */
static const struct sl_call_id_rule call_ids = {"", 9, 9};

static const struct sl_cc_dialect dialect = {
    .call_ids = &call_ids,
    .kind = "mistral",
    .title = "Mistral AI",
    .key_variable = "MISTRAL_API_KEY",
    .auth = SL_AUTH_BEARER,
    .prefix_key = "prefix",
    .seed_key = "random_seed",
    .required_word = "any",
    .legacy_max_tokens = true,
    .null_content = true,
    .no_stream_options = true,
    .no_logprobs = true,
    .mistral_parts = true,
    .thinking_parts = true,
    .tool_names = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"MISTRAL_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_mistral_fim_completions;
static const struct sl_adapter *const others[] = {&sl_adapter_mistral_fim_completions, NULL};

extern const struct sl_op_api *const sl_mistral_operations[];

const struct sl_adapter sl_adapter_mistral = {
    .name = "mistral",
    .api = "chat_completions",
    .others = others,
    .operations = sl_mistral_operations,
    .title = "Mistral AI",
    .default_base_url = "https://api.mistral.ai/v1",
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
