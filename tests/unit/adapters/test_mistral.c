/* Mistral AI: what is sent, what comes back, what goes wrong. The answers have the shape of its documentation and of
 * recordings; see the head of its adapter. */
#include "dialect.h"

static const struct dialect_words words = {
    .body =
        "{\"model\":\"model-1\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
        "brief\"},{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":[{"
        "\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"Hm\"}]}],\"tool_calls\":"
        "[{\"id\":\"74rXQ0Dlm\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
        "\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"74rXQ0Dlm\",\"content\":\"7\"}],"
        "\"temperature\":0.5,\"stop\":[\"END\"],\"max_tokens\":100,\"random_seed\":7,\"tools\":[{"
        "\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}]"
        ",\"tool_choice\":\"any\",\"reasoning_effort\":\"xhigh\",\"stream\":true}",
    .warned = "top_k logprobs end_user ",
    .none = "\"reasoning_effort\":\"none\"",
};

static const struct dialect_answer answers[] = {
    {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""
     "assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"t"
     "ext\":\"Hm\"}],\"closed\":true},{\"type\":\"text\",\"text\":\"Yes.\"}]},\"finish_rea"
     "son\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_toke"
     "ns\":13}}",
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":["
      "{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"Hm\"}]}]},\"finis"
      "h_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":["
      "{\"type\":\"text\",\"text\":\"Yes\"}]},\"finish_reason\":null}]}",
      "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\".\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_toke"
      "ns\":4,\"total_tokens\":13}}",
      "[DONE]"},
     "reasoning 0 \"Hm\"\n"
     "text 1 \"Yes\"\n"
     "text 1 \".\"\n",
     9,
     0,
     0,
     4,
     0},
    {NULL,
     {"{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"Cut\"},\"finish_reason\":\"model_length\"}],\"usage\":{\"prompt_tokens\":9,\"compl"
      "etion_tokens\":4,\"total_tokens\":13}}",
      "[DONE]"},
     "text 0 \"Cut\"\n",
     9,
     0,
     0,
     4,
     0},
};

static const struct dialect_failure failures[] = {
    {401, "{\"detail\":\"Invalid API Key\"}", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "",
     "Invalid API Key"},
    {400,
     "{\"object\":\"error\",\"message\":\"Invalid model: x\",\"type\":\"invalid_model\",\""
     "param\":null,\"code\":\"1500\"}",
     SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, "1500", "Invalid model: x"},
    {429,
     "{\"object\":\"error\",\"message\":\"Rate limit exceeded\",\"type\":\"rate_limited\","
     "\"param\":null,\"code\":\"1300\"}",
     SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "1300", "Rate limit exceeded"},
    {422, "{\"detail\":[{\"type\":\"missing\",\"msg\":\"Field required\"}]}", SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST, "", "[{\"type\":\"missing\",\"msg\":\"Field required\"}]"},
};

DIALECT_MAIN("mistral", "https://api.mistral.ai/v1/chat/completions",
             "authorization: Bearer sk-test-1")
