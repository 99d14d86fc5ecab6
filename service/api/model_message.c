/* Filling a Model from the registry's own struct. */
#include "api/model_message.h"

#include <string.h>

#include "base/clock.h"
#include "registry/catalogue/catalogue.h"
#include "registry/last_used.h"
#include "registry/life.h"
#include "registry/manage/manage.h"
#include "registry/outcome.h"
#include "routing/wishes.h"

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

static char **list(const char *const *from, size_t *n)
{
    *n = 0;
    while (from && from[*n])
        ++*n;
    return (char **)(uintptr_t)from;
}

/* ---- facts ---- */

static Sluice__V1__ModelPrices *make_prices(struct sl_arena *arena, const struct sl_prices *p)
{
    Sluice__V1__ModelPrices *m = SL_ARENA_NEW(arena, Sluice__V1__ModelPrices);
    sluice__v1__model_prices__init(m);
    m->input_price_micros_per_mtok = p->input;
    m->output_price_micros_per_mtok = p->output;
#define SET(name, NAME)                                                                               \
    if (p->name >= 0) {                                                                               \
        m->name##_price_micros_per_mtok = p->name;                                                    \
        m->_##name##_price_micros_per_mtok_case =                                                     \
            SLUICE__V1__MODEL_PRICES___##NAME##_PRICE_MICROS_PER_MTOK_##NAME##_PRICE_MICROS_PER_MTOK; \
    }
    SET(cache_read, CACHE_READ)
    SET(cache_write, CACHE_WRITE)
    SET(reasoning, REASONING)
#undef SET
    return m;
}

static Sluice__V1__ModelCapabilities *make_capabilities(struct sl_arena *arena,
                                                        const struct sl_model *from)
{
    Sluice__V1__ModelCapabilities *m = SL_ARENA_NEW(arena, Sluice__V1__ModelCapabilities);
    sluice__v1__model_capabilities__init(m);
#define SET(field, FIELD)                                                                          \
    if (from->cap_##field >= 0) {                                                                  \
        m->field = from->cap_##field;                                                              \
        m->_##field##_case = SLUICE__V1__MODEL_CAPABILITIES___##FIELD##_##FIELD;                   \
    }
    SET(streaming, STREAMING)
    SET(tools, TOOLS)
    SET(vision, VISION)
    SET(json_schema, JSON_SCHEMA)
    SET(reasoning, REASONING)
    SET(embeddings, EMBEDDINGS)
    SET(images, IMAGES)
#undef SET
    return m;
}

static void set_labels(struct sl_arena *arena, const struct sl_model *from, Sluice__V1__Model *m)
{
    m->labels = sl_arena_zalloc(arena, from->n_labels * sizeof(*m->labels));
    m->n_labels = from->n_labels;
    for (size_t i = 0; i < from->n_labels; i++) {
        m->labels[i] = SL_ARENA_NEW(arena, Sluice__V1__Model__LabelsEntry);
        sluice__v1__model__labels_entry__init(m->labels[i]);
        m->labels[i]->key = text(from->labels[i].key);
        m->labels[i]->value = text(from->labels[i].value);
    }
}

static void set_limits(struct sl_arena *arena, const struct sl_model *from, Sluice__V1__Model *m)
{
    m->capabilities = make_capabilities(arena, from);
    m->context_tokens = from->context_tokens;
    m->max_output_tokens = from->max_output_tokens;
    if (from->prices.known)
        m->prices = make_prices(arena, &from->prices);
    m->speed_tokens_per_second = from->speed;
    m->tasks = list(from->tasks, &m->n_tasks);
    m->base_model = text(from->base_model);
}

/* ---- how it is asked ---- */

static void set_defaults(const struct sl_target *t, Sluice__V1__Model *m)
{
    if (t->has_temperature) {
        m->default_temperature = t->temperature;
        m->_default_temperature_case = SLUICE__V1__MODEL___DEFAULT_TEMPERATURE_DEFAULT_TEMPERATURE;
    }
    if (t->has_top_p) {
        m->default_top_p = t->top_p;
        m->_default_top_p_case = SLUICE__V1__MODEL___DEFAULT_TOP_P_DEFAULT_TOP_P;
    }
    if (t->has_max_output_tokens) {
        m->default_max_output_tokens = t->max_output_tokens;
        m->_default_max_output_tokens_case =
            SLUICE__V1__MODEL___DEFAULT_MAX_OUTPUT_TOKENS_DEFAULT_MAX_OUTPUT_TOKENS;
    }
}

static void set_quirks(struct sl_arena *arena, const struct sl_target *t, Sluice__V1__Model *m)
{
    if (!t->legacy_max_tokens && !t->no_stream_options && !t->no_developer_role)
        return;
    m->quirks = SL_ARENA_NEW(arena, Sluice__V1__ModelQuirks);
    sluice__v1__model_quirks__init(m->quirks);
    m->quirks->legacy_max_tokens = t->legacy_max_tokens;
    m->quirks->no_stream_options = t->no_stream_options;
    m->quirks->no_developer_role = t->no_developer_role;
}

static void set_target(struct sl_arena *arena, const struct sl_model *from, Sluice__V1__Model *m)
{
    static const char *const auths[] = {
        [SL_AUTH_BEARER] = "bearer", [SL_AUTH_HEADER] = "header", [SL_AUTH_NONE] = "none"};
    const struct sl_target *t = &from->target;
    m->model_id = text(t->model_id);
    m->base_url = text(t->base_url);
    m->api = text(*t->api ? t->api : from->adapter->api);
    m->api_version = text(t->api_version);
    m->region = text(from->region);
    m->auth = text((size_t)t->auth < SL_ARRAY_LEN(auths) ? auths[t->auth] : "");
    m->auth_header = text(t->auth_header);
    m->provider_options_json = text(t->provider_options_json);
    m->credential = text(from->credential);
    set_defaults(t, m);
    set_quirks(arena, t, m);
}

/* ---- life ---- */

static char *day(struct sl_arena *arena, int32_t days)
{
    char out[11];
    sl_catalogue_date_text(days, out);
    return *out ? sl_arena_strdup(arena, out) : text("");
}

static void set_life(struct sl_arena *arena, const struct sl_registry *r,
                     const struct sl_model *from, Sluice__V1__Model *m)
{
    m->enabled = from->enabled;
    m->_enabled_case = SLUICE__V1__MODEL___ENABLED_ENABLED;
    m->deprecation_date = day(arena, from->deprecated_day);
    m->retirement_date = day(arena, from->retires_day);
    m->successor = text(from->successor);
    m->created_ms = from->created_ms;
    m->updated_ms = from->updated_ms;
    m->last_used_ms = sl_registry_last_used(from);
    m->deleted_ms = from->deleted_ms;
    m->status = sl_model_status(arena, r, from);
}

static Sluice__V1__ModelStatus__State health_state(const struct sl_model *m, int64_t now_us)
{
    const char *health = sl_registry_model_health(m, now_us);
    if (!strcmp(health, "failing"))
        return SLUICE__V1__MODEL_STATUS__STATE__STATE_FAILING;
    return strcmp(health, "degraded") ? SLUICE__V1__MODEL_STATUS__STATE__STATE_HEALTHY
                                      : SLUICE__V1__MODEL_STATUS__STATE__STATE_DEGRADED;
}

struct sl_model_state sl_model_state_at(const struct sl_registry *r, const struct sl_model *m,
                                        int64_t now_ms, int64_t now_us)
{
    struct sl_model_state s = {.has_days = false};
    enum sl_life life = sl_model_life(m, now_ms);
    s.has_days = sl_model_days_left(m, now_ms, &s.days_left);
    if (life == SL_LIFE_RETIRED)
        s.state = SLUICE__V1__MODEL_STATUS__STATE__STATE_RETIRED;
    else if (!m->enabled || m->deleted_ms || *m->problem)
        s.state = SLUICE__V1__MODEL_STATUS__STATE__STATE_DISABLED;
    else if (!sl_registry_has_key(r, m))
        s.state = SLUICE__V1__MODEL_STATUS__STATE__STATE_KEY_MISSING;
    else if (life != SL_LIFE_ACTIVE)
        s.state = SLUICE__V1__MODEL_STATUS__STATE__STATE_DEPRECATED;
    else
        s.state = health_state(m, now_us);
    return s;
}

static const char *why(struct sl_arena *arena, const struct sl_model *m,
                       Sluice__V1__ModelStatus__State state)
{
    switch (state) {
    case SLUICE__V1__MODEL_STATUS__STATE__STATE_RETIRED:
    case SLUICE__V1__MODEL_STATUS__STATE__STATE_DEPRECATED:
        return *m->successor ? sl_arena_printf(arena, "its successor is %s", m->successor)
                             : "no successor is known";
    case SLUICE__V1__MODEL_STATUS__STATE__STATE_DISABLED:
        return m->deleted_ms ? "it is deleted" : m->enabled ? m->problem : "it is switched off";
    case SLUICE__V1__MODEL_STATUS__STATE__STATE_KEY_MISSING:
        return *m->key_reference ? sl_arena_printf(arena, "set %s", m->key_reference)
                                 : "give it a key, or its provider";
    case SLUICE__V1__MODEL_STATUS__STATE__STATE_DEGRADED:
        return "some of the last calls to its provider failed";
    case SLUICE__V1__MODEL_STATUS__STATE__STATE_FAILING:
        return "the last calls to its provider failed";
    default:
        return "";
    }
}

const char *sl_model_state_name(Sluice__V1__ModelStatus__State state)
{
    static const char *const names[] = {
        "",           "healthy", "degraded", "open_breaker", "key_missing",
        "deprecated", "retired", "disabled", "failing"};
    return (size_t)state < SL_ARRAY_LEN(names) ? names[state] : "";
}

Sluice__V1__ModelStatus *sl_model_status(struct sl_arena *arena, const struct sl_registry *r,
                                         const struct sl_model *m)
{
    struct sl_model_state now = sl_model_state_at(r, m, sl_wall_ms(), sl_now_us());
    Sluice__V1__ModelStatus *s = SL_ARENA_NEW(arena, Sluice__V1__ModelStatus);
    sluice__v1__model_status__init(s);
    s->state = now.state;
    s->detail = text(why(arena, m, now.state));
    if (now.has_days) {
        s->days_left = now.days_left;
        s->_days_left_case = SLUICE__V1__MODEL_STATUS___DAYS_LEFT_DAYS_LEFT;
    }
    return s;
}

/* ---- all of it ---- */

/* The caller's own models come first, so that a global one they hide is named with its prefix. */
char *sl_model_shown_name(struct sl_arena *arena, const struct sl_registry *r,
                          const struct sl_model *from, const struct sl_principal *p)
{
    bool hidden = !*from->owner && sl_registry_find_personal(r, p->id, from->name, NULL);
    return sl_arena_printf(arena, "models/%s%s", hidden ? "global/" : "", from->name);
}

Sluice__V1__Model *sl_model_message(struct sl_arena *arena, const struct sl_registry *r,
                                    const struct sl_model *from,
                                    const struct sl_principal *principal)
{
    Sluice__V1__Model *m = SL_ARENA_NEW(arena, Sluice__V1__Model);
    sluice__v1__model__init(m);
    m->name = sl_model_shown_name(arena, r, from, principal);
    m->description = text(from->description);
    m->provider = text(from->provider);
    m->provider_kind = text(from->adapter->name);
    m->id = text(from->id);
    m->owner = text(*from->owner ? principal->name : "");
    m->etag = text(sl_manage_etag(arena, from->revision));
    m->source = text(from->source);
    m->aliases = list(from->aliases, &m->n_aliases);
    m->allowed_tiers = list(from->tiers, &m->n_allowed_tiers);
    m->fallback_models = list(from->fallbacks, &m->n_fallback_models);
    m->key_present = sl_registry_has_key(r, from);
    m->key_last4 = text(sl_registry_key_last4(r, from));
    set_target(arena, from, m);
    set_limits(arena, from, m);
    set_labels(arena, from, m);
    set_life(arena, r, from, m);
    m->favourite = sl_wishes_favour(r, principal, from);
    m->hidden = sl_wishes_hide(r, principal, from);
    return m;
}
