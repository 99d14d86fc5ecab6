/* DeepSeek: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"max\"",
    .warned = "top_k end_user ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning_content\":\"Hm\"},\"finish_reason\":\"s"
     "top\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13,"
     "\"prompt_cache_hit_tokens\":5,\"prompt_cache_miss_tokens\":4,\"completion_tokens_det"
     "ails\":{\"reasoning_tokens\":1}}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"as"
      "sistant\",\"content\":\"\",\"reasoning_content\":\"Hm\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13,\"prompt_cache_hit_tokens\":5,\"prompt_cache"
      "_miss_tokens\":4,\"completion_tokens_details\":{\"reasoning_tokens\":1}}}",
      "[DONE]"},
     "reasoning 0 \"Hm\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n",
     4,
     5,
     0,
     3,
     1},
};

static const struct dialect_failure failures[] = {
    {422, "Failed to deserialize the JSON body into the target type", SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST, "",
     "Failed to deserialize the JSON body into the target type"},
    {402,
     "{\"error\":{\"message\":\"Insufficient Balance\",\"type\":\"unknown_error\",\"code\""
     ":\"invalid_request_error\"}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, "invalid_request_error",
     "Insufficient Balance"},
};

DIALECT_MAIN("deepseek", "https://api.deepseek.com/chat/completions",
             "authorization: Bearer sk-test-1")
