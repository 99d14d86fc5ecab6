/* Providers: those of the snapshot, and with `all` the kinds that nobody has set up. */
#include "api/provider_message.h"

#include <stdlib.h>
#include <string.h>

#include "api/service.h"
#include "base/clock.h"
#include "registry/catalogue/catalogue.h"
#include "registry/manage/manage.h"
#include "registry/outcome.h"

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

/* ---- the message ---- */

static int32_t count_models(const struct sl_registry *r, const char *provider,
                            const struct sl_principal *principal)
{
    const char *owners[] = {"", principal->id};
    int32_t n = 0;
    for (size_t i = 0; i < SL_ARRAY_LEN(owners); i++) {
        struct sl_registry_walk walk;
        const struct sl_model *m;
        sl_registry_walk(&walk, r, owners[i], NULL);
        while ((m = sl_registry_next(&walk)))
            n += !m->deleted_ms && !strcmp(m->provider, provider) &&
                 sl_registry_may_use(r, m, principal);
    }
    return n;
}

static void set_key(Sluice__V1__Provider *out, const struct sl_registry *r,
                    const struct sl_provider *p)
{
    out->key_variable = text(p->key_variable);
    out->key_present = sl_registry_provider_has_key(r, p);
    if (*p->key_reference)
        out->key_source = text(p->key_reference);
    else if (sl_registry_provider_key_is_stored(r, p))
        out->key_source = text("stored");
}

static void set_known(Sluice__V1__Provider *out, const struct sl_provider *p)
{
    if (!p->known)
        return;
    out->key_page = text(p->known->key_page);
    if (p->known->other_site)
        out->other_site = text(p->known->other_site->base_url);
}

Sluice__V1__Provider *sl_provider_message(struct sl_arena *arena, const struct sl_registry *r,
                                          const struct sl_provider *p,
                                          const struct sl_principal *principal)
{
    Sluice__V1__Provider *out = SL_ARENA_NEW(arena, Sluice__V1__Provider);
    sluice__v1__provider__init(out);
    out->name = sl_arena_printf(arena, "providers/%s", p->id);
    out->kind = text(p->adapter->name);
    out->title = text(*p->title ? p->title : p->adapter->title);
    out->base_url = text(p->base_url);
    set_key(out, r, p);
    set_known(out, p);
    out->auth = text(p->auth);
    out->auth_header = text(p->auth_header);
    out->organization = text(p->organization);
    out->project = text(p->project);
    out->region = text(p->region);
    out->api_version = text(p->api_version);
    while (p->patterns && p->patterns[out->n_model_patterns])
        out->n_model_patterns++;
    out->model_patterns = (char **)(uintptr_t)p->patterns;
    out->model_count = count_models(r, p->id, principal);
    out->health = text(sl_registry_provider_health(p, sl_now_us()));
    out->source = text(p->source);
    out->etag = text(sl_manage_etag(arena, p->revision));
    out->created_ms = p->created_ms;
    out->updated_ms = p->updated_ms;
    out->enabled = p->enabled;
    out->_enabled_case = SLUICE__V1__PROVIDER___ENABLED_ENABLED;
    return out;
}

/* ---- the RPCs ---- */

static int compare(const void *a, const void *b)
{
    const Sluice__V1__Provider *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static bool is_listed(const Sluice__V1__ListProvidersResponse *r, const char *id)
{
    for (size_t i = 0; i < r->n_providers; i++) {
        if (!strcmp(r->providers[i]->name + strlen("providers/"), id))
            return true;
    }
    return false;
}

/* Those that only models name, as far as the caller sees the models; r has room for max. */
static void add_of_models(const struct sl_call *call, Sluice__V1__ListProvidersResponse *r,
                          size_t max)
{
    const struct sl_registry *registry = call->service->registry;
    const char *owners[] = {"", call->principal->id};
    for (size_t i = 0; i < SL_ARRAY_LEN(owners); i++) {
        struct sl_registry_walk walk;
        const struct sl_model *m;
        sl_registry_walk(&walk, registry, owners[i], NULL);
        while ((m = sl_registry_next(&walk)) && r->n_providers < max) {
            if (m->deleted_ms || is_listed(r, m->provider) ||
                !sl_registry_may_use(registry, m, call->principal))
                continue;
            const struct sl_provider *p = sl_registry_provider(registry, m->provider);
            if (p && !is_listed(r, p->id))
                r->providers[r->n_providers++] =
                    sl_provider_message(call->arena, registry, p, call->principal);
        }
    }
}

void sl_list_providers(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__ListProvidersRequest *request =
        (const Sluice__V1__ListProvidersRequest *)message;
    const struct sl_registry *registry = call->service->registry;
    Sluice__V1__ListProvidersResponse r = SLUICE__V1__LIST_PROVIDERS_RESPONSE__INIT;
    size_t kinds = 0;
    while (sl_adapters()[kinds])
        kinds++;
    size_t max = registry->n_providers + kinds + sl_registry_catalogue(registry)->n_providers;
    r.providers = sl_arena_zalloc(call->arena, (max + kinds) * sizeof(*r.providers));
    for (size_t i = 0; i < registry->n_providers; i++)
        r.providers[r.n_providers++] =
            sl_provider_message(call->arena, registry, registry->providers[i], call->principal);
    add_of_models(call, &r, max);
    for (size_t i = 0; i < kinds && request->all; i++) {
        const struct sl_provider *p = sl_registry_provider(registry, sl_adapters()[i]->name);
        if (p && !is_listed(&r, p->id))
            r.providers[r.n_providers++] =
                sl_provider_message(call->arena, registry, p, call->principal);
    }
    qsort(r.providers, r.n_providers, sizeof(*r.providers), compare);
    sl_call_reply(call, &r.base);
}

void sl_get_provider(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__GetProviderRequest *request = (const Sluice__V1__GetProviderRequest *)message;
    const char *id = request->name;
    struct sl_err err = {0};
    if (sl_starts_with(id, "providers/"))
        id += strlen("providers/");
    const struct sl_provider *p = sl_registry_provider(call->service->registry, id);
    if (p) {
        sl_call_reply(
            call,
            &sl_provider_message(call->arena, call->service->registry, p, call->principal)->base);
        return;
    }
    sl_err_field(&err, SL_NOT_FOUND, SL_REASON_PROVIDER_UNKNOWN, "name",
                 "there is no provider '%.64s'", id);
    sl_call_fail(call, &err);
}
