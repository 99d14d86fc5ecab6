/* Rules inside and between the entries of access.keys, providers and models. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/adapters.h"
#include "base/alloc.h"
#include "base/str.h"
#include "config/apply.h"
#include "config/check.h"
#include "config/url.h"

enum { MAX_NAME = 128 };

/* Finds duplicates among names: sorted once, so that thousands of models stay cheap. */
struct named {
    const char *name;
    const char *place;
};

static int compare_named(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static enum sl_code check_unique(struct named *list, size_t n, const char *key, const char *what,
                                 struct sl_err *err)
{
    if (n)
        qsort(list, n, sizeof(*list), compare_named);
    for (size_t i = 1; i < n; i++) {
        if (!strcmp(list[i - 1].name, list[i].name))
            return sl_apply_fail(err, list[i].place, key, "has the %s '%.80s' twice, also at %s",
                                 what, list[i].name, list[i - 1].place);
    }
    return SL_OK;
}

/* Names travel in URLs, log lines and resource names. */
static const char *name_problem(const char *name)
{
    if (strlen(name) > MAX_NAME)
        return "is longer than 128 bytes";
    for (const char *c = name; *c; c++) {
        bool ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                  (*c >= '0' && *c <= '9') || strchr("._:/@+-", *c);
        if (!ok)
            return "may hold letters, digits and . _ : / @ + - only";
    }
    return NULL;
}

static enum sl_code check_name(const char *name, const char *place, const char *key,
                               struct sl_err *err)
{
    const char *wrong = name_problem(name);
    return wrong ? sl_apply_fail(err, place, key, "has a name that %s", wrong) : SL_OK;
}

/* Without the slashes at its end. */
static const char *trim_url(struct sl_config *c, const char *url)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    return sl_arena_strndup(&c->arena, url, n);
}

/* ---- access.keys ---- */

static bool is_sha256(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdefABCDEF") == 64;
}

/* The first that is none of the words, or NULL. */
static const char *other_word(const struct sl_config_strings *list, const char *const *words)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *const *w = words;
        while (*w && strcmp(*w, list->list[i]) != 0)
            w++;
        if (!*w)
            return list->list[i];
    }
    return NULL;
}

static enum sl_code check_key(const struct sl_config *c, const struct sl_config_key *k,
                              struct sl_err *err)
{
    static const char key[] = "access.keys";
    if (check_name(k->name, k->place, key, err))
        return err->code;
    if (check_name(k->tier, k->place, key, err))
        return err->code;
    if (!*k->key == !*k->certificate)
        return sl_apply_fail(err, k->place, key, "needs either key or certificate for '%.80s'",
                             k->name);
    if (sl_starts_with(k->key, "sha256:") && !is_sha256(k->key + 7))
        return sl_apply_fail(err, k->place, key, "needs 64 hex digits after sha256: for '%.80s'",
                             k->name);
    if (*k->certificate && !*c->tls_client_ca)
        return sl_apply_fail(err, k->place, key,
                             "has a certificate for '%.80s', which needs server.tls.client_ca",
                             k->name);
    static const char *const roles[] = {"user", "auditor", "operator", "admin", NULL};
    static const char *const scopes[] = {"complete", "models", "admin", "act_as", NULL};
    const char *other = other_word(&k->roles, roles);
    if (other)
        return sl_apply_fail(err, k->place, key,
                             "has a role that is none of user, auditor, operator, admin: '%.60s'",
                             other);
    other = other_word(&k->scopes, scopes);
    if (other)
        return sl_apply_fail(err, k->place, key,
                             "has a scope that is none of complete, models, admin, act_as: '%.60s'",
                             other);
    return SL_OK;
}

enum sl_code sl_config_check_keys(const struct sl_config *c, struct sl_err *err)
{
    struct named *names = sl_calloc(c->n_keys + 1, sizeof(*names));
    struct named *certificates = sl_calloc(c->n_keys + 1, sizeof(*certificates));
    size_t n_certificates = 0;
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < c->n_keys; i++) {
        const struct sl_config_key *k = &c->keys[i];
        code = check_key(c, k, err);
        names[i] = (struct named){k->name, k->place};
        if (*k->certificate)
            certificates[n_certificates++] = (struct named){k->certificate, k->place};
    }
    if (!code)
        code = check_unique(names, c->n_keys, "access.keys", "name", err);
    if (!code)
        code = check_unique(certificates, n_certificates, "access.keys", "certificate", err);
    sl_free(names);
    sl_free(certificates);
    return code;
}

/* ---- headers ---- */

/* RFC 9110, section 5.6.2: token. Those that the transfer itself writes are not for the
 * configuration. */
static const char *header_problem(const char *name)
{
    static const char *const own[] = {"host",       "content-length", "transfer-encoding",
                                      "connection", "upgrade",        "te",
                                      "trailer",    "expect"};
    if (!*name)
        return "has no name";
    for (const char *c = name; *c; c++) {
        bool ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                  (*c >= '0' && *c <= '9') || strchr("!#$%&'*+-.^_`|~", *c);
        if (!ok)
            return "has a name with characters that HTTP does not allow";
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(own); i++) {
        if (sl_str_ieq(sl_str(name), own[i]))
            return "is written by the transfer itself";
    }
    return NULL;
}

static enum sl_code check_headers(const struct sl_config_pairs *headers, const char *place,
                                  const char *key, struct sl_err *err)
{
    for (size_t i = 0; i < headers->count; i++) {
        const char *wrong = header_problem(headers->list[i].key);
        if (wrong)
            return sl_apply_fail(err, place, key, "has a header '%.60s' that %s",
                                 headers->list[i].key, wrong);
    }
    return SL_OK;
}

/* ---- providers ---- */

static void take_nearer(const char *wanted, const char *name, const char **near, size_t *nearest)
{
    size_t d = sl_edit_distance(name, wanted);
    if (d >= *nearest)
        return;
    *nearest = d;
    *near = name;
}

/* c NULL: only kinds of adapters are meant, no ids of providers. */
static enum sl_code unknown_kind(const struct sl_config *c, const char *kind, const char *place,
                                 struct sl_err *err)
{
    const char *near = NULL;
    size_t nearest = 4;
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++)
        take_nearer(kind, (*a)->name, &near, &nearest);
    for (size_t i = 0; c && i < c->n_providers; i++)
        take_nearer(kind, c->providers[i].id, &near, &nearest);
    return sl_apply_fail(err, place, c ? "models" : "providers",
                         "has a %s that is not known: '%.60s'%s%.60s%s", c ? "provider" : "kind",
                         kind, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum sl_code check_urls(struct sl_config *c, struct sl_config_provider *p,
                               struct sl_err *err)
{
    static const char key[] = "providers";
    const char *wrong = *p->base_url ? sl_url_problem(p->base_url, true) : NULL;
    if (wrong)
        return sl_apply_fail(err, p->place, key, "has a base_url that %s", wrong);
    p->base_url = trim_url(c, p->base_url);
    bool own = *p->proxy && strcmp(p->proxy, "none") && !sl_starts_with(p->proxy, "env:") &&
               !sl_starts_with(p->proxy, "file:");
    wrong = own ? sl_url_problem(p->proxy, false) : NULL;
    return wrong ? sl_apply_fail(err, p->place, key, "has a proxy that %s", wrong) : SL_OK;
}

static enum sl_code check_cloud(const struct sl_config_provider *p, struct sl_err *err)
{
    static const char key[] = "providers";
    bool entra = !strcmp(p->auth, "entra"), aws = !strcmp(p->auth, "aws");
    if (!entra && (*p->tenant || *p->client_id))
        return sl_apply_fail(err, p->place, key, "needs auth: entra for tenant and client_id");
    if (!strcmp(p->auth, "jwt") && strcmp(p->kind, "zhipu") != 0)
        return sl_apply_fail(err, p->place, key, "has auth: jwt, which only kind zhipu knows");
    if (!aws && *p->role)
        return sl_apply_fail(err, p->place, key, "needs auth: aws for role");
    if (!sl_url_is_label(p->region))
        return sl_apply_fail(err, p->place, key, "has a region that is none: '%.60s'", p->region);
    if (!sl_url_is_label(p->tenant))
        return sl_apply_fail(err, p->place, key, "has a tenant that is none: '%.60s'", p->tenant);
    return SL_OK;
}

static enum sl_code check_provider(struct sl_config *c, struct sl_config_provider *p,
                                   struct sl_err *err)
{
    static const char key[] = "providers";
    if (!*p->kind)
        p->kind = p->id;
    if (check_name(p->id, p->place, key, err))
        return err->code;
    if (!sl_adapter_find(p->kind))
        return unknown_kind(NULL, p->kind, p->place, err);
    if (!*p->client_certificate != !*p->client_key)
        return sl_apply_fail(err, p->place, key,
                             "needs client_certificate and client_key together");
    if (!strcmp(p->auth, "header") != (*p->auth_header != '\0'))
        return sl_apply_fail(err, p->place, key, "needs auth: header and auth_header together");
    const char *wrong = *p->auth_header ? header_problem(p->auth_header) : NULL;
    if (wrong)
        return sl_apply_fail(err, p->place, key, "has an auth_header that %s", wrong);
    if (!strcmp(p->auth, "none") && *p->key)
        return sl_apply_fail(err, p->place, key, "has a key and auth: none");
    if (*p->unix_socket && *p->connect_to)
        return sl_apply_fail(err, p->place, key,
                             "has unix_socket and connect_to, which exclude "
                             "each other");
    if (check_cloud(p, err) || check_urls(c, p, err))
        return err->code;
    return check_headers(&p->headers, p->place, key, err);
}

enum sl_code sl_config_check_providers(struct sl_config *c, struct sl_err *err)
{
    struct named *names = sl_calloc(c->n_providers + 1, sizeof(*names));
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < c->n_providers; i++) {
        code = check_provider(c, &c->providers[i], err);
        names[i] = (struct named){c->providers[i].id, c->providers[i].place};
    }
    if (!code)
        code = check_unique(names, c->n_providers, "providers", "id", err);
    sl_free(names);
    return code;
}

/* ---- models ---- */

static const struct sl_config_provider *find_provider(const struct sl_config *c, const char *id)
{
    for (size_t i = 0; i < c->n_providers; i++) {
        if (!strcmp(c->providers[i].id, id))
            return &c->providers[i];
    }
    return NULL;
}

/* Whether a model without a key of its own would take one from its provider. */
static bool inherits_key(const struct sl_config_provider *p, const struct sl_adapter *adapter)
{
    bool usual = adapter->key_variables && adapter->key_variables[0];
    if (!p)
        return usual;
    if (*p->key)
        return true;
    return usual && strcmp(p->auth, "none") != 0 &&
           (!*p->base_url || sl_url_same_origin(p->base_url, adapter->default_base_url));
}

/* A key is bound to the host it was given for. */
static enum sl_code check_model_url(struct sl_config *c, struct sl_config_model *m,
                                    const struct sl_config_provider *p,
                                    const struct sl_adapter *adapter, struct sl_err *err)
{
    const char *base = p && *p->base_url ? p->base_url : adapter->default_base_url;
    if (!*m->base_url && !base)
        return sl_apply_fail(err, m->place, "models",
                             "has '%.80s' without a base_url, which providers of kind %s need",
                             m->name, adapter->name);
    if (!*m->base_url)
        return SL_OK;
    const char *wrong = sl_url_problem(m->base_url, true);
    if (wrong)
        return sl_apply_fail(err, m->place, "models", "has a base_url that %s", wrong);
    m->base_url = trim_url(c, m->base_url);
    if (!*m->key && inherits_key(p, adapter) && (!base || !sl_url_same_origin(m->base_url, base)))
        return sl_apply_fail(err, m->place, "models",
                             "has '%.80s' at another host than its provider, whose key may not go "
                             "there: give it a key of its own, or key: none",
                             m->name);
    return SL_OK;
}

static enum sl_code check_model_names(const struct sl_config_model *m, struct sl_err *err)
{
    static const char key[] = "models";
    for (size_t i = 0; i <= m->aliases.count; i++) {
        const char *name = i ? m->aliases.list[i - 1] : m->name;
        if (check_name(name, m->place, key, err))
            return err->code;
        if (!*name || sl_starts_with(name, "models/") || sl_starts_with(name, "task:"))
            return sl_apply_fail(err, m->place, key,
                                 "has the name '%.80s': empty names and those that begin with "
                                 "models/ or task: mean something else",
                                 name);
    }
    return SL_OK;
}

static enum sl_code unknown_api(const struct sl_config_model *m, const struct sl_adapter *adapter,
                                struct sl_err *err)
{
    char known[400];
    int n = snprintf(known, sizeof(known), "%s", adapter->api);
    for (const struct sl_adapter *const *a = adapter->others; a && *a; a++) {
        if (n > 0 && (size_t)n < sizeof(known))
            n += snprintf(known + n, sizeof(known) - (size_t)n, ", %s", (*a)->api);
    }
    for (const struct sl_op_api *const *o = adapter->operations; o && *o; o++) {
        if (n > 0 && (size_t)n < sizeof(known))
            n += snprintf(known + n, sizeof(known) - (size_t)n, ", %s", (*o)->name);
    }
    return sl_apply_fail(err, m->place, "models",
                         "has an api that %s does not have: '%.60s'; it has %s", adapter->name,
                         m->api, known);
}

static enum sl_code check_model(struct sl_config *c, struct sl_config_model *m, struct sl_err *err)
{
    const struct sl_config_provider *p = find_provider(c, m->provider);
    const struct sl_adapter *adapter = sl_adapter_find(p ? p->kind : m->provider);
    if (!*m->model_id)
        m->model_id = m->name;
    if (check_model_names(m, err))
        return err->code;
    if (!adapter)
        return unknown_kind(c, m->provider, m->place, err);
    if (!sl_adapter_for_api(adapter, m->api))
        return unknown_api(m, adapter, err);
    if (check_model_url(c, m, p, adapter, err))
        return err->code;
    if (!sl_url_is_label(m->region))
        return sl_apply_fail(err, m->place, "models", "has a region that is none: '%.60s'",
                             m->region);
    for (size_t i = 0; i < m->tiers.count; i++) {
        if (check_name(m->tiers.list[i], m->place, "models", err))
            return err->code;
    }
    return check_headers(&m->headers, m->place, "models", err);
}

static size_t count_names(const struct sl_config *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_models; i++)
        n += 1 + c->models[i].aliases.count;
    return n;
}

enum sl_code sl_config_check_models(struct sl_config *c, struct sl_err *err)
{
    struct named *names = sl_calloc(count_names(c) + 1, sizeof(*names));
    size_t n = 0;
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < c->n_models; i++) {
        struct sl_config_model *m = &c->models[i];
        code = check_model(c, m, err);
        names[n++] = (struct named){m->name, m->place};
        for (size_t k = 0; k < m->aliases.count; k++)
            names[n++] = (struct named){m->aliases.list[k], m->place};
    }
    if (!code)
        code = check_unique(names, n, "models", "name or alias", err);
    sl_free(names);
    return code;
}
