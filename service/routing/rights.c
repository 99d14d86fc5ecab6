/* Who may use what, and what a refusal says: the caller's tier, the tiers that would do, a model that it
 * may use; nothing of other users' models. */
#include <stdio.h>
#include <string.h>

#include "access/rights.h"
#include "base/str.h"
#include "routing/internal.h"
#include "routing/wishes.h"

static void list_tiers(char *dst, size_t size, const char *const *tiers)
{
    size_t n = 0;
    *dst = '\0';
    for (size_t i = 0; tiers[i] && i < 5 && n < size; i++) {
        int added = snprintf(dst + n, size - n, "%s%.40s", i ? ", " : "", tiers[i]);
        n += added > 0 ? (size_t)added : 0;
    }
}

enum sl_code sl_forbid(const struct sl_resolve_spec *spec, const char *name,
                       const char *const *tiers, struct sl_err *err)
{
    const struct sl_principal *p = spec->principal;
    char whose[96], would_do[256] = "", instead[200] = "", list[200];
    const struct sl_model *other = sl_find_alternative(spec);
    list_tiers(list, sizeof(list), tiers);
    snprintf(whose, sizeof(whose), *p->tier ? "the tier '%.64s'" : "callers without a tier",
             p->tier);
    if (*list)
        snprintf(would_do, sizeof(would_do), "; tiers that may use it: %s", list);
    if (other && strcmp(other->name, name) != 0)
        snprintf(instead, sizeof(instead), "; you may use '%.128s'", other->name);
    return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_MODEL_FORBIDDEN, "model",
                        "the model '%.128s' is not for %s%s%s", name, whose, would_do, instead);
}

enum sl_code sl_check_rights(const struct sl_resolve_spec *spec, const struct sl_found *found,
                             struct sl_err *err)
{
    const struct sl_model *m = found->model;
    if (!found->raw && !sl_registry_may_use(spec->registry, m, spec->principal))
        return sl_forbid(spec, m->name, m->tiers, err);
    if (!m->enabled)
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_MODEL_DISABLED, "model",
                            "the model '%.128s' is switched off", m->name);
    if (*m->problem)
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_MODEL_UNUSABLE, "model",
                            "the model '%.128s' cannot be used: %.300s", m->name, m->problem);
    return SL_OK;
}

enum sl_code sl_check_task_right(const struct sl_resolve_spec *spec, struct sl_err *err)
{
    const struct sl_principal *p = spec->principal;
    if (!spec->task || !*spec->task || sl_rights_allow_task(p, spec->task))
        return SL_OK;
    return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_TASK_FORBIDDEN, "task",
                        "the task '%.64s' is not for the tier '%.64s'", spec->task, p->tier);
}

static double dollars(int64_t nanos)
{
    return (double)nanos / 1e9;
}

enum sl_code sl_check_price(const struct sl_resolve_spec *spec, const struct sl_model *m,
                            struct sl_err *err)
{
    const struct sl_principal *p = spec->principal;
    char instead[200] = "";
    if (!sl_wishes_too_dear(p, m))
        return SL_OK;
    const struct sl_model *other = sl_find_alternative(spec);
    int64_t price = other ? sl_wishes_price(other) : -1;
    if (other && price < 0)
        snprintf(instead, sizeof(instead), "; you may use '%.128s'", other->name);
    else if (other)
        snprintf(instead, sizeof(instead), "; you may use '%.128s', which costs $%.6g", other->name,
                 dollars(price));
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_COST_CEILING, "model",
                        "the model '%.128s' costs $%.6g for 1000 tokens in and 1000 out, above the "
                        "cost ceiling of $%.6g in your preferences%s",
                        m->name, dollars(sl_wishes_price(m)),
                        dollars(p->preferences->cost_ceiling_nanos), instead);
}

enum sl_code sl_model_not_found(const struct sl_registry *r, const struct sl_principal *p,
                                const char *name, const char *why, struct sl_err *err)
{
    const char *near = sl_registry_nearest(r, name, p);
    char shown[129]; /* cut where a character ends */
    sl_copy(shown, sizeof(shown), name);
    return sl_err_field(err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "model",
                        "there is no model '%s'%s%s%.128s%s", shown, why,
                        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
