/* One candidate a name: the model itself. */
#include "routing/resolve.h"

#include <string.h>

#include "base/str.h"

static enum sl_code take(struct sl_candidates *out, const struct sl_model *m, const char *reason)
{
    out->count = 1;
    out->list[0] = (struct sl_candidate){m, reason};
    return SL_OK;
}

static enum sl_code forbidden(const struct sl_model *m, const struct sl_principal *p,
                              struct sl_err *err)
{
    if (*p->tier)
        return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_MODEL_FORBIDDEN, "model",
                            "the model '%.128s' is not for the tier '%.64s'", m->name, p->tier);
    return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_MODEL_FORBIDDEN, "model",
                        "the model '%.128s' is not for callers without a tier", m->name);
}

static enum sl_code not_found(const struct sl_registry *r, const struct sl_principal *p,
                              const char *name, struct sl_err *err)
{
    const char *near = sl_registry_nearest(r, name, p);
    char shown[129]; /* cut where a character ends */
    sl_copy(shown, sizeof(shown), name);
    return sl_err_field(err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "model",
                        "there is no model '%s'%s%.128s%s", shown, near ? "; did you mean '" : "",
                        near ? near : "", near ? "'?" : "");
}

static enum sl_code resolve_default(const struct sl_registry *r, const struct sl_principal *p,
                                    struct sl_candidates *out, struct sl_err *err)
{
    if (!r->default_model)
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_NO_DEFAULT_MODEL, "model",
                            "the request names no model, and %s",
                            r->n_models ? "there is no default model whose key is there"
                                        : "no models are configured");
    if (!sl_registry_may_use(r, r->default_model, p))
        return forbidden(r->default_model, p, err);
    return take(out, r->default_model, "registry default");
}

enum sl_code sl_resolve(const struct sl_registry *r, const struct sl_principal *p, const char *name,
                        struct sl_candidates *out, struct sl_err *err)
{
    bool by_alias = false;
    if (!*name)
        return resolve_default(r, p, out, err);
    if (sl_starts_with(name, "models/"))
        name += strlen("models/");
    const struct sl_model *m = sl_registry_find(r, name, &by_alias);
    if (!m)
        return not_found(r, p, name, err);
    if (!sl_registry_may_use(r, m, p))
        return forbidden(m, p, err);
    return take(out, m, by_alias ? "asked by alias" : "asked by name");
}
