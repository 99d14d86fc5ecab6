/* Where the credentials of the big clouds are, as their own tools look for them: "How Application Default Credentials
 * works" (Google), the environment credential, workload identity and managed identity of Azure Identity, "AWS SDKs and
 * Tools standardized credential providers". Instance metadata is asked only where the machine looks like that cloud's. */
#include "registry/cloud.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "config/url.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static bool is_set(const char *name)
{
    return *variable(name) != '\0';
}

/* Whether a line of the machine's firmware names the cloud. */
static bool firmware_says(const char *file, const char *word)
{
    char text[128] = "";
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 && strstr(text, word) != NULL;
}

/* ---- which cloud ---- */

static bool host_ends_with(const char *url, const char *suffix)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t n = strcspn(host, ":/"), m = strlen(suffix);
    return n > m && !strncmp(host + n - m, suffix, m);
}

/* Credentials of the surroundings go to the cloud that they are for, and to no other host by themselves. */
static bool is_usual_host(const struct sl_cloud_source *from)
{
    return sl_url_same_origin(from->base_url, from->adapter->default_base_url) ||
           (sl_starts_with(from->base_url, "https://") &&
            (host_ends_with(from->base_url, ".googleapis.com") ||
             host_ends_with(from->base_url, ".amazonaws.com")));
}

static enum sl_cloud cloud_named(const char *name)
{
    if (!strcmp(name, "google"))
        return SL_CLOUD_GOOGLE;
    if (!strcmp(name, "entra"))
        return SL_CLOUD_ENTRA;
    return !strcmp(name, "aws") ? SL_CLOUD_AWS : SL_CLOUD_NONE;
}

enum sl_cloud sl_cloud_of(const struct sl_cloud_source *from)
{
    const char *auth = from->provider ? from->provider->auth : "";
    const char *own = from->adapter->tokens ? from->adapter->tokens : "";
    enum sl_cloud cloud = cloud_named(*auth ? auth : own);
    if (*auth || cloud == SL_CLOUD_NONE || !strcmp(from->key, "none"))
        return !strcmp(from->key, "none") ? SL_CLOUD_NONE : cloud;
    if (*from->key) /* Google's are files; a key for AWS says itself what it is */
        return cloud == SL_CLOUD_GOOGLE ? cloud : SL_CLOUD_NONE;
    if (cloud == SL_CLOUD_AWS && from->adapter->key_variables &&
        is_set(from->adapter->key_variables[0]))
        return SL_CLOUD_NONE;
    return is_usual_host(from) ? cloud : SL_CLOUD_NONE;
}

enum sl_cloud sl_cloud_of_stored(const char *auth, const struct sl_adapter *adapter, bool *said)
{
    *said = cloud_named(auth) != SL_CLOUD_NONE;
    return cloud_named(*auth || !adapter->tokens ? auth : adapter->tokens);
}

static bool is_of(const struct sl_cloud_source *from, const char *cloud)
{
    return from->adapter->tokens && !strcmp(from->adapter->tokens, cloud);
}

const char *sl_cloud_region(const struct sl_cloud_source *from)
{
    if (!*from->region && is_of(from, "google"))
        return variable("GOOGLE_CLOUD_LOCATION");
    if (*from->region || !is_of(from, "aws"))
        return from->region;
    return is_set("AWS_REGION") ? variable("AWS_REGION") : variable("AWS_DEFAULT_REGION");
}

const char *sl_cloud_project(const struct sl_cloud_source *from, const struct sl_token_source *s)
{
    if (!is_of(from, "google"))
        return "";
    if (is_set("GOOGLE_CLOUD_PROJECT") || !s)
        return variable("GOOGLE_CLOUD_PROJECT");
    return sl_token_source_project(s);
}

/* ---- opening ---- */

static enum sl_code open_source(const struct sl_cloud_source *from, struct sl_token_spec *spec,
                                struct sl_cloud_credential *out, struct sl_err *err)
{
    struct sl_err why = {0};
    spec->any_host = true;
    spec->ca_file = from->config->ca_file;
    spec->proxy = strcmp(from->config->proxy, "none") != 0 ? from->config->proxy : "";
    if (sl_starts_with(spec->proxy, "env:") || sl_starts_with(spec->proxy, "file:")) {
        struct sl_secret *proxy = NULL;
        if (sl_config_secret(spec->proxy, &proxy, &why) != SL_OK)
            return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "proxy",
                                "upstream.proxy leads nowhere: %s", why.text);
        enum sl_code code = SL_OK;
        spec->proxy = sl_secret_reveal(proxy);
        if (from->tokens)
            code = sl_token_source_open(from->tokens, spec, &out->tokens, err);
        sl_secret_unref(proxy);
        return code;
    }
    return from->tokens ? sl_token_source_open(from->tokens, spec, &out->tokens, err) : SL_OK;
}

/* A reference that leads nowhere is no error here: whoever asks the model is told. */
static struct sl_secret *follow(const char *reference)
{
    struct sl_secret *secret = NULL;
    struct sl_err missing = {0};
    return sl_config_secret(reference, &secret, &missing) == SL_OK ? secret : NULL;
}

/* ---- Google ---- */

/* $CLOUDSDK_CONFIG, else ~/.config/gcloud. NULL: there is no such file. */
static struct sl_secret *well_known_file(struct sl_arena *arena, const char **reference)
{
    static const char name[] = "application_default_credentials.json";
    struct sl_secret *secret = NULL;
    struct sl_err missing = {0};
    const char *at;
    if (is_set("CLOUDSDK_CONFIG"))
        at = sl_arena_printf(arena, "file:%s/%s", variable("CLOUDSDK_CONFIG"), name);
    else if (is_set("HOME"))
        at = sl_arena_printf(arena, "file:%s/.config/gcloud/%s", variable("HOME"), name);
    else
        return NULL;
    if (sl_config_document(at, &secret, &missing) != SL_OK)
        return NULL;
    *reference = at;
    return secret;
}

static bool is_on_google(void)
{
    return is_set("GCE_METADATA_HOST") || is_set("K_SERVICE") ||
           (strcmp(variable("NO_GCE_CHECK"), "true") != 0 &&
            firmware_says("/sys/class/dmi/id/product_name", "Google"));
}

static enum sl_code open_google(const struct sl_cloud_source *from, struct sl_cloud_credential *out,
                                struct sl_err *err)
{
    struct sl_token_spec spec = {.from = SL_TOKEN_GOOGLE_FILE};
    struct sl_secret *document = NULL;
    struct sl_err missing = {0};
    bool named = *from->key || is_set("GOOGLE_APPLICATION_CREDENTIALS");
    out->reference = *from->key ? from->key : "env:GOOGLE_APPLICATION_CREDENTIALS";
    if (!named)
        document = well_known_file(from->arena, &out->reference);
    else if (sl_config_document(out->reference, &document, &missing) != SL_OK)
        return SL_OK;
    if (!document && !is_on_google())
        return SL_OK;
    if (!document) {
        spec.from = SL_TOKEN_GOOGLE_METADATA;
        if (is_set("GCE_METADATA_HOST"))
            spec.url = sl_arena_printf(from->arena, "http://%s", variable("GCE_METADATA_HOST"));
    }
    spec.secret = document;
    enum sl_code code = open_source(from, &spec, out, err);
    sl_secret_unref(document);
    return code;
}

/* ---- Entra ---- */

static const char *setting_or(const char *setting, const char *name)
{
    return setting && *setting ? setting : variable(name);
}

static void choose_identity(struct sl_token_spec *spec, struct sl_secret **secret)
{
    if (is_set("IDENTITY_ENDPOINT") && is_set("IDENTITY_HEADER")) {
        spec->from = SL_TOKEN_ENTRA_APP_SERVICE;
        spec->url = variable("IDENTITY_ENDPOINT");
        *secret = follow("env:IDENTITY_HEADER");
        return;
    }
    spec->from = SL_TOKEN_ENTRA_MANAGED;
    spec->url = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
}

static enum sl_code open_entra(const struct sl_cloud_source *from, struct sl_cloud_credential *out,
                               struct sl_err *err)
{
    const struct sl_config_provider *p = from->provider;
    struct sl_token_spec spec = {
        .tenant = setting_or(p ? p->tenant : "", "AZURE_TENANT_ID"),
        .client_id = setting_or(p ? p->client_id : "", "AZURE_CLIENT_ID"),
        .url = variable("AZURE_AUTHORITY_HOST"),
    };
    out->reference = *from->key ? from->key : "env:AZURE_CLIENT_SECRET";
    struct sl_secret *secret = follow(out->reference);
    if (secret) {
        spec.from = SL_TOKEN_ENTRA_SECRET;
    } else if (*from->key) {
        return SL_OK;
    } else if (is_set("AZURE_FEDERATED_TOKEN_FILE")) {
        spec.from = SL_TOKEN_ENTRA_FEDERATED;
        spec.file = variable("AZURE_FEDERATED_TOKEN_FILE");
        out->reference = "env:AZURE_FEDERATED_TOKEN_FILE";
    } else if (*spec.tenant) {
        return SL_OK; /* an application without its secret */
    } else {
        choose_identity(&spec, &secret);
        out->reference = "env:AZURE_CLIENT_ID";
    }
    spec.secret = secret;
    enum sl_code code = open_source(from, &spec, out, err);
    sl_secret_unref(secret);
    return code;
}

/* ---- AWS ---- */

/* ID:SECRET[:TOKEN]; NULL where a part is missing. */
static struct sl_secret *key_of_environment(void)
{
    const char *id = variable("AWS_ACCESS_KEY_ID"), *secret = variable("AWS_SECRET_ACCESS_KEY");
    const char *token = variable("AWS_SESSION_TOKEN");
    if (!*id || !*secret)
        return NULL;
    size_t n = strlen(id) + strlen(secret) + strlen(token) + 3;
    struct sl_buf joined;
    struct sl_secret *made = NULL;
    sl_buf_init(&joined, n);
    if (sl_buf_printf(&joined, "%s:%s%s%s", id, secret, *token ? ":" : "", token))
        made = sl_secret_create(joined.p, joined.n);
    sl_buf_wipe(&joined);
    return made;
}

static bool choose_endpoint(const struct sl_cloud_source *from, struct sl_token_spec *spec,
                            struct sl_secret **secret)
{
    if (is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
        spec->url = sl_arena_printf(from->arena, "http://169.254.170.2%s",
                                    variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
    else
        spec->url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (*spec->url) {
        spec->from = SL_TOKEN_AWS_CONTAINER;
        spec->file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        if (!*spec->file)
            *secret = follow("env:AWS_CONTAINER_AUTHORIZATION_TOKEN");
        return true;
    }
    spec->from = SL_TOKEN_AWS_INSTANCE;
    spec->url = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    return strcmp(variable("AWS_EC2_METADATA_DISABLED"), "true") != 0 &&
           (*spec->url || firmware_says("/sys/class/dmi/id/sys_vendor", "Amazon EC2"));
}

static enum sl_code open_aws(const struct sl_cloud_source *from, struct sl_cloud_credential *out,
                             struct sl_err *err)
{
    const struct sl_config_provider *p = from->provider;
    const char *role = p ? p->role : "";
    struct sl_token_spec spec = {
        .region = sl_cloud_region(from),
        .session = variable("AWS_ROLE_SESSION_NAME"),
        .url = variable("AWS_ENDPOINT_URL_STS"),
    };
    struct sl_secret *secret = *from->key ? follow(from->key) : key_of_environment();
    out->reference = *from->key ? from->key : "env:AWS_ACCESS_KEY_ID";
    if (secret && !*role) {
        out->key = secret;
        return SL_OK;
    }
    if (secret) {
        spec.from = SL_TOKEN_AWS_ROLE;
        spec.role = role;
    } else if (*from->key) {
        return SL_OK;
    } else if (is_set("AWS_WEB_IDENTITY_TOKEN_FILE")) {
        spec.from = SL_TOKEN_AWS_WEB_IDENTITY;
        spec.role = setting_or(role, "AWS_ROLE_ARN");
        spec.file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
        out->reference = "env:AWS_WEB_IDENTITY_TOKEN_FILE";
    } else if (!choose_endpoint(from, &spec, &secret)) {
        return SL_OK;
    }
    spec.secret = secret;
    enum sl_code code = open_source(from, &spec, out, err);
    sl_secret_unref(secret);
    return code;
}

enum sl_code sl_cloud_open(const struct sl_cloud_source *from, enum sl_cloud cloud,
                           struct sl_cloud_credential *out, struct sl_err *err)
{
    *out = (struct sl_cloud_credential){.reference = ""};
    switch (cloud) {
    case SL_CLOUD_GOOGLE:
        return open_google(from, out, err);
    case SL_CLOUD_ENTRA:
        return open_entra(from, out, err);
    case SL_CLOUD_AWS:
        return open_aws(from, out, err);
    default:
        return SL_OK;
    }
}
