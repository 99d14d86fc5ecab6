/* DeepInfra: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
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
    {422, "{\"detail\":\"Field required\"}", SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST, "", "Field required"},
};

DIALECT_MAIN("deepinfra", "https://api.deepinfra.com/v1/openai/chat/completions",
             "authorization: Bearer sk-test-1")
