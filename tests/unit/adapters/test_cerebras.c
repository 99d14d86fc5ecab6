/* Cerebras: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning",
    .limit = "max_completion_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user",
    .warned = "top_k ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning")};

static const struct dialect_failure failures[] = {
    {429,
     "{\"message\":\"Requests per second limit exceeded\",\"type\":\"too_many_requests_err"
     "or\",\"param\":\"quota\",\"code\":\"request_quota_exceeded\"}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "request_quota_exceeded",
     "Requests per second limit exceeded"},
};

DIALECT_MAIN("cerebras", "https://api.cerebras.ai/v1/chat/completions",
             "authorization: Bearer sk-test-1")
