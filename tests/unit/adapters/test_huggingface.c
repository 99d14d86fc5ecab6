/* Hugging Face: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_request requests[] = {
    {dialect_ask_everything, true,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},"
     "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":null,\"re"
     "asoning_content\":\"Hm\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"func"
     "tion\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":"
     "\"c1\",\"content\":\"7\"}],\"temperature\":0.5,\"stop\":[\"END\"],\"max_tokens\":100"
     ",\"seed\":7,\"logprobs\":true,\"tools\":[{\"type\":\"function\",\"function\":{\"name"
     "\":\"f\",\"parameters\":{\"type\":\"object\"}}}],\"tool_choice\":\"required\",\"reas"
     "oning_effort\":\"xhigh\",\"user\":\"u-1\",\"stream\":true,\"stream_options\":{\"incl"
     "ude_usage\":true}}",
     "top_k "},
    {dialect_ask_no_reasoning, false,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"reaso"
     "ning_effort\":\"none\"}",
     ""},
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
