/* NVIDIA: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .warned = "top_k end_user ",
    .none = "\"chat_template_kwargs\":{\"enable_thinking\":false}",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning_content")};

static const struct dialect_failure failures[] = {
    {403, "{\"status\":403,\"title\":\"Forbidden\",\"detail\":\"Authorization failed\"}",
     SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "", "Authorization failed"},
};

DIALECT_MAIN("nvidia", "https://integrate.api.nvidia.com/v1/chat/completions",
             "authorization: Bearer sk-test-1")
