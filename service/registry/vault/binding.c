/* What a secret is bound to: the origin of a URL, in one spelling. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "registry/vault/vault.h"

struct origin {
    bool tls;
    struct sl_str host; /* an IPv6 address with its brackets */
    int64_t port;
};

static bool split_port(struct sl_str text, int64_t usual, int64_t *port)
{
    *port = usual;
    if (!text.n)
        return true;
    if (*text.p != ':')
        return false;
    /* "host:" is the usual port, too (RFC 3986, section 6.2.3) */
    text = (struct sl_str){text.p + 1, text.n - 1};
    return !text.n || (sl_parse_i64(text, port) && *port > 0 && *port <= 65535);
}

/* Names have no empty label, but for the root's at the end. */
static bool is_host(struct sl_str h, bool literal)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    static const char address[] = "abcdef0123456789.:";
    for (size_t i = 0; i < h.n; i++) {
        int c = tolower((unsigned char)h.p[i]);
        if (!c || !strchr(literal ? address : name, c))
            return false;
        if (!literal && c == '.' && (!i || h.p[i - 1] == '.'))
            return false;
    }
    return h.n > 0;
}

/* authority: what stands between "//" and the path. */
static bool split_authority(struct sl_str authority, struct origin *o)
{
    bool literal = authority.n && *authority.p == '[';
    const char *end = authority.n ? memchr(authority.p, literal ? ']' : ':', authority.n) : NULL;
    if (literal && !end)
        return false;
    size_t n = end ? (size_t)(end - authority.p) + literal : authority.n;
    struct sl_str inner = {authority.p + literal, n - 2 * (size_t)literal};
    o->host = (struct sl_str){authority.p, n};
    if (!is_host(inner, literal))
        return false;
    if (!literal && o->host.p[n - 1] == '.')
        o->host.n--; /* the root's dot names the same host */
    return split_port((struct sl_str){authority.p + n, authority.n - n}, o->tls ? 443 : 80,
                      &o->port);
}

bool sl_vault_bind(const char *url, char *dst, size_t size)
{
    struct origin o = {.tls = !strncasecmp(url, "https://", 8)};
    if (!o.tls && strncasecmp(url, "http://", 7) != 0)
        return false;
    const char *authority = url + (o.tls ? 8 : 7);
    if (!split_authority((struct sl_str){authority, strcspn(authority, "/?#")}, &o))
        return false;
    int n = snprintf(dst, size, "%s://%.*s:%d", o.tls ? "https" : "http", (int)o.host.n, o.host.p,
                     (int)o.port);
    if (n < 0 || (size_t)n >= size)
        return false;
    for (char *c = dst; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}
