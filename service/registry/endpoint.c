/* Endpoint settings of a model, and the number that stands for them in the pool of curl handles. */
#include "registry/endpoint.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

/* Strings are hashed with their NUL, so that no two lists of them look alike. */
static bool add_text(EVP_MD_CTX *md, const char *s)
{
    return EVP_DigestUpdate(md, s ? s : "", s ? strlen(s) + 1 : 1) == 1;
}

static bool add_number(EVP_MD_CTX *md, int64_t v)
{
    return EVP_DigestUpdate(md, &v, sizeof(v)) == 1;
}

/* A file's name, and what tells one version of it from the next. */
static bool add_file(EVP_MD_CTX *md, const char *path)
{
    struct stat st = {0};
    if (*path && stat(path, &st))
        st.st_size = -1;
    return add_text(md, path) && add_number(md, st.st_size) && add_number(md, st.st_mtim.tv_sec) &&
           add_number(md, st.st_mtim.tv_nsec);
}

/* The first 64 bits of a SHA-256: the key goes in too, and cannot be got back out. */
static bool compute_pool_key(const struct sl_endpoint *e, const char *base_url,
                             const struct sl_secret *key, uint64_t *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && add_number(md, e->http) &&
              add_number(md, e->insecure) && add_file(md, e->ca_file) &&
              add_file(md, e->client_cert) && add_file(md, e->client_key) &&
              add_text(md, e->proxy) && add_text(md, e->unix_socket) &&
              add_text(md, e->connect_to) && add_number(md, e->guard) && add_text(md, base_url) &&
              add_text(md, sl_secret_reveal(key)) && EVP_DigestFinal_ex(md, digest, NULL) == 1;
    EVP_MD_CTX_free(md);
    if (ok)
        memcpy(out, digest, sizeof(*out));
    return ok;
}

/* The provider's proxy, else the process's; a reference is followed. */
static enum sl_code load_proxy(const struct sl_endpoint_source *from, struct sl_arena *arena,
                               const char **out, struct sl_err *err)
{
    bool own = from->provider && *from->provider->proxy;
    const char *proxy = own ? from->provider->proxy : from->config->proxy;
    struct sl_secret *secret = NULL;
    struct sl_err why = {0};
    *out = "";
    if (!strcmp(proxy, "none"))
        return SL_OK;
    if (!sl_starts_with(proxy, "env:") && !sl_starts_with(proxy, "file:")) {
        *out = sl_arena_strdup(arena, proxy);
        return SL_OK;
    }
    if (sl_config_secret(proxy, &secret, &why))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "proxy",
                            "%s%sproxy leads nowhere: %s", own ? from->provider->place : "",
                            own ? ": " : "upstream.", why.text);
    *out = sl_arena_strdup(arena, sl_secret_reveal(secret));
    sl_secret_unref(secret);
    return SL_OK;
}

static const char *copy_or(struct sl_arena *arena, const char *own, const char *other)
{
    return sl_arena_strdup(arena, *own ? own : other);
}

enum sl_code sl_endpoint_load(const struct sl_endpoint_source *from, struct sl_arena *arena,
                              struct sl_endpoint *out, struct sl_err *err)
{
    const struct sl_config_provider *p = from->provider;
    struct sl_endpoint e = {
        .http = p && !strcmp(p->http, "1.1") ? SL_HTTP_1_1 : SL_HTTP_ANY,
        .insecure = p && p->insecure,
        .ca_file = copy_or(arena, p ? p->ca_file : "", from->config->ca_file),
        .client_cert = copy_or(arena, p ? p->client_certificate : "", ""),
        .client_key = copy_or(arena, p ? p->client_key : "", ""),
        .unix_socket = copy_or(arena, p ? p->unix_socket : "", ""),
        .connect_to = copy_or(arena, p ? p->connect_to : "", ""),
        .guard = from->guard,
        .allowed = from->allowed,
    };
    enum sl_code code = load_proxy(from, arena, &e.proxy, err);
    if (code)
        return code;
    if (sl_endpoint_seal(&e, from->base_url, from->key, err))
        return err->code;
    *out = e;
    return SL_OK;
}

enum sl_code sl_endpoint_seal(struct sl_endpoint *e, const char *base_url,
                              const struct sl_secret *key, struct sl_err *err)
{
    if (!compute_pool_key(e, base_url, key, &e->pool_key))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    return SL_OK;
}
