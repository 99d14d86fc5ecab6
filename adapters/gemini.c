/* Google Gemini (AI Studio), https://ai.google.dev/api/generate-content. The key goes into the
 * header x-goog-api-key, never into the URL. A stream is asked for with alt=sse: its frames end
 * with CRLF and there is no end marker but the finish reason (recorded). Prompts are cached without
 * being asked to; an explicit cache is `cachedContent` in provider_options_json.
 *
 * Calls usually come without an id: one is made up, and the result goes back by the function's
 * name. Thought signatures (https://ai.google.dev/gemini-api/docs/thought-signatures) travel in
 * provider_state. */
#include "adapters/gemini/gemini.h"

const struct sl_gemini_dialect sl_gemini_dialect = {
    .kind = "gemini",
    .title = "Gemini",
    .key_variable = "GEMINI_API_KEY",
    .auth = SL_AUTH_HEADER,
    .key_header = "x-goog-api-key",
    .models_path = "models",
    .files_path = "files",
};

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    return sl_gemini_build(&sl_gemini_dialect, in, out, err);
}

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_gemini_on_body(&sl_gemini_dialect, a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return sl_gemini_on_frame(&sl_gemini_dialect, a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_gemini_on_eof(&sl_gemini_dialect, a, err);
}

static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    sl_gemini_on_failure(&sl_gemini_dialect, a, head, body, n, err);
}

static const char *const key_variables[] = {"GEMINI_API_KEY", "GOOGLE_API_KEY",
                                            "GOOGLE_GENERATIVE_AI_API_KEY", NULL};

extern const struct sl_op_api *const sl_gemini_operations[];

const struct sl_adapter sl_adapter_gemini = {
    .name = "gemini",
    .api = SL_GEMINI_API,
    .operations = sl_gemini_operations,
    .title = "Google Gemini",
    .default_base_url = "https://generativelanguage.googleapis.com/v1beta",
    .key_variables = key_variables,
    .auth = SL_AUTH_HEADER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_GEMINI_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
