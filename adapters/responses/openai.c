/* OpenAI's Responses API, https://platform.openai.com/docs/api-reference/responses. An answer is
 * stored for 30 days unless {"store": false} is sent; functions are strict unless they say no. */
#include "adapters/responses/responses.h"

static const struct sl_rs_dialect dialect = {
    .words = {.kind = "openai",
              .title = "OpenAI",
              .key_variable = "OPENAI_API_KEY",
              .auth = SL_AUTH_BEARER,
              /* `user` is superseded by safety_identifier (help article 5428082). */
              .end_user_key = "safety_identifier"},
};

SL_RS_SLOTS(dialect)

static const char *const key_variables[] = {"OPENAI_API_KEY", NULL};

const struct sl_adapter sl_adapter_openai_responses = {
    .name = "openai",
    .api = "responses",
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
    .state_size = SL_RS_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
