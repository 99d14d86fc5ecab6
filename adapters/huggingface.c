/* Hugging Face, https://huggingface.co/docs/inference-providers: a router in front of other
 * providers; a model may name one behind a colon ("zai-org/GLM-4.6:cerebras"), and
 * https://router.huggingface.co/PROVIDER/v1 leads to one alone. Streams may have `data:` without
 * a blank and finish with eos_token (recorded). Errors are {"error": "text"} of the router, else
 * the provider's own.
 *
 * An Inference Endpoint (https://huggingface.co/docs/inference-endpoints) or a server of one's own
 * that runs Text Generation Inference has the same chat below its address and /v1; the api
 * "text_generation" is that server's own. */
#include "adapters/chat_completions/chat_completions.h"
#include "adapters/text_generation/text_generation.h"

static const struct sl_cc_dialect dialect = {
    .kind = "huggingface",
    .title = "Hugging Face",
    .key_variable = "HF_TOKEN",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user",
    .reasoning_history = "reasoning_content",
    .max_stop = 4,
    .legacy_max_tokens = true,
    .null_content = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"HF_TOKEN", "HUGGINGFACE_API_KEY", NULL};

/* With the router's base URL, of models that Hugging Face serves itself. */
static const struct sl_adapter text_generation = {
    .name = "huggingface",
    .api = SL_TGI_API,
    .title = "Hugging Face",
    .default_base_url = "https://router.huggingface.co/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true, .json_schema = true},
    .state_size = sizeof(struct sl_tgi_state),
    .build = sl_tgi_build,
    .on_body = sl_tgi_on_body,
    .on_frame = sl_tgi_on_frame,
    .on_eof = sl_tgi_on_eof,
    .on_failure = on_failure,
};

static const struct sl_adapter *const others[] = {&text_generation, NULL};

extern const struct sl_op_api *const sl_huggingface_operations[];

const struct sl_adapter sl_adapter_huggingface = {
    .name = "huggingface",
    .api = "chat_completions",
    .others = others,
    .operations = sl_huggingface_operations,
    .title = "Hugging Face",
    .default_base_url = "https://router.huggingface.co/v1",
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
