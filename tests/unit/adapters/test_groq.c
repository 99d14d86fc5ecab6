/* Groq: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
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

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning\":\"Hm\"},\"finish_reason\":\"stop\"}],"
     "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13},\"x_groq"
     "\":{\"id\":\"r\"}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\""
      ":\"Hm\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_re"
      "ason\":\"stop\"}],\"x_groq\":{\"id\":\"r\",\"usage\":{\"prompt_tokens\":9,\"completi"
      "on_tokens\":4,\"total_tokens\":13}}}",
      "[DONE]"},
     "reasoning 0 \"Hm\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n",
     9,
     0,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {400,
     "{\"error\":{\"message\":\"Tool choice is required, but model did not call a tool\","
     "\"type\":\"invalid_request_error\",\"code\":\"tool_use_failed\"}}",
     SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, "tool_use_failed",
     "Tool choice is required, but model did not call a tool"},
};

DIALECT_MAIN("groq", "https://api.groq.com/openai/v1/chat/completions",
             "authorization: Bearer sk-test-1")
