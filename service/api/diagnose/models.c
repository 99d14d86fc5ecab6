/* How many models there are, and which of them cannot be used as they are. */
#include <string.h>

#include "api/diagnose/diagnosis.h"
#include "registry/life.h"
#include "registry/raw.h"

struct counts {
    struct sl_diagnosis *d;
    size_t stored, configured, environment, personal, disabled, deprecated, retired;
};

static void count(struct counts *c, const struct sl_model *m)
{
    enum sl_life life = sl_model_life(m, c->d->now_ms);
    c->personal += *m->owner != 0;
    c->stored += *m->id && !*m->owner;
    c->configured += !strcmp(m->source, "config");
    c->environment += !strcmp(m->source, "environment");
    c->disabled += !m->enabled;
    c->deprecated += life == SL_LIFE_DEPRECATED;
    c->retired += life == SL_LIFE_RETIRED;
}

/* A fallback is named as a caller would: an entry, or what detection knows. */
static bool leads_somewhere(const struct sl_diagnosis *d, const struct sl_model *m,
                            const char *name)
{
    struct sl_detected found;
    return sl_diagnosis_find(d, m->owner, name) || sl_registry_detect(d->registry, name, &found);
}

static void check_fallbacks(struct sl_diagnosis *d, const struct sl_model *m)
{
    for (const char *const *name = m->fallbacks; *name; name++) {
        if (leads_somewhere(d, m, *name))
            continue;
        sl_findings_add(
            d->findings, SL_FINDING_FALLBACK_UNKNOWN, sl_diagnosis_subject(d, m),
            sl_arena_printf(d->arena, "%s is to fall back to '%s', and there is no such model",
                            m->name, *name),
            sl_diagnosis_advise(
                d, m->owner,
                *m->id ? sl_arena_printf(d->arena,
                                         "sluice models update %s --set fallback_models=NAME,...",
                                         m->name)
                       : "mend fallback_models in the configuration"));
    }
}

static void on_model(void *owner, const struct sl_model *m)
{
    struct counts *c = owner;
    struct sl_diagnosis *d = c->d;
    count(c, m);
    if (!m->enabled)
        return;
    if (*m->problem)
        sl_findings_add(d->findings, SL_FINDING_MODEL_UNUSABLE, sl_diagnosis_subject(d, m),
                        sl_arena_printf(d->arena, "%s cannot be used: %s", m->name, m->problem),
                        sl_diagnosis_advise(d, m->owner,
                                            sl_arena_printf(d->arena,
                                                            "sluice models update %s ..., or "
                                                            "sluice models delete %s",
                                                            m->name, m->name)));
    check_fallbacks(d, m);
}

static void tell_none(struct sl_diagnosis *d)
{
    sl_findings_add(
        d->findings, SL_FINDING_MODELS_NONE, "",
        d->whole ? "there are no models" : "there are no models that you may use",
        sl_diagnosis_advise(d, "",
                            "give a provider its key (OPENAI_API_KEY=... in the service's "
                            "environment), or: sluice models create NAME --template TEMPLATE"));
}

void sl_diagnose_models(struct sl_diagnosis *d)
{
    struct counts c = {.d = d};
    sl_diagnosis_walk(d, on_model, &c);
    if (!(c.stored + c.configured + c.environment + c.personal)) {
        tell_none(d);
        return;
    }
    sl_findings_add(d->findings, SL_FINDING_MODELS, "",
                    sl_arena_printf(d->arena,
                                    "global models: %zu stored, %zu of the configuration, %zu of "
                                    "the environment; %s: %zu; of all these %zu are switched off, "
                                    "%zu deprecated, %zu retired",
                                    c.stored, c.configured, c.environment,
                                    d->whole ? "of users" : "your own", c.personal, c.disabled,
                                    c.deprecated, c.retired),
                    "");
}
