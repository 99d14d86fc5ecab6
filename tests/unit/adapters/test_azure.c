/* Azure OpenAI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .system = "developer",
    .history = "reasoning_content",
    .limit = "max_completion_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user",
    .warned = "top_k ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {
    {NULL,
     {"{\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"A\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_re"
      "ason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13,\"reasoning_tokens\":1}}",
      "[DONE]"},
     "text 0 \"A\"\n",
     9,
     0,
     0,
     3,
     1},
};

static const struct dialect_failure failures[] = {
    {400,
     "{\"error\":{\"message\":\"The response was filtered\",\"type\":null,\"param\":\"prom"
     "pt\",\"code\":\"content_filter\",\"status\":400,\"innererror\":{\"code\":\"Responsib"
     "leAIPolicyViolation\"}}}",
     SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED, "content_filter", "The response was filtered"},
    {429, "{\"error\":{\"code\":\"RateLimitReached\",\"message\":\"Too many\"}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "RateLimitReached", "Too many"},
    {404, "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"No such deployment\"}}",
     SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, "DeploymentNotFound", "No such deployment"},
};

DIALECT_MAIN("azure", "https://api.test/v1/chat/completions", "api-key: sk-test-1")
