/* No parser: curl does that. Only what decides whether a key may go to a URL, and what is
 * plainly a mistake. */
#include "config/url.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

const char *sl_url_problem(const char *url, bool plain)
{
    const char *rest = strstr(url, "://");
    if (!sl_starts_with(url, "http://") && !sl_starts_with(url, "https://"))
        return "has to begin with http:// or https://";
    rest += 3;
    size_t host = strcspn(rest, "/?#");
    if (!host || strpbrk(url, " \"<>\\^`{|}"))
        return "is no URL";
    if (plain && memchr(rest, '@', host))
        return "may not hold a user or a password: use key or headers with a reference";
    if (plain && rest[strcspn(rest, "?#")])
        return "may not hold '?' or '#'";
    return NULL;
}

bool sl_url_is_label(const char *text)
{
    return !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")];
}

/* Up to the end of host and port. */
static size_t origin_length(const char *url)
{
    const char *rest = strstr(url, "://");
    return rest ? (size_t)(rest + 3 - url) + strcspn(rest + 3, "/?#") : strlen(url);
}

bool sl_url_same_origin(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    size_t n = origin_length(a);
    return n == origin_length(b) && !strncasecmp(a, b, n);
}

bool sl_url_is_trustworthy(const char *url)
{
    static const char *const local[] = {"127.0.0.1", "localhost", "[::1]"};
    if (sl_url_problem(url, false))
        return false;
    const char *host = strstr(url, "://") + 3;
    size_t authority = strcspn(host, "/?#"), n = strcspn(host, ":/?#");
    if (memchr(host, '@', authority))
        return false;
    if (sl_starts_with(url, "https://"))
        return true;
    if (*host == '[')
        n = strcspn(host, "]/?#") + 1;
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        if (sl_str_ieq((struct sl_str){host, n <= authority ? n : authority}, local[i]))
            return true;
    }
    return false;
}
