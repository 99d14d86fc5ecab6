/* Zhipu AI (Z.ai, GLM), https://docs.z.ai/api-reference/llm/chat-completion; accounts in China
 * use https://open.bigmodel.cn/api/paas/v4, coding plans https://api.z.ai/api/coding/paas/v4.
 * Deltas come after the finish reason too (recorded). Thinking is turned off by thinking: {type:
 * disabled} (guide "Thinking Mode"); error codes are numbers in strings ("Error Codes").
 *
 * A key is two texts, ID.SECRET. It is sent as it is, or, with auth: jwt, as a token that is signed
 * with it and good for a few minutes (HTTP API, "Authentication with a token": HS256, sign_type
 * SIGN, api_key, exp and timestamp in milliseconds), which accounts of the first years need. */
#include "adapters/chat_completions/chat_completions.h"

static const char *const provider_tools[] = {"web_search", "retrieval", "mcp", NULL};

static const struct sl_cc_word words[] = {
    {"1113", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA}, /* no balance */
    {"1261", SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG},
    {"1301", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
    {NULL, SL_OK, SL_REASON_NONE},
};

static const struct sl_cc_dialect dialect = {
    .kind = "zhipu",
    .title = "Zhipu AI",
    .key_variable = "ZHIPU_API_KEY",
    .auth = SL_AUTH_BEARER,
    .end_user_key = "user_id",
    .reasoning_history = "reasoning_content",
    .provider_tools = provider_tools,
    .reasoning = SL_CC_REASONING_THINKING,
    .legacy_max_tokens = true,
    .null_content = true,
    .media_urls = true,
    .words = words,
};

SL_CC_SLOTS(dialect)

static enum sl_code build_zhipu(const struct sl_build_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    enum sl_code code = build(in, out, err);

    if (code == SL_OK && in->target->auth == SL_AUTH_JWT &&
        !sl_http_key_token(out, in->arena, in->target, in->now_ms))
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "auth: jwt needs a key of the form ID.SECRET, and %s has another",
                          dialect.title);
    return code;
}

static const char *const key_variables[] = {"ZHIPU_API_KEY", "ZAI_API_KEY", NULL};

extern const struct sl_op_api *const sl_zhipu_operations[];

const struct sl_adapter sl_adapter_zhipu = {
    .name = "zhipu",
    .api = "chat_completions",
    .operations = sl_zhipu_operations,
    .title = "Zhipu AI",
    .default_base_url = "https://api.z.ai/api/paas/v4",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = false,
                     .reasoning = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = build_zhipu,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
