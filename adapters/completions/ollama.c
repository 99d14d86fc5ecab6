/* Ollama's completions (docs/openai.md, "/v1/completions"). A conversation that is no single text is
 * sent as `messages`; the answer to that is a message, not a text (recorded). */
#include "adapters/completions/completions.h"

static const struct sl_tc_dialect dialect = {
    .words = {.kind = "ollama",
              .title = "Ollama",
              .auth = SL_AUTH_BEARER,
              .legacy_max_tokens = true},
    .path = "/completions",
    .penalties = true,
    .chat_messages = true,
};

SL_TC_SLOTS(dialect)

static const char *const key_variables[] = {NULL};

const struct sl_adapter sl_adapter_ollama_completions = {
    .name = "ollama",
    .api = "completions",
    .title = "Ollama",
    .default_base_url = "http://localhost:11434/v1",
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
