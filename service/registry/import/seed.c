/* A line-up of the catalogue as a plan: its models become entries of the registry that can be changed. */
#include <string.h>

#include "base/str.h"
#include "registry/import/apply.h"

static const char *provider_id(const struct sl_manage *m, const struct sl_catalogue_provider *p)
{
    const char *id = p->kind_default ? p->kind : p->id;
    return *p->kind && sl_registry_provider(m->registry, id) ? id : NULL;
}

static const char *missing(const struct sl_manage *m, const struct sl_catalogue_provider *p)
{
    const char *id = provider_id(m, p);
    if (!id)
        return sl_arena_printf(m->arena, "no adapter speaks to %s", p->name);
    if (sl_registry_provider_has_key(m->registry, sl_registry_provider(m->registry, id)))
        return NULL;
    return sl_arena_printf(m->arena, "the key of %s is not there: set %s", p->name,
                           p->key_variables[0] ? p->key_variables[0] : "it");
}

static struct sl_import_model *add(const struct sl_manage *m, struct sl_import_plan *plan,
                                   const struct sl_lineup *lineup,
                                   const struct sl_catalogue_model *model, const char *subject)
{
    const char *why = missing(m, model->provider);
    const struct sl_import_about about = {SL_IMPORT_NOT_CARRIED, lineup->id, subject};
    if (why) {
        sl_import_note(plan, &about, "%s is left out: %s", model->id, why);
        return NULL;
    }
    struct sl_import_model *there = sl_import_find_model(plan, model->id);
    if (there)
        return there;
    struct sl_import_model *im = sl_import_add_model(plan, model->id, lineup->id);
    if (!im)
        return NULL;
    im->m.provider = sl_arena_strdup(&plan->arena, provider_id(m, model->provider));
    im->m.model_id = sl_arena_strdup(&plan->arena, model->id);
    return im;
}

static void add_entry(const struct sl_manage *m, struct sl_import_plan *plan,
                      const struct sl_lineup *lineup, const struct sl_lineup_entry *e)
{
    struct sl_import_model *im = add(m, plan, lineup, e->model, e->role);
    if (!im)
        return;
    (void)sl_import_add_label(plan, &im->m, "lineup", lineup->id);
    if (!strcmp(e->role, "default") && !sl_registry_default_of(m->registry, "registry", "")) {
        plan->default_model = im->m.name;
        plan->default_place = lineup->id;
    }
    if (!*im->m.description)
        im->m.description = sl_arena_strdup(&plan->arena, e->purpose);
    im->m.speed_tokens_per_second = e->speed_tokens_per_second;
    struct sl_import_model *fallback =
        e->fallback ? add(m, plan, lineup, e->fallback, e->role) : NULL;
    if (fallback && fallback != im)
        (void)sl_import_add_text(plan, &im->m.fallback_models, &im->m.n_fallback_models,
                                 fallback->m.name);
}

static const char *lineup_names(const struct sl_manage *m, const struct sl_catalogue *c)
{
    const char *names = "";
    for (size_t i = 0; i < c->n_lineups; i++)
        names = sl_arena_printf(m->arena, "%s%s%s", names, i ? ", " : "", c->lineups[i].id);
    return names;
}

enum sl_code sl_import_seed(const struct sl_manage *m, const char *name,
                            struct sl_import_plan *plan, struct sl_err *err)
{
    const struct sl_catalogue *c = sl_registry_catalogue(m->registry);
    const struct sl_lineup *lineup = sl_catalogue_lineup(c, name);
    if (!lineup)
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "lineup",
                            "there is no line-up '%.64s'; there are: %.300s", name,
                            lineup_names(m, c));
    for (size_t i = 0; i < lineup->n_entries; i++)
        add_entry(m, plan, lineup, &lineup->entries[i]);
    return SL_OK;
}
