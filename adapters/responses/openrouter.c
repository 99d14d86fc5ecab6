/* OpenRouter's Responses API, https://openrouter.ai/docs/api-reference/responses/overview. It keeps
 * no answers. Comment lines stand before the frames of a stream, which ends with [DONE] after the
 * final object (recorded). Penalties, top_k and a budget for reasoning are taken. */
#include "adapters/responses/responses.h"

static const struct sl_rs_dialect dialect = {
    .words = {.kind = "openrouter",
              .title = "OpenRouter",
              .key_variable = "OPENROUTER_API_KEY",
              .auth = SL_AUTH_BEARER,
              .end_user_key = "user"},
    .penalties = true,
    .top_k = true,
    .reasoning_budget = true,
    .plain_reasoning = true,
};

SL_RS_SLOTS(dialect)

static const char *const key_variables[] = {"OPENROUTER_API_KEY", NULL};

const struct sl_adapter sl_adapter_openrouter_responses = {
    .name = "openrouter",
    .api = "responses",
    .title = "OpenRouter",
    .default_base_url = "https://openrouter.ai/api/v1",
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
