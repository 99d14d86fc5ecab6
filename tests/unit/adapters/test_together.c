/* Together AI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .top_k = true,
    .warned = "end_user ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning")};

static const struct dialect_failure failures[] = {
    {401,
     "{\"error\":{\"message\":\"Invalid API key\",\"type\":\"invalid_request_error\",\"cod"
     "e\":\"invalid_api_key\"}}",
     SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "invalid_api_key", "Invalid API key"},
};

DIALECT_MAIN("together", "https://api.together.xyz/v1/chat/completions",
             "authorization: Bearer sk-test-1")
