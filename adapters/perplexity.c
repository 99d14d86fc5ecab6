/* Perplexity (Sonar), https://docs.perplexity.ai/api-reference/chat-completions-post. Every
 * answer is searched for; the addresses of its sources are the list `citations`, repeated in
 * every chunk, and web_search_options says how to search. Usage comes with every chunk, unasked.
 * What it searches (search_domain_filter, search_mode, ...) is provider_options_json. */
#include "adapters/chat_completions/chat_completions.h"

static const struct sl_cc_dialect dialect = {
    .kind = "perplexity",
    .title = "Perplexity",
    .key_variable = "PERPLEXITY_API_KEY",
    .auth = SL_AUTH_BEARER,
    .legacy_max_tokens = true,
    .top_k = true,
    .web_search_options = true,
    .null_content = true,
    .file_urls = true,
    .no_stream_options = true,
    .no_logprobs = true,
};

SL_CC_SLOTS(dialect)

static const char *const key_variables[] = {"PERPLEXITY_API_KEY", "PPLX_API_KEY",
                                            "PERPLEXITYAI_API_KEY", NULL};

extern const struct sl_op_api *const sl_perplexity_operations[];

const struct sl_adapter sl_adapter_perplexity = {
    .name = "perplexity",
    .api = "chat_completions",
    .operations = sl_perplexity_operations,
    .title = "Perplexity",
    .default_base_url = "https://api.perplexity.ai",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = false,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    SL_CC_ENTRY,
};
