/* SiliconFlow: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
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
    {400, "{\"code\":20012,\"message\":\"Model does not exist.\",\"data\":null}",
     SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, "20012", "Model does not exist."},
    {401, "\"Invalid token\"", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "",
     "Invalid token"},
};

DIALECT_MAIN_ASKING("siliconflow", "https://api.siliconflow.com/v1/chat/completions",
                    "authorization: Bearer sk-test-1")
