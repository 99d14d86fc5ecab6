/* From what is said of a provider to what its models share. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/url.h"
#include "registry/endpoint.h"
#include "registry/maker.h"

static const char *const none[] = {NULL};

static void destroy(struct sl_counted *c)
{
    struct sl_registry_provider *p = SL_CONTAINER_OF(c, struct sl_registry_provider, counted);
    sl_secret_unref(p->key);
    for (struct sl_registry_secret *s = p->secrets; s; s = s->next)
        sl_wipe(s->text, strlen(s->text));
    sl_arena_fini(&p->arena);
    sl_free(p);
}

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

/* The usual key goes to the usual host only. */
static const char *key_reference(struct sl_registry_provider *p,
                                 const struct sl_config_provider *said)
{
    const struct sl_adapter *adapter = p->provider.adapter;
    if (said && *said->key)
        return sl_arena_strdup(&p->arena, said->key);
    if (said &&
        (!strcmp(said->auth, "none") ||
         (*said->base_url && !sl_url_same_origin(said->base_url, adapter->default_base_url))))
        return "";
    const char *variable = usual_variable(adapter);
    return variable ? sl_arena_printf(&p->arena, "env:%s", variable) : "";
}

static enum sl_auth auth_of(const char *said)
{
    static const struct {
        const char *name;
        enum sl_auth auth;
    } table[] = {{"bearer", SL_AUTH_BEARER}, {"header", SL_AUTH_HEADER}, {"none", SL_AUTH_NONE}};
    for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
        if (!strcmp(table[i].name, said))
            return table[i].auth;
    }
    return SL_AUTH_DEFAULT;
}

static int64_t first_set(int64_t provider, int64_t process)
{
    return provider >= 0 ? provider : process;
}

static void set_clocks(struct sl_provider *p, const struct sl_config *c,
                       const struct sl_config_provider *said)
{
    static const struct sl_config_timeouts inherit = {-1, -1, -1, -1, -1};
    const struct sl_config_timeouts *t = said ? &said->timeouts : &inherit, *all = &c->timeouts;
    p->clocks = (struct sl_clocks){
        .connect_ms = first_set(t->connect, all->connect),
        .first_byte_ms = first_set(t->first_byte, all->first_byte),
        .first_token_ms = first_set(t->first_token, all->first_token),
        .idle_ms = first_set(t->idle, all->idle),
        .total_ms = first_set(t->total, all->total),
        .slow_reader_ms = c->slow_reader_ms,
    };
    p->caps = (struct sl_transfer_caps){
        .header = (size_t)c->max_header_bytes,
        .line = (size_t)c->max_line_bytes,
        .event = (size_t)c->max_event_bytes,
        .body = (size_t)c->max_body_bytes,
    };
}

static const char *const *copy_patterns(struct sl_arena *arena,
                                        const struct sl_config_provider *said)
{
    if (!said || !said->model_patterns.count)
        return none;
    const char **list = sl_arena_zalloc(arena, (said->model_patterns.count + 1) * sizeof(*list));
    for (size_t i = 0; i < said->model_patterns.count; i++)
        list[i] = sl_arena_strdup(arena, said->model_patterns.list[i]);
    return list;
}

static void set_texts(struct sl_registry_provider *r, const struct sl_provider_draft *d)
{
    const struct sl_config_provider *said = d->said;
    struct sl_provider *p = &r->provider;
    const char *url = said && *said->base_url ? said->base_url : d->adapter->default_base_url;
#define COPY(text) sl_arena_strdup(&r->arena, said ? (text) : "")
    p->id = sl_arena_strdup(&r->arena, d->id);
    p->title = d->adapter->title;
    p->adapter = d->adapter;
    p->base_url = sl_arena_strdup(&r->arena, url ? url : "");
    p->api = "";
    p->api_version = COPY(said->api_version);
    p->region = COPY(said->region);
    p->organization = COPY(said->organization);
    p->project = COPY(said->project);
    p->auth_header = COPY(said->auth_header);
#undef COPY
    p->auth = auth_of(said ? said->auth : "");
    p->patterns = copy_patterns(&r->arena, said);
    p->source = d->source;
    p->enabled = true;
}

/* For registry/cloud.h, when models are made. */
static void keep_said(struct sl_registry_provider *r, const struct sl_config_provider *said)
{
    r->said = (struct sl_config_provider){.id = ""};
    r->place = sl_arena_strdup(&r->arena, said ? said->place : "");
    if (!said)
        return;
    r->said.id = r->provider.id;
    r->said.auth = sl_arena_strdup(&r->arena, said->auth);
    r->said.tenant = sl_arena_strdup(&r->arena, said->tenant);
    r->said.client_id = sl_arena_strdup(&r->arena, said->client_id);
    r->said.role = sl_arena_strdup(&r->arena, said->role);
    r->said.key = sl_arena_strdup(&r->arena, said->key);
}

static enum sl_code set_headers(struct sl_registry_provider *r,
                                const struct sl_config_provider *said, struct sl_err *err)
{
    struct sl_header_list list = {.arena = &r->arena};
    list.tail = &list.first;
    enum sl_code code = SL_OK;
    if (said)
        code = sl_headers_add(&list, &said->headers, said->place, err);
    r->provider.headers = list.first;
    r->secrets = list.secrets;
    return code;
}

enum sl_code sl_provider_make(const struct sl_maker *maker, const struct sl_provider_draft *draft,
                              struct sl_registry_provider **out, struct sl_err *err)
{
    struct sl_registry_provider *r = SL_NEW(struct sl_registry_provider);
    struct sl_provider *p = &r->provider;
    struct sl_err missing = {0};
    sl_counted_init(&r->counted, destroy);
    sl_arena_init(&r->arena, SIZE_MAX);
    set_texts(r, draft);
    keep_said(r, draft->said);
    set_clocks(p, maker->config, draft->said);
    p->key_reference = key_reference(r, draft->said);
    if (*p->key_reference && sl_config_secret(p->key_reference, &r->key, &missing) == SL_OK)
        p->key = r->key;
    enum sl_code code = set_headers(r, draft->said, err);
    const struct sl_endpoint_source source = {
        .config = maker->config, .provider = draft->said, .key = p->key, .base_url = p->base_url};
    if (!code)
        code = sl_endpoint_load(&source, &r->arena, &p->endpoint, err);
    if (code) {
        sl_counted_unref(&r->counted);
        return code;
    }
    *out = r;
    return SL_OK;
}
