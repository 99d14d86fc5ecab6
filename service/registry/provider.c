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

/* The usual variable of its key: the first that is set, else the first. "" where it has none. */
static const char *usual_variable(const struct sl_provider *p)
{
    const char *const *names = p->adapter->key_variables;
    if (p->known && *p->known->key_variables && (!names || !*names || !p->known->kind_default))
        names = p->known->key_variables;
    const char *first = names && *names ? *names : "";
    for (; names && *names; names++) {
        const char *value = getenv(*names);
        if (value && *value)
            return *names;
    }
    return first;
}

/* The usual key goes to the usual host only. */
static const char *key_reference(struct sl_registry_provider *r,
                                 const struct sl_config_provider *said, const char *usual_url)
{
    const struct sl_provider *p = &r->provider;
    if (*p->owner)
        return "";
    if (said && *said->key)
        return sl_arena_strdup(&r->arena, said->key);
    if (said && (!strcmp(said->auth, "none") ||
                 (*said->base_url && !sl_url_same_origin(said->base_url, usual_url))))
        return "";
    return *p->key_variable ? sl_arena_printf(&r->arena, "env:%s", p->key_variable) : "";
}

static enum sl_auth auth_of(const char *said)
{
    static const struct {
        const char *name;
        enum sl_auth auth;
    } table[] = {{"bearer", SL_AUTH_BEARER},
                 {"header", SL_AUTH_HEADER},
                 {"none", SL_AUTH_NONE},
                 {"jwt", SL_AUTH_JWT}};
    for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
        if (!strcmp(table[i].name, said))
            return table[i].auth;
    }
    return SL_AUTH_DEFAULT;
}

/* ---- the address ---- */

/* OLLAMA_HOST is what Ollama itself reads: HOST, HOST:PORT or a URL; 0.0.0.0 is where it listens, not
 * where it is reached (docs.ollama.com, FAQ). */
static const char *ollama_host(struct sl_arena *arena)
{
    const char *host = getenv("OLLAMA_HOST");
    if (!host || !*host || strstr(host, "://"))
        return host && *host ? host : NULL;
    const char *port = strrchr(host, ':');
    size_t n = port ? (size_t)(port - host) : strlen(host);
    bool any = !n || (n == 7 && !memcmp(host, "0.0.0.0", 7));
    return sl_arena_printf(arena, "http://%.*s%s", any ? 9 : (int)n, any ? "127.0.0.1" : host,
                           port ? port : ":11434");
}

static const char *trim_slashes(struct sl_arena *arena, const char *url)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    return sl_arena_strndup(arena, url, n);
}

/* What <PROVIDER>_BASE_URL says; NULL: nothing. */
static enum sl_code environment_url(struct sl_registry_provider *r, const char **out,
                                    struct sl_err *err)
{
    const struct sl_provider *p = &r->provider;
    const char *variable = p->known ? p->known->base_url_variable : "";
    const char *url = *variable ? getenv(variable) : NULL;
    *out = NULL;
    if ((!url || !*url) && !strcmp(p->adapter->name, "ollama")) {
        variable = "OLLAMA_HOST";
        url = ollama_host(&r->arena);
    }
    if (!url || !*url)
        return SL_OK;
    const char *wrong = sl_url_problem(url, true);
    if (wrong)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, variable,
                            "the environment variable %s %s", variable, wrong);
    *out = trim_slashes(&r->arena, url);
    return SL_OK;
}

/* Where the provider is without anybody's saying so. */
static const char *usual_url(const struct sl_provider *p)
{
    const char *own = p->adapter->default_base_url ? p->adapter->default_base_url : "";
    if (!p->known || !*p->known->base_url || (p->known->kind_default && *own))
        return own;
    return p->known->base_url;
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

static const char *text(const char *s)
{
    return s ? s : "";
}

static void set_texts(struct sl_registry_provider *r, const struct sl_provider_draft *d)
{
    const struct sl_config_provider *said = d->said;
    struct sl_provider *p = &r->provider;
    const char *title = *text(d->title) ? d->title : d->known ? d->known->name : d->adapter->title;
#define COPY(text) sl_arena_strdup(&r->arena, said ? (text) : "")
    p->id = sl_arena_strdup(&r->arena, d->id);
    p->title = sl_arena_strdup(&r->arena, title);
    p->adapter = d->adapter;
    p->known = d->known;
    p->api_version = COPY(said->api_version);
    p->region = COPY(said->region);
    p->organization = COPY(said->organization);
    p->project = COPY(said->project);
    p->auth = COPY(said->auth);
    p->auth_header = COPY(said->auth_header);
#undef COPY
    p->patterns = copy_patterns(&r->arena, said);
    p->source = d->source;
    p->row_id = sl_arena_strdup(&r->arena, text(d->row_id));
    p->owner = sl_arena_strdup(&r->arena, text(d->owner));
    p->revision = d->revision;
    p->created_ms = d->created_ms;
    p->updated_ms = d->updated_ms;
    p->enabled = !d->disabled;
    r->auth = auth_of(p->auth);
    if (d->headers.n)
        r->headers = (struct sl_str){
            memcpy(sl_arena_alloc(&r->arena, d->headers.n), d->headers.p, d->headers.n),
            d->headers.n};
}

static enum sl_code set_address(struct sl_registry_provider *r,
                                const struct sl_config_provider *said, struct sl_err *err)
{
    struct sl_provider *p = &r->provider;
    const char *usual = usual_url(p), *chosen = NULL;
    if (!said || !*said->base_url) {
        if (environment_url(r, &chosen, err))
            return err->code;
    }
    if (chosen && !strcmp(p->source, "builtin"))
        p->source = "environment";
    p->base_url = sl_arena_strdup(&r->arena, said && *said->base_url ? said->base_url
                                             : chosen                ? chosen
                                                                     : usual);
    p->key_variable = usual_variable(p);
    p->key_reference = key_reference(r, said, usual);
    p->key_needed = p->adapter->key_required && r->auth != SL_AUTH_NONE;
    return SL_OK;
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

struct sl_secret *sl_maker_secret(const struct sl_maker *maker, const char *reference)
{
    struct sl_secret *secret = NULL;
    struct sl_err missing = {0};
    enum sl_code code = maker->references
                            ? sl_references_take(maker->references, reference, SL_REFERENCE_CONFIG,
                                                 &secret, &missing)
                            : sl_config_secret(reference, &secret, &missing);
    return code ? NULL : secret;
}

static enum sl_code fill(struct sl_registry_provider *r, const struct sl_maker *maker,
                         const struct sl_provider_draft *draft, struct sl_err *err)
{
    struct sl_provider *p = &r->provider;
    set_texts(r, draft);
    keep_said(r, draft->said);
    set_clocks(p, maker->config, draft->said);
    if (set_address(r, draft->said, err) || set_headers(r, draft->said, err))
        return err->code;
    if (*p->key_reference)
        r->key = sl_maker_secret(maker, p->key_reference);
    const struct sl_endpoint_source source = {
        .config = maker->config, .provider = draft->said, .key = r->key, .base_url = p->base_url};
    return sl_endpoint_load(&source, &r->arena, &p->endpoint, err);
}

enum sl_code sl_provider_make(const struct sl_maker *maker, const struct sl_provider_draft *draft,
                              struct sl_registry_provider **out, struct sl_err *err)
{
    struct sl_registry_provider *r = SL_NEW(struct sl_registry_provider);
    sl_counted_init(&r->counted, destroy);
    sl_arena_init(&r->arena, SIZE_MAX);
    enum sl_code code = fill(r, maker, draft, err);
    if (code) {
        sl_counted_unref(&r->counted);
        return code;
    }
    *out = r;
    return SL_OK;
}
