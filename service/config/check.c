/* Rules between settings: addresses, TLS, sizes, the default model. */
#include "config/check.h"

#include <string.h>

#include "base/address.h"
#include "base/str.h"
#include "config/apply.h"
#include "config/settings.h"
#include "config/url.h"

/* Where a setting of the root was set. */
static const char *place_of(const struct sl_config *c, const char *key)
{
    const struct sl_setting *row = sl_settings_find(&sl_settings_root, key);
    const char *place = row ? c->places[row - sl_settings_root.rows] : "";
    return *place ? place : "default";
}

bool sl_config_is_said(const struct sl_config *c, const char *key)
{
    const struct sl_setting *row = sl_settings_find(&sl_settings_root, key);
    return row && *c->places[row - sl_settings_root.rows];
}

#define FAIL(c, err, key, ...) sl_apply_fail((err), place_of((c), (key)), (key), __VA_ARGS__)

/* Splits "HOST:PORT" or "[IPV6]:PORT"; false where it is neither. */
static bool split_address(const char *address, struct sl_str *host, int64_t *port)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address)
        return false;
    struct sl_str h = {address, (size_t)(colon - address)};
    if (*address == '[') {
        if (h.n < 3 || h.p[h.n - 1] != ']')
            return false;
        h = (struct sl_str){h.p + 1, h.n - 2};
    } else if (memchr(h.p, ':', h.n) || strpbrk(address, " /[]")) {
        return false;
    }
    *host = h;
    return sl_parse_i64(sl_str(colon + 1), port) && *port >= 0 && *port <= 65535;
}

static bool is_loopback(const char *address)
{
    struct sl_str host;
    int64_t port;
    if (sl_starts_with(address, "unix:"))
        return true;
    if (!split_address(address, &host, &port))
        return false;
    if (sl_str_ieq(host, "localhost") || sl_str_eq(host, "::1"))
        return true;
    /* digits and dots only: 127.evil.example is a name like any other */
    if (host.n < 4 || memcmp(host.p, "127.", 4))
        return false;
    for (size_t i = 0; i < host.n; i++) {
        if ((host.p[i] < '0' || host.p[i] > '9') && host.p[i] != '.')
            return false;
    }
    return true;
}

const char *sl_config_open_address(const struct sl_config *c)
{
    for (size_t i = 0; i < c->listen.count; i++) {
        if (!is_loopback(c->listen.list[i]))
            return c->listen.list[i];
    }
    return "";
}

static enum sl_code check_listen(const struct sl_config *c, struct sl_err *err)
{
    static const char key[] = "server.listen";
    if (!c->listen.count)
        return FAIL(c, err, key, "needs at least one address");
    for (size_t i = 0; i < c->listen.count; i++) {
        const char *address = c->listen.list[i];
        struct sl_str host;
        int64_t port;
        bool unix_path = sl_starts_with(address, "unix:");
        if (unix_path ? !address[5] : !split_address(address, &host, &port))
            return FAIL(c, err, key, "has to be HOST:PORT, [IPV6]:PORT or unix:/path, not '%.80s'",
                        address);
        if (c->anonymous && !is_loopback(address))
            return FAIL(c, err, "access.anonymous",
                        "is only for addresses of this machine, and '%.80s' is open to others",
                        address);
    }
    return SL_OK;
}

static enum sl_code check_metrics(const struct sl_config *c, struct sl_err *err)
{
    struct sl_str host;
    int64_t port;
    if (!strcmp(c->metrics_address, "off") || split_address(c->metrics_address, &host, &port))
        return SL_OK;
    return FAIL(c, err, "metrics.address", "has to be HOST:PORT, [IPV6]:PORT or off, not '%.80s'",
                c->metrics_address);
}

static enum sl_code check_tls(const struct sl_config *c, struct sl_err *err)
{
    if (*c->tls_certificate && !*c->tls_key)
        return FAIL(c, err, "server.tls.certificate", "needs server.tls.key");
    if (*c->tls_key && !*c->tls_certificate)
        return FAIL(c, err, "server.tls.key", "needs server.tls.certificate");
    if (*c->tls_client_ca && !*c->tls_certificate)
        return FAIL(c, err, "server.tls.client_ca", "needs server.tls.certificate");
    if (c->tls_require_client_certificate && !*c->tls_client_ca)
        return FAIL(c, err, "server.tls.require_client_certificate", "needs server.tls.client_ca");
    return SL_OK;
}

static enum sl_code check_sizes(const struct sl_config *c, struct sl_err *err)
{
    if (c->request_memory_bytes < c->max_message_bytes)
        return FAIL(c, err, "limits.request_memory", "has to be at least server.max_message");
    if (!*c->data_dir)
        return FAIL(c, err, "data_dir",
                    "has to be set: neither XDG_DATA_HOME nor HOME says where it could be");
    return SL_OK;
}

static enum sl_code check_proxy(const struct sl_config *c, struct sl_err *err)
{
    if (!*c->proxy || sl_starts_with(c->proxy, "env:") || sl_starts_with(c->proxy, "file:"))
        return SL_OK;
    const char *wrong = sl_url_problem(c->proxy, false);
    return wrong ? FAIL(c, err, "upstream.proxy", "%s", wrong) : SL_OK;
}

static enum sl_code check_store(const struct sl_config *c, struct sl_err *err)
{
    const char *url = c->store_url;
    if (!*url || sl_starts_with(url, "env:") || sl_starts_with(url, "file:"))
        return SL_OK;
    if (!sl_starts_with(url, "postgresql://") && !sl_starts_with(url, "postgres://"))
        return FAIL(c, err, "store.url", "has to begin with postgresql://");
    if (strstr(url, "password="))
        return FAIL(c, err, "store.url", "may hold no password: put it into store.password");
    return SL_OK;
}

static enum sl_code check_default_model(const struct sl_config *c, struct sl_err *err)
{
    const char *near = NULL;
    size_t nearest = 4;
    if (!*c->default_model)
        return SL_OK;
    for (size_t i = 0; i < c->n_models; i++) {
        const struct sl_config_model *m = &c->models[i];
        if (!strcmp(m->name, c->default_model))
            return SL_OK;
        for (size_t k = 0; k < m->aliases.count; k++) {
            if (!strcmp(m->aliases.list[k], c->default_model))
                return SL_OK;
        }
        size_t d = sl_edit_distance(m->name, c->default_model);
        if (d < nearest) {
            nearest = d;
            near = m->name;
        }
    }
    if (!near) /* maybe one of the environment or the store: the registry knows, and says */
        return SL_OK;
    return FAIL(c, err, "default_model", "names no model: '%.80s'; did you mean '%.80s'?",
                c->default_model, near);
}

static enum sl_code check_addresses(const struct sl_config *c, struct sl_err *err)
{
    for (size_t i = 0; i < c->allowed_addresses.count; i++) {
        const char *entry = c->allowed_addresses.list[i];
        const char *wrong = sl_address_entry_problem(entry);
        if (wrong)
            return FAIL(c, err, "upstream.allowed_addresses", "has an entry that %s: '%.80s'",
                        wrong, entry);
    }
    return SL_OK;
}

/* NULL, or what is wrong with an entry of secrets.references. */
static const char *reference_problem(const char *pattern)
{
    if (sl_starts_with(pattern, "env:")) {
        const char *name = pattern + 4;
        if (!*name || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789_*") != strlen(name))
            return "needs the name of a variable after env:, with * for any text";
        return NULL;
    }
    if (!sl_starts_with(pattern, "file:/"))
        return "has to hold env:NAME and file:/path only";
    size_t n = strlen(pattern);
    if (strstr(pattern, "/../") || !strcmp(pattern + n - 3, "/.."))
        return "may not hold '..'";
    return pattern[5 + strspn(pattern + 5, "/")] ? NULL : "may not open the whole disk";
}

static enum sl_code check_references(const struct sl_config *c, struct sl_err *err)
{
    for (size_t i = 0; i < c->secret_references.count; i++) {
        const char *pattern = c->secret_references.list[i];
        const char *wrong = reference_problem(pattern);
        if (wrong)
            return FAIL(c, err, "secrets.references", "%s: '%.100s'", wrong, pattern);
    }
    return SL_OK;
}

enum sl_code sl_config_check(struct sl_config *c, struct sl_err *err)
{
    enum sl_code code = check_listen(c, err);
    if (!code)
        code = check_metrics(c, err);
    if (!code)
        code = check_tls(c, err);
    if (!code)
        code = check_sizes(c, err);
    if (!code)
        code = check_proxy(c, err);
    if (!code)
        code = check_store(c, err);
    if (!code)
        code = check_references(c, err);
    if (!code)
        code = check_addresses(c, err);
    if (!code)
        code = sl_config_check_keys(c, err);
    if (!code)
        code = sl_config_check_jwt(c, err);
    if (!code)
        code = sl_config_check_providers(c, err);
    if (!code)
        code = sl_config_check_models(c, err);
    if (!code)
        code = check_default_model(c, err);
    return code;
}
