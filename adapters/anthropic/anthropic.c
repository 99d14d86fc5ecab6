/* Anthropic, https://platform.claude.com/docs/en/api/overview. The key goes into `x-api-key` (OAuth
 * tokens and gateways: `auth: bearer`), the API's version into `anthropic-version`, betas into
 * `anthropic-beta`: those of the model's headers, of provider_options_json.anthropic_beta, and what
 * a part needs (Files API) together.
 *
 * api "messages" is the usual one. api "raw_predict" is the same conversation as Vertex AI wants it
 * ("Claude on Vertex AI": model in the URL, anthropic_version in the body, a Google token as
 * bearer); its base URL ends with .../publishers/anthropic/models. */
#include "adapters/anthropic/messages.h"

#include <strings.h>

static const struct sl_am_dialect messages = {
    .kind = "anthropic",
    .title = "Anthropic",
    .key_variable = "ANTHROPIC_API_KEY",
    .body_model = true,
    .body_stream = true,
};

const struct sl_am_dialect sl_am_raw_predict = {
    .kind = "anthropic",
    .title = "Anthropic on Vertex AI",
    .key_variable = "ANTHROPIC_API_KEY",
    .body_version = "vertex-2023-10-16",
    .body_stream = true,
};

/* ---- requests ---- */

void sl_am_set_betas(struct sl_http_request *out, struct sl_arena *arena, const char *betas)
{
    if (!betas)
        return;
    for (struct sl_header *h = out->headers; h; h = h->next) {
        if (!strcasecmp(h->name, "anthropic-beta")) {
            h->value = betas;
            return;
        }
    }
    sl_http_header(out, arena, "anthropic-beta", betas, false);
}

enum sl_code sl_am_build(const struct sl_am_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err)
{
    const char *betas = NULL;
    struct sl_target target = *in->target;
    enum sl_code code = sl_am_check_key(d, in->target, err);

    *out = (struct sl_http_request){0};
    if (code == SL_OK)
        code = sl_am_body(d, in, &out->body, &betas, err);
    if (code != SL_OK)
        return code;
    out->method = "POST";
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    sl_http_header(out, in->arena, "content-type", "application/json", false);
    sl_http_header(out, in->arena, "accept", in->stream ? "text/event-stream" : "application/json",
                   false);
    if (!d->body_version)
        sl_http_header(out, in->arena, "anthropic-version", "2023-06-01", false);
    if (!target.auth_header || !*target.auth_header)
        target.auth_header = "x-api-key";
    sl_http_auth(out, in->arena, &target, d->body_version ? SL_AUTH_BEARER : SL_AUTH_HEADER);
    sl_am_set_betas(out, in->arena, betas);
    return SL_OK;
}

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    enum sl_code code = sl_am_build(&messages, in, out, err);

    out->url = sl_arena_printf(in->arena, "%s/messages", in->target->base_url);
    return code;
}

enum sl_code sl_am_build_raw_predict(const struct sl_build_in *in, struct sl_http_request *out,
                                     struct sl_err *err)
{
    enum sl_code code = sl_am_build(&sl_am_raw_predict, in, out, err);

    out->url = sl_arena_printf(in->arena, "%s/%s:%s", in->target->base_url, in->target->model_id,
                               in->stream ? "streamRawPredict" : "rawPredict");
    return code;
}

/* ---- answers ---- */

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_am_on_body(&messages, a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return sl_am_on_frame(&messages, a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_am_on_eof(&messages, a, err);
}

static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    sl_am_on_failure(&messages, a, head, body, n, err);
}

static const char *const key_variables[] = {"ANTHROPIC_API_KEY", NULL};

static const struct sl_adapter raw_predict_adapter = {
    .name = "anthropic",
    .api = SL_AM_RAW_PREDICT_API,
    .title = "Anthropic on Vertex AI",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_AM_STATE_SIZE,
    .build = sl_am_build_raw_predict,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
    .release = sl_am_release,
};

extern const struct sl_op_api *const sl_anthropic_operations[];
static const struct sl_adapter *const others[] = {&raw_predict_adapter, NULL};

const struct sl_adapter sl_adapter_anthropic = {
    .name = "anthropic",
    .api = "messages",
    .others = others,
    .operations = sl_anthropic_operations,
    .title = "Anthropic",
    .default_base_url = "https://api.anthropic.com/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_HEADER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_AM_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
    .release = sl_am_release,
};
