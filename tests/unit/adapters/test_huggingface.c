/* Hugging Face: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .history = "reasoning_content",
    .limit = "max_tokens",
    .reasoning = "\"reasoning_effort\":\"xhigh\"",
    .end_user = "user",
    .warned = "top_k ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {
    {NULL,
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"A\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"\"},\"finish_reason\":\"eos_token\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13}}",
      "[DONE]"},
     "text 0 \"A\"\n",
     9,
     0,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {401, "{\"error\":\"Invalid username or password.\"}", SL_FAILED_PRECONDITION,
     SL_REASON_PROVIDER_AUTH, "", "Invalid username or password."},
};

DIALECT_MAIN("huggingface", "https://router.huggingface.co/v1/chat/completions",
             "authorization: Bearer sk-test-1")
