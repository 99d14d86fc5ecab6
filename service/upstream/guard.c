/* Endpoints that strangers chose: where they lead is looked at when the socket is opened, whatever
 * the name said, and again before a request goes out on a connection that is there already. A name
 * that resolves anew to an inside address (DNS rebinding) is one of the cases. */
#include "internal.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/str.h"

/* Remembers why, for the error. */
static bool allows(struct sl_transfer *t, const struct sockaddr *address)
{
    if (t->guard.trusted || sl_address_list_has(t->guard.allowed, address))
        return true;
    t->guard.forbidden = sl_address_special(address);
    return !t->guard.forbidden;
}

curl_socket_t sl_guard_on_open(void *handle, curlsocktype type, struct curl_sockaddr *address)
{
    struct sl_transfer *t = ((struct sl_handle *)handle)->t;
    (void)type;
    if (!t || !allows(t, &address->addr))
        return CURL_SOCKET_BAD; /* curl tries the host's next address */
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool sl_guard_allows_connection(struct sl_transfer *t, const char *remote)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } a;
    if (!t->guard.on)
        return true;
    memset(&a, 0, sizeof(a));
    if (inet_pton(AF_INET, remote, &a.four.sin_addr) == 1)
        a.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, remote, &a.six.sin6_addr) == 1)
        a.any.sa_family = AF_INET6;
    else
        a.any.sa_family = AF_UNSPEC;
    return allows(t, &a.any);
}

static enum sl_code refuse(const char *host, const char *what, struct sl_err *err)
{
    return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_ADDRESS_FORBIDDEN,
                        "upstream.allowed_addresses",
                        "%.200s leads to %s, where this model may not go; an administrator can "
                        "open it with upstream.allowed_addresses",
                        host, what);
}

void sl_guard_explain(const struct sl_transfer *t, const char *host, struct sl_err *err)
{
    (void)refuse(host, t->guard.forbidden, err);
}

/* The host as curl itself reads it out of a URL, so that no two parsers can disagree: lower case or
 * not, without brackets. False where there is none. */
static bool host_of(const char *url, char *dst, size_t size)
{
    char *host = NULL;
    CURLU *parsed = curl_url();
    bool ok = parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0) &&
              !curl_url_get(parsed, CURLUPART_HOST, &host, 0);
    if (ok) {
        bool literal = *host == '[';
        ok = sl_copy_n(dst, size, host + literal, strlen(host) - 2 * (size_t)literal);
    }
    curl_free(host);
    curl_url_cleanup(parsed);
    return ok;
}

/* Behind a proxy nobody here sees the address: literals are looked at, names are the proxy's. */
static const char *special_literal(const char *host)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    char name[SL_HOST_MAX];
    size_t n = strlen(host);
    sl_copy_n(name, sizeof(name), host, n && host[n - 1] == '.' ? n - 1 : n);
    if (inet_aton(name, &four.sin_addr))
        return sl_address_special((struct sockaddr *)&four);
    if (inet_pton(AF_INET6, name, &six.sin6_addr) == 1)
        return sl_address_special((struct sockaddr *)&six);
    bool local = sl_str_ieq(sl_str(name), "localhost") || sl_glob_match("*.localhost", name);
    return local ? "a loopback address" : NULL;
}

enum sl_code sl_guard_prepare(struct sl_transfer *t, const struct sl_transfer_spec *spec,
                              struct sl_err *err)
{
    const struct sl_endpoint *e = spec->endpoint;
    char host[SL_HOST_MAX], proxy[SL_HOST_MAX];
    t->guard = (struct sl_guard){.on = e->guard, .allowed = e->allowed};
    if (!e->guard)
        return SL_OK;
    if (e->unix_socket && *e->unix_socket)
        return refuse("the endpoint", "a unix socket", err);
    if (!host_of(spec->url, host, sizeof(host)))
        return SL_OK; /* curl will say what is wrong with the URL */
    bool trusted = sl_address_list_has_host(e->allowed, host);
    if (!e->proxy || !*e->proxy) {
        t->guard.trusted = trusted && !(e->connect_to && *e->connect_to);
        return SL_OK;
    }
    const char *what = trusted ? NULL : special_literal(host);
    if (what)
        return refuse(host, what, err);
    t->guard.trusted =
        host_of(e->proxy, proxy, sizeof(proxy)) && sl_address_list_has_host(e->allowed, proxy);
    return SL_OK;
}
