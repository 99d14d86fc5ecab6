/* Which model a request without a name means: docs/models.md, "defaults". */
#include <string.h>

#include "base/str.h"
#include "registry/life.h"
#include "routing/internal.h"
#include "routing/wishes.h"

static bool is_usable(const struct sl_resolve_spec *spec, const struct sl_model *m)
{
    return m && m->enabled && !*m->problem && !m->deleted_ms &&
           sl_registry_may_use(spec->registry, m, spec->principal);
}

/* Why a usable model is passed over all the same; NULL: it is not. */
static const char *unwanted(const struct sl_resolve_spec *spec, const struct sl_model *m)
{
    if (sl_wishes_too_dear(spec->principal, m))
        return "is above the cost ceiling";
    return sl_wishes_hide(spec->registry, spec->principal, m) ? "is hidden" : NULL;
}

/* ---- what nobody chose ---- */

enum { MAX_LOOKED_AT = 2000 };

static bool is_candidate(const struct sl_resolve_spec *spec, const struct sl_model *m)
{
    return is_usable(spec, m) && !unwanted(spec, m) && sl_registry_has_key(spec->registry, m);
}

static bool has_priority(const struct sl_resolve_spec *spec)
{
    const struct sl_preferences *wishes = spec->principal->preferences;
    return wishes && wishes->priority != SL_PRIORITY_NONE;
}

static bool can_chat(const struct sl_model *m)
{
    return m->facts ? m->facts->chat != 0 : m->cap_embeddings != 1 && m->cap_images != 1;
}

/* Of those that are worth the same, the first by name. */
static const struct sl_model *find_preferred(const struct sl_resolve_spec *spec)
{
    const struct sl_model *best = NULL, *m;
    const char *task = spec->task ? spec->task : "";
    struct sl_registry_walk w;
    sl_registry_walk(&w, spec->registry, "", NULL);
    for (int i = 0; i < MAX_LOOKED_AT && (m = sl_registry_next(&w)); i++) {
        if (best && !sl_wishes_prefer(spec->principal, task, m, best))
            continue;
        if (can_chat(m) && sl_model_life(m, spec->now_ms) != SL_LIFE_RETIRED &&
            is_candidate(spec, m))
            best = m;
    }
    return best;
}

static const struct sl_model *find_first(const struct sl_resolve_spec *spec)
{
    const struct sl_model *m = sl_registry_find(spec->registry, "gpt-4o", NULL);
    struct sl_registry_walk w;
    if (is_candidate(spec, m))
        return m;
    sl_registry_walk(&w, spec->registry, "", NULL);
    for (int i = 0; i < MAX_LOOKED_AT && (m = sl_registry_next(&w)); i++) {
        if (is_candidate(spec, m))
            return m;
    }
    return NULL;
}

const struct sl_model *sl_find_alternative(const struct sl_resolve_spec *spec)
{
    return has_priority(spec) ? find_preferred(spec) : find_first(spec);
}

static const char *reason_of_alternative(const struct sl_resolve_spec *spec)
{
    static const char *const reasons[] = {
        [SL_PRIORITY_NONE] = "the first model by name that the caller may use",
        [SL_PRIORITY_COST] = "the cheapest model that the caller may use, by the user's priority",
        [SL_PRIORITY_SPEED] = "the fastest model that the caller may use, by the user's priority",
        [SL_PRIORITY_QUALITY] = "the best model that the caller may use, by the user's priority",
    };
    const struct sl_preferences *wishes = spec->principal->preferences;
    return reasons[wishes ? wishes->priority : SL_PRIORITY_NONE];
}

/* ---- what somebody chose ---- */

static void note_skipped(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                         const char *reason, const char *name, const char *why)
{
    if (spec->arena)
        sl_candidates_note(notes, "DEFAULT_SKIPPED",
                           sl_arena_printf(spec->arena, "%s, '%s', %s", reason, name, why));
}

/* A level of the rule: what it says, and whose default that is. */
struct level {
    const char *name, *reason;
    bool named; /* as good as a name in the request: it may be hidden */
};

static bool take_level(const struct sl_resolve_spec *spec, const struct level *level,
                       struct sl_candidates *notes, struct sl_found *out)
{
    const char *why = "is not there or not for the caller";
    if (!level->name || !*level->name)
        return false;
    if (sl_find_entry(spec, level->name, out) && is_usable(spec, out->model)) {
        why = level->named && !sl_wishes_too_dear(spec->principal, out->model)
                  ? NULL
                  : unwanted(spec, out->model);
        out->reason = level->reason;
    }
    if (why)
        note_skipped(spec, notes, level->reason, level->name, why);
    return !why;
}

static bool take_task(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                      struct sl_found *out)
{
    const struct sl_preferences *wishes = spec->principal->preferences;
    if (!wishes || !spec->task || !*spec->task)
        return false;
    const char *name = sl_preferences_task(wishes, spec->task);
    const struct level level = {
        name, name ? sl_arena_printf(spec->arena, "default of the user for %s", spec->task) : "",
        false};
    return take_level(spec, &level, notes, out);
}

static bool take_own_levels(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                            struct sl_found *out)
{
    const struct sl_registry *r = spec->registry;
    const struct sl_principal *p = spec->principal;
    bool pinned = spec->conversation && *spec->conversation;
    const struct level pin = {pinned ? sl_registry_pin_of(r, p->id, spec->conversation) : NULL,
                              "pinned to the conversation", true};
    const struct level user = {sl_registry_default_of(r, "user", p->id), "default of the user",
                               false};
    if (take_level(spec, &pin, notes, out) || take_task(spec, notes, out) ||
        take_level(spec, &user, notes, out))
        return true;
    const char *name = *p->tier ? sl_registry_default_of(r, "tier", p->tier) : NULL;
    const struct level tier = {
        name, name ? sl_arena_printf(spec->arena, "default of tier %s", p->tier) : "", false};
    return take_level(spec, &tier, notes, out);
}

/* What somebody chose for all is refused by name where it is not for the caller; what was found is not. */
static bool take_registry(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                          struct sl_found *out)
{
    const struct sl_registry *r = spec->registry;
    const struct sl_model *m = r->default_model;
    bool usable = is_usable(spec, m);
    const char *why = usable ? unwanted(spec, m) : NULL;
    *out = (struct sl_found){m, r->default_reason, false};
    if (!m || (!r->default_is_said && (!usable || why || has_priority(spec))))
        return false;
    if (why)
        note_skipped(spec, notes, r->default_reason, m->name, why);
    return !why;
}

enum sl_code sl_find_default(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                             struct sl_found *out, struct sl_err *err)
{
    if ((spec->arena && take_own_levels(spec, notes, out)) || take_registry(spec, notes, out))
        return SL_OK;
    *out = (struct sl_found){sl_find_alternative(spec), reason_of_alternative(spec), false};
    if (out->model)
        return SL_OK;
    const char *why =
        !spec->registry->n_models ? "no models are configured"
        : spec->principal->preferences
            ? "there is no model whose key is there and that the caller's preferences allow"
            : "there is no default model whose key is there";
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_NO_DEFAULT_MODEL, "model",
                        "the request names no model, and %s", why);
}
