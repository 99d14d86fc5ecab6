/* Which model a request without a name means: docs/models.md, "defaults". */
#include <string.h>

#include "base/str.h"
#include "routing/internal.h"

static bool is_usable(const struct sl_registry *r, const struct sl_principal *p,
                      const struct sl_model *m)
{
    return m && m->enabled && !*m->problem && !m->deleted_ms && sl_registry_may_use(r, m, p);
}

enum { MAX_LOOKED_AT = 2000 };

const struct sl_model *sl_find_alternative(const struct sl_registry *r,
                                           const struct sl_principal *p, const struct sl_model *but)
{
    const struct sl_model *m = sl_registry_find(r, "gpt-4o", NULL);
    struct sl_registry_walk w;
    if (m != but && is_usable(r, p, m) && sl_registry_has_key(r, m))
        return m;
    sl_registry_walk(&w, r, "", NULL);
    for (int i = 0; i < MAX_LOOKED_AT && (m = sl_registry_next(&w)); i++) {
        if (m != but && is_usable(r, p, m) && sl_registry_has_key(r, m))
            return m;
    }
    return NULL;
}

/* A level of the rule: what it says, and whose default that is. */
static bool take_level(const struct sl_resolve_spec *spec, const char *name, const char *reason,
                       struct sl_candidates *notes, struct sl_found *out)
{
    if (!name || !*name)
        return false;
    if (sl_find_entry(spec, name, out) && is_usable(spec->registry, spec->principal, out->model)) {
        out->reason = reason;
        return true;
    }
    sl_candidates_note(
        notes, "DEFAULT_SKIPPED",
        sl_arena_printf(spec->arena, "%s, '%s', is not there or not for the caller", reason, name));
    return false;
}

static bool take_own_levels(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                            struct sl_found *out)
{
    const struct sl_registry *r = spec->registry;
    const struct sl_principal *p = spec->principal;
    const char *pin = spec->conversation && *spec->conversation
                          ? sl_registry_pin_of(r, p->id, spec->conversation)
                          : NULL;
    if (take_level(spec, pin, "pinned to the conversation", notes, out) ||
        take_level(spec, sl_registry_default_of(r, "user", p->id), "default of the user", notes,
                   out))
        return true;
    const char *of_tier = *p->tier ? sl_registry_default_of(r, "tier", p->tier) : NULL;
    return of_tier &&
           take_level(spec, of_tier, sl_arena_printf(spec->arena, "default of tier %s", p->tier),
                      notes, out);
}

enum sl_code sl_find_default(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                             struct sl_found *out, struct sl_err *err)
{
    const struct sl_registry *r = spec->registry;
    if (spec->arena && take_own_levels(spec, notes, out))
        return SL_OK;
    const struct sl_model *m = r->default_model;
    *out = (struct sl_found){m, r->default_reason, false};
    /* what somebody chose is refused by name where it is not for the caller; what was found is not */
    if (m && (r->default_is_said || is_usable(r, spec->principal, m)))
        return SL_OK;
    out->model = sl_find_alternative(r, spec->principal, NULL);
    out->reason = "the first model by name that the caller may use";
    if (out->model)
        return SL_OK;
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_NO_DEFAULT_MODEL, "model",
                        "the request names no model, and %s",
                        r->n_models ? "there is no default model whose key is there"
                                    : "no models are configured");
}
