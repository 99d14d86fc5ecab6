/* Deprecation and retirement: what a reply has to say, and what stands in for a model that is no more. */
#include <stdio.h>
#include <string.h>

#include "registry/life.h"
#include "registry/raw.h"
#include "routing/internal.h"
#include "routing/wishes.h"

enum { MAX_STEPS = 4 };

static void day_text(int32_t day, char out[11])
{
    sl_catalogue_date_text(day, out);
}

static const char *successor_of(const struct sl_model *m)
{
    return *m->successor ? m->successor : "";
}

static void note_deprecated(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                            const struct sl_model *m)
{
    char day[11], when[80] = "its provider advises against it";
    const char *successor = successor_of(m);
    int32_t days = 0;
    day_text(m->retires_day, day);
    if (sl_model_days_left(m, spec->now_ms, &days))
        snprintf(when, sizeof(when), "it retires on %s, in %d days", day, days);
    sl_candidates_note(notes, "MODEL_DEPRECATED",
                       sl_arena_printf(spec->arena, "the model '%s' is deprecated: %s%s%s%s",
                                       m->name, when, *successor ? "; use '" : "", successor,
                                       *successor ? "'" : ""));
}

static enum sl_code refuse(const struct sl_model *m, struct sl_err *err)
{
    char day[11];
    const char *successor = successor_of(m);
    day_text(m->retires_day, day);
    return sl_err_field(
        err, SL_FAILED_PRECONDITION, SL_REASON_MODEL_RETIRED, "model",
        "the model '%.128s' is retired%s%s: its provider no longer serves it%s%.128s%s", m->name,
        *day ? " since " : "", day, *successor ? "; use '" : "", successor, *successor ? "'" : "");
}

static bool is_wanted(const struct sl_resolve_spec *spec, const struct sl_model *m)
{
    return !sl_wishes_hide(spec->registry, spec->principal, m) &&
           !sl_wishes_too_dear(spec->principal, m);
}

/* What the successor's name means: an entry, or an id at the same provider. */
static bool find_successor(const struct sl_resolve_spec *spec, const struct sl_model *m,
                           struct sl_found *out)
{
    const char *name = successor_of(m);
    struct sl_detected found;
    struct sl_err ignored = {0};
    if (!*name)
        return false;
    if (sl_find_entry(spec, name, out))
        return sl_check_rights(spec, out, &ignored) == SL_OK && is_wanted(spec, out->model);
    if (*m->owner) /* a user's key is for the user's own models */
        return false;
    const char *full =
        strchr(name, '/') ? name : sl_arena_printf(spec->arena, "%s/%s", m->provider, name);
    struct sl_candidates unused = {0};
    bool known = sl_registry_detect(spec->registry, full, &found);
    return known && sl_find_raw(spec, full, &unused, out, &ignored) == SL_OK &&
           is_wanted(spec, out->model);
}

static void note_served(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                        const struct sl_model *m)
{
    if (!m->known || !*m->known->served_as)
        return;
    sl_candidates_note(notes, "SERVED_BY_OTHER_MODEL",
                       sl_arena_printf(spec->arena, "%s is served by %s today", m->known->id,
                                       sl_catalogue_send_id(m->known)));
}

static void redirect(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                     struct sl_found *found, const struct sl_found *to)
{
    const char *was = found->model->name;
    sl_candidates_note(notes, "MODEL_REDIRECTED",
                       sl_arena_printf(spec->arena,
                                       "the model '%s' is retired: '%s' answers in its place", was,
                                       to->model->name));
    *found = *to;
    found->reason = sl_arena_printf(spec->arena, "in place of %s, which is retired", was);
}

enum sl_code sl_check_life(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                           struct sl_found *found, struct sl_err *err)
{
    notes->ending =
        sl_model_life(found->model, spec->now_ms) == SL_LIFE_ACTIVE ? NULL : found->model;
    for (int step = 0; sl_model_life(found->model, spec->now_ms) == SL_LIFE_RETIRED; step++) {
        struct sl_found next;
        if (step == MAX_STEPS || !sl_registry_redirects_retired(spec->registry) ||
            !find_successor(spec, found->model, &next))
            return refuse(found->model, err);
        redirect(spec, notes, found, &next);
    }
    if (sl_model_life(found->model, spec->now_ms) == SL_LIFE_DEPRECATED)
        note_deprecated(spec, notes, found->model);
    note_served(spec, notes, found->model);
    return SL_OK;
}
