/* Mistral's FIM completions, https://docs.mistral.ai/api/#tag/fim: `prompt` is what stands before the
 * gap, the option `suffix` what stands behind it. The answer has the form of chat completions. */
#include "adapters/completions/completions.h"

static const struct sl_tc_dialect dialect = {
    .words = {.kind = "mistral",
              .title = "Mistral AI",
              .key_variable = "MISTRAL_API_KEY",
              .auth = SL_AUTH_BEARER,
              .seed_key = "random_seed",
              .no_stream_options = true,
              .legacy_max_tokens = true},
    .path = "/fim/completions",
};

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    return sl_tc_build(&dialect, in, out, err);
}

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_cc_on_body(&dialect.words, a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return sl_cc_on_frame(&dialect.words, a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_cc_on_eof(&dialect.words, a, err);
}

static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    sl_cc_on_failure(&dialect.words, a, head, body, n, err);
}

static const char *const key_variables[] = {"MISTRAL_API_KEY", NULL};

const struct sl_adapter sl_adapter_mistral_fim_completions = {
    .name = "mistral",
    .api = "fim_completions",
    .title = "Mistral AI",
    .default_base_url = "https://api.mistral.ai/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
