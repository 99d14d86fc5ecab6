/* xAI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_completion_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user",
    .warned = "top_k ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning_content\":\"Hm\"},\"finish_reason\":\"s"
     "top\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":113,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":100},\"prompt_tokens_details\":{"
     "\"cached_tokens\":5}}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"as"
      "sistant\",\"content\":\"\",\"reasoning_content\":\"Hm\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":113,\"completion_tokens_details\":{\"reasoning_"
      "tokens\":100},\"prompt_tokens_details\":{\"cached_tokens\":5}}}",
      "[DONE]"},
     "reasoning 0 \"Hm\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n",
     4,
     5,
     0,
     4,
     100},
};

static const struct dialect_failure failures[] = {
    {400,
     "{\"code\":\"Client specified an invalid argument\",\"error\":\"This model's maximum "
     "prompt length is 10 but the request contains 20 tokens.\"}",
     SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, "Client specified an invalid argument",
     "This model's maximum prompt length is 10 but the request contains 20 tokens."},
    {403, "{\"code\":\"The caller does not have permission\",\"error\":\"No access\"}",
     SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "The caller does not have permission",
     "No access"},
};

DIALECT_MAIN("xai", "https://api.x.ai/v1/chat/completions", "authorization: Bearer sk-test-1")
