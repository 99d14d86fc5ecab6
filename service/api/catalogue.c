/* Catalogue look-ups, line-ups and templates. */
#include "api/catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/service.h"
#include "base/clock.h"
#include "registry/catalogue/catalogue.h"
#include "registry/manage/templates.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "sluice/v1/provider.pb-c.h"

enum { DEFAULT_PAGE = 100, MAX_PAGE = 1000 };

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

static const struct sl_catalogue *catalogue_of(const struct sl_call *call)
{
    return sl_registry_catalogue(call->service->registry);
}

/* ---- models ---- */

static Sluice__V1__ModelCapabilities *capabilities(struct sl_arena *arena,
                                                   const struct sl_catalogue_model *from)
{
    Sluice__V1__ModelCapabilities *c = SL_ARENA_NEW(arena, Sluice__V1__ModelCapabilities);
    sluice__v1__model_capabilities__init(c);
#define SET(field, FIELD)                                                                          \
    if (from->field >= 0) {                                                                        \
        c->field = from->field;                                                                    \
        c->_##field##_case = SLUICE__V1__MODEL_CAPABILITIES___##FIELD##_##FIELD;                   \
    }
    SET(streaming, STREAMING)
    SET(tools, TOOLS)
    SET(vision, VISION)
    SET(json_schema, JSON_SCHEMA)
    SET(reasoning, REASONING)
    SET(embeddings, EMBEDDINGS)
    SET(images, IMAGES)
#undef SET
    return c;
}

static Sluice__V1__ModelPrices *prices(struct sl_arena *arena,
                                       const struct sl_catalogue_prices *from)
{
    if (from->input < 0 || from->output < 0)
        return NULL;
    Sluice__V1__ModelPrices *p = SL_ARENA_NEW(arena, Sluice__V1__ModelPrices);
    sluice__v1__model_prices__init(p);
    p->input_price_micros_per_mtok = from->input;
    p->output_price_micros_per_mtok = from->output;
#define SET(name, NAME)                                                                               \
    if (from->name >= 0) {                                                                            \
        p->name##_price_micros_per_mtok = from->name;                                                 \
        p->_##name##_price_micros_per_mtok_case =                                                     \
            SLUICE__V1__MODEL_PRICES___##NAME##_PRICE_MICROS_PER_MTOK_##NAME##_PRICE_MICROS_PER_MTOK; \
    }
    SET(cache_read, CACHE_READ)
    SET(cache_write, CACHE_WRITE)
    SET(reasoning, REASONING)
#undef SET
    return p;
}

static char *day(struct sl_arena *arena, int32_t days)
{
    char out[11];
    sl_catalogue_date_text(days, out);
    return *out ? sl_arena_strdup(arena, out) : text("");
}

static void add_strengths(struct sl_arena *arena, const struct sl_catalogue_model *from,
                          Sluice__V1__CatalogueModel *m)
{
    size_t n = 0;
    while (from->strengths && from->strengths[n])
        n++;
    m->strengths = sl_arena_zalloc(arena, (n + from->n_scores) * sizeof(*m->strengths));
    for (size_t i = 0; i < n; i++)
        m->strengths[m->n_strengths++] = text(from->strengths[i]);
    for (size_t i = 0; i < from->n_scores; i++)
        m->strengths[m->n_strengths++] =
            sl_arena_printf(arena, "%s: %g (%s)", from->scores[i].benchmark, from->scores[i].value,
                            from->scores[i].source);
}

static Sluice__V1__CatalogueModel *catalogue_model(struct sl_arena *arena,
                                                   const struct sl_catalogue_model *from)
{
    Sluice__V1__CatalogueModel *m = SL_ARENA_NEW(arena, Sluice__V1__CatalogueModel);
    sluice__v1__catalogue_model__init(m);
    m->provider = text(from->provider->id);
    m->provider_kind = text(from->provider->kind);
    m->model_id = text(from->id);
    m->title = text(from->name);
    while (from->aliases && from->aliases[m->n_aliases])
        m->n_aliases++;
    m->aliases = (char **)(uintptr_t)from->aliases;
    m->status = text(sl_catalogue_status_name(sl_catalogue_status_at(from, sl_wall_ms())));
    m->released = day(arena, from->released);
    m->deprecation_date = day(arena, from->announced);
    m->retirement_date = day(arena, from->retires);
    m->successor = text(from->successor);
    m->served_as = text(from->served_as);
    m->source = text(*from->lifecycle_source ? from->lifecycle_source : from->source);
    m->capabilities = capabilities(arena, from);
    m->context_tokens = from->context_tokens;
    m->max_output_tokens = from->max_output_tokens;
    m->prices = prices(arena, &from->prices);
    m->speed_tokens_per_second = from->speed_tokens_per_second;
    m->tasks = sl_arena_zalloc(arena, from->n_tasks * sizeof(*m->tasks));
    for (size_t i = 0; i < from->n_tasks; i++)
        m->tasks[m->n_tasks++] = text(from->tasks[i].task);
    add_strengths(arena, from, m);
    return m;
}

static bool holds(const char *where, const char *what)
{
    size_t n = strlen(what);
    for (; *where; where++) {
        if (!strncasecmp(where, what, n))
            return true;
    }
    return n == 0;
}

static bool is_wanted(const struct sl_catalogue_model *m,
                      const Sluice__V1__ListCatalogueModelsRequest *request)
{
    return !*request->query || holds(m->id, request->query) || holds(m->name, request->query);
}

static int compare_providers(const void *a, const void *b)
{
    const struct sl_catalogue_provider *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

/* A page token is PROVIDER/ID of the last model of the page before. */
static int compare_token(const struct sl_catalogue_model *m, const char *token)
{
    size_t n = strcspn(token, "/");
    int order = strncmp(m->provider->id, token, n);
    if (!order)
        order = m->provider->id[n] != 0;
    return order ? order : strcmp(m->id, token + n + (token[n] == '/'));
}

struct page {
    const Sluice__V1__ListCatalogueModelsRequest *request;
    Sluice__V1__ListCatalogueModelsResponse *response;
    struct sl_arena *arena;
    size_t size;
};

/* False where the page is full. */
static bool add_models(struct page *p, const struct sl_catalogue_provider *provider)
{
    Sluice__V1__ListCatalogueModelsResponse *r = p->response;
    for (size_t i = 0; i < provider->n_models; i++) {
        const struct sl_catalogue_model *m = provider->models[i];
        if (!is_wanted(m, p->request) ||
            (*p->request->page_token && compare_token(m, p->request->page_token) <= 0))
            continue;
        if (r->n_models == p->size) {
            const Sluice__V1__CatalogueModel *last = r->models[p->size - 1];
            r->next_page_token = sl_arena_printf(p->arena, "%s/%s", last->provider, last->model_id);
            return false;
        }
        r->models[r->n_models++] = catalogue_model(p->arena, m);
    }
    return true;
}

static enum sl_code check_page(const Sluice__V1__ListCatalogueModelsRequest *request,
                               struct sl_err *err)
{
    if (request->page_size < 0 || request->page_size > MAX_PAGE)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "page_size",
                            "page_size must be between 0 and %d", MAX_PAGE);
    if (*request->page_token && !strchr(request->page_token, '/'))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "page_token",
                            "page_token is none of this service's");
    return SL_OK;
}

void sl_list_catalogue_models(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__ListCatalogueModelsRequest *request =
        (const Sluice__V1__ListCatalogueModelsRequest *)message;
    Sluice__V1__ListCatalogueModelsResponse r = SLUICE__V1__LIST_CATALOGUE_MODELS_RESPONSE__INIT;
    const struct sl_catalogue *c = catalogue_of(call);
    struct sl_err err = {0};
    const struct sl_catalogue_provider *only =
        *request->provider ? sl_catalogue_provider(c, request->provider) : NULL;
    if (check_page(request, &err) == SL_OK && *request->provider && !only)
        sl_err_field(&err, SL_NOT_FOUND, SL_REASON_PROVIDER_UNKNOWN, "provider",
                     "the catalogue has no provider '%.64s'", request->provider);
    if (err.code != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    struct page p = {request, &r, call->arena,
                     request->page_size ? (size_t)request->page_size : DEFAULT_PAGE};
    r.models = sl_arena_zalloc(call->arena, p.size * sizeof(*r.models));
    if (only) {
        add_models(&p, only);
    } else {
        const struct sl_catalogue_provider **sorted =
            sl_arena_alloc(call->arena, (c->n_providers + 1) * sizeof(*sorted));
        memcpy(sorted, c->providers, c->n_providers * sizeof(*sorted));
        qsort(sorted, c->n_providers, sizeof(*sorted), compare_providers);
        for (size_t i = 0; i < c->n_providers && add_models(&p, sorted[i]); i++)
            ;
    }
    sl_call_reply(call, &r.base);
}

/* ---- line-ups ---- */

static Sluice__V1__LineupEntry *lineup_entry(struct sl_arena *arena,
                                             const struct sl_lineup_entry *from)
{
    Sluice__V1__LineupEntry *e = SL_ARENA_NEW(arena, Sluice__V1__LineupEntry);
    sluice__v1__lineup_entry__init(e);
    e->name = text(from->model->id);
    e->provider = text(from->model->provider->id);
    e->model_id = text(from->model->id);
    e->purpose = text(from->purpose);
    e->fallback = text(from->fallback ? from->fallback->id : "");
    e->speed_tokens_per_second = from->speed_tokens_per_second;
    return e;
}

static Sluice__V1__Lineup *lineup(struct sl_arena *arena, const struct sl_lineup *from)
{
    Sluice__V1__Lineup *l = SL_ARENA_NEW(arena, Sluice__V1__Lineup);
    sluice__v1__lineup__init(l);
    l->name = text(from->id);
    l->title = text(from->title);
    l->is_default = from->is_default;
    l->entries = sl_arena_zalloc(arena, from->n_entries * sizeof(*l->entries));
    for (size_t i = 0; i < from->n_entries; i++)
        l->entries[l->n_entries++] = lineup_entry(arena, &from->entries[i]);
    return l;
}

void sl_list_lineups(struct sl_call *call, const ProtobufCMessage *message)
{
    Sluice__V1__ListLineupsResponse r = SLUICE__V1__LIST_LINEUPS_RESPONSE__INIT;
    const struct sl_catalogue *c = catalogue_of(call);
    (void)message;
    r.lineups = sl_arena_zalloc(call->arena, c->n_lineups * sizeof(*r.lineups));
    for (size_t i = 0; i < c->n_lineups; i++)
        r.lineups[r.n_lineups++] = lineup(call->arena, &c->lineups[i]);
    sl_call_reply(call, &r.base);
}

/* ---- templates ---- */

static void add_variables(struct sl_arena *arena, const struct sl_template *t,
                          Sluice__V1__ModelTemplate *m)
{
    m->variables = sl_arena_zalloc(arena, SL_TEMPLATE_VARIABLES * sizeof(*m->variables));
    for (size_t i = 0; i < SL_TEMPLATE_VARIABLES && t->variables[i].name; i++) {
        Sluice__V1__TemplateVariable *v = SL_ARENA_NEW(arena, Sluice__V1__TemplateVariable);
        sluice__v1__template_variable__init(v);
        v->name = text(t->variables[i].name);
        v->default_value = text(t->variables[i].value);
        v->description = text(t->variables[i].description);
        m->variables[m->n_variables++] = v;
    }
}

static Sluice__V1__ModelTemplate *template_message(struct sl_arena *arena,
                                                   const struct sl_catalogue *c,
                                                   const struct sl_template *t,
                                                   const struct sl_adapter *adapter)
{
    Sluice__V1__ModelTemplate *m = SL_ARENA_NEW(arena, Sluice__V1__ModelTemplate);
    const struct sl_catalogue_provider *provider = sl_catalogue_provider_by_kind(c, t->name);
    sluice__v1__model_template__init(m);
    m->name = text(t->name);
    m->title = text(adapter->title);
    m->provider_kind = text(adapter->name);
    m->base_url = text(t->base_url && *t->base_url ? t->base_url : adapter->default_base_url);
    m->example_model_id = text(t->model_id);
    m->key_required = adapter->key_required;
    m->key_variable = text(adapter->key_variables ? adapter->key_variables[0] : "");
    m->key_page = text(provider ? provider->key_page : "");
    m->note = text(t->note);
    add_variables(arena, t, m);
    return m;
}

void sl_list_templates(struct sl_call *call, const ProtobufCMessage *message)
{
    Sluice__V1__ListTemplatesResponse r = SLUICE__V1__LIST_TEMPLATES_RESPONSE__INIT;
    size_t n = 0;
    (void)message;
    while (sl_templates[n].name)
        n++;
    r.templates = sl_arena_zalloc(call->arena, n * sizeof(*r.templates));
    for (const struct sl_template *t = sl_templates; t->name; t++) {
        const struct sl_adapter *adapter = sl_adapter_find(t->name);
        if (adapter)
            r.templates[r.n_templates++] =
                template_message(call->arena, catalogue_of(call), t, adapter);
    }
    sl_call_reply(call, &r.base);
}
