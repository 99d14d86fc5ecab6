/* Microsoft Entra. An application's secret, or a projected token in its place: "OAuth 2.0 client credentials flow on the
 * Microsoft identity platform", first and third case. Managed identities: "How to use managed identities for Azure
 * resources on an Azure VM to acquire an access token", and "REST endpoint reference" of App Service. */
#include <string.h>

#include "access/tokens/internal.h"
#include "base/str.h"

#define AUTHORITY "https://login.microsoftonline.com"
#define LINK_URL "http://169.254.169.254"
#define RESOURCE "https://cognitiveservices.azure.com"
#define ASSERTION_TYPE                                                                             \
    "urn:ietf:params:oauth:client-assertion-type:jwt"                                              \
    "-bearer"

static enum sl_code missing(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                      "Microsoft Entra needs %s", what);
}

static bool is_there(const char *text)
{
    return text && *text;
}

/* The authority, which may end in '/', and its tenant. */
static enum sl_code open_application(const struct sl_token_spec *spec, struct sl_token_source *s,
                                     struct sl_err *err)
{
    struct tk_credential *c = &s->credential;
    const char *authority = is_there(spec->url) ? spec->url : AUTHORITY;
    size_t n = strlen(authority);
    if (!is_there(spec->tenant))
        return missing(err, "a tenant (AZURE_TENANT_ID)");
    if (!is_there(spec->client_id))
        return missing(err, "a client_id (AZURE_CLIENT_ID)");
    if (strspn(spec->tenant, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") !=
        strlen(spec->tenant))
        return missing(err, "a tenant that is an id or a domain");
    while (n && authority[n - 1] == '/')
        n--;
    c->url =
        sl_arena_printf(&s->arena, "%.*s/%s/oauth2/v2.0/token", (int)n, authority, spec->tenant);
    c->client_id = tk_copy(s, spec->client_id, "");
    c->scope = tk_copy(s, spec->scope, RESOURCE "/.default");
    return SL_OK;
}

static enum sl_code open_secret(const struct sl_token_spec *spec, struct sl_token_source *s,
                                struct sl_err *err)
{
    if (!spec->secret)
        return missing(err, "a client secret (AZURE_CLIENT_SECRET)");
    s->credential.secret =
        sl_secret_create(sl_secret_reveal(spec->secret), sl_secret_length(spec->secret));
    return open_application(spec, s, err);
}

static enum sl_code open_federated(const struct sl_token_spec *spec, struct sl_token_source *s,
                                   struct sl_err *err)
{
    if (!is_there(spec->file))
        return missing(err, "a token file (AZURE_FEDERATED_TOKEN_FILE)");
    s->credential.file = tk_copy(s, spec->file, "");
    return open_application(spec, s, err);
}

/* The part that says who asks is written by the caller. */
static enum sl_code add_common(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    enum sl_code code = tk_form_add(&m->form, "grant_type", "client_credentials", err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "client_id", c->client_id, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "scope", c->scope, err);
    return code;
}

static enum sl_code prepare_secret(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    enum sl_code code = add_common(m, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "client_secret", sl_secret_reveal(c->secret), err);
    tk_post_form(m, c->url);
    return code;
}

static enum sl_code prepare_federated(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    struct sl_secret *assertion = NULL;
    enum sl_code code = tk_read_file(c->file, &assertion, err);
    if (code == SL_OK)
        code = add_common(m, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "client_assertion_type", ASSERTION_TYPE, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "client_assertion", sl_secret_reveal(assertion), err);
    sl_secret_unref(assertion);
    tk_post_form(m, c->url);
    return code;
}

/* ---- managed identities ---- */

/* A resource is a scope without its "/.default". */
static enum sl_code open_managed(const struct sl_token_spec *spec, struct sl_token_source *s,
                                 struct sl_err *err)
{
    static const char suffix[] = "/.default";
    struct tk_credential *c = &s->credential;
    const char *scope = is_there(spec->scope) ? spec->scope : RESOURCE;
    size_t n = strlen(scope), m = sizeof(suffix) - 1;
    (void)err;
    if (n > m && !strcmp(scope + n - m, suffix))
        n -= m;
    c->scope = sl_arena_strndup(&s->arena, scope, n);
    c->client_id = tk_copy(s, spec->client_id, "");
    c->url = tk_copy(s, spec->url, LINK_URL);
    return SL_OK;
}

static enum sl_code open_app_service(const struct sl_token_spec *spec, struct sl_token_source *s,
                                     struct sl_err *err)
{
    if (!is_there(spec->url) || !spec->secret)
        return missing(err, "IDENTITY_ENDPOINT and IDENTITY_HEADER together");
    s->credential.secret =
        sl_secret_create(sl_secret_reveal(spec->secret), sl_secret_length(spec->secret));
    return open_managed(spec, s, err);
}

static const char *identity_query(struct tk_mint *m, const char *version)
{
    const struct tk_credential *c = m->credential;
    return sl_arena_printf(&m->arena, "?api-version=%s&resource=%s%s%s", version,
                           tk_encode(&m->arena, c->scope), *c->client_id ? "&client_id=" : "",
                           tk_encode(&m->arena, c->client_id));
}

static enum sl_code prepare_managed(struct tk_mint *m, struct sl_err *err)
{
    (void)err;
    tk_get(m, sl_arena_printf(&m->arena, "%s/metadata/identity/oauth2/token%s", m->credential->url,
                              identity_query(m, "2018-02-01")));
    tk_header(m, "metadata", "true");
    return SL_OK;
}

static enum sl_code prepare_app_service(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    (void)err;
    tk_get(m, sl_arena_printf(&m->arena, "%s%s", c->url, identity_query(m, "2019-08-01")));
    tk_header(m, "x-identity-header", sl_secret_reveal(c->secret));
    return SL_OK;
}

const struct tk_method tk_entra_secret = {
    .title = "Microsoft Entra",
    .open = open_secret,
    .prepare = prepare_secret,
    .read = tk_read_oauth,
};

const struct tk_method tk_entra_federated = {
    .title = "Microsoft Entra",
    .open = open_federated,
    .prepare = prepare_federated,
    .read = tk_read_oauth,
};

const struct tk_method tk_entra_managed = {
    .title = "Azure's instance metadata service",
    .direct = true,
    .open = open_managed,
    .prepare = prepare_managed,
    .read = tk_read_oauth,
};

const struct tk_method tk_entra_app_service = {
    .title = "the managed identity endpoint",
    .direct = true,
    .open = open_app_service,
    .prepare = prepare_app_service,
    .read = tk_read_oauth,
};
