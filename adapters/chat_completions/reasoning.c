/* What a request says about reasoning: its effort and its budget, in the words of the dialect.
 *
 * Sources: OpenAI's API reference (reasoning_effort); OpenRouter's guide "Reasoning Tokens"
 * (reasoning); DeepSeek's guide "Thinking Mode" and Z.ai's "Thinking Mode" (thinking); Alibaba's
 * Model Studio "Deep thinking" (enable_thinking, thinking_budget); vLLM's "Reasoning Outputs"
 * (chat_template_kwargs). */
#include "adapters/chat_completions/internal.h"

#include <string.h>

/* The word for the effort; NULL where none was asked for. */
static const char *effort_word(const struct cc_build *b,
                               Sluice__V1__ReasoningOptions__Effort effort)
{
    static const char *const words[] = {NULL, "none", "minimal", "low", "medium", "high", "xhigh"};

    if (effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH && b->d->max_effort)
        return b->d->max_effort;
    return words[effort];
}

static void put_int_member(struct cc_build *b, const char *key, int64_t v)
{
    sl_jw_key(&b->w, key);
    sl_jw_int(&b->w, v);
}

static enum sl_code no_budget(struct cc_build *b)
{
    return sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                          "%s has no budget for reasoning; reasoning.effort may serve",
                          b->d->title);
}

/* KEY: {MEMBER: ...}, the member's value as JSON. */
static void put_switch(struct cc_build *b, const char *key, const char *member, const char *json)
{
    b->reasoning_keys[0] = key;
    sl_jw_key(&b->w, key);
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, member);
    sl_jw_raw(&b->w, json, strlen(json));
    sl_jw_object_end(&b->w);
}

static enum sl_code put_object(struct cc_build *b, const Sluice__V1__ReasoningOptions *r,
                               const char *word)
{
    if (!word && !r->_budget_tokens_case)
        return SL_OK;
    b->reasoning_keys[0] = "reasoning";
    sl_jw_key(&b->w, "reasoning");
    sl_jw_object(&b->w);
    if (word)
        cc_put_string(b, "effort", word);
    if (r->_budget_tokens_case)
        put_int_member(b, "max_tokens", r->budget_tokens);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* There is on and off: the usual effort says no more than that. */
static enum sl_code put_on_off(struct cc_build *b, const Sluice__V1__ReasoningOptions *r)
{
    bool off = r->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE;
    bool level = r->effort != SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_UNSPECIFIED && !off &&
                 r->effort != SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_MEDIUM;

    if (r->effort != SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_UNSPECIFIED ||
        r->_budget_tokens_case) {
        b->reasoning_keys[0] = "enable_thinking";
        sl_jw_key(&b->w, "enable_thinking");
        sl_jw_bool(&b->w, !off);
    }
    if (r->_budget_tokens_case && !off) {
        b->reasoning_keys[1] = "thinking_budget";
        put_int_member(b, "thinking_budget", r->budget_tokens);
    }
    if (level && !r->_budget_tokens_case)
        return sl_unsupported(b->in, b->err, "reasoning.effort",
                              "%s turns reasoning on or off and has no levels of it; "
                              "reasoning.budget_tokens may serve",
                              b->d->title);
    return SL_OK;
}

static enum sl_code put_effort(struct cc_build *b, const Sluice__V1__ReasoningOptions *r,
                               const char *word)
{
    bool none = r->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE;

    if (none && b->d->reasoning == SL_CC_REASONING_THINKING)
        put_switch(b, "thinking", "type", "\"disabled\"");
    else if (none && b->d->reasoning == SL_CC_REASONING_TEMPLATE)
        put_switch(b, "chat_template_kwargs", "enable_thinking", "false");
    else if (word)
        cc_put_string(b, "reasoning_effort", word);
    return r->_budget_tokens_case ? no_budget(b) : SL_OK;
}

enum sl_code cc_build_reasoning(struct cc_build *b)
{
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
    enum sl_code code;

    if (!r)
        return SL_OK;
    if ((unsigned)r->effort > SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "reasoning.effort", "reasoning.effort has no such level");
    const char *word = effort_word(b, r->effort);
    if (b->d->reasoning == SL_CC_REASONING_OBJECT)
        code = put_object(b, r, word);
    else if (b->d->reasoning == SL_CC_REASONING_SWITCH)
        code = put_on_off(b, r);
    else
        code = put_effort(b, r, word);
    if (code == SL_OK && r->summary[0])
        code = sl_unsupported(b->in, b->err, "reasoning.summary",
                              "chat completions have no summary of reasoning");
    return code;
}
