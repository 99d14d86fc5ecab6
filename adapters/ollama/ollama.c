/* Ollama, on one's own machine or at ollama.com (https://docs.ollama.com/api, openapi.yaml there).
 * Three APIs: /api/chat, its own, which is used unless a model says otherwise; /api/generate, one
 * prompt without history; and OpenAI's chat completions below /v1 (docs.ollama.com, "OpenAI
 * compatibility"), used too where the base URL ends in /v1.
 *
 * A key is needed at ollama.com only. Its own APIs stream lines of JSON and do so unless told not
 * to; the last line has "done": true. Tool arguments are objects, calls may lack an id, and the
 * reason to end is "stop" for tool calls, too (recorded). Pictures are base64 without a media
 * type. In /v1 the history's reasoning is `reasoning`, and tool_choice has no effect. */
#include "adapters/ollama/internal.h"

#include <string.h>

#include "adapters/chat_completions/chat_completions.h"

const char ollama_title[] = "Ollama";

static const struct sl_cc_dialect dialect = {
    .kind = "ollama",
    .title = "Ollama",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning",
    .legacy_max_tokens = true,
};

_Static_assert(sizeof(struct ollama_state) <= SL_CC_STATE_SIZE, "one size for all of its APIs");

/* Whether the usual adapter has to speak chat completions. */
static bool is_v1(const struct sl_target *target)
{
    return (!target->api || !*target->api) && sl_ends_with(target->base_url, "/v1");
}

/* ---- chat completions ---- */

static enum sl_code build_v1(const struct sl_build_in *in, struct sl_http_request *out,
                             struct sl_err *err)
{
    struct sl_target target = *in->target;
    struct sl_build_in with_path = *in;

    if (!sl_ends_with(target.base_url, "/v1"))
        target.base_url = sl_arena_printf(in->arena, "%s/v1", target.base_url);
    with_path.target = &target;
    return sl_cc_build(&dialect, &with_path, out, err);
}

static enum sl_code on_body_v1(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_cc_on_body(&dialect, a, body, n, err);
}

static enum sl_code on_frame_v1(struct sl_answer *a, const struct sl_frame *frame,
                                struct sl_err *err)
{
    return sl_cc_on_frame(&dialect, a, frame, err);
}

static enum sl_code on_eof_v1(struct sl_answer *a, struct sl_err *err)
{
    return sl_cc_on_eof(&dialect, a, err);
}

/* {"error": "text"}, and in /v1 OpenAI's form. */
static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    sl_cc_on_failure(&dialect, a, head, body, n, err);
}

/* ---- the usual one ---- */

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    return is_v1(in->target) ? build_v1(in, out, err) : ollama_build_chat(in, out, err);
}

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return is_v1(a->target) ? on_body_v1(a, body, n, err) : ollama_on_body(a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return is_v1(a->target) ? on_frame_v1(a, frame, err) : ollama_on_frame(a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return is_v1(a->target) ? on_eof_v1(a, err) : ollama_on_eof(a, err);
}

/* ---- entries ---- */

static const char *const key_variables[] = {"OLLAMA_API_KEY", NULL};

#define CAPABILITIES                                                                               \
    {                                                                                              \
        .chat = true, .stream = true, .tools = true, .vision = true, .json_schema = true,          \
        .reasoning = true                                                                          \
    }

static const struct sl_adapter generate = {
    .name = "ollama",
    .api = "api_generate",
    .title = "Ollama",
    .default_base_url = "http://localhost:11434",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .capabilities =
        {.chat = true, .stream = true, .vision = true, .json_schema = true, .reasoning = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = ollama_build_generate,
    .on_body = ollama_on_body,
    .on_frame = ollama_on_frame,
    .on_eof = ollama_on_eof,
    .on_failure = on_failure,
};

static const struct sl_adapter chat_completions = {
    .name = "ollama",
    .api = "chat_completions",
    .title = "Ollama",
    .default_base_url = "http://localhost:11434/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .capabilities = CAPABILITIES,
    .state_size = SL_CC_STATE_SIZE,
    .build = build_v1,
    .on_body = on_body_v1,
    .on_frame = on_frame_v1,
    .on_eof = on_eof_v1,
    .on_failure = on_failure,
};

extern const struct sl_adapter sl_adapter_ollama_completions;
static const struct sl_adapter *const others[] = {&generate, &chat_completions,
                                                  &sl_adapter_ollama_completions, NULL};

extern const struct sl_op_api *const sl_ollama_operations[];

const struct sl_adapter sl_adapter_ollama = {
    .name = "ollama",
    .api = "api_chat",
    .others = others,
    .operations = sl_ollama_operations,
    .title = "Ollama",
    .default_base_url = "http://localhost:11434",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .capabilities = CAPABILITIES,
    .state_size = SL_CC_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
