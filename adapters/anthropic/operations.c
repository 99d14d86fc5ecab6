/* Anthropic's calls beside Messages: POST /messages/count_tokens (https://platform.claude.com/docs/en/api/messages-count-
 * tokens), which takes what Messages takes but for limits, sampling and who asks; and GET /models (.../api/models-list),
 * pages of which follow each other by after_id. */
#include <strings.h>

#include "adapters/anthropic/messages.h"
#include "adapters/calls/calls.h"

static const struct sl_am_dialect counting = {
    .kind = "anthropic",
    .title = "Anthropic",
    .key_variable = "ANTHROPIC_API_KEY",
    .body_model = true,
    .counting = true,
};

static void address(const struct sl_op_in *in, struct sl_http_request *out, const char *method,
                    const char *path)
{
    struct sl_target target = *in->build.target;
    struct sl_op_in own = *in;

    if (!target.auth_header || !*target.auth_header)
        target.auth_header = "x-api-key";
    own.build.target = &target;
    sl_op_begin(&own, out, method, path);
    for (const struct sl_header *h = target.headers; h; h = h->next)
        if (!strcasecmp(h->name, "anthropic-version"))
            return;
    sl_http_header(out, in->build.arena, "anthropic-version", "2023-06-01", false);
}

static enum sl_code count_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    const char *betas = NULL;

    address(in, out, "POST", "/messages/count_tokens");
    enum sl_code code = sl_am_body(&counting, &in->build, &out->body, &betas, err);
    if (code == SL_OK)
        sl_am_set_betas(out, in->build.arena, betas);
    return code;
}

static enum sl_code count_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code == SL_OK)
        o->out.tokens = sl_op_count(&j, SL_JSON_ROOT, "input_tokens");
    return code;
}

static const struct sl_calls_models models = {.path = "/models", .address = address};

static const struct sl_op_api count_api = {
    .operation = SL_COUNT_TOKENS,
    .name = "count_tokens",
    .build = count_build,
    .on_body = count_body,
};
static const struct sl_op_api models_api = SL_CALLS_MODELS(models);

extern const struct sl_op_api *const sl_anthropic_operations[];
const struct sl_op_api *const sl_anthropic_operations[] = {&count_api, &models_api, NULL};
