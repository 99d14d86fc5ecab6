/* MiniMax: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_completion_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .extra = "\"reasoning_split\":true",
    .warned = "top_k end_user ",
    .none = "\"thinking\":{\"type\":\"disabled\"},\"reasoning_split\":true",
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning_content\":\"Hm\",\"reasoning_details\":"
     "[{\"type\":\"reasoning.text\",\"id\":\"t-1\",\"format\":\"v1\",\"index\":0,\"text\":"
     "\"Hm\"}]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_t"
     "okens\":4,\"total_tokens\":13},\"base_resp\":{\"status_code\":0,\"status_msg\":\"\"}"
     "}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_c"
      "ontent\":\"H\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"id\":\"t-1\",\""
      "format\":\"v1\",\"index\":0,\"text\":\"H\"}]},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_c"
      "ontent\":\"m\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"id\":\"t-1\",\""
      "format\":\"v1\",\"index\":0,\"text\":\"m\"}]},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13}}"},
     "reasoning 0 \"H\"\n"
     "reasoning 0 \"m\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n"
     "done 0 state=minimax:[{\"type\":\"reasoning.text\",\"id\":\"t-1\",\"format\":\"v1\","
     "\"index\":0,\"text\":\"Hm\"}]\n",
     9,
     0,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {200, "{\"base_resp\":{\"status_code\":1004,\"status_msg\":\"login fail\"}}",
     SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "1004", "login fail"},
    {200,
     "{\"choices\":null,\"base_resp\":{\"status_code\":1002,\"status_msg\":\"rate limit\"}"
     "}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "1002", "rate limit"},
    {200, "{\"base_resp\":{\"status_code\":1027,\"status_msg\":\"output sensitive\"}}",
     SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED, "1027", "output sensitive"},
};

DIALECT_MAIN("minimax", "https://api.minimax.io/v1/chat/completions",
             "authorization: Bearer sk-test-1")
