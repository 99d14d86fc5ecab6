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

/* One row for each provider that is listed; its models are counted in one walk, of which there may be 100,000. */
struct tally {
    const struct sl_provider *provider;
    int32_t models, ready;
};

struct tallies {
    const struct sl_registry *registry;
    const struct sl_principal *principal;
    struct tally *rows;
    size_t n, max;
};

static struct tally *tally_of(const struct tallies *t, const char *provider)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!strcmp(t->rows[i].provider->id, provider))
            return &t->rows[i];
    }
    return NULL;
}

static struct tally *add_tally(struct tallies *t, const struct sl_provider *p)
{
    struct tally *known = p ? tally_of(t, p->id) : NULL;
    if (known || !p || t->n == t->max)
        return known;
    t->rows[t->n] = (struct tally){.provider = p};
    return &t->rows[t->n++];
}

/* with_new: what only models name gets rows, too. */
static void count_models(struct tallies *t, bool with_new)
{
    const char *owners[] = {"", t->principal->id};
    for (size_t i = 0; i < SL_ARRAY_LEN(owners); i++) {
        struct sl_registry_walk walk;
        const struct sl_model *m;
        sl_registry_walk(&walk, t->registry, owners[i], NULL);
        while ((m = sl_registry_next(&walk))) {
            if (m->deleted_ms || !sl_registry_may_use(t->registry, m, t->principal))
                continue;
            struct tally *row = tally_of(t, m->provider);
            if (!row && with_new)
                row = add_tally(t, sl_registry_provider(t->registry, m->provider));
            if (!row)
                continue;
            row->models++;
            row->ready += sl_registry_has_key(t->registry, m);
        }
    }
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

static Sluice__V1__Provider *make_message(struct sl_arena *arena, const struct sl_registry *r,
                                          const struct tally *counted)
{
    const struct sl_provider *p = counted->provider;
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
    out->model_count = counted->models;
    out->ready_model_count = counted->ready;
    out->health = text(sl_registry_provider_health(p, sl_now_us()));
    out->source = text(p->source);
    out->etag = text(sl_manage_etag(arena, p->revision));
    out->created_ms = p->created_ms;
    out->updated_ms = p->updated_ms;
    out->enabled = p->enabled;
    out->_enabled_case = SLUICE__V1__PROVIDER___ENABLED_ENABLED;
    return out;
}

Sluice__V1__Provider *sl_provider_message(struct sl_arena *arena, const struct sl_registry *r,
                                          const struct sl_provider *p,
                                          const struct sl_principal *principal)
{
    struct tally row;
    struct tallies t = {.registry = r, .principal = principal, .rows = &row, .max = 1};
    add_tally(&t, p);
    count_models(&t, false);
    return make_message(arena, r, &row);
}

/* ---- the RPCs ---- */

static int compare(const void *a, const void *b)
{
    const Sluice__V1__Provider *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
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
    struct tallies t = {.registry = registry, .principal = call->principal};
    t.max = registry->n_providers + kinds + sl_registry_catalogue(registry)->n_providers;
    t.rows = sl_arena_zalloc(call->arena, t.max * sizeof(*t.rows));
    for (size_t i = 0; i < registry->n_providers; i++)
        add_tally(&t, registry->providers[i]);
    count_models(&t, true);
    for (size_t i = 0; i < kinds && request->all; i++)
        add_tally(&t, sl_registry_provider(registry, sl_adapters()[i]->name));
    r.providers = sl_arena_zalloc(call->arena, t.n * sizeof(*r.providers));
    for (size_t i = 0; i < t.n; i++)
        r.providers[r.n_providers++] = make_message(call->arena, registry, &t.rows[i]);
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
