/* xAI's Responses API, https://docs.x.ai/docs/api-reference#create-new-response. An answer is stored
 * for 30 days unless {"store": false} is sent. Probabilities are asked for with `logprobs`; of
 * `include`, reasoning.encrypted_content is known. Reasoning is summed up unasked, and its tokens
 * are part of output_tokens, other than in xAI's chat completions (recorded). */
#include "adapters/responses/responses.h"

static const struct sl_rs_dialect dialect = {
    .words = {.kind = "xai",
              .title = "xAI",
              .key_variable = "XAI_API_KEY",
              .auth = SL_AUTH_BEARER,
              .end_user_key = "user"},
    .logprobs_member = true,
};

SL_RS_SLOTS(dialect)

static const char *const key_variables[] = {"XAI_API_KEY", NULL};

const struct sl_adapter sl_adapter_xai_responses = {
    .name = "xai",
    .api = "responses",
    .title = "xAI",
    .default_base_url = "https://api.x.ai/v1",
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
