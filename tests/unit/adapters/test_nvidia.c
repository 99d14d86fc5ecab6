/* NVIDIA: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
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
     "oning_effort\":\"xhigh\",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
     "}",
     "top_k end_user "},
    {dialect_ask_no_reasoning, false,
     "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"chat_"
     "template_kwargs\":{\"enable_thinking\":false}}",
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
    {403, "{\"status\":403,\"title\":\"Forbidden\",\"detail\":\"Authorization failed\"}",
     SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "", "Authorization failed"},
};

DIALECT_MAIN("nvidia", "https://integrate.api.nvidia.com/v1/chat/completions",
             "authorization: Bearer sk-test-1")
