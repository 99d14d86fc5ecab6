/* MiniMax's API before the OpenAI-shaped one, https://platform.minimax.io/docs/api-reference/text-post
 * (/v1/text/chatcompletion_v2), which abab models, MiniMax-Text-01 and MiniMax-M1 were made for. It speaks chat
 * completions with few parameters: what its schema does not name is warned about. tool_choice knows auto and none. A
 * stream's last frame is a whole chat.completion, with usage and base_resp, that repeats the text in `message`; there is
 * no [DONE]. Errors are base_resp: {status_code, status_msg} in a 200.
 *
 * The provider's organization is the group id of accounts that have one, and goes into the query (GroupId), as the APIs of
 * that time have it. */
#include <string.h>

#include "adapters/chat_completions/chat_completions.h"
#include "adapters/minimax.h"

static const struct sl_cc_dialect dialect = {
    .kind = "minimax",
    .title = "MiniMax",
    .key_variable = "MINIMAX_API_KEY",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .legacy_max_tokens = true,
    .no_stream_options = true,
    .null_content = true,
    .base_resp = true,
    .words = sl_minimax_words,
};

SL_CC_SLOTS(dialect)

/* Behind the translator's own state. */
struct v2_state {
    bool streamed; /* a delta came */
};

/* ---- requests ---- */

static enum sl_code drop_unknown(const struct sl_build_in *in, Sluice__V1__CompleteRequest *copy,
                                 struct sl_err *err)
{
    const Sluice__V1__ReasoningOptions *r = copy->reasoning;
    const struct {
        bool is_set;
        const char *field;
    } unknown[] = {
        {copy->n_stop != 0, "stop"},
        {copy->_seed_case != 0, "seed"},
        {copy->_frequency_penalty_case != 0, "frequency_penalty"},
        {copy->_presence_penalty_case != 0, "presence_penalty"},
        {copy->_logprobs_case && copy->logprobs, "logprobs"},
        {copy->_top_logprobs_case != 0, "top_logprobs"},
        {copy->_parallel_tool_calls_case != 0, "parallel_tool_calls"},
        {r && r->effort, "reasoning.effort"},
        {r && r->_budget_tokens_case, "reasoning.budget_tokens"},
        {r && r->summary[0], "reasoning.summary"},
    };

    for (size_t i = 0; i < SL_ARRAY_LEN(unknown); i++)
        if (unknown[i].is_set &&
            sl_unsupported(in, err, unknown[i].field, "%s has no %s in this API", dialect.title,
                           unknown[i].field) != SL_OK)
            return err->code;
    copy->n_stop = 0;
    copy->_seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED__NOT_SET;
    copy->_frequency_penalty_case = SLUICE__V1__COMPLETE_REQUEST___FREQUENCY_PENALTY__NOT_SET;
    copy->_presence_penalty_case = SLUICE__V1__COMPLETE_REQUEST___PRESENCE_PENALTY__NOT_SET;
    copy->_logprobs_case = SLUICE__V1__COMPLETE_REQUEST___LOGPROBS__NOT_SET;
    copy->_top_logprobs_case = SLUICE__V1__COMPLETE_REQUEST___TOP_LOGPROBS__NOT_SET;
    copy->_parallel_tool_calls_case = SLUICE__V1__COMPLETE_REQUEST___PARALLEL_TOOL_CALLS__NOT_SET;
    copy->reasoning = NULL;
    return SL_OK;
}

/* A group id is a number. */
static bool is_group(const char *id)
{
    return id && *id && strspn(id, "0123456789") == strlen(id);
}

static enum sl_code build_v2(const struct sl_build_in *in, struct sl_http_request *out,
                             struct sl_err *err)
{
    Sluice__V1__CompleteRequest copy = *in->request;
    struct sl_target target = *in->target;
    struct sl_build_in own = *in;
    const char *group = target.organization;
    enum sl_code code = drop_unknown(in, &copy, err);

    if (code != SL_OK)
        return code;
    target.api = target.organization = "";
    own.target = &target;
    own.request = &copy;
    code = build(&own, out, err);
    out->url = sl_arena_printf(in->arena, "%s/text/chatcompletion_v2%s%s", target.base_url,
                               is_group(group) ? "?GroupId=" : "", is_group(group) ? group : "");
    return code;
}

/* ---- answers ---- */

static struct v2_state *state_of(const struct sl_answer *a)
{
    return (struct v2_state *)(void *)((char *)a->state + SL_CC_STATE_SIZE);
}

/* Finds the first choice's delta, and makes its message one that nobody knows where deltas came before. */
static void hide_repetition(struct sl_answer *a, const struct sl_frame *frame)
{
    struct v2_state *s = state_of(a);
    struct sl_json j;
    struct sl_err ignored = {0};

    if (sl_json_parse(a->parser, frame->data, frame->n, &j, &ignored) != SL_OK)
        return; /* which the translator says */
    int choice = sl_json_first(&j, sl_json_present(&j, SL_JSON_ROOT, "choices"));
    if (sl_json_type(&j, choice) != SL_JSON_OBJECT)
        return;
    s->streamed = s->streamed || sl_json_present(&j, choice, "delta") >= 0;
    int message = sl_json_present(&j, choice, "message");
    if (!s->streamed || message < 0)
        return;
    char *key = (char *)(uintptr_t)sl_json_raw(&j, message - 1).p;
    key[1] = 'M';
}

static enum sl_code on_frame_v2(struct sl_answer *a, const struct sl_frame *frame,
                                struct sl_err *err)
{
    hide_repetition(a, frame);
    return on_frame(a, frame, err);
}

static const char *const key_variables[] = {"MINIMAX_API_KEY", NULL};

extern const struct sl_adapter sl_adapter_minimax_v2;
const struct sl_adapter sl_adapter_minimax_v2 = {
    .name = "minimax",
    .api = "chatcompletion_v2",
    .title = "MiniMax",
    .default_base_url = "https://api.minimax.io/v1",
    .key_variables = key_variables,
    .auth = SL_AUTH_BEARER,
    .key_required = true,
    .capabilities = {.chat = true,
                     .stream = true,
                     .tools = true,
                     .vision = true,
                     .json_schema = true,
                     .reasoning = true},
    .state_size = SL_CC_STATE_SIZE + sizeof(struct v2_state),
    .build = build_v2,
    .on_body = on_body,
    .on_frame = on_frame_v2,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
