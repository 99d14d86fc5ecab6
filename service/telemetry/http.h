/* The operators' HTTP port: GET and HEAD of a few paths, on a thread of its own. For machines, not for the public: bounded
 * in connections and time, no TLS, no credentials. */
#ifndef SL_TELEMETRY_HTTP_H
#define SL_TELEMETRY_HTTP_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

struct sl_http;

struct sl_http_answer {
    unsigned status;     /* 200 at first */
    const char *type;    /* of the body; text/plain at first */
    struct sl_buf *body; /* empty at first */
};

struct sl_http_route {
    const char *path;
    /* On the port's thread: it may take its time, but holds up the port. */
    void (*answer)(void *owner, struct sl_http_answer *out);
    void *owner;
};

struct sl_http_options {
    const char *listen;                 /* HOST:PORT, [IPV6]:PORT; port 0: any free one */
    const struct sl_http_route *routes; /* ended by one without path; borrowed */
};

/* Listens and answers. SL_UNAVAILABLE, CONFIG_INVALID where it cannot; *out is set on success only. */
enum sl_code sl_http_start(const struct sl_http_options *options, struct sl_http **out,
                           struct sl_err *err) SL_MUST_CHECK;
/* With the real port. */
const char *sl_http_address(const struct sl_http *h);
/* Returns when no answer is under way. Accepts NULL. */
void sl_http_stop(struct sl_http *h);

#endif
