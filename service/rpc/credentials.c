/* TLS for the server's ports. gRPC asks a port's door for its certificates before each handshake; the door hands them
 * out once for every generation, so that a reload reaches new handshakes and costs the others nothing. */
#include "rpc/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc_security_constants.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/utf8.h"

enum { PEM_FILE_MAX = 1024 * 1024 };

/* One set of files, as read. */
struct pems {
    char *certificate, *key;
    char *client_ca; /* NULL: none */
};

/* One port's credentials. */
struct door {
    struct sl_server_tls *tls;
    unsigned generation; /* handed out last; 0: none */
    struct door *next;
};

struct sl_server_tls {
    pthread_mutex_t lock; /* guards pems, generation and the doors */
    struct pems pems;
    unsigned generation;
    struct door *doors;
    char *certificate_path, *key_path, *client_ca_path; /* fixed */
    bool require_client_certificate;
};

/* ---- files ---- */

static void pems_fini(struct pems *p)
{
    if (p->key)
        sl_wipe(p->key, strlen(p->key));
    sl_free(p->key);
    sl_free(p->certificate);
    sl_free(p->client_ca);
    *p = (struct pems){0};
}

static enum sl_code unreadable(const char *what, const char *path, const char *why,
                               struct sl_err *err)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID, "%s %s: %s", what,
                      path, why);
}

static enum sl_code read_all(int fd, char *p, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = read(fd, p + *got, n - *got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return SL_INTERNAL;
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return SL_OK;
}

static enum sl_code read_pem(const char *what, const char *path, char **out, struct sl_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return unreadable(what, path, strerror(errno), err);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > PEM_FILE_MAX) {
        close(fd);
        return unreadable(what, path, "is not a file of at most 1 MiB", err);
    }
    size_t size = (size_t)st.st_size, n;
    char *text = sl_calloc(1, size + 1);
    enum sl_code code = read_all(fd, text, size, &n);
    int why = errno;
    close(fd);
    if (code == SL_OK && strlen(text) == n) {
        *out = text;
        return SL_OK;
    }
    sl_wipe(text, size);
    sl_free(text);
    return unreadable(what, path, code == SL_OK ? "is not PEM" : strerror(why), err);
}

/* ---- checks ---- */

/* A key with a pass phrase is refused, not asked for on a terminal. */
static int no_pass_phrase(char *buf, int size, int writing, void *data)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)data;
    return -1;
}

/* Reads every certificate of a chain; the first one into *first (the caller frees it), which may be NULL. Returns how
 * many there are, 0 where one is malformed. */
static unsigned read_chain(const char *pem, X509 **first)
{
    unsigned n = 0;
    BIO *in = BIO_new_mem_buf(pem, -1);
    ERR_clear_error();
    for (X509 *x; in && (x = PEM_read_bio_X509(in, NULL, no_pass_phrase, NULL)); n++) {
        if (n == 0 && first)
            *first = x;
        else
            X509_free(x);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        n = 0;
    ERR_clear_error();
    BIO_free(in);
    return n;
}

static void warn_of_dates(const struct sl_server_tls *tls, const X509 *x)
{
    const char *what = NULL;
    if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
        what = "has expired";
    else if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
        what = "is not valid yet";
    if (what)
        sl_log(SL_LOG_WARN, "server certificate: clients will refuse it",
               SL_F_STR("file", tls->certificate_path), SL_F_STR("why", what));
}

static enum sl_code check_pair(const struct sl_server_tls *tls, const struct pems *p,
                               struct sl_err *err)
{
    X509 *first = NULL;
    EVP_PKEY *key = NULL;
    enum sl_code code = SL_OK;
    BIO *in = BIO_new_mem_buf(p->key, -1);
    if (!read_chain(p->certificate, &first))
        code = unreadable("certificate", tls->certificate_path, "holds no valid PEM chain", err);
    else if (!in || !(key = PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, NULL)))
        code = unreadable("key", tls->key_path, "holds no PEM key without a pass phrase", err);
    else if (X509_check_private_key(first, key) != 1)
        code = unreadable("key", tls->key_path, "does not belong to the certificate", err);
    else
        warn_of_dates(tls, first);
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(first);
    BIO_free(in);
    return code;
}

static enum sl_code load(const struct sl_server_tls *tls, struct pems *out, struct sl_err *err)
{
    struct pems p = {0};
    enum sl_code code = read_pem("certificate", tls->certificate_path, &p.certificate, err);
    if (code == SL_OK)
        code = read_pem("key", tls->key_path, &p.key, err);
    if (code == SL_OK && tls->client_ca_path)
        code = read_pem("client CA", tls->client_ca_path, &p.client_ca, err);
    if (code == SL_OK)
        code = check_pair(tls, &p, err);
    if (code == SL_OK && p.client_ca && !read_chain(p.client_ca, NULL))
        code = unreadable("client CA", tls->client_ca_path, "holds no valid PEM chain", err);
    if (code == SL_OK)
        *out = p;
    else
        pems_fini(&p);
    return code;
}

/* ---- the server's side ---- */

enum sl_code sl_server_tls_create(const struct sl_server_tls_files *files,
                                  struct sl_server_tls **out, struct sl_err *err)
{
    struct sl_server_tls *tls = SL_NEW(struct sl_server_tls);
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate_path = sl_strdup(files->certificate);
    tls->key_path = sl_strdup(files->key);
    if (files->client_ca && files->client_ca[0])
        tls->client_ca_path = sl_strdup(files->client_ca);
    tls->require_client_certificate = files->require_client_certificate;
    tls->generation = 1;
    enum sl_code code = SL_OK;
    if (tls->require_client_certificate && !tls->client_ca_path)
        code = sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "client certificates are required, but no client CA is given");
    if (code == SL_OK)
        code = load(tls, &tls->pems, err);
    if (code != SL_OK) {
        sl_server_tls_destroy(tls);
        return code;
    }
    *out = tls;
    return SL_OK;
}

enum sl_code sl_server_tls_reload(struct sl_server_tls *tls, struct sl_err *err)
{
    struct pems fresh, old;
    enum sl_code code = load(tls, &fresh, err);
    if (code != SL_OK)
        return code;
    pthread_mutex_lock(&tls->lock);
    old = tls->pems;
    tls->pems = fresh;
    tls->generation++;
    pthread_mutex_unlock(&tls->lock);
    pems_fini(&old);
    return SL_OK;
}

void sl_server_tls_destroy(struct sl_server_tls *tls)
{
    if (!tls)
        return;
    for (struct door *d = tls->doors, *next; d; d = next) {
        next = d->next;
        sl_free(d);
    }
    pems_fini(&tls->pems);
    sl_free(tls->certificate_path);
    sl_free(tls->key_path);
    sl_free(tls->client_ca_path);
    pthread_mutex_destroy(&tls->lock);
    sl_free(tls);
}

/* gRPC's, before a handshake, on any of its threads. */
static grpc_ssl_certificate_config_reload_status on_fetch(
    void *data, grpc_ssl_server_certificate_config **config)
{
    struct door *door = data;
    struct sl_server_tls *tls = door->tls;
    grpc_ssl_certificate_config_reload_status status = GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    pthread_mutex_lock(&tls->lock);
    if (door->generation != tls->generation) {
        grpc_ssl_pem_key_cert_pair pair = {tls->pems.key, tls->pems.certificate};
        /* 1.51 aborts without roots (ssl_security_connector.cc); where no client certificate is
         * asked for they are of no effect, so that any certificate will do */
        const char *roots = tls->pems.client_ca ? tls->pems.client_ca : tls->pems.certificate;
        *config = grpc_ssl_server_certificate_config_create(roots, &pair, 1);
        door->generation = tls->generation;
        status = GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
    }
    pthread_mutex_unlock(&tls->lock);
    return status;
}

static grpc_ssl_client_certificate_request_type client_request(const struct sl_server_tls *tls)
{
    if (!tls->client_ca_path)
        return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    return tls->require_client_certificate
               ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
               : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
}

grpc_server_credentials *sl_server_credentials(struct sl_server_tls *tls)
{
    if (!tls)
        return grpc_insecure_server_credentials_create();
    struct door *door = SL_NEW(struct door);
    door->tls = tls;
    pthread_mutex_lock(&tls->lock);
    door->next = tls->doors;
    tls->doors = door;
    pthread_mutex_unlock(&tls->lock);
    return grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(client_request(tls),
                                                                        on_fetch, door));
}

/* ---- the client's side ---- */

/* A name that does not fit, or that hides bytes behind a NUL, is nobody's. */
static bool copy_property(const grpc_auth_context *context, const char *name, char *dst,
                          size_t size)
{
    grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(context, name);
    const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);
    if (!p || !p->value_length || p->value_length >= size ||
        sl_utf8_check_text(p->value, p->value_length) != p->value_length)
        return false;
    return sl_copy_n(dst, size, p->value, p->value_length);
}

bool sl_peer_certificate(grpc_call *call, char *dst, size_t size)
{
    grpc_auth_context *context = grpc_call_auth_context(call);
    if (!context)
        return false;
    bool found = grpc_auth_context_peer_is_authenticated(context) &&
                 (copy_property(context, GRPC_X509_SAN_PROPERTY_NAME, dst, size) ||
                  copy_property(context, GRPC_X509_CN_PROPERTY_NAME, dst, size));
    grpc_auth_context_release(context);
    return found;
}
