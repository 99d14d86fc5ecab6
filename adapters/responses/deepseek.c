/* DeepSeek's Responses API, https://api-docs.deepseek.com/guides/responses_api. Reasoning comes as
 * text (reasoning_text) and is taken back so, with or without encrypted_content (recorded). */
#include "adapters/responses/responses.h"

static const struct sl_rs_dialect dialect = {
    .words = {.kind = "deepseek",
              .title = "DeepSeek",
              .key_variable = "DEEPSEEK_API_KEY",
              .auth = SL_AUTH_BEARER},
    .plain_reasoning = true,
};

SL_RS_SLOTS(dialect)

static const char *const key_variables[] = {"DEEPSEEK_API_KEY", NULL};

const struct sl_adapter sl_adapter_deepseek_responses = {
    .name = "deepseek",
    .api = "responses",
    .title = "DeepSeek",
    .default_base_url = "https://api.deepseek.com",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = false,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_RS_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
