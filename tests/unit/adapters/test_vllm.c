/* vLLM: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user",
    .top_k = true,
    .warned = "",
    .none = "\"chat_template_kwargs\":{\"enable_thinking\":false}",
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning_content")};

static const struct dialect_failure failures[] = {
    {400,
     "{\"object\":\"error\",\"message\":\"This model's maximum context length is 10 tokens"
     "\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}",
     SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, "400",
     "This model's maximum context length is 10 tokens"},
    {404,
     "{\"error\":{\"message\":\"The model `x` does not exist.\",\"type\":\"NotFoundError\""
     ",\"code\":404}}",
     SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, "404", "The model `x` does not exist."},
};

DIALECT_MAIN("vllm", "https://api.test/v1/chat/completions", "authorization: Bearer sk-test-1")
