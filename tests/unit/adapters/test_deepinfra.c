/* DeepInfra: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_request requests[] = {
    {dialect_ask_everything, true,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},"
     "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":null,\"re"
     "asoning_content\":\"Hm\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"func"
     "tion\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":"
     "\"c1\",\"content\":\"7\"}],\"temperature\":0.5,\"top_k\":40,\"stop\":[\"END\"],\"max"
     "_tokens\":100,\"seed\":7,\"logprobs\":true,\"tools\":[{\"type\":\"function\",\"funct"
     "ion\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],\"tool_choice\":\"requ"
     "ired\",\"reasoning_effort\":\"xhigh\",\"user\":\"u-1\",\"stream\":true,\"stream_opti"
     "ons\":{\"include_usage\":true}}",
     ""},
    {dialect_ask_no_reasoning, false,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"reaso"
     "ning_effort\":\"none\"}",
     ""},
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":\"Yes.\",\"reasoning_content\":\"Hm\"},\"finish_reason\":\"s"
     "top\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":1}}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"as"
      "sistant\",\"content\":\"\",\"reasoning_content\":\"Hm\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Yes\"},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":\"stop\"}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"co"
      "mpletion_tokens\":4,\"total_tokens\":13,\"completion_tokens_details\":{\"reasoning_t"
      "okens\":1}}}",
      "[DONE]"},
     "reasoning 0 \"Hm\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n",
     9,
     0,
     0,
     3,
     1},
};

static const struct dialect_failure failures[] = {
    {422, "{\"detail\":\"Field required\"}", SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST, "", "Field required"},
};

DIALECT_MAIN("deepinfra", "https://api.deepinfra.com/v1/openai/chat/completions",
             "authorization: Bearer sk-test-1")
