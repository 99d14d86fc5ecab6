/* URLs of providers and proxies, as far as the configuration has to understand them. */
#ifndef SL_CONFIG_URL_H
#define SL_CONFIG_URL_H

#include <stdbool.h>

/* NULL, or what is wrong, as the end of a sentence: http or https, and a host. plain: also no
 * user and no password, no query and no fragment. */
const char *sl_url_problem(const char *url, bool plain);
/* https, or http to this machine's loopback: where what comes back can be believed. */
bool sl_url_is_trustworthy(const char *url);
/* Whether two URLs lead to the same scheme, host and port, as written. NULL is nowhere. */
bool sl_url_same_origin(const char *a, const char *b);

/* Whether it may stand inside of a host's name: a region, a tenant. An empty one may. */
bool sl_url_is_label(const char *text);

#endif
