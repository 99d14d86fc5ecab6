/* MiniMax in Anthropic's words, https://platform.minimax.io/docs/api-reference/text-anthropic-api: Messages below
 * https://api.minimax.io/anthropic (in China https://api.minimaxi.com/anthropic). A base URL that ends in /v1 means the
 * same host, so one provider entry serves all of its APIs. What is not in its table of parameters (response formats), and
 * what is ignored there (top_k, stop sequences), is warned about; a temperature is over 0 and at most 1, and what the model thought goes back with tool results. */
#include <string.h>

#include "adapters/anthropic/messages.h"

static const struct sl_am_dialect dialect = {
    .kind = "minimax",
    .title = "MiniMax",
    .key_variable = "MINIMAX_API_KEY",
    .body_model = true,
    .body_stream = true,
};

static const char *url_of(const struct sl_build_in *in)
{
    const char *base = in->target->base_url;
    int n = (int)strlen(base);

    if (sl_ends_with(base, "/anthropic/v1"))
        return sl_arena_printf(in->arena, "%s/messages", base);
    if (sl_ends_with(base, "/anthropic"))
        return sl_arena_printf(in->arena, "%s/v1/messages", base);
    if (sl_ends_with(base, "/v1"))
        n -= 3;
    return sl_arena_printf(in->arena, "%.*s/anthropic/v1/messages", n, base);
}

/* Takes out of the copy what the server would not look at. */
static enum sl_code drop_ignored(const struct sl_build_in *in, Sluice__V1__CompleteRequest *copy,
                                 struct sl_err *err)
{
    const Sluice__V1__ResponseFormat *format = copy->response_format;
    enum sl_code code = SL_OK;

    if (format && format->type > SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT)
        code = sl_unsupported(in, err, "response_format",
                              "%s writes no JSON by a schema in this API", dialect.title);
    copy->response_format = NULL;
    if (code == SL_OK && copy->_top_k_case)
        code = sl_unsupported(in, err, "top_k", "%s ignores top_k", dialect.title);
    if (code == SL_OK && copy->n_stop)
        code =
            sl_unsupported(in, err, "stop", "%s ignores stop sequences in this API", dialect.title);
    copy->_top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K__NOT_SET;
    copy->n_stop = 0;
    return code;
}

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    Sluice__V1__CompleteRequest copy = *in->request;
    struct sl_build_in own = *in;
    enum sl_code code = drop_ignored(in, &copy, err);

    if (code != SL_OK)
        return code;
    own.request = &copy;
    code = sl_am_build(&dialect, &own, out, err);
    out->url = url_of(in);
    return code;
}

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_am_on_body(&dialect, a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return sl_am_on_frame(&dialect, a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_am_on_eof(&dialect, a, err);
}

static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    sl_am_on_failure(&dialect, a, head, body, n, err);
}

static const char *const key_variables[] = {"MINIMAX_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_minimax_messages;
const struct sl_adapter sl_adapter_minimax_messages = {
    .name = "minimax",
    .api = "messages",
    .title = "MiniMax",
    .default_base_url = "https://api.minimax.io/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_HEADER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true, .tools = true, .reasoning = true},
    .state_size = SL_AM_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
    .release = sl_am_release,
};
