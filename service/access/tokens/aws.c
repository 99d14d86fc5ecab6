/* AWS. Roles: "AssumeRole" and "AssumeRoleWithWebIdentity" in the API reference of the Security Token Service (web
 * identity is what EKS calls IAM roles for service accounts). Credentials endpoints of ECS and EKS pods: "Container
 * credential provider" of the SDKs' reference. Instances: "Use the Instance Metadata Service to access instance
 * metadata", version 2: a session token, the role's name, its credentials.
 *
 * What comes out is an access key with a session token, ID:SECRET:TOKEN, which signs requests. */
#include <stdio.h>
#include <string.h>

#include "access/tokens/internal.h"
#include "base/sigv4.h"
#include "base/str.h"

#define LINK_URL "http://169.254.169.254"
#define STS_VERSION "2011-06-15"
#define SESSION "sluice"
#define REGION "us-east-1"

static enum sl_code missing(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "AWS needs %s", what);
}

static bool is_there(const char *text)
{
    return text && *text;
}

static void copy_secret(struct sl_token_source *s, const struct sl_token_spec *spec)
{
    if (spec->secret)
        s->credential.secret =
            sl_secret_create(sl_secret_reveal(spec->secret), sl_secret_length(spec->secret));
}

/* ---- roles ---- */

static enum sl_code open_role(const struct sl_token_spec *spec, struct sl_token_source *s,
                              struct sl_err *err)
{
    struct tk_credential *c = &s->credential;
    struct sl_aws_key key;
    if (!is_there(spec->role))
        return missing(err, "a role (AWS_ROLE_ARN)");
    if (is_there(spec->region) &&
        spec->region[strspn(spec->region, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return missing(err, "a region that is one: letters, digits and '-'");
    copy_secret(s, spec);
    if (spec->from == SL_TOKEN_AWS_ROLE &&
        (!c->secret || !sl_aws_key_read(sl_secret_reveal(c->secret), &key)))
        return missing(err, "an access key (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)");
    if (spec->from == SL_TOKEN_AWS_WEB_IDENTITY && !is_there(spec->file))
        return missing(err, "a token file (AWS_WEB_IDENTITY_TOKEN_FILE)");
    c->role = tk_copy(s, spec->role, "");
    c->file = tk_copy(s, spec->file, "");
    c->session = tk_copy(s, spec->session, SESSION);
    c->region = tk_copy(s, spec->region, REGION);
    c->url = is_there(spec->url)
                 ? tk_copy(s, spec->url, "")
                 : sl_arena_printf(&s->arena, "https://sts.%s.amazonaws.com", c->region);
    return SL_OK;
}

static enum sl_code add_action(struct tk_mint *m, const char *action, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    enum sl_code code = tk_form_add(&m->form, "Action", action, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "Version", STS_VERSION, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "RoleArn", c->role, err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "RoleSessionName", c->session, err);
    return code;
}

static const char *sts_url(struct tk_mint *m)
{
    return sl_arena_printf(&m->arena, "%s/", m->credential->url);
}

static void sign(struct tk_mint *m, const char *key_text)
{
    struct sl_aws_key key = {{"", 0}, {"", 0}, {"", 0}};
    if (!sl_aws_key_read(key_text, &key))
        return; /* seen when the source was opened */
    struct sl_sigv4 s = {
        .key = &key,
        .region = sl_str(m->credential->region),
        .service = "sts",
        .method = m->method,
        .url = m->url,
        .body = &m->body,
        .now_ms = m->wall_ms,
    };
    sl_sigv4_sign(&s, &m->arena);
    tk_header(m, "x-amz-date", sl_arena_strdup(&m->arena, s.date));
    if (s.token)
        tk_header(m, "x-amz-security-token", s.token);
    tk_header(m, "authorization", s.authorization);
}

static enum sl_code prepare_role(struct tk_mint *m, struct sl_err *err)
{
    enum sl_code code = add_action(m, "AssumeRole", err);
    tk_post_form(m, sts_url(m));
    sign(m, sl_secret_reveal(m->credential->secret));
    return code;
}

static enum sl_code prepare_web_identity(struct tk_mint *m, struct sl_err *err)
{
    struct sl_secret *token = NULL;
    enum sl_code code = tk_read_file(m->credential->file, &token, err);
    if (code == SL_OK)
        code = add_action(m, "AssumeRoleWithWebIdentity", err);
    if (code == SL_OK)
        code = tk_form_add(&m->form, "WebIdentityToken", sl_secret_reveal(token), err);
    sl_secret_unref(token);
    tk_post_form(m, sts_url(m));
    return code;
}

/* ---- the credentials endpoint of a container ---- */

static enum sl_code open_container(const struct sl_token_spec *spec, struct sl_token_source *s,
                                   struct sl_err *err)
{
    if (!is_there(spec->url))
        return missing(err, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or "
                            "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    copy_secret(s, spec);
    s->credential.url = tk_copy(s, spec->url, "");
    s->credential.file = tk_copy(s, spec->file, "");
    return SL_OK;
}

static enum sl_code prepare_container(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    struct sl_secret *token = NULL;
    tk_get(m, c->url);
    if (*c->file && tk_read_file(c->file, &token, err) != SL_OK)
        return err->code;
    const char *text = sl_secret_reveal(token ? token : c->secret);
    bool fits = !text || sl_buf_add_str(&m->header, text);
    sl_secret_unref(token);
    if (!fits)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH,
                          "the credential is too long to be sent");
    if (m->header.n)
        tk_header(m, "authorization", m->header.p);
    return SL_OK;
}

/* ---- an instance's metadata ---- */

static enum sl_code open_instance(const struct sl_token_spec *spec, struct sl_token_source *s,
                                  struct sl_err *err)
{
    (void)err;
    s->credential.url = tk_copy(s, spec->url, LINK_URL);
    return SL_OK;
}

#define ROLES "/latest/meta-data/iam/security-credentials/"

/* m->kept is the session's token, and behind its NUL the role's name. */
static enum sl_code prepare_instance(struct tk_mint *m, struct sl_err *err)
{
    const char *base = m->credential->url;
    (void)err;
    if (m->step == 0) {
        m->method = "PUT";
        m->url = sl_arena_printf(&m->arena, "%s/latest/api/token", base);
        tk_header(m, "x-aws-ec2-metadata-token-ttl-seconds", "300");
        return SL_OK;
    }
    const char *role = m->step == 1 ? "" : m->kept.p + strlen(m->kept.p) + 1;
    tk_get(m, sl_arena_printf(&m->arena, "%s" ROLES "%s", base, tk_encode(&m->arena, role)));
    tk_header(m, "x-aws-ec2-metadata-token", m->kept.p);
    return SL_OK;
}

static enum sl_code read_instance(struct tk_mint *m, char *body, size_t n, struct sl_err *err)
{
    if (m->step == 2)
        return tk_read_aws_json(m, body, n, err);
    size_t line = strcspn(body, "\r\n");
    body[line] = '\0';
    if (!line || strpbrk(body, " \t<{") || (m->step == 1 && !sl_buf_add_char(&m->kept, '\0')) ||
        !sl_buf_add(&m->kept, body, line))
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH,
                          "%s names no role for this instance", m->credential->method->title);
    m->step++;
    return SL_OK;
}

const struct tk_method tk_aws_role = {
    .title = "AWS's Security Token Service",
    .open = open_role,
    .prepare = prepare_role,
    .read = tk_read_aws_xml,
};

const struct tk_method tk_aws_web_identity = {
    .title = "AWS's Security Token Service",
    .open = open_role,
    .prepare = prepare_web_identity,
    .read = tk_read_aws_xml,
};

const struct tk_method tk_aws_container = {
    .title = "the container's credentials endpoint",
    .direct = true,
    .open = open_container,
    .prepare = prepare_container,
    .read = tk_read_aws_json,
};

const struct tk_method tk_aws_instance = {
    .title = "the instance metadata service",
    .direct = true,
    .open = open_instance,
    .prepare = prepare_instance,
    .read = read_instance,
};
