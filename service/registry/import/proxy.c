/* Addresses that are no provider's: those of proxies and of networks inside. */
#include "registry/import/import.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/str.h"

enum { MAX_HOST = 256 };

struct origin {
    char host[MAX_HOST];
    const char *port; /* "" : the scheme's */
};

static bool split(const char *url, struct origin *out)
{
    const char *host = NULL;
    if (!strncasecmp(url, "http://", 7))
        host = url + 7;
    else if (!strncasecmp(url, "https://", 8))
        host = url + 8;
    if (!host)
        return false;
    size_t n = strcspn(host, "/?#");
    for (size_t i = n; i > 0; i--) {
        if (host[i - 1] == '@') {
            host += i;
            n -= i;
            break;
        }
    }
    size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    if (!length || length > n || !sl_copy_n(out->host, sizeof(out->host), host, length))
        return false;
    out->port = host[length] == ':' ? host + length + 1 : "";
    return true;
}

static const char *special_address(const char *host)
{
    char bare[MAX_HOST];
    size_t n = strlen(host);
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
        return sl_address_special((struct sockaddr *)&v4);
    if (*host != '[' || n < 3)
        return NULL;
    sl_copy_n(bare, sizeof(bare), host + 1, n - 2);
    if (inet_pton(AF_INET6, bare, &v6.sin6_addr) == 1)
        return sl_address_special((struct sockaddr *)&v6);
    return NULL;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcasecmp(s + n - m, end);
}

static bool is_inside_name(const char *host)
{
    static const char *const ends[] = {".local", ".internal", ".lan", ".localhost", ".svc"};
    if (!strcasecmp(host, "localhost") || !strchr(host, '.'))
        return *host != '[';
    for (size_t i = 0; i < SL_ARRAY_LEN(ends); i++) {
        if (ends_with(host, ends[i]))
            return true;
    }
    return false;
}

/* NULL where it is one; fills out. */
static const char *no_url(const char *url, struct origin *out)
{
    while (*url == ' ')
        url++;
    if (!*url)
        return "is empty";
    return split(url, out) ? NULL : "is no http or https address";
}

/* What gives a proxy away, wherever it runs. */
static const char *by_looks(const struct origin *o)
{
    if (!strncmp(o->port, "4000", 4) && !strchr("0123456789", o->port[4] ? o->port[4] : ' '))
        return "is a proxy's (port 4000 is LiteLLM's)";
    if (sl_glob_match("*litellm*", o->host) || sl_glob_match("*proxy*", o->host))
        return "is a proxy's, by its name";
    return NULL;
}

static const char *by_place(const struct origin *o)
{
    if (!strcasecmp(o->host, "host.docker.internal"))
        return "leads out of a container to its host";
    const char *special = special_address(o->host);
    if (special)
        return special[0] ? "leads to an address inside, not to a provider" : NULL;
    return is_inside_name(o->host) ? "is a name of a network inside, not a provider's" : NULL;
}

const char *sl_import_proxy_by_looks(const char *url)
{
    struct origin o;
    const char *why = no_url(url, &o);
    return why ? why : by_looks(&o);
}

const char *sl_import_proxy(const char *url)
{
    struct origin o;
    const char *why = no_url(url, &o);
    if (!why)
        why = by_looks(&o);
    return why ? why : by_place(&o);
}
