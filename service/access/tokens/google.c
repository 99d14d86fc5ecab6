/* Google. A service account's key file: "Using OAuth 2.0 for Server to Server Applications" (a JWT signed with its
 * private key is exchanged for a token at token_uri). An authorized user's file, as `gcloud auth application-default
 * login` writes it: "Refreshing an access token" of "Using OAuth 2.0 for Web Server Applications". The metadata server:
 * "Access tokens" in "Authenticate workloads using service accounts" of Compute Engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/tokens/internal.h"
#include "base/alloc.h"
#include "base/str.h"

#define TOKEN_URL "https://oauth2.googleapis.com/token"
#define SCOPE "https://www.googleapis.com/auth/cloud-platform"
#define METADATA_URL "http://metadata.google.internal"

enum { ASSERTION_S = 3600 }; /* "a maximum of 1 hour after the issued time" */

/* ---- the credential file ---- */

static enum sl_code bad_file(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                      "the Google credential file %s", what);
}

/* A member that has to be a text; NULL where it is none. */
static const char *text_of(struct sl_json *j, const char *name, size_t *n)
{
    int value = sl_json_present(j, SL_JSON_ROOT, name);
    size_t length = 0;
    const char *text = value < 0 ? NULL : sl_json_string(j, value, &length, NULL);
    if (n)
        *n = length;
    return text && length ? text : NULL;
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x21 || *text == 0x7f || strchr("\"\\", *text))
            return false;
    return true;
}

/* The token endpoints that Google's own files name, today's and the former one: what a user's credential may lead to. Other
 * hosts of googleapis.com carry what their users put there. */
static bool is_googles(const char *url)
{
    return !strcmp(url, TOKEN_URL) || !strcmp(url, "https://www.googleapis.com/oauth2/v4/token") ||
           !strcmp(url, "https://accounts.google.com/o/oauth2/token");
}

static enum sl_code set_url(const struct sl_token_spec *spec, struct sl_token_source *s,
                            const char *url, struct sl_err *err)
{
    if (!url)
        url = TOKEN_URL;
    if (!is_plain(url) ||
        !(spec->any_host ? sl_starts_with(url, "https://") || sl_starts_with(url, "http://")
                         : is_googles(url)))
        return bad_file(err, "has a token_uri that is not Google's own");
    s->credential.url = tk_copy(s, url, "");
    return SL_OK;
}

static enum sl_code read_service_account(struct sl_token_source *s, struct sl_json *j,
                                         struct sl_err *err)
{
    struct tk_credential *c = &s->credential;
    size_t n = 0;
    const char *email = text_of(j, "client_email", NULL), *id = text_of(j, "private_key_id", NULL);
    const char *key = text_of(j, "private_key", &n);
    if (!email || !is_plain(email))
        return bad_file(err, "has no client_email");
    if (!key)
        return bad_file(err, "has no private_key");
    c->secret = sl_secret_create(key, n);
    if (!tk_is_rsa_key(c->secret))
        return bad_file(err, "has a private_key that is no RSA key in PEM form");
    c->client_id = tk_copy(s, email, "");
    c->key_id = tk_copy(s, id, "");
    c->method = &tk_google_service_account;
    return SL_OK;
}

static enum sl_code read_user(struct sl_token_source *s, struct sl_json *j, struct sl_err *err)
{
    struct tk_credential *c = &s->credential;
    size_t n = 0, m = 0;
    const char *id = text_of(j, "client_id", NULL), *secret = text_of(j, "client_secret", &n);
    const char *refresh = text_of(j, "refresh_token", &m);
    if (!id || !secret || !refresh)
        return bad_file(err, "of an authorized_user has no client_id, client_secret or "
                             "refresh_token");
    c->client_id = tk_copy(s, id, "");
    c->client_secret = sl_secret_create(secret, n);
    c->secret = sl_secret_create(refresh, m);
    c->method = &tk_google_user;
    return SL_OK;
}

static enum sl_code read_members(const struct sl_token_spec *spec, struct sl_token_source *s,
                                 struct sl_json *j, struct sl_err *err)
{
    const char *type = text_of(j, "type", NULL);
    const char *project = text_of(j, "project_id", NULL);
    if (!project)
        project = text_of(j, "quota_project_id", NULL);
    s->credential.project = tk_copy(s, project && is_plain(project) ? project : "", "");
    s->credential.scope = tk_copy(s, spec->scope, SCOPE);
    if (set_url(spec, s, text_of(j, "token_uri", NULL), err) != SL_OK)
        return err->code;
    if (type && !strcmp(type, "service_account"))
        return read_service_account(s, j, err);
    if (type && !strcmp(type, "authorized_user"))
        return read_user(s, j, err);
    return bad_file(err, "is of another type than service_account and authorized_user");
}

enum sl_code tk_google_read_file(const struct sl_token_spec *spec, struct sl_token_source *s,
                                 char *text, size_t n, struct sl_err *err)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err why = {0};
    enum sl_code code;
    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, text, n, &j, &why) != SL_OK ||
        sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        code = bad_file(err, "is no JSON object");
    else
        code = read_members(spec, s, &j, err);
    sl_json_parser_fini(&parser);
    return code;
}

static enum sl_code open_file(const struct sl_token_spec *spec, struct sl_token_source *s,
                              struct sl_err *err)
{
    size_t n = sl_secret_length(spec->secret);
    if (!n || n > TK_MAX_SECRET)
        return bad_file(err, n ? "is longer than 64 KiB" : "is empty");
    char *text = sl_malloc(n + 1);
    memcpy(text, sl_secret_reveal(spec->secret), n + 1);
    enum sl_code code = tk_google_read_file(spec, s, text, n, err);
    sl_wipe(text, n + 1);
    sl_free(text);
    return code;
}

/* ---- requests ---- */

static enum sl_code prepare_assertion(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    long long now = (long long)(m->wall_ms / 1000);
    const char *claims = sl_arena_printf(
        &m->arena, "{\"iss\":\"%s\",\"scope\":\"%s\",\"aud\":\"%s\",\"iat\":%lld,\"exp\":%lld}",
        c->client_id, c->scope, c->url, now, now + ASSERTION_S);
    struct sl_buf jwt;
    sl_buf_init(&jwt, TK_MAX_SECRET);
    enum sl_code code = tk_jwt_rs256(&jwt, c->key_id, claims, c->secret, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "grant_type",
                           "urn:ietf:params:oauth:grant-type:jwt"
                           "-bearer",
                           err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "assertion", jwt.p, err);
    sl_buf_wipe(&jwt);
    tk_post_form(m, c->url);
    return code;
}

static enum sl_code prepare_refresh(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    enum sl_code code = tk_form_add(&m->form, "grant_type", "refresh_token", err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "client_id", c->client_id, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "client_secret", sl_secret_reveal(c->client_secret), err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "refresh_token", sl_secret_reveal(c->secret), err);
    tk_post_form(m, c->url);
    return code;
}

static enum sl_code open_metadata(const struct sl_token_spec *spec, struct sl_token_source *s,
                                  struct sl_err *err)
{
    (void)err;
    s->credential.url = tk_copy(s, spec->url, METADATA_URL);
    s->credential.scope = tk_copy(s, spec->scope, SCOPE);
    return SL_OK;
}

static enum sl_code prepare_metadata(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    (void)err;
    tk_get(m,
           sl_arena_printf(
               &m->arena, "%s/computeMetadata/v1/instance/service-accounts/default/token?scopes=%s",
               c->url, tk_encode(&m->arena, c->scope)));
    tk_header(m, "metadata-flavor", "Google");
    return SL_OK;
}

const struct tk_method tk_google_service_account = {
    .title = "Google's token endpoint",
    .open = open_file, /* which kind of file it is, is seen then */
    .prepare = prepare_assertion,
    .read = tk_read_oauth,
};

const struct tk_method tk_google_user = {
    .title = "Google's token endpoint",
    .open = open_file,
    .prepare = prepare_refresh,
    .read = tk_read_oauth,
};

const struct tk_method tk_google_metadata = {
    .title = "Google's metadata server",
    .direct = true,
    .open = open_metadata,
    .prepare = prepare_metadata,
    .read = tk_read_oauth,
};
