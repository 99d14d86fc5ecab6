/* LM Studio: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .top_k = true,
    .warned = "end_user ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning_content")};

static const struct dialect_failure failures[] = {
    {400, "{\"error\":\"No models loaded\"}", SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST, "", "No models loaded"},
};

DIALECT_MAIN("lmstudio", "http://127.0.0.1:1234/v1/chat/completions",
             "authorization: Bearer sk-test-1")
