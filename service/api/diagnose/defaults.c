/* Which model a request without a name means, why, and whether it can be asked. */
#include <string.h>

#include "api/diagnose/diagnosis.h"
#include "routing/resolve.h"

static const char choose[] = "sluice models default NAME";

static void add(struct sl_diagnosis *d, enum sl_finding code, const char *subject,
                const char *message, const char *remedy)
{
    sl_findings_add(d->findings, code, subject, message, remedy);
}

/* ---- the caller's ---- */

static void tell_model(struct sl_diagnosis *d, const struct sl_candidate *c)
{
    const struct sl_model *m = c->model;
    const char *subject = sl_diagnosis_subject(d, m);
    if (sl_registry_has_key(d->registry, m)) {
        add(d, SL_FINDING_DEFAULT_MODEL, subject,
            sl_arena_printf(d->arena, "your requests without a model go to %s (%s), because: %s",
                            m->name, m->provider, c->reason),
            "");
        return;
    }
    const char *remedy =
        *m->owner
            ? sl_arena_printf(d->arena, "sluice models update %s --provider-key-file FILE", m->name)
            : sl_arena_printf(d->arena, "sluice providers update %s --provider-key-file FILE",
                              m->provider);
    add(d, SL_FINDING_DEFAULT_KEY_MISSING, subject,
        sl_arena_printf(d->arena, "your default model %s (%s) has no key", m->name, c->reason),
        sl_diagnosis_advise(d, m->owner, remedy));
}

static void tell_skipped(struct sl_diagnosis *d, const struct sl_candidates *found)
{
    for (size_t i = 0; i < found->n_notes; i++) {
        if (!strcmp(found->notes[i].reason, "DEFAULT_SKIPPED"))
            add(d, SL_FINDING_DEFAULT_SKIPPED, "", found->notes[i].text,
                "sluice models default NAME --user me");
    }
}

static void tell_refusal(struct sl_diagnosis *d, const struct sl_err *err)
{
    bool none = err->reason == SL_REASON_NO_DEFAULT_MODEL;
    add(d, none ? SL_FINDING_DEFAULT_NONE : SL_FINDING_DEFAULT_UNUSABLE, "",
        sl_arena_printf(d->arena, "your requests without a model are refused: %s", err->text),
        d->whole ? choose : "sluice models default NAME --user me");
}

/* What is wrong with the registry's default is no news of the caller's. */
static bool is_told(const struct sl_diagnosis *d)
{
    return sl_findings_count(d->findings, SL_FINDING_DEFAULT_NONE, SL_FINDING_DEFAULT_KEY_MISSING);
}

static void of_the_caller(struct sl_diagnosis *d)
{
    const struct sl_resolve_spec spec = {.registry = d->registry,
                                         .principal = d->principal,
                                         .name = "",
                                         .conversation = "",
                                         .now_ms = d->now_ms,
                                         .arena = d->arena};
    struct sl_candidates found = {.count = 0};
    struct sl_err err = {0};
    bool refused = sl_resolve_request(&spec, &found, &err) != SL_OK;
    if (refused && !is_told(d))
        tell_refusal(d, &err);
    if (!refused && !(d->whole && found.list[0].model == d->registry->default_model))
        tell_model(d, &found.list[0]);
    tell_skipped(d, &found);
}

/* ---- the registry's ---- */

static const char *problem_of(const struct sl_model *m)
{
    if (!m->enabled)
        return "it is switched off";
    return *m->problem ? m->problem : NULL;
}

/* Tells what somebody said and is passed over. Returns where the default in force was said; NULL: nowhere. */
static const char *tell_passed_over(struct sl_diagnosis *d)
{
    struct sl_registry_said said;
    for (size_t i = 0; (said = sl_registry_said_default(d->registry, i)).where; i++) {
        const struct sl_model *m = *said.name ? sl_diagnosis_find(d, NULL, said.name) : NULL;
        if (m && m == d->registry->default_model)
            return said.where;
        if (*said.name)
            add(d, SL_FINDING_DEFAULT_SKIPPED, "registry",
                sl_arena_printf(d->arena, "the registry's default '%s' (%s) is passed over: %s",
                                said.name, said.where,
                                m ? "it is switched off" : "it is not there"),
                choose);
    }
    return NULL;
}

static void of_the_registry(struct sl_diagnosis *d)
{
    const struct sl_registry *r = d->registry;
    const struct sl_model *m = r->default_model;
    const char *said = tell_passed_over(d);
    if (!m) {
        add(d, SL_FINDING_DEFAULT_NONE, "registry",
            "the registry has no default model: none is set that can be used, and no key is there",
            choose);
        return;
    }
    const char *why = problem_of(m);
    if (why)
        add(d, SL_FINDING_DEFAULT_UNUSABLE, sl_diagnosis_subject(d, m),
            sl_arena_printf(d->arena, "the registry's default model %s cannot be used: %s", m->name,
                            why),
            choose);
    else if (!sl_registry_has_key(r, m))
        add(d, SL_FINDING_DEFAULT_KEY_MISSING, sl_diagnosis_subject(d, m),
            sl_arena_printf(d->arena, "the registry's default model %s has no key", m->name),
            sl_arena_printf(d->arena, "sluice providers update %s --provider-key-file FILE",
                            m->provider));
    else
        add(d, SL_FINDING_DEFAULT_MODEL, sl_diagnosis_subject(d, m),
            sl_arena_printf(d->arena, "the registry's default is %s (%s), because: %s%s", m->name,
                            m->provider, said ? "set, " : "", said ? said : r->default_reason),
            "");
}

void sl_diagnose_default(struct sl_diagnosis *d)
{
    if (d->whole)
        of_the_registry(d);
    of_the_caller(d);
}

/* ---- those of tiers and users ---- */

/* Whose default it is; false where that one is not known here. */
static bool find_principal(const struct sl_diagnosis *d, const struct sl_registry_default *e,
                           struct sl_principal *out)
{
    if (!strcmp(e->scope, "tier")) {
        *out = (struct sl_principal){.id = "",
                                     .name = "",
                                     .tier = e->subject,
                                     .rights = sl_access_tier(d->access, e->subject),
                                     .roles = SL_ROLE_USER};
        return true;
    }
    return !strcmp(e->scope, "user") && sl_access_user(d->access, e->subject, out);
}

static void on_default(void *owner, const struct sl_registry_default *e)
{
    struct sl_diagnosis *d = owner;
    struct sl_principal p;
    struct sl_candidates found;
    struct sl_err err = {0};
    bool own = !strcmp(e->scope, "user") && !strcmp(e->subject, d->principal->id);
    if (own || !find_principal(d, e, &p) ||
        sl_resolve(d->registry, &p, e->model, &found, &err) == SL_OK)
        return;
    bool tier = !strcmp(e->scope, "tier");
    const char *name = tier ? e->subject : p.name;
    add(d, SL_FINDING_DEFAULT_SKIPPED,
        sl_arena_printf(d->arena, "%s/%s", tier ? "tiers" : "users", name),
        sl_arena_printf(d->arena, "the default of %s %s is passed over: %s", e->scope, name,
                        err.text),
        sl_arena_printf(d->arena, "sluice models default NAME --%s %s", e->scope, name));
}

void sl_diagnose_users_defaults(struct sl_diagnosis *d)
{
    sl_registry_each_default(d->registry, on_default, d);
}
