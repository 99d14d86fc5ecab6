/* Keys for attempts. */
#include "registry/lease.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "registry/cloud_stored.h"
#include "registry/index.h"
#include "registry/rows.h"

enum { BINDING_MAX = 300 };

/* One lease on its way. */
struct taking {
    const struct sl_registry_index *x;
    const struct sl_registry_model *m;
    struct sl_arena *arena;
    int64_t now_us;
    char binding[BINDING_MAX]; /* of the model's base URL; "" : none */
    struct sl_lease *out;
    struct sl_err *err;
};

/* ---- choosing ---- */

static bool is_bound(const struct sl_stored_credential *c, const char *binding)
{
    return *binding && !strcmp(c->binding, binding);
}

/* The one that the model names. */
static const struct sl_stored_credential *named(const struct sl_registry_index *x,
                                                const struct sl_model *m)
{
    const struct sl_map_slot *slot =
        *m->credential ? sl_map_find(&x->credentials, "", m->credential) : NULL;
    const struct sl_stored_credential *c =
        slot ? SL_CONTAINER_OF(slot->value, struct sl_stored_credential, counted) : NULL;
    return c && c->enabled && !strcmp(c->owner, m->owner) ? c : NULL;
}

static const struct sl_stored_credential *of_provider(const struct sl_registry_index *x,
                                                      const char *owner, const char *provider,
                                                      const char *binding)
{
    const struct sl_map_slot *slot = sl_map_find(&x->bundles, owner, provider);
    const struct sl_credential_list *l =
        slot ? SL_CONTAINER_OF(slot->value, struct sl_credential_list, counted) : NULL;
    for (size_t i = 0; l && i < l->n; i++) {
        if (l->list[i]->enabled && is_bound(l->list[i], binding))
            return l->list[i];
    }
    return NULL;
}

static const struct sl_stored_credential *choose(const struct sl_registry_index *x,
                                                 const struct sl_registry_model *r,
                                                 const char *binding)
{
    const struct sl_model *m = &r->model;
    const struct sl_stored_credential *c = named(x, m);
    if (*m->credential) /* no other stands in for it */
        return c && is_bound(c, binding) ? c : NULL;
    return r->own_key ? NULL : of_provider(x, m->owner, m->provider, binding);
}

static void bind_url(const struct sl_model *m, char binding[BINDING_MAX])
{
    if (!sl_vault_bind(m->target.base_url, binding, BINDING_MAX))
        *binding = '\0';
}

static bool may_have_stored(const struct sl_registry_index *x, const struct sl_registry_model *r)
{
    return *r->model.credential || (x->credentials.live && !r->own_key);
}

bool sl_registry_has_key(const struct sl_registry *r, const struct sl_model *m)
{
    const struct sl_registry_model *own = sl_registry_model_of(m);
    char binding[BINDING_MAX];
    if (*m->credential) {
        bind_url(m, binding);
        return !m->adapter->key_required || choose(r->index, own, binding);
    }
    if (m->target.key || m->tokens || !m->adapter->key_required ||
        (m->target.auth == SL_AUTH_NONE && (own->auth == SL_AUTH_NONE || !*m->owner)))
        return true;
    if (!may_have_stored(r->index, own))
        return false;
    bind_url(m, binding);
    return choose(r->index, own, binding) != NULL;
}

bool sl_registry_provider_has_key(const struct sl_registry *r, const struct sl_provider *p)
{
    const struct sl_registry_provider *own =
        SL_CONTAINER_OF(p, const struct sl_registry_provider, provider);
    char binding[BINDING_MAX];
    if (own->key || !p->key_needed)
        return true;
    return sl_vault_bind(p->base_url, binding, sizeof(binding)) &&
           of_provider(r->index, p->owner, p->id, binding);
}

bool sl_registry_provider_key_is_stored(const struct sl_registry *r, const struct sl_provider *p)
{
    char binding[BINDING_MAX];
    return sl_vault_bind(p->base_url, binding, sizeof(binding)) &&
           of_provider(r->index, p->owner, p->id, binding);
}

const char *sl_registry_key_last4(const struct sl_registry *r, const struct sl_model *m)
{
    const struct sl_registry_model *own = sl_registry_model_of(m);
    char binding[BINDING_MAX];
    if (!may_have_stored(r->index, own))
        return "";
    bind_url(m, binding);
    const struct sl_stored_credential *c = choose(r->index, own, binding);
    return c ? c->last4 : "";
}

/* ---- opening ---- */

static enum sl_code open_sealed(struct taking *t, const struct sl_sealed *sealed,
                                struct sl_secret **out)
{
    const struct sl_registry_fixed *f = t->x->fixed;
    if (!f->keyring || !f->secrets)
        return sl_err_set(t->err, SL_FAILED_PRECONDITION, SL_REASON_ENCRYPTION_KEY_MISSING,
                          "there is no key to open stored secrets with");
    return sl_secret_cache_open(f->secrets, f->keyring, sealed, t->now_us, out, t->err);
}

/* The error, with the model whose key it is about. */
static enum sl_code say_whose(struct taking *t)
{
    struct sl_err why = *t->err;
    return sl_err_set(t->err, why.code, why.reason, "model %.128s, provider %.64s: %.300s",
                      t->m->model.name, t->m->model.provider, why.text);
}

/* Connections are not shared by what has another key. */
static void mark_endpoint(struct taking *t, const struct sl_stored_credential *c)
{
    uint64_t h = t->out->endpoint.pool_key ^ (uint64_t)c->revision * UINT64_C(0x9e3779b97f4a7c15);
    for (const char *s = c->id; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    t->out->endpoint.pool_key = h;
}

/* Only what all may have is borrowed from the provider. */
static struct sl_cloud_use cloud_use(const struct taking *t)
{
    const struct sl_registry_model *m = t->m;
    const struct sl_config_provider *p = &m->provider->said;
    bool personal = *m->model.owner, borrows = !personal && *p->id;
    return (struct sl_cloud_use){
        .cloud = (enum sl_cloud)m->cloud,
        .said = m->cloud_said,
        .personal = personal,
        .tenant = borrows ? p->tenant : "",
        .client_id = borrows ? p->client_id : "",
        .role = borrows ? p->role : "",
        .region = m->model.target.region,
    };
}

static void use_tokens(struct taking *t, struct sl_token_source *tokens)
{
    struct sl_target *target = &t->out->target;
    t->out->tokens = tokens;
    target->auth = t->m->cloud == SL_CLOUD_AWS ? SL_AUTH_DEFAULT : SL_AUTH_BEARER;
    if (!*target->project)
        target->project = sl_token_source_project(tokens);
}

static enum sl_code use_key_of_cloud(struct taking *t, const struct sl_stored_credential *c)
{
    const struct sl_cloud_use use = cloud_use(t);
    struct sl_cloud_found found;
    if (sl_cloud_use_stored(t->x->fixed, c, t->now_us, &use, &found, t->err) != SL_OK)
        return t->err->code;
    t->out->key = found.key;
    if (found.tokens)
        use_tokens(t, found.tokens);
    return SL_OK;
}

static enum sl_code use_key(struct taking *t, const struct sl_stored_credential *c)
{
    const struct sl_registry_fixed *f = t->x->fixed;
    const struct sl_cloud_opener opener = {f->keyring, f->secrets, f->references};
    return sl_cloud_reveal(&opener, c, t->now_us, &t->out->key, t->err);
}

static enum sl_code use_credential(struct taking *t, const struct sl_stored_credential *c)
{
    t->out->tokens = NULL;
    t->out->target.auth = t->m->auth;
    enum sl_code code = t->m->cloud == SL_CLOUD_NONE ? use_key(t, c) : use_key_of_cloud(t, c);
    if (code != SL_OK)
        return say_whose(t);
    t->out->target.key = t->out->key;
    mark_endpoint(t, c);
    return SL_OK;
}

/* What the reference leads to now, which may have changed since the snapshot was made. */
static void use_reference(struct taking *t)
{
    const struct sl_model *m = &t->m->model;
    struct sl_references *references = t->x->fixed->references;
    if (!references || !*m->key_reference || m->tokens)
        return;
    t->out->key = sl_references_find(references, m->key_reference, SL_REFERENCE_CONFIG);
    if (t->out->key)
        t->out->target.key = t->out->key;
}

/* ---- a missing key ---- */

static enum sl_code refuse(struct taking *t)
{
    const struct sl_model *m = &t->m->model;
    const struct sl_provider *p = &t->m->provider->provider;
    const char *page = p->known && *p->known->key_page ? p->known->key_page : "";
    char how[200];
    if (*m->credential)
        snprintf(how, sizeof(how),
                 "the credential that it names is gone, switched off or bound to another address");
    else if (*m->owner)
        snprintf(how, sizeof(how),
                 "give the model a key, or add a credential of your own for %.64s", m->provider);
    else
        snprintf(how, sizeof(how), "set %.128s",
                 *m->key_reference ? m->key_reference : "the provider's key");
    return sl_err_set(t->err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                      "model %.128s has no key for provider %.64s: %s%s%.100s%s", m->name,
                      m->provider, how, *page ? " (made at " : "", page, *page ? ")" : "");
}

/* ---- stored headers ---- */

static void add_header(struct taking *t, struct sl_header ***tail, const char *name,
                       const char *value)
{
    struct sl_header *h = SL_ARENA_NEW(t->arena, struct sl_header);
    *h = (struct sl_header){sl_arena_strdup(t->arena, name), sl_arena_strdup(t->arena, value), true,
                            NULL};
    **tail = h;
    *tail = &h->next;
}

static bool is_there(const struct sl_header *list, const char *name)
{
    for (; list; list = list->next) {
        if (!strcasecmp(list->name, name))
            return true;
    }
    return false;
}

static enum sl_code read_headers(struct taking *t, struct sl_secret *text, struct sl_header ***tail)
{
    struct sl_json_parser parser;
    struct sl_json json;
    size_t n = sl_secret_length(text);
    char *copy = sl_arena_strndup(t->arena, sl_secret_reveal(text), n);
    sl_json_parser_init(&parser);
    enum sl_code code = sl_json_parse(&parser, copy, n, &json, t->err);
    for (int i = code ? -1 : sl_json_first(&json, SL_JSON_ROOT); i >= 0;
         i = sl_json_next(&json, SL_JSON_ROOT, i)) {
        const char *value = sl_json_string(&json, i + 1, NULL, NULL);
        const char *name = sl_json_string(&json, i, NULL, NULL);
        if (name && value)
            add_header(t, tail, name, value);
    }
    sl_json_parser_fini(&parser);
    return code;
}

/* The entry's own before those that it inherits. */
static enum sl_code add_stored(struct taking *t, const char *row, int64_t revision,
                               struct sl_str envelope, const char *binding)
{
    struct sl_header *first = NULL, **tail = &first;
    struct sl_secret *text = NULL;
    const struct sl_sealed sealed = {
        row, revision, {"headers", row, binding}, envelope.p, envelope.n};
    if (!envelope.n)
        return SL_OK;
    if (open_sealed(t, &sealed, &text))
        return t->err->code;
    enum sl_code code = read_headers(t, text, &tail);
    sl_secret_unref(text);
    for (const struct sl_header *h = t->out->target.headers; !code && h; h = h->next) {
        if (!is_there(first, h->name))
            add_header(t, &tail, h->name, h->value);
    }
    if (!code)
        t->out->target.headers = first;
    return code;
}

static enum sl_code take_headers(struct taking *t)
{
    const struct sl_model *m = &t->m->model;
    const struct sl_registry_provider *p = t->m->provider;
    char at_provider[BINDING_MAX];
    bool inherits = !strcmp(p->provider.owner, m->owner) && p->headers.n &&
                    sl_vault_bind(p->provider.base_url, at_provider, sizeof(at_provider)) &&
                    !strcmp(at_provider, t->binding);
    if (inherits &&
        add_stored(t, p->provider.row_id, p->provider.revision, p->headers, at_provider))
        return t->err->code;
    return add_stored(t, m->id, m->revision, t->m->headers, t->binding);
}

/* ---- the lease ---- */

static enum sl_code take(struct taking *t)
{
    const struct sl_model *m = &t->m->model;
    const struct sl_stored_credential *c = NULL;
    bool headers = t->m->headers.n || t->m->provider->headers.n;
    if (headers || may_have_stored(t->x, t->m))
        bind_url(m, t->binding);
    if (may_have_stored(t->x, t->m))
        c = choose(t->x, t->m, t->binding);
    if (c) {
        if (use_credential(t, c))
            return t->err->code;
    } else if (*m->credential) {
        return refuse(t);
    } else {
        use_reference(t);
        bool needed = *m->owner ? t->m->auth != SL_AUTH_NONE : m->target.auth != SL_AUTH_NONE;
        if (m->adapter->key_required && needed && !t->out->target.key && !m->tokens)
            return refuse(t);
    }
    return headers ? take_headers(t) : SL_OK;
}

enum sl_code sl_lease_take(const struct sl_registry *r, const struct sl_model *m,
                           struct sl_arena *arena, int64_t now_us, struct sl_lease *out,
                           struct sl_err *err)
{
    struct sl_lease lease = {.target = m->target, .endpoint = *m->endpoint, .tokens = m->tokens};
    struct taking t = {.x = r->index,
                       .m = sl_registry_model_of(m),
                       .arena = arena,
                       .now_us = now_us,
                       .out = &lease,
                       .err = err};
    enum sl_code code = take(&t);
    if (code) {
        sl_lease_end(&lease);
        return code;
    }
    *out = lease;
    return SL_OK;
}

void sl_lease_end(struct sl_lease *l)
{
    sl_secret_unref(l->key);
    l->key = NULL;
    l->tokens = NULL;
    l->target.key = NULL;
}
