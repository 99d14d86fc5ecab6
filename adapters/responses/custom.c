/* Any other server that speaks the Responses API: vLLM, LM Studio, a gateway. Reasoning comes and
 * goes as text (vLLM's page "OpenAI-Compatible Server", "Responses API"). */
#include "adapters/responses/responses.h"

static const struct sl_rs_dialect dialect = {
    .words = {.kind = "custom",
              .title = "the server",
              .auth = SL_AUTH_BEARER,
              .end_user_key = "user"},
    .top_k = true,
    .plain_reasoning = true,
};

SL_RS_SLOTS(dialect)

static const char *const key_variables[] = {NULL};

const struct sl_adapter sl_adapter_custom_responses = {
    .name = "custom",
    .api = "responses",
    .title = "OpenAI-compatible server",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
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
