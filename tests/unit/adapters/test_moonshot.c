/* Moonshot AI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_completion_tokens",
    .reasoning = "\"reasoning_effort\":\"max\"",
    .end_user = "safety_identifier",
    .warned = "top_k ",
    .none = "\"thinking\":{\"type\":\"disabled\"}",
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning_content\":\"Hm\"},\"finish_reason\":\"s"
     "top\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13,"
     "\"cached_tokens\":3}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_c"
      "ontent\":\"Hm\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_re"
      "ason\":\"stop\",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_token"
      "s\":13,\"cached_tokens\":3}}]}",
      "[DONE]"},
     "reasoning 0 \"Hm\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n",
     6,
     3,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {429,
     "{\"error\":{\"message\":\"The engine is currently overloaded\",\"type\":\"engine_ove"
     "rloaded_error\",\"code\":null}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "",
     "The engine is currently overloaded"},
    {429,
     "{\"error\":{\"message\":\"Your account is suspended\",\"type\":\"exceeded_current_qu"
     "ota_error\",\"code\":null}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, "", "Your account is suspended"},
};

DIALECT_MAIN("moonshot", "https://api.moonshot.ai/v1/chat/completions",
             "authorization: Bearer sk-test-1")
