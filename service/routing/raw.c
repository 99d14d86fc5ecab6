/* Names without an entry. They are for those whose tier allows them: a tier that lists models allows what
 * its patterns match ("openai/gpt-*"), any other tier all. A model that has an entry which is not
 * everybody's cannot be reached around it, in no spelling that its provider takes. */
#include "registry/raw.h"

#include <string.h>

#include "access/rights.h"
#include "base/str.h"
#include "registry/stem.h"
#include "routing/internal.h"

static const char *full_name(const struct sl_resolve_spec *spec, const struct sl_model *m)
{
    return sl_arena_printf(spec->arena, "%s/%s", m->provider, m->target.model_id);
}

static enum sl_code check(const struct sl_resolve_spec *spec, const struct sl_found *found,
                          struct sl_err *err)
{
    static const char *const none[] = {NULL};
    const struct sl_model *m = found->model;
    const struct sl_principal *p = spec->principal;
    const char *const other[] = {full_name(spec, m), NULL};
    const struct sl_model *entry = sl_registry_restricted(spec->registry, m, spec->arena);
    if (entry && (!sl_registry_may_use(spec->registry, entry, p) || !entry->enabled))
        return sl_forbid(spec, m->name, entry->tiers, err);
    if (!sl_rights_allow_model(p, m->name, other))
        return sl_forbid(spec, m->name, none, err);
    return SL_OK;
}

static const struct sl_provider *provider_of(const struct sl_registry *r,
                                             const struct sl_detected *d)
{
    const struct sl_provider *p = sl_registry_provider(r, d->provider_id);
    return p || !*d->kind ? p : sl_registry_provider(r, d->kind);
}

static enum sl_code take_detected(const struct sl_resolve_spec *spec, const char *name,
                                  const struct sl_detected *d, struct sl_found *out,
                                  struct sl_err *err)
{
    const struct sl_provider *p = provider_of(spec->registry, d);
    const char *why = "; its provider has no address here, or is switched off";
    const struct sl_model *m =
        p ? sl_registry_make_raw(spec->registry, p, d, name, spec->arena) : NULL;
    if (!m)
        return sl_model_not_found(spec->registry, spec->principal, name, why, err);
    *out = (struct sl_found){
        m, sl_arena_printf(spec->arena, "not in the registry: %s", sl_detect_how_text(d->how)),
        true};
    return check(spec, out, err);
}

/* An implicit default provider without a key is nobody's wish: the name is just not there. */
static enum sl_code take_default(const struct sl_resolve_spec *spec, const char *name,
                                 struct sl_candidates *notes, struct sl_found *out,
                                 struct sl_err *err)
{
    bool said;
    const struct sl_registry *r = spec->registry;
    const struct sl_provider *p = sl_registry_default_provider(r, &said);
    const struct sl_model *m = p ? sl_registry_make_raw(r, p, NULL, name, spec->arena) : NULL;
    if (!m || (!said && !sl_registry_has_key(r, m)))
        return sl_model_not_found(r, spec->principal, name, "", err);
    *out = (struct sl_found){
        m, sl_arena_printf(spec->arena, "not known: asked of the default provider %s", p->id),
        true};
    if (check(spec, out, err))
        return err->code;
    sl_candidates_note(notes, "MODEL_UNKNOWN",
                       sl_arena_printf(spec->arena,
                                       "nothing is known of a model '%s': it is asked of the "
                                       "default provider, %s",
                                       name, p->id));
    return SL_OK;
}

enum sl_code sl_find_raw(const struct sl_resolve_spec *spec, const char *name,
                         struct sl_candidates *notes, struct sl_found *out, struct sl_err *err)
{
    struct sl_detected d;
    if (!sl_id_is_plain(name) || sl_starts_with(name, "task:") || sl_starts_with(name, "models/"))
        return sl_model_not_found(spec->registry, spec->principal, name, "", err);
    if (sl_registry_detect(spec->registry, name, &d))
        return take_detected(spec, name, &d, out, err);
    if (strchr(name, '/'))
        return sl_model_not_found(spec->registry, spec->principal, name,
                                  "; nor a provider of that name", err);
    return take_default(spec, name, notes, out, err);
}
