/* Alibaba Model Studio: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"enable_thinking\":true",
    .top_k = true,
    .warned = "reasoning.effort end_user ",
    .none = "\"enable_thinking\":false",
};

static const struct dialect_request requests[] = {
    {dialect_ask_budget, false,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"enabl"
     "e_thinking\":true,\"thinking_budget\":512}",
     ""},
};

static const struct dialect_answer answers[] = {DIALECT_ANSWER("reasoning_content")};

static const struct dialect_failure failures[] = {
    {401,
     "{\"error\":{\"message\":\"Incorrect API key provided.\",\"type\":\"invalid_request_e"
     "rror\",\"code\":\"invalid_api_key\"}}",
     SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "invalid_api_key",
     "Incorrect API key provided."},
};

DIALECT_MAIN_ASKING("dashscope",
                    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
                    "authorization: Bearer sk-test-1")
