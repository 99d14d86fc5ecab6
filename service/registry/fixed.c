/* The providers that there are without a store (kinds, the catalogue's, the configuration's), and the
 * models of the configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "registry/index.h"
#include "registry/maker.h"

static void destroy(struct sl_counted *c)
{
    struct sl_registry_fixed *f = SL_CONTAINER_OF(c, struct sl_registry_fixed, counted);
    sl_model_table_fini(&f->models);
    sl_map_fini(&f->providers);
    sl_catalogue_unref(f->catalogue);
    sl_keyring_unref(f->keyring);
    sl_arena_fini(&f->arena);
    sl_free(f);
}

/* ---- providers ---- */

static enum sl_code add_provider(const struct sl_maker *maker, struct sl_registry_fixed *f,
                                 const struct sl_provider_draft *draft, struct sl_err *err)
{
    struct sl_registry_provider *p = NULL;
    if (sl_provider_make(maker, draft, &p, err))
        return err->code;
    sl_map_put(&f->providers, (struct sl_map_key){"", p->provider.id}, &p->counted, 0);
    sl_counted_unref(&p->counted);
    return SL_OK;
}

static const struct sl_catalogue_provider *known_as(const struct sl_catalogue *c, const char *id,
                                                    const char *kind)
{
    const struct sl_catalogue_provider *p = c ? sl_catalogue_provider(c, id) : NULL;
    if (p && !strcmp(p->kind, kind))
        return p;
    return c ? sl_catalogue_provider_by_kind(c, kind) : NULL;
}

static enum sl_code add_kinds(const struct sl_maker *maker, struct sl_registry_fixed *f,
                              struct sl_err *err)
{
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        const struct sl_provider_draft d = {
            .id = (*a)->name,
            .adapter = *a,
            .known = known_as(maker->catalogue, (*a)->name, (*a)->name),
            .source = "builtin",
        };
        if (add_provider(maker, f, &d, err))
            return err->code;
    }
    return SL_OK;
}

static enum sl_code add_known(const struct sl_maker *maker, struct sl_registry_fixed *f,
                              struct sl_err *err)
{
    const struct sl_catalogue *c = maker->catalogue;
    for (size_t i = 0; c && i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        const struct sl_adapter *adapter = *p->kind ? sl_adapter_find(p->kind) : NULL;
        if (!adapter || !strcmp(p->id, adapter->name))
            continue;
        const struct sl_provider_draft d = {
            .id = p->id, .adapter = adapter, .known = p, .source = "builtin"};
        if (add_provider(maker, f, &d, err))
            return err->code;
    }
    return SL_OK;
}

static enum sl_code add_configured(const struct sl_maker *maker, struct sl_registry_fixed *f,
                                   struct sl_err *err)
{
    const struct sl_config *c = maker->config;
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_config_provider *p = &c->providers[i];
        const struct sl_adapter *adapter = sl_adapter_find(p->kind);
        if (!adapter)
            return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "providers",
                                "%s: providers has a kind that is not known: %s", p->place,
                                p->kind);
        const struct sl_provider_draft d = {
            .said = p,
            .id = p->id,
            .adapter = adapter,
            .known = known_as(maker->catalogue, p->id, p->kind),
            .source = "config",
        };
        if (add_provider(maker, f, &d, err))
            return err->code;
    }
    return SL_OK;
}

/* ---- models ---- */

static enum sl_code add_model(const struct sl_maker *maker, struct sl_registry_fixed *f,
                              const struct sl_config_model *m, struct sl_err *err)
{
    struct sl_registry_model *made = NULL;
    const struct sl_map_slot *slot = sl_map_find(&f->providers, "", m->provider);
    if (!slot)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "models",
                            "%s: models has a provider that is not known: %s", m->place,
                            m->provider);
    const struct sl_model_draft draft = {
        .said = m, .provider = sl_registry_provider_of(slot), .source = "config"};
    if (sl_model_make(maker, &draft, &made, err))
        return err->code;
    sl_model_table_put(&f->models, made);
    return SL_OK;
}

static enum sl_code add_models(const struct sl_maker *maker, struct sl_registry_fixed *f,
                               struct sl_err *err)
{
    const struct sl_config *c = maker->config;
    for (size_t i = 0; i < c->n_models; i++) {
        if (add_model(maker, f, &c->models[i], err))
            return err->code;
    }
    return SL_OK;
}

/* ---- policies ---- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static enum sl_code set_default_provider(struct sl_registry_fixed *f, const struct sl_config *c,
                                         struct sl_err *err)
{
    const char *said = c->default_provider, *from = variable("DEFAULT_LLM_PROVIDER");
    if (*said && !sl_map_find(&f->providers, "", said))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                            "registry.default_provider",
                            "registry.default_provider names no provider: '%.80s'", said);
    if (!*said && *from && !sl_map_find(&f->providers, "", from)) {
        sl_log(SL_LOG_WARN, "DEFAULT_LLM_PROVIDER names no provider, and is not used",
               SL_F_STR("value", from));
        from = "";
    }
    f->default_provider_said = *said || *from;
    f->default_provider = sl_arena_strdup(&f->arena, *said ? said : *from ? from : "openai");
    return SL_OK;
}

static enum sl_code set_policies(struct sl_registry_fixed *f, const struct sl_config *c,
                                 struct sl_err *err)
{
    f->default_model = sl_arena_strdup(&f->arena, c->default_model);
    f->environment_model = sl_arena_strdup(&f->arena, variable("DEFAULT_LLM_MODEL"));
    f->refuse_unknown = !strcmp(c->unknown_models, "refuse");
    f->redirect_retired = !strcmp(c->retired_models, "redirect");
    return set_default_provider(f, c, err);
}

static enum sl_code fill(struct sl_registry_fixed *f, const struct sl_maker *maker,
                         struct sl_err *err)
{
    if (add_kinds(maker, f, err) || add_known(maker, f, err) || add_configured(maker, f, err) ||
        set_policies(f, maker->config, err) || add_models(maker, f, err) ||
        sl_environment_add(maker, f, err))
        return err->code;
    sl_model_table_publish(&f->models);
    return SL_OK;
}

/* A proxy that leads nowhere is told by those who make endpoints. */
static void set_token_endpoint(struct sl_registry_fixed *f, const struct sl_config *c)
{
    struct sl_secret *secret = NULL;
    struct sl_err ignored = {0};
    const char *proxy = strcmp(c->proxy, "none") != 0 ? c->proxy : "";
    if ((sl_starts_with(proxy, "env:") || sl_starts_with(proxy, "file:")))
        proxy = sl_config_secret(proxy, &secret, &ignored) == SL_OK ? sl_secret_reveal(secret) : "";
    f->token_ca = sl_arena_strdup(&f->arena, c->ca_file);
    f->token_proxy = sl_arena_strdup(&f->arena, proxy);
    sl_secret_unref(secret);
}

enum sl_code sl_fixed_make(const struct sl_registry_sources *from, struct sl_registry_fixed **out,
                           struct sl_err *err)
{
    struct sl_registry_fixed *f = SL_NEW(struct sl_registry_fixed);
    struct sl_maker maker = {from->config, from->tokens, from->catalogue, from->references, NULL};
    const struct sl_config_strings *allowed = &from->config->allowed_addresses;
    sl_counted_init(&f->counted, destroy);
    sl_arena_init(&f->arena, SIZE_MAX);
    f->catalogue = from->catalogue ? sl_catalogue_ref(from->catalogue) : NULL;
    f->keyring = from->keyring ? sl_keyring_ref(from->keyring) : NULL;
    f->references = from->references;
    f->secrets = from->secrets;
    f->tokens = from->tokens;
    set_token_endpoint(f, from->config);
    enum sl_code code =
        sl_address_list_load(allowed->list, allowed->count, &f->arena, &f->allowed, err);
    maker.allowed = f->allowed;
    if (!code)
        code = fill(f, &maker, err);
    if (code) {
        sl_counted_unref(&f->counted);
        return code;
    }
    *out = f;
    return SL_OK;
}
