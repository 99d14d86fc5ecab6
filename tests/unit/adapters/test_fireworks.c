/* Fireworks AI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user",
    .top_k = true,
    .warned = "",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning_content")};

static const struct dialect_failure failures[] = {
    {404,
     "{\"error\":{\"message\":\"Model not found\",\"type\":\"error\",\"code\":\"NOT_FOUND"
     "\"}}",
     SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, "NOT_FOUND", "Model not found"},
};

DIALECT_MAIN("fireworks", "https://api.fireworks.ai/inference/v1/chat/completions",
             "authorization: Bearer sk-test-1")
