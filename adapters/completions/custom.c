/* Any other server that speaks completions: vLLM, llama.cpp, a gateway (vLLM's page
 * "OpenAI-Compatible Server", "Completions API"). */
#include "adapters/completions/completions.h"

static const struct sl_tc_dialect dialect = {
    .words = {.kind = "custom",
              .title = "the server",
              .auth = SL_AUTH_BEARER,
              .end_user_key = "user",
              .top_k = true,
              .legacy_max_tokens = true},
    .path = "/completions",
    .penalties = true,
    .logprobs = true,
};

SL_TC_SLOTS(dialect)

static const char *const key_variables[] = {NULL};

const struct sl_adapter sl_adapter_custom_completions = {
    .name = "custom",
    .api = "completions",
    .title = "OpenAI-compatible server",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .capabilities = {.chat = true, .stream = true},
    .state_size = SL_TC_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
