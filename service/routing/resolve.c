/* One candidate a name: the model itself, or what stands in for it. */
#include "routing/resolve.h"

#include <string.h>

#include "base/str.h"
#include "routing/internal.h"

void sl_candidates_note(struct sl_candidates *c, const char *reason, const char *text)
{
    if (c->n_notes < SL_MAX_NOTES)
        c->notes[c->n_notes++] = (struct sl_note){reason, text};
}

static const char *bare(const char *name)
{
    return sl_starts_with(name, "models/") ? name + strlen("models/") : name;
}

static void take(struct sl_candidates *out, const struct sl_candidates *notes,
                 const struct sl_found *found)
{
    *out = *notes;
    out->count = 1;
    out->list[0] = (struct sl_candidate){found->model, found->reason};
}

/* Before its life is looked at. */
static enum sl_code find(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                         struct sl_found *out, struct sl_err *err)
{
    const char *name = bare(spec->name);
    if (!*spec->name) {
        if (sl_find_default(spec, notes, out, err))
            return err->code;
    } else if (!sl_find_entry(spec, name, out)) {
        if (!spec->arena)
            return sl_model_not_found(spec->registry, spec->principal, name, "", err);
        if (sl_find_raw(spec, sl_starts_with(name, "global/") ? name + 7 : name, notes, out, err))
            return err->code;
    }
    return sl_check_rights(spec, out, err);
}

enum sl_code sl_resolve_request(const struct sl_resolve_spec *spec, struct sl_candidates *out,
                                struct sl_err *err)
{
    struct sl_candidates notes;
    struct sl_found found;
    notes.count = notes.n_notes = 0;
    notes.ending = NULL;
    bool good = sl_check_task_right(spec, err) == SL_OK && !find(spec, &notes, &found, err) &&
                !sl_check_life(spec, &notes, &found, err) &&
                !sl_check_price(spec, found.model, err);
    out->ending = notes.ending;
    if (!good)
        return err->code;
    take(out, &notes, &found);
    return SL_OK;
}

enum sl_code sl_resolve(const struct sl_registry *r, const struct sl_principal *p, const char *name,
                        struct sl_candidates *out, struct sl_err *err)
{
    const struct sl_resolve_spec spec = {.registry = r, .principal = p, .name = name};
    struct sl_candidates notes = {0};
    struct sl_found found;
    if (find(&spec, &notes, &found, err))
        return err->code;
    take(out, &notes, &found);
    return SL_OK;
}

enum sl_code sl_resolve_access(const struct sl_resolve_spec *spec, struct sl_model_access *out,
                               struct sl_err *err)
{
    static const char *const none[] = {NULL};
    struct sl_candidates found = {.count = 0};
    struct sl_found entry;
    struct sl_err why = {0};
    *out = (struct sl_model_access){.tiers = none};
    if (sl_resolve_request(spec, &found, &why) == SL_OK) {
        out->allowed = true;
        out->model = found.list[0].model;
        out->reason = found.list[0].reason;
        return SL_OK;
    }
    if (why.reason == SL_REASON_MODEL_NOT_FOUND || why.reason == SL_REASON_NO_DEFAULT_MODEL) {
        *err = why;
        return err->code;
    }
    const char *name = bare(spec->name);
    if (why.reason == SL_REASON_MODEL_FORBIDDEN && *name && sl_find_entry(spec, name, &entry))
        out->tiers = entry.model->tiers;
    out->reason = sl_arena_strdup(spec->arena, why.text);
    out->alternative = sl_find_alternative(spec);
    return SL_OK;
}
