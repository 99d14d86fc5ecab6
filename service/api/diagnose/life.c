/* Models whose end is announced or has come, and what names them. */
#include <stdio.h>
#include <string.h>

#include "api/diagnose/diagnosis.h"
#include "api/diagnose/rules.h"
#include "base/str.h"
#include "registry/life.h"
#include "registry/raw.h"

enum { MAX_USES = 1000, TOLD_USES = 4 };

/* Something that names a model near its end. */
struct use {
    const struct sl_model *model;
    const char *text;
};

struct lives {
    struct sl_diagnosis *d;
    struct use *uses;
    size_t n;
    size_t told;
};

/* ---- uses ---- */

static bool is_near_its_end(const struct lives *l, const struct sl_model *m)
{
    return m && !m->deleted_ms && sl_model_life(m, l->d->now_ms) != SL_LIFE_ACTIVE;
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

static const char *when(const struct sl_diagnosis *d, const struct sl_model *m, bool retired)
{
    char day[11];
    int32_t left;
    sl_catalogue_date_text(m->retires_day, day);
    if (!sl_model_days_left(m, d->now_ms, &left))
        return retired ? "is retired" : "is deprecated: its provider advises against it";
    if (retired)
        return sl_arena_printf(d->arena, "is retired%s%s", *day ? " since " : "", day);
    return sl_arena_printf(d->arena, "is deprecated: it retires%s%s, in %d days",
                           *day ? " on " : "", day, left);
}

static void on_model(void *owner, const struct sl_model *m)
{
    struct lives *l = owner;
    struct sl_diagnosis *d = l->d;
    struct sl_successor s;
    int32_t left = 0;
    enum sl_life life = sl_model_life(m, d->now_ms);
    const char *uses = life == SL_LIFE_ACTIVE ? "" : uses_of(l, m);
    if (life == SL_LIFE_ACTIVE || (!m->enabled && !*uses))
        return;
    sl_model_successor(d->registry, m, d->now_ms, &s);
    bool dated = sl_model_days_left(m, d->now_ms, &left);
    bool retired = life == SL_LIFE_RETIRED;
    bool redirected = sl_registry_redirects_retired(d->registry) && s.kind != SL_SUCCESSOR_NONE;
    sl_findings_add(
        d->findings, sl_rule_life(&(struct sl_rule_life){retired, redirected, dated, left}),
        sl_diagnosis_subject(d, m),
        sl_arena_printf(d->arena, "%s %s; %s%s%s", m->name, when(d, m, retired),
                        s.kind == SL_SUCCESSOR_NONE ? "no successor is known" : "its successor is ",
                        s.name, uses),
        remedy_for(d, m, &s));
    l->told++;
}

void sl_diagnose_life(struct sl_diagnosis *d)
{
    struct lives l = {.d = d};
    l.uses = sl_arena_zalloc(d->arena, MAX_USES * sizeof(*l.uses));
    if (!sl_registry_default_of(d->registry, "registry", ""))
        note(&l, d->registry->default_model, "the registry's default");
    sl_registry_each_default(d->registry, on_default, &l);
    sl_diagnosis_walk(d, on_falling_back, &l);
    sl_diagnosis_walk(d, on_model, &l);
    if (!l.told)
        sl_findings_add(d->findings, SL_FINDING_DEPRECATIONS_NONE, "",
                        "no model in use is deprecated or retired", "");
}
