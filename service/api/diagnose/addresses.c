/* Addresses that are no provider's: proxies that were left behind, and networks inside. */
#include <string.h>

#include "api/diagnose/diagnosis.h"
#include "api/diagnose/rules.h"

struct seen {
    struct sl_diagnosis *d;
    size_t n;
};

/* The provider's own address, for the remedy. */
static const char *usual_url(const struct sl_provider *p)
{
    if (p && p->known && *p->known->base_url)
        return p->known->base_url;
    if (p && p->adapter->default_base_url && *p->adapter->default_base_url)
        return p->adapter->default_base_url;
    return "URL";
}

struct place {
    struct sl_rule_address address;
    const char *owner, *subject, *name, *remedy;
};

static void look(struct seen *s, const struct place *at)
{
    struct sl_diagnosis *d = s->d;
    const char *why;
    enum sl_finding code = sl_rule_address(&at->address, &why);
    s->n++;
    if (code == SL_FINDING_ADDRESSES)
        return;
    sl_findings_add(d->findings, code, at->subject,
                    sl_arena_printf(d->arena, "%s is asked at %s, which %s", at->name,
                                    sl_diagnosis_origin(d, at->address.url), why),
                    sl_diagnosis_advise(d, at->owner, at->remedy));
}

static void on_model(void *owner, const struct sl_model *m)
{
    struct seen *s = owner;
    struct sl_diagnosis *d = s->d;
    const struct sl_provider *p = sl_registry_provider(d->registry, m->provider);
    if (!m->enabled || *m->problem || (p && !strcmp(m->target.base_url, p->base_url)))
        return;
    look(s, &(struct place){
                .address = {m->target.base_url, !m->adapter->key_required, *m->id != 0},
                .owner = m->owner,
                .subject = sl_diagnosis_subject(d, m),
                .name = m->name,
                .remedy = *m->id ? sl_arena_printf(d->arena,
                                                   "sluice models update %s --base-url %s "
                                                   "--provider-key-file FILE",
                                                   m->name, usual_url(p))
                                 : "mend its base_url in the configuration",
            });
}

static const char *remedy_of(const struct sl_diagnosis *d, const struct sl_provider *p)
{
    if (*p->row_id)
        return sl_arena_printf(d->arena,
                               "sluice providers update %s --base-url %s --provider-key-file FILE",
                               p->id, usual_url(p));
    if (strcmp(p->source, "environment") || !p->known || !*p->known->base_url_variable)
        return "mend its base_url in the configuration";
    return sl_arena_printf(d->arena, "take %s out of the service's environment",
                           p->known->base_url_variable);
}

static void on_provider(struct seen *s, const struct sl_provider *p)
{
    if (!p->enabled || !*p->base_url)
        return;
    look(s, &(struct place){
                .address = {p->base_url, !p->adapter->key_required, *p->row_id != 0},
                .owner = "",
                .subject = sl_arena_printf(s->d->arena, "providers/%s", p->id),
                .name = p->id,
                .remedy = remedy_of(s->d, p),
            });
}

void sl_diagnose_addresses(struct sl_diagnosis *d)
{
    struct seen s = {.d = d};
    for (size_t i = 0; d->whole && i < d->registry->n_providers; i++)
        on_provider(&s, d->registry->providers[i]);
    sl_diagnosis_walk(d, on_model, &s);
    if (!sl_findings_count(d->findings, SL_FINDING_ADDRESS_IS_PROXY, SL_FINDING_ADDRESS_INSIDE))
        sl_findings_add(d->findings, SL_FINDING_ADDRESSES, "", "no address is a proxy's", "");
}
