/* From what is said of a model, and what it shares with its provider's others, to a model. */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "config/url.h"
#include "registry/catalogue/date.h"
#include "registry/cloud.h"
#include "registry/endpoint.h"
#include "registry/maker.h"
#include "registry/stem.h"

/* One model on its way. Strings stay where they are until it is packed. */
struct making {
    const struct sl_maker *maker;
    const struct sl_model_draft *draft;
    const struct sl_config_model *said;
    const struct sl_provider *from;
    struct sl_arena *arena; /* for what has no other place */
    struct sl_registry_model *to;
    struct sl_endpoint endpoint;
    struct sl_clocks clocks;
    struct sl_registry_secret *secrets;
    enum sl_cloud cloud;      /* whose tokens it is asked with */
    const char *project;      /* of that cloud's surroundings */
    struct sl_detected found; /* in the catalogue */
    struct sl_err *err;
};

static enum sl_code fail(const struct making *k, const char *what, const char *why)
{
    return sl_err_field(k->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "models",
                        "%s: models %s%s", k->said->place, what, why);
}

static const char *either(const char *own, const char *other)
{
    return *own ? own : other;
}

/* A list that is not set has no array. */
static const char *const *strings(const struct sl_config_strings *s)
{
    static const char *const none[] = {NULL};
    return s->count ? s->list : none;
}

/* ---- the key ---- */

static bool is_personal(const struct making *k)
{
    return k->draft->owner && *k->draft->owner;
}

static bool is_elsewhere(const struct making *k)
{
    return *k->said->base_url && !sl_url_same_origin(k->said->base_url, k->from->base_url);
}

/* A reference that leads nowhere is no error here: whoever asks the model is told. */
static void set_usual_key(struct making *k)
{
    struct sl_model *m = &k->to->model;
    m->key_reference = "";
    if (*k->said->key) {
        k->to->own_key = true;
        if (!strcmp(k->said->key, "none"))
            return;
        m->key_reference = k->said->key;
        k->to->key = sl_maker_secret(k->maker, m->key_reference);
        m->target.key = k->to->key;
    } else if (!is_elsewhere(k)) {
        m->key_reference = k->from->key_reference;
        m->target.key = k->draft->provider->key;
    }
}

/* Tokens, or an access key, of one of the big clouds. An adapter's own cloud gives way to its usual
 * key where the surroundings have no credential. */
static enum sl_code set_cloud(struct making *k, const struct sl_cloud_source *from)
{
    struct sl_model *m = &k->to->model;
    struct sl_cloud_credential found;
    struct sl_err why = {0};
    const char *place = from->provider ? k->draft->provider->place : k->said->place;
    if (sl_cloud_open(from, k->cloud, &found, &why) != SL_OK)
        return sl_err_field(k->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "key",
                            "%s: key leads to no credential: %s", place, why.text);
    m->tokens = found.tokens;
    k->to->own_key = *k->said->key != '\0'; /* else a stored key of its provider comes first */
    k->to->key = found.key;
    m->target.key = found.key;
    m->key_reference = found.reference;
    if (!found.tokens && !found.key && k->cloud == SL_CLOUD_AWS &&
        !(from->provider && *from->provider->auth))
        set_usual_key(k);
    return SL_OK;
}

/* For stored keys, which are looked at when they are used. */
static void set_stored_cloud(struct making *k)
{
    const char *own = k->draft->auth ? k->draft->auth : "";
    bool said = false;
    k->to->cloud =
        (uint8_t)sl_cloud_of_stored(*own ? own : k->from->auth, k->to->model.adapter, &said);
    k->to->cloud_said = said;
}

static enum sl_code set_key(struct making *k)
{
    set_stored_cloud(k);
    if (is_personal(k)) { /* a user's models never get a key that is not the user's own */
        k->to->model.key_reference = k->to->model.target.region = "";
        return SL_OK;
    }
    const struct sl_config_provider *p = &k->draft->provider->said;
    const struct sl_cloud_source from = {
        .tokens = k->maker->tokens,
        .config = k->maker->config,
        .provider = *p->id ? p : NULL,
        .adapter = k->to->model.adapter,
        .key = *k->said->key ? k->said->key
               : *p->id      ? p->key
                             : "",
        .base_url = either(k->said->base_url, k->from->base_url),
        .region = either(k->said->region, k->from->region),
        .arena = k->arena,
    };
    k->cloud = sl_cloud_of(&from);
    k->to->model.target.region = sl_cloud_region(&from);
    if (k->cloud == SL_CLOUD_NONE)
        set_usual_key(k);
    else if (set_cloud(k, &from) != SL_OK)
        return k->err->code;
    k->project = sl_cloud_project(&from, k->to->model.tokens);
    return SL_OK;
}

/* ---- the rest ---- */

static bool is_overridden(const struct sl_config_pairs *by, const char *name)
{
    for (size_t i = 0; i < by->count; i++) {
        if (!strcasecmp(by->list[i].key, name))
            return true;
    }
    return false;
}

static enum sl_code set_headers(struct making *k)
{
    struct sl_header_list list = {.arena = k->arena};
    const struct sl_config_pairs *own = &k->said->headers;
    list.tail = &list.first;
    const struct sl_header *shared = is_personal(k) ? NULL : k->from->headers;
    if (!own->count) {
        k->to->model.target.headers = shared;
        return SL_OK;
    }
    for (const struct sl_header *h = shared; h; h = h->next) {
        if (is_overridden(own, h->name))
            continue;
        struct sl_header *copy = SL_ARENA_NEW(k->arena, struct sl_header);
        *copy = *h;
        copy->next = NULL;
        *list.tail = copy;
        list.tail = &copy->next;
        k->to->wipe |= h->secret;
    }
    enum sl_code code = sl_headers_add(&list, own, k->said->place, k->err);
    k->secrets = list.secrets;
    k->to->wipe |= list.secrets != NULL;
    k->to->model.target.headers = list.first;
    return code;
}

/* What only administrators may have: ways inside, certificates, no check of them. */
static void limit_endpoint(const struct making *k, struct sl_endpoint *e)
{
    e->guard = true;
    e->allowed = k->maker->allowed;
    e->http = SL_HTTP_1_1;
    e->insecure = false;
    e->client_cert = e->client_key = e->unix_socket = e->connect_to = "";
}

static enum sl_code set_endpoint(struct making *k)
{
    struct sl_model *m = &k->to->model;
    m->endpoint = &k->from->endpoint;
    if (!*k->said->base_url && !is_personal(k) && m->target.key == k->draft->provider->key)
        return SL_OK;
    k->endpoint = k->from->endpoint;
    m->endpoint = &k->endpoint;
    if (is_personal(k))
        limit_endpoint(k, &k->endpoint);
    return sl_endpoint_seal(&k->endpoint, m->target.base_url, m->target.key, k->err);
}

static enum sl_auth auth_of(const struct making *k)
{
    const char *own = k->draft->auth ? k->draft->auth : "";
    if (!strcmp(own, "bearer") || k->cloud == SL_CLOUD_GOOGLE || k->cloud == SL_CLOUD_ENTRA)
        return SL_AUTH_BEARER;
    if (!strcmp(own, "header"))
        return SL_AUTH_HEADER;
    return !strcmp(own, "none") ? SL_AUTH_NONE : k->draft->provider->auth;
}

/* Whether requests go to where the catalogue's facts hold. */
static bool is_usual_host(const struct making *k)
{
    const struct sl_catalogue_provider *p = k->found.provider;
    const char *url = k->to->model.target.base_url;
    return sl_url_same_origin(url, k->from->adapter->default_base_url) ||
           (p && *p->base_url && sl_url_same_origin(url, p->base_url));
}

/* The id as the provider wants it today. */
static const char *id_to_send(const struct making *k)
{
    const char *said = either(k->said->model_id, k->said->name);
    const struct sl_catalogue_model *known = k->found.model;
    bool is_name = !strcmp(said, k->said->name);
    bool by_other = known && (*known->served_as || is_name) && is_usual_host(k);
    return by_other ? sl_catalogue_send_id(known) : said;
}

/* The provider's own wish counts at the provider only, and where the adapter has that API. */
static const char *api_of(const struct making *k)
{
    const char *wished = k->found.model ? k->found.model->api : "";
    if (*k->said->api || !*wished || !is_usual_host(k) ||
        !sl_adapter_for_api(k->from->adapter, wished))
        return k->said->api;
    return wished;
}

static void set_target(struct making *k)
{
    const struct sl_config_model *s = k->said;
    const struct sl_provider *p = k->from;
    struct sl_model *m = &k->to->model;
    struct sl_target *t = &m->target;
    bool personal = is_personal(k);
    t->provider = p->id;
    t->base_url = either(s->base_url, p->base_url);
    t->model_id = id_to_send(k);
    t->api = api_of(k);
    t->api_version = either(s->api_version, p->api_version);
    k->to->auth = auth_of(k);
    t->auth = *m->key_reference ? k->to->auth : SL_AUTH_NONE;
    t->auth_header =
        k->draft->auth_header && *k->draft->auth_header ? k->draft->auth_header : p->auth_header;
    t->organization = personal ? "" : p->organization;
    t->project = personal ? "" : either(p->project, k->project);
    if (personal)
        t->region = s->region;
    t->has_temperature = s->has_temperature;
    t->temperature = s->temperature;
    t->has_top_p = s->has_top_p;
    t->top_p = s->top_p;
    t->has_max_output_tokens = s->default_max_output_tokens > 0;
    t->max_output_tokens = (int32_t)s->default_max_output_tokens;
    t->legacy_max_tokens = s->legacy_max_tokens;
    t->no_stream_options = s->no_stream_options;
    t->no_developer_role = s->no_developer_role;
    t->provider_options_json = s->provider_options_json;
}

static void set_clocks(struct making *k)
{
    const struct sl_config_timeouts *t = &k->said->timeouts;
    const struct sl_clocks *p = &k->from->clocks;
    k->to->model.clocks = p;
    if (t->connect < 0 && t->first_byte < 0 && t->first_token < 0 && t->idle < 0 && t->total < 0)
        return;
    k->clocks = (struct sl_clocks){
        .connect_ms = t->connect < 0 ? p->connect_ms : t->connect,
        .first_byte_ms = t->first_byte < 0 ? p->first_byte_ms : t->first_byte,
        .first_token_ms = t->first_token < 0 ? p->first_token_ms : t->first_token,
        .idle_ms = t->idle < 0 ? p->idle_ms : t->idle,
        .total_ms = t->total < 0 ? p->total_ms : t->total,
        .slow_reader_ms = p->slow_reader_ms,
    };
    k->to->model.clocks = &k->clocks;
}

static void set_prices(struct making *k)
{
    const struct sl_config_prices *p = &k->said->prices;
    k->to->model.prices = (struct sl_prices){
        .known = p->input >= 0 && p->output >= 0,
        .input = p->input,
        .cache_read = p->cache_read,
        .cache_write = p->cache_write,
        .output = p->output,
        .reasoning = p->reasoning,
    };
}

/* What is said, else what no adapter of that kind can do; else not known. */
static int8_t capability(int8_t said, bool adapter_can)
{
    if (said >= 0)
        return said;
    return adapter_can ? -1 : 0;
}

static void set_facts(struct making *k)
{
    const struct sl_config_model *s = k->said;
    struct sl_model *m = &k->to->model;
    const struct sl_capabilities *can = &m->adapter->capabilities;
    m->context_tokens = (int32_t)s->context_tokens;
    m->max_output_tokens = (int32_t)s->max_output_tokens;
    m->cap_streaming = capability(s->streaming, can->stream);
    m->cap_tools = capability(s->tools, can->tools);
    m->cap_vision = capability(s->vision, can->vision);
    m->cap_json_schema = capability(s->json_schema, can->json_schema);
    m->cap_reasoning = capability(s->reasoning, can->reasoning);
    m->cap_embeddings = s->embeddings;
    m->cap_images = s->images;
    m->speed = s->has_speed ? s->speed : 0;
    m->successor = s->successor;
    m->tasks = strings(&s->tasks);
}

/* The catalogue's tasks, where none are said. */
static void set_tasks(struct making *k)
{
    struct sl_model *m = &k->to->model;
    size_t n = m->facts ? m->facts->n_tasks : 0;
    if (*m->tasks || !n)
        return;
    const char **list = sl_arena_zalloc(k->arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = m->facts->tasks[i].task;
    m->tasks = list;
}

static void set_labels(struct making *k)
{
    const struct sl_config_pairs *pairs = &k->said->labels;
    struct sl_model *m = &k->to->model;
    struct sl_label *labels = sl_arena_zalloc(k->arena, (pairs->count + 1) * sizeof(*labels));
    for (size_t i = 0; i < pairs->count; i++)
        labels[i] = (struct sl_label){pairs->list[i].key, pairs->list[i].value};
    m->labels = labels;
    m->n_labels = pairs->count;
}

static const char *text(const char *s)
{
    return s ? s : "";
}

static void set_entry(struct making *k)
{
    const struct sl_config_model *s = k->said;
    const struct sl_model_draft *d = k->draft;
    struct sl_model *m = &k->to->model;
    m->name = s->name;
    m->description = s->description;
    m->provider = k->from->id;
    m->caps = &k->from->caps;
    m->enabled = s->enabled != 0;
    m->aliases = strings(&s->aliases);
    m->tiers = strings(&s->tiers);
    m->fallbacks = strings(&s->fallback_models);
    m->source = d->source;
    m->credential = text(d->credential);
    m->id = text(d->id);
    m->owner = text(d->owner);
    m->problem = text(d->problem);
    m->region = either(s->region, k->from->region);
    m->base_model = s->base_model;
    m->revision = d->revision;
    m->created_ms = d->created_ms;
    m->updated_ms = d->updated_ms;
    atomic_init(&k->to->last_used_ms, d->last_used_ms);
    m->deleted_ms = d->deleted_ms;
    k->to->headers = d->headers;
}

static enum sl_code set_day(struct making *k, const char *key, const char *date, int32_t *day)
{
    *day = 0;
    if (*date && !sl_date_parse(date, day))
        return fail(k, "has a date that is not like 2026-03-31: ", key);
    return SL_OK;
}

static enum sl_code set_days(struct making *k)
{
    struct sl_model *m = &k->to->model;
    if (set_day(k, "deprecation_date", k->said->deprecation_date, &m->deprecated_day))
        return k->err->code;
    return set_day(k, "retirement_date", k->said->retirement_date, &m->retires_day);
}

static enum sl_code choose_adapter(struct making *k)
{
    struct sl_model *m = &k->to->model;
    m->adapter = sl_adapter_for_api(k->from->adapter, k->said->api);
    if (!m->adapter)
        return fail(k, "has an api that its provider does not offer: ", k->said->api);
    if (!*k->said->base_url && !*k->from->base_url && !*m->problem)
        return fail(k, "needs a base_url for ", k->said->name);
    return SL_OK;
}

static enum sl_code fill(struct making *k)
{
    struct sl_model *m = &k->to->model;
    set_entry(k);
    if (choose_adapter(k))
        return k->err->code;
    bool known = sl_facts_find(k->maker, k->from, k->said, &k->found);
    if (set_key(k) || set_days(k))
        return k->err->code;
    set_target(k);
    if (*m->target.api)
        m->adapter = sl_adapter_for_api(k->from->adapter, m->target.api);
    const char *stem = sl_id_stem(m->adapter->name, m->target.model_id, k->arena);
    m->stem = stem == m->target.model_id ? "" : stem;
    set_clocks(k);
    set_prices(k);
    set_facts(k);
    if (!is_usual_host(k))
        k->found.model = NULL; /* what the provider does to its models is no matter elsewhere */
    if (known)
        sl_facts_fill(&k->found, k->said, m);
    set_tasks(k);
    set_labels(k);
    enum sl_code code = set_headers(k);
    return code ? code : set_endpoint(k);
}

enum sl_code sl_model_make(const struct sl_maker *maker, const struct sl_model_draft *draft,
                           struct sl_registry_model **out, struct sl_err *err)
{
    struct sl_arena arena;
    struct sl_registry_model raw = {.provider = draft->provider};
    struct making k = {.maker = maker, .draft = draft, .arena = &arena, .to = &raw, .err = err};
    k.said = draft->said;
    k.from = &draft->provider->provider;
    sl_arena_init(&arena, SIZE_MAX);
    enum sl_code code = fill(&k);
    if (!code)
        *out = sl_model_pack(&raw);
    sl_secret_unref(raw.key);
    sl_token_source_unref(raw.model.tokens);
    for (struct sl_registry_secret *s = k.secrets; s; s = s->next)
        sl_wipe(s->text, strlen(s->text));
    sl_arena_fini(&arena);
    return code;
}
