/* OpenAI's legacy completions, https://platform.openai.com/docs/api-reference/completions, for its
 * base models (davinci-002, babbage-002, gpt-3.5-turbo-instruct). logprobs is at most 5. */
#include "adapters/completions/completions.h"

static const struct sl_tc_dialect dialect = {
    .words = {.kind = "openai",
              .title = "OpenAI",
              .key_variable = "OPENAI_API_KEY",
              .auth = SL_AUTH_BEARER,
              .end_user_key = "user",
              .max_stop = 4,
              .legacy_max_tokens = true},
    .path = "/completions",
    .penalties = true,
    .logprobs = true,
};

SL_TC_SLOTS(dialect)

static const char *const key_variables[] = {"OPENAI_API_KEY", NULL};

const struct sl_adapter sl_adapter_openai_completions = {
    .name = "openai",
    .api = "completions",
    .title = "OpenAI",
    .default_base_url = "https://api.openai.com/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true},
    .state_size = SL_TC_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
