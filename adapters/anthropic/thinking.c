/* Reasoning options as Anthropic's thinking, decided before the body is written, because
 * max_tokens and the sampling parameters depend on it.
 *
 * Sources: "Extended thinking" (at least 1024 tokens, fewer than max_tokens unless thinking is
 * interleaved; no temperature, top_k or forced tools; top_p from 0.95), "Adaptive thinking" and
 * "Effort" (output_config.effort: low, medium, high, xhigh, max), under
 * https://platform.claude.com/docs/en/build-with-claude. */
#include "adapters/anthropic/internal.h"

enum { MIN_BUDGET = 1024, EFFORTS = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH + 1 };

/* Budgets for models that know no effort: Sluice's own choice, from the least that is allowed to
 * the most that the documentation recommends without batches. */
static const int32_t budgets[EFFORTS] = {0, 0, 1024, 2048, 8192, 16384, 32000};

/* Anthropic has nothing below low. */
static const char *const efforts[EFFORTS] = {NULL, NULL, "low", "low", "medium", "high", "xhigh"};

bool am_is_thinking(const struct am_build *b)
{
    return b->thinking && strcmp(b->thinking, "disabled") != 0;
}

static enum sl_code drop(struct am_build *b, const char *field, const char *why)
{
    b->thinking = b->effort = b->display = NULL;
    return sl_unsupported(b->in, b->err, field, "%s %s", b->d->title, why);
}

/* ---- budget ---- */

static void default_max_tokens(struct am_build *b)
{
    const struct sl_target *target = b->in->target;

    if (b->request->_max_output_tokens_case)
        b->max_tokens = b->request->max_output_tokens;
    else if (target->has_max_output_tokens)
        b->max_tokens = target->max_output_tokens;
    else
        b->max_tokens = b->model.max_tokens;
}

/* Makes the budget smaller than max_tokens. An asked one is only made smaller with a warning; an
 * effort's leaves a quarter for the answer. */
static enum sl_code fit_budget(struct am_build *b, bool asked)
{
    bool limited = b->request->_max_output_tokens_case || b->in->target->has_max_output_tokens;

    if (am_has_beta(b, "interleaved-thinking"))
        return SL_OK;
    if (!limited) {
        b->max_tokens += b->budget;
        return SL_OK;
    }
    int64_t most = asked ? b->max_tokens - 1 : b->max_tokens - b->max_tokens / 4;
    if (b->budget <= most)
        return SL_OK;
    if (most < MIN_BUDGET)
        return drop(b, asked ? "reasoning.budget_tokens" : "reasoning.effort",
                    "reasons with at least 1024 tokens, and max_output_tokens leaves no room");
    b->budget = most;
    return asked ? sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                                  "%s wants a budget below max_output_tokens; it was made smaller",
                                  b->d->title)
                 : SL_OK;
}

static enum sl_code plan_budget(struct am_build *b)
{
    enum sl_code code = SL_OK;

    b->budget = b->request->reasoning->budget_tokens;
    if (b->budget <= 0) {
        b->thinking = "disabled";
        return SL_OK;
    }
    b->thinking = "enabled";
    if (b->budget < MIN_BUDGET) {
        b->budget = MIN_BUDGET;
        code = sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                              "%s takes no budget below 1024 tokens; it was raised", b->d->title);
    }
    return code == SL_OK ? fit_budget(b, true) : code;
}

/* ---- effort ---- */

static void plan_adaptive(struct am_build *b, Sluice__V1__ReasoningOptions__Effort effort)
{
    b->thinking = "adaptive";
    b->effort = efforts[effort];
    /* xhigh came with Claude 4.7; 4.6 calls its highest level max. */
    if (effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH && b->model.budget)
        b->effort = "max";
}

static enum sl_code plan_effort(struct am_build *b)
{
    Sluice__V1__ReasoningOptions__Effort effort = b->request->reasoning->effort;

    if ((unsigned)effort >= EFFORTS)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "reasoning.effort", "reasoning.effort has no such level");
    if (effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_UNSPECIFIED)
        return SL_OK;
    if (effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE) {
        b->thinking = "disabled";
        return SL_OK;
    }
    if (b->model.adaptive) {
        plan_adaptive(b, effort);
        return SL_OK;
    }
    b->thinking = "enabled";
    b->budget = budgets[effort];
    return fit_budget(b, false);
}

static enum sl_code plan_amount(struct am_build *b)
{
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
    enum sl_code code;

    if (!r->_budget_tokens_case)
        return plan_effort(b);
    if (!b->model.budget) {
        code = sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                              "this model of %s decides itself how long it reasons", b->d->title);
        return code == SL_OK ? plan_effort(b) : code;
    }
    code = plan_budget(b);
    /* Effort may stand beside a budget on the models that know it. */
    if (code == SL_OK && b->model.adaptive && am_is_thinking(b) && r->effort > 0 &&
        (unsigned)r->effort < EFFORTS)
        b->effort = efforts[r->effort];
    return code;
}

/* ---- summary ---- */

static enum sl_code plan_display(struct am_build *b)
{
    const char *summary = b->request->reasoning->summary;

    if (!summary[0])
        return SL_OK;
    if (!b->thinking && b->model.adaptive && !b->request->reasoning->_budget_tokens_case)
        b->thinking = "adaptive";
    if (!am_is_thinking(b) || !b->model.adaptive)
        return sl_unsupported(b->in, b->err, "reasoning.summary",
                              "this model of %s always sums its reasoning up", b->d->title);
    b->display = !strcmp(summary, "omitted") ? "omitted" : "summarized";
    if (strcmp(summary, "auto") != 0 && strcmp(summary, b->display) != 0)
        return sl_unsupported(b->in, b->err, "reasoning.summary",
                              "%s has one form of summary; it was asked for", b->d->title);
    return SL_OK;
}

enum sl_code am_plan_thinking(struct am_build *b)
{
    enum sl_code code;

    default_max_tokens(b);
    if (!b->request->reasoning)
        return SL_OK;
    if (!b->model.thinking) {
        /* Not to reason is what such a model does anyway. */
        const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
        bool wants = r->effort > SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE ||
                     (r->_budget_tokens_case && r->budget_tokens > 0) || r->summary[0];
        return wants ? drop(b, "reasoning", "has no reasoning in this model") : SL_OK;
    }
    code = plan_amount(b);
    if (code == SL_OK)
        code = plan_display(b);
    if (code == SL_OK && am_is_thinking(b) && am_is_forced(b))
        code = drop(b, "reasoning", "does not reason where a tool is forced");
    return code;
}

void am_put_thinking(struct am_build *b)
{
    if (!b->thinking)
        return;
    sl_jw_key(&b->w, "thinking");
    am_begin(b, b->thinking);
    if (!strcmp(b->thinking, "enabled"))
        am_put_int(b, "budget_tokens", b->budget);
    if (b->display)
        am_put_string(b, "display", b->display);
    sl_jw_object_end(&b->w);
}
