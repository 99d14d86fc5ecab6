/* From the configuration's models and providers to a snapshot. Everything is copied: a snapshot
 * outlives the configuration it came from. */
#include "registry/load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/url.h"
#include "registry/cloud.h"
#include "registry/endpoint.h"
#include "registry/index.h"

/* One model on its way into the registry. */
struct loading {
    const struct sl_config *config;
    struct sl_tokens *tokens;
    const struct sl_config_model *from;
    const struct sl_config_provider *provider; /* NULL: no entry, the adapter's defaults */
    const struct sl_adapter *adapter;
    struct sl_registry_index *index;
    struct sl_arena *arena;
    struct sl_registry_model *to;
    enum sl_cloud cloud; /* whose tokens it is asked with */
    struct sl_err *err;
};

static const char *copy(const struct loading *l, const char *s)
{
    return sl_arena_strdup(l->arena, s);
}

static enum sl_code fail(const struct loading *l, const char *place, const char *key,
                         const char *what, const char *why)
{
    return sl_err_field(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, key, "%s: %s %s%s",
                        place, key, what, why);
}

static const char *const *copy_strings(const struct loading *l, const struct sl_config_strings *s)
{
    const char **list = sl_arena_zalloc(l->arena, (s->count + 1) * sizeof(*list));
    for (size_t i = 0; i < s->count; i++)
        list[i] = copy(l, s->list[i]);
    return list;
}

/* ---- the key ---- */

/* The adapter's usual variable: the first that is set, else the first. NULL where it has none. */
static const char *usual_variable(const struct sl_adapter *adapter)
{
    const char *const *names = adapter->key_variables;
    if (!names || !*names)
        return NULL;
    for (; *names; names++) {
        const char *value = getenv(*names);
        if (value && *value)
            return *names;
    }
    return adapter->key_variables[0];
}

/* Where the model's key comes from; "" where it needs none. */
static const char *key_reference(const struct loading *l)
{
    const struct sl_config_provider *p = l->provider;
    if (*l->from->key)
        return strcmp(l->from->key, "none") ? copy(l, l->from->key) : "";
    if (p && *p->key)
        return copy(l, p->key);
    if (p && (!strcmp(p->auth, "none") ||
              (*p->base_url && !sl_url_same_origin(p->base_url, l->adapter->default_base_url))))
        return "";
    /* the usual key goes to the usual host only; an own base_url of the model leads there too, see
     * config/check_lists.c */
    const char *variable = usual_variable(l->adapter);
    return variable ? sl_arena_printf(l->arena, "env:%s", variable) : "";
}

/* A reference that leads nowhere is no error here: whoever asks the model is told. */
static void load_key(const struct loading *l)
{
    struct sl_model *m = &l->to->model;
    struct sl_err missing = {0};
    m->key_reference = key_reference(l);
    if (*m->key_reference && sl_config_secret(m->key_reference, &l->to->key, &missing) == SL_OK)
        m->target.key = l->to->key;
}

/* Tokens, or an access key, of one of the big clouds. An adapter's own cloud gives way to its usual
 * key where the surroundings have no credential. */
static enum sl_code load_cloud(const struct loading *l, const struct sl_cloud_source *from)
{
    struct sl_model *m = &l->to->model;
    struct sl_cloud_credential found;
    struct sl_err why = {0};
    if (sl_cloud_open(from, l->cloud, &found, &why) != SL_OK)
        return fail(l, l->provider ? l->provider->place : l->from->place, "key",
                    "leads to no credential: ", why.text);
    m->tokens = found.tokens;
    l->to->key = found.key;
    m->target.key = found.key;
    m->key_reference = copy(l, found.reference);
    if (!found.tokens && !found.key && l->cloud == SL_CLOUD_AWS &&
        !(l->provider && *l->provider->auth))
        load_key(l);
    return SL_OK;
}

static enum sl_code load_credential(struct loading *l, const char *url)
{
    const struct sl_config_provider *p = l->provider;
    const struct sl_cloud_source from = {
        .tokens = l->tokens,
        .config = l->config,
        .provider = p,
        .adapter = l->adapter,
        .key = *l->from->key ? l->from->key
               : p           ? p->key
                             : "",
        .base_url = url,
        .region = *l->from->region ? l->from->region
                  : p              ? p->region
                                   : "",
        .arena = l->arena,
    };
    l->cloud = sl_cloud_of(&from);
    l->to->model.target.region = copy(l, sl_cloud_region(&from));
    if (l->cloud != SL_CLOUD_NONE)
        return load_cloud(l, &from);
    load_key(l);
    return SL_OK;
}

static enum sl_auth auth_of(const struct loading *l)
{
    const char *auth = l->provider ? l->provider->auth : "";
    if (!*l->to->model.key_reference || !strcmp(auth, "none"))
        return SL_AUTH_NONE;
    if (!strcmp(auth, "bearer") || l->cloud == SL_CLOUD_GOOGLE || l->cloud == SL_CLOUD_ENTRA)
        return SL_AUTH_BEARER;
    return !strcmp(auth, "header") ? SL_AUTH_HEADER : SL_AUTH_DEFAULT;
}

/* ---- headers ---- */

static enum sl_code header_value(const struct loading *l, const struct sl_config_pair *pair,
                                 const char *place, struct sl_header *h)
{
    struct sl_secret *secret = NULL;
    struct sl_err why = {0};
    h->secret = sl_starts_with(pair->value, "env:") || sl_starts_with(pair->value, "file:");
    if (!h->secret) {
        h->value = copy(l, pair->value);
        return SL_OK;
    }
    if (sl_config_secret(pair->value, &secret, &why))
        return fail(l, place, "headers", "lead nowhere: ", why.text);
    struct sl_registry_secret *kept = SL_ARENA_NEW(l->arena, struct sl_registry_secret);
    kept->text = sl_arena_strdup(l->arena, sl_secret_reveal(secret));
    kept->next = l->index->secrets;
    l->index->secrets = kept;
    h->value = kept->text;
    sl_secret_unref(secret);
    return SL_OK;
}

static bool is_overridden(const struct sl_config_pairs *by, const char *name)
{
    for (size_t i = 0; by && i < by->count; i++) {
        if (!strcasecmp(by->list[i].key, name))
            return true;
    }
    return false;
}

/* Adds pairs at the end of the list, but for those that others override. */
static enum sl_code add_headers(const struct loading *l, const struct sl_config_pairs *pairs,
                                const struct sl_config_pairs *over, const char *place,
                                struct sl_header ***tail)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (is_overridden(over, pairs->list[i].key))
            continue;
        struct sl_header *h = SL_ARENA_NEW(l->arena, struct sl_header);
        h->name = copy(l, pairs->list[i].key);
        if (header_value(l, &pairs->list[i], place, h))
            return l->err->code;
        **tail = h;
        *tail = &h->next;
    }
    return SL_OK;
}

static enum sl_code load_headers(const struct loading *l)
{
    struct sl_header *first = NULL, **tail = &first;
    const struct sl_config_model *m = l->from;
    if (l->provider &&
        add_headers(l, &l->provider->headers, &m->headers, l->provider->place, &tail))
        return l->err->code;
    if (add_headers(l, &m->headers, NULL, m->place, &tail))
        return l->err->code;
    l->to->model.target.headers = first;
    return SL_OK;
}

/* ---- the rest ---- */

static const char *base_url(const struct loading *l)
{
    if (*l->from->base_url)
        return l->from->base_url;
    if (l->provider && *l->provider->base_url)
        return l->provider->base_url;
    return l->adapter->default_base_url;
}

/* A Google credential file names the project that it belongs to. */
static const char *project_of(const struct loading *l)
{
    const struct sl_token_source *tokens = l->to->model.tokens;
    if (l->provider && *l->provider->project)
        return copy(l, l->provider->project);
    return copy(l, tokens ? sl_token_source_project(tokens) : "");
}

static void load_target(const struct loading *l, const char *url)
{
    const struct sl_config_model *m = l->from;
    const struct sl_config_provider *p = l->provider;
    struct sl_target *t = &l->to->model.target;
    t->provider = l->to->model.provider;
    t->base_url = copy(l, url);
    t->model_id = copy(l, m->model_id);
    t->api = l->adapter->api;
    t->api_version = copy(l, *m->api_version ? m->api_version : p ? p->api_version : "");
    t->auth = auth_of(l);
    t->auth_header = copy(l, p ? p->auth_header : "");
    t->organization = copy(l, p ? p->organization : "");
    t->project = project_of(l);
    t->has_temperature = m->has_temperature;
    t->temperature = m->temperature;
    t->has_top_p = m->has_top_p;
    t->top_p = m->top_p;
    t->has_max_output_tokens = m->default_max_output_tokens > 0;
    t->max_output_tokens = (int32_t)m->default_max_output_tokens;
    t->legacy_max_tokens = m->legacy_max_tokens;
    t->no_stream_options = m->no_stream_options;
    t->no_developer_role = m->no_developer_role;
    t->provider_options_json = copy(l, m->provider_options_json);
}

static int64_t first_set(int64_t model, const struct sl_config_provider *p, int64_t provider,
                         int64_t process)
{
    if (model >= 0)
        return model;
    return p && provider >= 0 ? provider : process;
}

static void load_clocks(const struct loading *l)
{
    static const struct sl_config_timeouts none = {-1, -1, -1, -1, -1};
    const struct sl_config_timeouts *m = &l->from->timeouts, *c = &l->config->timeouts;
    const struct sl_config_timeouts *p = l->provider ? &l->provider->timeouts : &none;
    l->to->model.clocks = (struct sl_clocks){
        .connect_ms = first_set(m->connect, l->provider, p->connect, c->connect),
        .first_byte_ms = first_set(m->first_byte, l->provider, p->first_byte, c->first_byte),
        .first_token_ms = first_set(m->first_token, l->provider, p->first_token, c->first_token),
        .idle_ms = first_set(m->idle, l->provider, p->idle, c->idle),
        .total_ms = first_set(m->total, l->provider, p->total, c->total),
        .slow_reader_ms = l->config->slow_reader_ms,
    };
}

static void load_prices(const struct loading *l)
{
    const struct sl_config_prices *p = &l->from->prices;
    l->to->model.prices = (struct sl_prices){
        .known = p->input >= 0 && p->output >= 0,
        .input = p->input,
        .cache_read = p->cache_read,
        .cache_write = p->cache_write,
        .output = p->output,
        .reasoning = p->reasoning,
    };
}

/* What the configuration says, else what no adapter of that kind can do; else not known. */
static int8_t capability(int8_t said, bool adapter_can)
{
    if (said >= 0)
        return said;
    return adapter_can ? -1 : 0;
}

static void load_facts(const struct loading *l)
{
    const struct sl_config_model *f = l->from;
    const struct sl_capabilities *can = &l->adapter->capabilities;
    struct sl_model *m = &l->to->model;
    m->name = copy(l, f->name);
    m->description = copy(l, f->description);
    m->provider = copy(l, f->provider);
    m->adapter = l->adapter;
    m->context_tokens = (int32_t)f->context_tokens;
    m->max_output_tokens = (int32_t)f->max_output_tokens;
    m->cap_streaming = capability(f->streaming, can->stream);
    m->cap_tools = capability(f->tools, can->tools);
    m->cap_vision = capability(f->vision, can->vision);
    m->cap_json_schema = capability(f->json_schema, can->json_schema);
    m->cap_reasoning = capability(f->reasoning, can->reasoning);
    m->aliases = copy_strings(l, &f->aliases);
    m->source = "config";
    m->caps = (struct sl_transfer_caps){
        .header = (size_t)l->config->max_header_bytes,
        .line = (size_t)l->config->max_line_bytes,
        .event = (size_t)l->config->max_event_bytes,
        .body = (size_t)l->config->max_body_bytes,
    };
    struct sl_label *labels = sl_arena_zalloc(l->arena, (f->labels.count + 1) * sizeof(*labels));
    for (size_t i = 0; i < f->labels.count; i++)
        labels[i] =
            (struct sl_label){copy(l, f->labels.list[i].key), copy(l, f->labels.list[i].value)};
    m->labels = labels;
    m->n_labels = f->labels.count;
    l->to->tiers = copy_strings(l, &f->tiers);
}

static const struct sl_config_provider *find_provider(const struct sl_config *c, const char *id)
{
    for (size_t i = 0; i < c->n_providers; i++) {
        if (!strcmp(c->providers[i].id, id))
            return &c->providers[i];
    }
    return NULL;
}

static enum sl_code load_model(struct loading *l)
{
    const struct sl_config_model *f = l->from;
    l->provider = find_provider(l->config, f->provider);
    l->adapter = sl_adapter_find(l->provider ? l->provider->kind : f->provider);
    if (!l->adapter)
        return fail(l, f->place, "models", "has a provider that is not known: ", f->provider);
    l->adapter = sl_adapter_for_api(l->adapter, f->api);
    if (!l->adapter)
        return fail(l, f->place, "models", "has an api that its provider does not offer: ", f->api);
    const char *url = base_url(l);
    if (!url)
        return fail(l, f->place, "models", "needs a base_url for ", f->name);
    load_facts(l);
    if (load_credential(l, url))
        return l->err->code;
    load_target(l, url);
    load_clocks(l);
    load_prices(l);
    if (load_headers(l))
        return l->err->code;
    const struct sl_endpoint_source source = {l->config, l->provider, l->to->key,
                                              l->to->model.target.base_url};
    return sl_endpoint_load(&source, l->arena, &l->to->model.endpoint, l->err);
}

static int compare_entries(const void *a, const void *b)
{
    const struct sl_registry_model *const *x = a, *const *y = b;
    return strcmp((*x)->model.name, (*y)->model.name);
}

static struct sl_registry *new_registry(int64_t revision)
{
    struct sl_registry *r = SL_NEW(struct sl_registry);
    r->index = SL_NEW(struct sl_registry_index);
    r->revision = revision;
    sl_arena_init(&r->index->arena, SIZE_MAX);
    atomic_init(&r->index->refs, 1);
    return r;
}

static enum sl_code load_models(const struct sl_config *c, struct sl_tokens *tokens,
                                struct sl_registry *r, struct sl_err *err)
{
    struct sl_registry_index *index = r->index;
    struct sl_arena *arena = &index->arena;
    index->entries = sl_arena_zalloc(arena, (c->n_models + 1) * sizeof(struct sl_registry_model *));
    for (size_t i = 0; i < c->n_models; i++) {
        struct loading l = {
            .config = c, .tokens = tokens, .index = index, .arena = arena, .err = err};
        l.from = &c->models[i];
        l.to = SL_ARENA_NEW(arena, struct sl_registry_model);
        index->entries[index->n_entries++] = l.to;
        if (load_model(&l))
            return err->code;
    }
    return SL_OK;
}

/* The first model of the file that can be asked, while entries are still in the file's order. */
static const struct sl_model *first_usable(const struct sl_registry_index *index)
{
    for (size_t i = 0; i < index->n_entries; i++) {
        const struct sl_model *m = &index->entries[i]->model;
        if (!*m->key_reference || m->target.key || m->tokens)
            return m;
    }
    return NULL;
}

static void publish(const struct sl_config *c, struct sl_registry *r)
{
    struct sl_registry_index *index = r->index;
    const struct sl_model *fallback = first_usable(index);
    const struct sl_model **models =
        sl_arena_zalloc(&index->arena, (index->n_entries + 1) * sizeof(*models));
    if (index->n_entries)
        qsort(index->entries, index->n_entries, sizeof(*index->entries), compare_entries);
    for (size_t i = 0; i < index->n_entries; i++)
        models[i] = &index->entries[i]->model;
    r->models = models;
    r->n_models = index->n_entries;
    sl_registry_index_names(r);
    r->default_model = *c->default_model ? sl_registry_find(r, c->default_model, NULL) : fallback;
}

enum sl_code sl_registry_create(const struct sl_config *config, struct sl_tokens *tokens,
                                int64_t revision, struct sl_registry **out, struct sl_err *err)
{
    struct sl_registry *r = new_registry(revision);
    enum sl_code code = load_models(config, tokens, r, err);
    if (code) {
        sl_registry_unref(r);
        return code;
    }
    publish(config, r);
    *out = r;
    return SL_OK;
}
