/* Cohere (https://docs.cohere.com/reference/chat). Three APIs: v2 chat, which is used unless a
 * model says otherwise; v1 chat (docs.cohere.com/reference/chat-v1), the older one; and the
 * Compatibility API (docs.cohere.com/docs/compatibility-api), which speaks OpenAI's chat
 * completions below /compatibility/v1 and is used too where the base URL ends so.
 *
 * v2 streams server-sent events and ends with message-end (then [DONE]); an error in a stream is
 * a message-end whose finish reason is ERROR (recorded). tool_plan, the model's "reflection and
 * plan" before tool calls, is a reasoning part of its own, marked by its provider_state, and goes
 * back as tool_plan. Tokens come twice: `tokens`, which are counted here, and the smaller
 * `billed_units`, which stand in provider_json. Documents of users become `documents`, and
 * answers cite them. */
#include "adapters/cohere/internal.h"

#include <string.h>

#include "adapters/chat_completions/chat_completions.h"

const char cohere_title[] = "Cohere";
const char cohere_kind[] = "cohere";
const char cohere_plan[] = "tool_plan";

static const char compatibility[] = "/compatibility/v1";

/* The page lists max_tokens, and neither top_k nor an end user. */
static const struct sl_cc_dialect dialect = {
    .kind = "cohere",
    .title = "Cohere",
    .key_variable = "COHERE_API_KEY",
    .auth = SL_AUTH_BEARER,
    .legacy_max_tokens = true,
};

_Static_assert(sizeof(struct cohere_state) <= SL_CC_STATE_SIZE, "one size for all of its APIs");

/* Whether the usual adapter has to speak chat completions. */
static bool is_compatible(const struct sl_target *target)
{
    return (!target->api || !*target->api) && sl_ends_with(target->base_url, compatibility);
}

enum sl_code cohere_check_target(const struct sl_build_in *in, struct sl_err *err)
{
    if (in->target->key || in->target->auth == SL_AUTH_NONE)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                      "%s needs a key and none is configured; %s usually holds it", cohere_title,
                      dialect.key_variable);
}

/* ---- chat completions ---- */

static enum sl_code build_compatible(const struct sl_build_in *in, struct sl_http_request *out,
                                     struct sl_err *err)
{
    struct sl_target target = *in->target;
    struct sl_build_in with_path = *in;

    if (!sl_ends_with(target.base_url, "/v1"))
        target.base_url = sl_arena_printf(in->arena, "%s%s", target.base_url, compatibility);
    with_path.target = &target;
    return sl_cc_build(&dialect, &with_path, out, err);
}

static enum sl_code on_body_compatible(struct sl_answer *a, char *body, size_t n,
                                       struct sl_err *err)
{
    return sl_cc_on_body(&dialect, a, body, n, err);
}

static enum sl_code on_frame_compatible(struct sl_answer *a, const struct sl_frame *frame,
                                        struct sl_err *err)
{
    return sl_cc_on_frame(&dialect, a, frame, err);
}

static enum sl_code on_eof_compatible(struct sl_answer *a, struct sl_err *err)
{
    return sl_cc_on_eof(&dialect, a, err);
}

/* {"id", "message"}; the id of the request is a header of Cohere's own. */
static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    const char *id = sl_http_head_get(head, "x-debug-trace-id");

    sl_cc_on_failure(&dialect, a, head, body, n, err);
    if (id && !err->provider_request_id[0])
        sl_copy(err->provider_request_id, sizeof(err->provider_request_id), id);
}

/* ---- the usual one ---- */

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    return is_compatible(in->target) ? build_compatible(in, out, err)
                                     : cohere_build_v2(in, out, err);
}

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return is_compatible(a->target) ? on_body_compatible(a, body, n, err)
                                    : cohere_on_body_v2(a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return is_compatible(a->target) ? on_frame_compatible(a, frame, err)
                                    : cohere_on_frame_v2(a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return is_compatible(a->target) ? on_eof_compatible(a, err) : cohere_on_eof(a, err);
}

/* ---- entries ---- */

static const char *const key_variables[] = {"COHERE_API_KEY", "CO_API_KEY", NULL};

static const struct sl_adapter v1_chat = {
    .name = "cohere",
    .api = "v1_chat",
    .title = "Cohere",
    .default_base_url = "https://api.cohere.com",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true, .stream = true, .json_schema = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = cohere_build_v1,
    .on_body = cohere_on_body_v1,
    .on_frame = cohere_on_frame_v1,
    .on_eof = cohere_on_eof,
    .on_failure = on_failure,
};

static const struct sl_adapter chat_completions = {
    .name = "cohere",
    .api = "chat_completions",
    .title = "Cohere",
    .default_base_url = "https://api.cohere.com/compatibility/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = build_compatible,
    .on_body = on_body_compatible,
    .on_frame = on_frame_compatible,
    .on_eof = on_eof_compatible,
    .on_failure = on_failure,
};

extern const struct sl_op_api *const sl_cohere_operations[];
static const struct sl_adapter *const others[] = {&v1_chat, &chat_completions, NULL};

const struct sl_adapter sl_adapter_cohere = {
    .name = "cohere",
    .api = "v2_chat",
    .others = others,
    .operations = sl_cohere_operations,
    .title = "Cohere",
    .default_base_url = "https://api.cohere.com",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_CC_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
