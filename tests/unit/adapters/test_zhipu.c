/* Zhipu AI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user_id",
    .warned = "top_k ",
    .none = "\"thinking\":{\"type\":\"disabled\"}",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning_content")};

static const struct dialect_failure failures[] = {
    {429, "{\"error\":{\"message\":\"No balance\",\"type\":null,\"code\":\"1113\"}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, "1113", "No balance"},
    {400, "{\"error\":{\"message\":\"Unsafe content\",\"type\":null,\"code\":\"1301\"}}",
     SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED, "1301", "Unsafe content"},
    {429, "{\"error\":{\"message\":\"Too many requests\",\"type\":null,\"code\":\"1302\"}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "1302", "Too many requests"},
};

DIALECT_MAIN("zhipu", "https://api.z.ai/api/paas/v4/chat/completions",
             "authorization: Bearer sk-test-1")
