/* Models whose end is announced or has come, and what names them. */
#include <stdio.h>
#include <string.h>

#include "api/diagnose/diagnosis.h"
#include "api/diagnose/rules.h"
#include "api/version_check.h"
#include "base/str.h"
#include "registry/raw.h"

enum { MAX_USES = 1000, TOLD_USES = 4, MS_A_DAY = 24 * 3600 * 1000 };

/* Something that names a model near its end. */
struct use {
    const struct sl_model *model;
    const char *text;
};

struct lives {
    struct sl_diagnosis *d;
    struct sl_listings listings;
    struct use *uses;
    size_t n;
    size_t told;
};

/* ---- uses ---- */

static bool look(const struct lives *l, const struct sl_model *m, struct sl_outdated *out)
{
    return m && sl_outdated_look(l->d->registry, m, &l->listings, l->d->now_ms, out) &&
           sl_outdated_matters(out->status);
}

static bool is_near_its_end(const struct lives *l, const struct sl_model *m)
{
    struct sl_outdated unused;
    return look(l, m, &unused);
}

static void note(struct lives *l, const struct sl_model *m, const char *text)
{
    if (is_near_its_end(l, m) && l->n < MAX_USES)
        l->uses[l->n++] = (struct use){m, text};
}

static bool may_see(const struct sl_diagnosis *d, const struct sl_registry_default *e)
{
    if (d->whole || !strcmp(e->scope, "registry"))
        return true;
    return !strcmp(e->scope, "tier") ? !strcmp(e->subject, d->principal->tier)
                                     : !strcmp(e->subject, d->principal->id);
}

static void on_default(void *owner, const struct sl_registry_default *e)
{
    struct lives *l = owner;
    struct sl_diagnosis *d = l->d;
    bool users = !strcmp(e->scope, "user") || !strcmp(e->scope, "conversation");
    const struct sl_model *m = sl_diagnosis_find(d, users ? e->subject : NULL, e->model);
    if (!may_see(d, e) || !is_near_its_end(l, m))
        return;
    if (*e->conversation)
        note(l, m, sl_arena_printf(d->arena, "conversation %s", e->conversation));
    else if (!strcmp(e->scope, "registry"))
        note(l, m, "the registry's default");
    else
        note(l, m,
             sl_arena_printf(d->arena, "the default of %s %s", e->scope,
                             users ? sl_diagnosis_user(d, e->subject) : e->subject));
}

static void on_falling_back(void *owner, const struct sl_model *m)
{
    struct lives *l = owner;
    for (const char *const *name = m->fallbacks; m->enabled && *name; name++) {
        const struct sl_model *other = sl_diagnosis_find(l->d, m->owner, *name);
        if (is_near_its_end(l, other))
            note(l, other, sl_arena_printf(l->d->arena, "the fallbacks of %s", m->name));
    }
}

static const char *uses_of(const struct lives *l, const struct sl_model *m)
{
    const char *text = "";
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->uses[i].model != m)
            continue;
        if (++n <= TOLD_USES)
            text = sl_arena_printf(l->d->arena, "%s%s%s", text, n > 1 ? ", " : "; it is ",
                                   l->uses[i].text);
    }
    return n > TOLD_USES ? sl_arena_printf(l->d->arena, "%s and %zu more", text, n - TOLD_USES)
                         : text;
}

/* ---- telling ---- */

static const char *remedy_for(const struct sl_diagnosis *d, const struct sl_model *m,
                              const struct sl_successor *s)
{
    const char *remedy;
    if (s->kind == SL_SUCCESSOR_NONE)
        remedy = "sluice models outdated, and choose another model";
    else if (s->kind == SL_SUCCESSOR_ELSEWHERE)
        remedy =
            sl_arena_printf(d->arena,
                            "sluice models create NAME --provider %.*s --model-id %s, and name "
                            "that one instead",
                            (int)strcspn(s->name, "/"), s->name, s->id);
    else if (*m->id)
        remedy = sl_arena_printf(d->arena, "sluice models upgrade %s --apply", m->name);
    else if (!strcmp(m->source, "config"))
        remedy = sl_arena_printf(d->arena, "in the configuration, name %s instead", s->name);
    else
        remedy = sl_arena_printf(d->arena, "%s%s%ssluice models default %s",
                                 s->entry ? "" : "sluice models create ", s->entry ? "" : s->name,
                                 s->entry ? "" : " && ", s->name);
    return sl_diagnosis_advise(d, m->owner, remedy);
}

static const char *day_text(const struct sl_diagnosis *d, int64_t ms)
{
    char day[11];
    sl_catalogue_date_text((int32_t)(ms / MS_A_DAY), day);
    return sl_arena_strdup(d->arena, day);
}

static const char *how_it_stands(const struct sl_diagnosis *d, const struct sl_outdated *o)
{
    const struct sl_model *m = o->model;
    char day[11];
    sl_catalogue_date_text(m->retires_day, day);
    switch (o->status) {
    case SL_OUTDATED_RETIRED:
        return sl_arena_printf(d->arena, "is retired%s%s", *day ? " since " : "", day);
    case SL_OUTDATED_GONE:
        return sl_arena_printf(d->arena, "is no longer listed by its provider, since %s",
                               day_text(d, o->listed.gone_ms));
    case SL_OUTDATED_DEPRECATED:
        if (!o->dated)
            return "is deprecated: its provider advises against it";
        return sl_arena_printf(d->arena, "is deprecated: it retires%s%s, in %d days",
                               *day ? " on " : "", day, o->days_left);
    default:
        return "is answered by another model";
    }
}

static void on_model(void *owner, const struct sl_model *m)
{
    struct lives *l = owner;
    struct sl_diagnosis *d = l->d;
    struct sl_outdated o;
    if (!look(l, m, &o))
        return;
    const char *uses = uses_of(l, m);
    if (!m->enabled && !*uses)
        return;
    bool none = o.successor.kind == SL_SUCCESSOR_NONE;
    bool redirected = !none && sl_registry_redirects_retired(d->registry);
    sl_findings_add(
        d->findings,
        sl_rule_life(&(struct sl_rule_life){o.status, redirected, o.dated, o.days_left}),
        sl_diagnosis_subject(d, m),
        sl_arena_printf(d->arena, "%s %s; %s%s%s", m->name, how_it_stands(d, &o),
                        none ? "no successor is known" : "its successor is ", o.successor.name,
                        uses),
        remedy_for(d, m, &o.successor));
    l->told++;
}

void sl_diagnose_life(struct sl_diagnosis *d)
{
    struct sl_version_state *state = sl_version_check_state(d->backend->versions);
    struct sl_version_finder finder = {state, d->registry};
    struct lives l = {.d = d, .listings = {sl_version_find, &finder}};
    l.uses = sl_arena_zalloc(d->arena, MAX_USES * sizeof(*l.uses));
    if (!sl_registry_default_of(d->registry, "registry", ""))
        note(&l, d->registry->default_model, "the registry's default");
    sl_registry_each_default(d->registry, on_default, &l);
    sl_diagnosis_walk(d, on_falling_back, &l);
    sl_diagnosis_walk(d, on_model, &l);
    if (!l.told)
        sl_findings_add(d->findings, SL_FINDING_DEPRECATIONS_NONE, "",
                        "no model in use is deprecated or retired", "");
    sl_version_state_unref(state);
}
