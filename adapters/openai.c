/* OpenAI, https://platform.openai.com/docs/api-reference/chat. Prompts are cached without being
 * asked to; hints are warned about. The key goes into `authorization: Bearer`, organisation and
 * project into headers of their own. */
#include "adapters/chat_completions/chat_completions.h"

/* "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40" (the API's
 * refusal). */
static const struct sl_call_id_rule call_ids = {NULL, 1, 40};

static const struct sl_cc_dialect dialect = {
    .call_ids = &call_ids,
    .kind = "openai",
    .title = "OpenAI",
    .key_variable = "OPENAI_API_KEY",
    .auth = SL_AUTH_BEARER,
    /* `user` is superseded by safety_identifier (help article 5428082). */
    .end_user_key = "safety_identifier",
    .max_stop = 4,
    .developer_role = true,
    .allowed_tools = true,
    .web_search_options = true,
    .refusal_history = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"OPENAI_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_openai_responses, sl_adapter_openai_completions;
extern const struct sl_op_api *const sl_openai_operations[];
static const struct sl_adapter *const others[] = {&sl_adapter_openai_responses,
                                                  &sl_adapter_openai_completions, NULL};

const struct sl_adapter sl_adapter_openai = {
    .name = "openai",
    .api = "chat_completions",
    .others = others,
    .operations = sl_openai_operations,
    .title = "OpenAI",
    .default_base_url = "https://api.openai.com/v1",
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
