/* From the configuration's models and providers to a snapshot. Everything is copied: a snapshot
 * outlives the configuration it came from. */
#include "registry/load.h"

#include <string.h>

#include "base/alloc.h"
#include "registry/index.h"
#include "registry/maker.h"

/* A snapshot on its way. */
struct loading {
    struct sl_maker maker;
    struct sl_registry_fixed *fixed;
    struct sl_err *err;
};

static struct sl_registry_provider *provider_of(struct sl_counted *c)
{
    return SL_CONTAINER_OF(c, struct sl_registry_provider, counted);
}

static void destroy_fixed(struct sl_counted *c)
{
    struct sl_registry_fixed *f = SL_CONTAINER_OF(c, struct sl_registry_fixed, counted);
    sl_model_table_fini(&f->models);
    sl_map_fini(&f->providers);
    sl_free(f);
}

static enum sl_code add_provider(struct loading *l, const struct sl_provider_draft *draft)
{
    struct sl_registry_provider *p = NULL;
    if (sl_provider_make(&l->maker, draft, &p, l->err))
        return l->err->code;
    sl_map_put(&l->fixed->providers, (struct sl_map_key){"", p->provider.id}, &p->counted, 0);
    sl_counted_unref(&p->counted);
    return SL_OK;
}

/* Those of the configuration, and every kind of adapter under its own name. */
static enum sl_code add_providers(struct loading *l)
{
    const struct sl_config *c = l->maker.config;
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        const struct sl_provider_draft d = {NULL, (*a)->name, *a, "builtin"};
        if (add_provider(l, &d))
            return l->err->code;
    }
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_config_provider *p = &c->providers[i];
        const struct sl_provider_draft d = {p, p->id, sl_adapter_find(p->kind), "config"};
        if (!d.adapter)
            return sl_err_field(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "providers",
                                "%s: providers has a kind that is not known: %s", p->place,
                                p->kind);
        if (add_provider(l, &d))
            return l->err->code;
    }
    return SL_OK;
}

static enum sl_code add_model(struct loading *l, const struct sl_config_model *m)
{
    struct sl_registry_model *made = NULL;
    const struct sl_map_slot *slot = sl_map_find(&l->fixed->providers, "", m->provider);
    if (!slot)
        return sl_err_field(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "models",
                            "%s: models has a provider that is not known: %s", m->place,
                            m->provider);
    const struct sl_model_draft draft = {m, provider_of(slot->value), "config"};
    if (sl_model_make(&l->maker, &draft, &made, l->err))
        return l->err->code;
    sl_model_table_put(&l->fixed->models, made);
    return SL_OK;
}

static enum sl_code add_models(struct loading *l)
{
    const struct sl_config *c = l->maker.config;
    for (size_t i = 0; i < c->n_models; i++) {
        if (add_model(l, &c->models[i]))
            return l->err->code;
    }
    sl_model_table_publish(&l->fixed->models);
    return SL_OK;
}

/* The first one that can be asked, in the file's order. */
static const struct sl_model *first_usable(const struct sl_config *c, const struct sl_registry *r)
{
    for (size_t i = 0; i < c->n_models; i++) {
        const struct sl_model *m = sl_registry_find(r, c->models[i].name, NULL);
        if (m && m->enabled && sl_registry_has_key(r, m))
            return m;
    }
    return NULL;
}

static struct sl_registry *publish(struct loading *l, int64_t revision)
{
    const struct sl_config *c = l->maker.config;
    struct sl_registry *r = SL_NEW(struct sl_registry);
    r->index = SL_NEW(struct sl_registry_index);
    atomic_init(&r->index->refs, 1);
    r->index->fixed = l->fixed;
    r->revision = revision;
    r->n_models = l->fixed->models.n_global;
    r->default_model =
        *c->default_model ? sl_registry_find(r, c->default_model, NULL) : first_usable(c, r);
    return r;
}

enum sl_code sl_registry_create(const struct sl_config *config, struct sl_tokens *tokens,
                                int64_t revision, struct sl_registry **out, struct sl_err *err)
{
    struct loading l = {
        .maker = {config, tokens}, .fixed = SL_NEW(struct sl_registry_fixed), .err = err};
    sl_counted_init(&l.fixed->counted, destroy_fixed);
    enum sl_code code = add_providers(&l);
    if (!code)
        code = add_models(&l);
    if (code) {
        sl_counted_unref(&l.fixed->counted);
        return code;
    }
    *out = publish(&l, revision);
    return SL_OK;
}
