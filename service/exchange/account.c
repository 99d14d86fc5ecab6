/* Arithmetic of tokens and money. */
#include "exchange/account.h"

#include <string.h>

/* Sums of products exceed 64 bits only past 9e12 dollars a million tokens; __int128 costs nothing here. */
bool sl_cost_nanos(const struct sl_prices *prices, const Sluice__V1__TokenUsage *usage,
                   int64_t *nanos)
{
    if (!prices->known)
        return false;
    int64_t cache_read = prices->cache_read >= 0 ? prices->cache_read : prices->input;
    int64_t cache_write = prices->cache_write >= 0 ? prices->cache_write : prices->input;
    int64_t reasoning = prices->reasoning >= 0 ? prices->reasoning : prices->output;
    /* tokens x (micro-dollars / million tokens) = 1e-12 dollars, a thousandth of a nano-dollar */
    __extension__ typedef __int128 wide;
    wide sum =
        (wide)usage->input_tokens * prices->input + (wide)usage->cache_read_tokens * cache_read +
        (wide)usage->cache_write_tokens * cache_write +
        (wide)usage->output_tokens * prices->output + (wide)usage->reasoning_tokens * reasoning;
    int64_t whole = (int64_t)(sum / 1000), rest = (int64_t)(sum % 1000);
    if (rest > 500 || (rest == 500 && whole % 2))
        whole++;
    *nanos = whole;
    return true;
}

static uint64_t part_bytes(const Sluice__V1__Part *p)
{
    switch (p->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        return strlen(p->text);
    case SLUICE__V1__PART__CONTENT_REASONING:
        return strlen(p->reasoning->text);
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        return strlen(p->tool_call->name) + strlen(p->tool_call->arguments_json);
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return p->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT
                   ? strlen(p->document->text)
                   : 0;
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT: {
        uint64_t n = 0;
        for (size_t i = 0; i < p->tool_result->n_parts; i++)
            if (p->tool_result->parts[i]->content_case ==
                SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT)
                n += strlen(p->tool_result->parts[i]->text);
        return n;
    }
    default:
        return 0;
    }
}

uint64_t sl_request_text_bytes(const Sluice__V1__CompleteRequest *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_messages; i++)
        for (size_t k = 0; k < r->messages[i]->n_parts; k++)
            n += part_bytes(r->messages[i]->parts[k]);
    for (size_t i = 0; i < r->n_tools; i++)
        if (r->tools[i]->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION)
            n += strlen(r->tools[i]->function->description) +
                 strlen(r->tools[i]->function->parameters_json);
    return n;
}

static int32_t tokens(uint64_t bytes)
{
    uint64_t n = (bytes + SL_BYTES_PER_TOKEN - 1) / SL_BYTES_PER_TOKEN;
    return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

void sl_estimate_usage(uint64_t request_bytes, uint64_t answer_bytes, uint64_t reasoning_bytes,
                       Sluice__V1__TokenUsage *usage)
{
    sluice__v1__token_usage__init(usage);
    usage->estimated = true;
    usage->input_tokens = tokens(request_bytes);
    usage->output_tokens = tokens(answer_bytes);
    usage->reasoning_tokens = tokens(reasoning_bytes);
}
