/* Perplexity: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .top_k = true,
    .no_logprobs = true,
    .no_stream_options = true,
    .warned = "messages[2].parts[0] logprobs end_user ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_t"
     "okens\":9,\"completion_tokens\":4,\"total_tokens\":13},\"citations\":[\"https://a.te"
     "st\",\"https://b.test\"]}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}],\"citations\":[\"https://a.test\"],\"usage\":{\"pr"
      "ompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":\"stop\"}],\"citations\":[\"https://a.test\",\"https://b.te"
      "st\"],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}",
      "[DONE]"},
     "text 0 \"Yes\"\n"
     "citation 0 url=https://a.test json=16\n"
     "text 0 \".\"\n"
     "citation 0 url=https://b.test json=16\n",
     9,
     0,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {400, "{\"error\":{\"message\":\"Invalid model\",\"type\":\"invalid_model\",\"code\":400}}",
     SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, "400", "Invalid model"},
};

DIALECT_MAIN("perplexity", "https://api.perplexity.ai/chat/completions",
             "authorization: Bearer sk-test-1")
