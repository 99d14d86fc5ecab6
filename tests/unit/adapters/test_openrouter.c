/* OpenRouter: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .system = "developer",
    .history = "reasoning",
    .limit = "max_completion_tokens",
    .reasoning = "\"reasoning\":{\"effort\":\"xhigh\"}",
    .end_user = "user",
    .top_k = true,
    .warned = "",
    .none = "\"reasoning\":{\"effort\":\"none\"}",
};

static const struct dialect_request requests[] = {
    {dialect_ask_budget, false,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"reaso"
     "ning\":{\"max_tokens\":512}}",
     ""},
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning\":\"Hm\",\"reasoning_details\":[{\"type"
     "\":\"reasoning.text\",\"text\":\"Hm\",\"index\":0,\"format\":\"f\",\"signature\":\"c"
     "2ln\"},{\"type\":\"reasoning.encrypted\",\"data\":\"QUI=\",\"id\":\"r1\",\"index\":1"
     "}]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens"
     "\":4,\"total_tokens\":13,\"prompt_tokens_details\":{\"cached_tokens\":2,\"cache_writ"
     "e_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\""
      ":\"H\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"H\",\"index\":"
      "0,\"format\":null}]},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\""
      ":\"m\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"m\",\"index\":"
      "0,\"format\":\"f\"}]},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\",\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"QU\",\"i"
      "d\":\"r1\",\"index\":1}]},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"signature\":\"c2ln\",\"i"
      "ndex\":0},{\"type\":\"reasoning.encrypted\",\"data\":\"I=\",\"index\":1}]},\"finish_"
      "reason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13,\"prompt_tokens_details\":{\"cached_tokens\""
      ":2,\"cache_write_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":1}}"
      "}",
      "[DONE]"},
     "reasoning 0 \"H\"\n"
     "reasoning 0 \"m\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n"
     "done 0 state=openrouter:[{\"type\":\"reasoning.text\",\"text\":\"Hm\",\"index\":0,\""
     "format\":\"f\",\"signature\":\"c2ln\"},{\"type\":\"reasoning.encrypted\",\"data\":\""
     "QUI=\",\"id\":\"r1\",\"index\":1}]\n",
     4,
     2,
     3,
     3,
     1},
    {NULL,
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"A\",\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"QUI=\",\"i"
      "ndex\":0}]},\"finish_reason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13}}",
      "[DONE]"},
     "text 0 \"A\"\n"
     "reasoning 1 \"\"\n"
     "done 1 state=openrouter:[{\"type\":\"reasoning.encrypted\",\"data\":\"QUI=\",\"index"
     "\":0}]\n",
     9,
     0,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {200,
     "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
     "\"\"},\"finish_reason\":null}],\"error\":{\"code\":502,\"message\":\"Provider discon"
     "nected\"}}",
     SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "502", "Provider disconnected"},
    {402, "{\"error\":{\"message\":\"Insufficient credits\",\"type\":null,\"code\":402}}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, "402", "Insufficient credits"},
};

DIALECT_MAIN_ASKING("openrouter", "https://openrouter.ai/api/v1/chat/completions",
                    "authorization: Bearer sk-test-1")
