/* What curl's result codes mean to us, and the sentences for people. A sentence names the host and says what curl said;
 * it holds no path, query, user or key. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct meaning {
    CURLcode curl;
    enum sl_reason reason;
    bool retryable;
    const char *text; /* NULL: curl's own */
};

/* What is not here is PROVIDER_UNREACHABLE before there is a connection and PROVIDER_GARBAGE after. */
static const struct meaning meanings[] = {
    {CURLE_COULDNT_RESOLVE_HOST, SL_REASON_PROVIDER_UNREACHABLE, true, NULL},
    {CURLE_COULDNT_RESOLVE_PROXY, SL_REASON_PROVIDER_UNREACHABLE, true, NULL},
    {CURLE_COULDNT_CONNECT, SL_REASON_PROVIDER_UNREACHABLE, true, NULL},
    {CURLE_PROXY, SL_REASON_PROVIDER_UNREACHABLE, true, NULL},
    {CURLE_SSL_CONNECT_ERROR, SL_REASON_PROVIDER_TLS, true, NULL},
    {CURLE_PEER_FAILED_VERIFICATION, SL_REASON_PROVIDER_TLS, false, NULL},
    {CURLE_SSL_CERTPROBLEM, SL_REASON_PROVIDER_TLS, false,
     "needs a client certificate that cannot be used"},
    {CURLE_SSL_CIPHER, SL_REASON_PROVIDER_TLS, false, NULL},
    {CURLE_SSL_CACERT_BADFILE, SL_REASON_PROVIDER_TLS, false, "has a CA file that cannot be read"},
    {CURLE_SSL_ISSUER_ERROR, SL_REASON_PROVIDER_TLS, false, NULL},
    {CURLE_SSL_INVALIDCERTSTATUS, SL_REASON_PROVIDER_TLS, false, NULL},
    {CURLE_SSL_CLIENTCERT, SL_REASON_PROVIDER_TLS, false, NULL},
    {CURLE_SSL_ENGINE_INITFAILED, SL_REASON_PROVIDER_TLS, false, NULL},
    {CURLE_GOT_NOTHING, SL_REASON_PROVIDER_TRUNCATED, true,
     "closed the connection without an answer"},
    {CURLE_PARTIAL_FILE, SL_REASON_PROVIDER_TRUNCATED, true,
     "closed the connection before the answer was complete"},
    {CURLE_RECV_ERROR, SL_REASON_PROVIDER_TRUNCATED, true, NULL},
    {CURLE_SEND_ERROR, SL_REASON_PROVIDER_TRUNCATED, true, NULL},
    {CURLE_HTTP2, SL_REASON_PROVIDER_TRUNCATED, true, NULL},
    {CURLE_HTTP2_STREAM, SL_REASON_PROVIDER_TRUNCATED, true, NULL},
    {CURLE_WEIRD_SERVER_REPLY, SL_REASON_PROVIDER_GARBAGE, true, NULL},
    {CURLE_BAD_CONTENT_ENCODING, SL_REASON_PROVIDER_GARBAGE, true, NULL},
    {CURLE_UNSUPPORTED_PROTOCOL, SL_REASON_PROVIDER_GARBAGE, true,
     NULL}, /* HTTP/0.9, once connected */
};

void sl_outcome_host(const struct sl_transfer *t, char *dst, size_t size)
{
    char *url = NULL;
    if (t->handle)
        curl_easy_getinfo(t->handle->easy, CURLINFO_EFFECTIVE_URL, &url);
    const char *host = url ? strstr(url, "://") : NULL;
    if (!host) {
        sl_copy(dst, size, "the provider");
        return;
    }
    host += 3;
    size_t n = strcspn(host, "/?#");
    for (const char *at; (at = memchr(host, '@', n));) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    sl_copy_n(dst, size, host, n);
}

static const struct meaning *find_meaning(CURLcode code)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(meanings); i++) {
        if (meanings[i].curl == code)
            return &meanings[i];
    }
    return NULL;
}

static struct meaning what_happened(const struct sl_transfer *t)
{
    const struct meaning *known = find_meaning(t->curl_code);
    bool connected = t->timing.connected >= 0;
    const char *said = t->handle->error;
    if (sl_outcome_stale(t))
        return (struct meaning){
            0, SL_REASON_PROVIDER_TRUNCATED, true,
            "dropped the request with its kept-alive connection before it answered"};
    if (!connected)
        return known && known->reason != SL_REASON_PROVIDER_TRUNCATED &&
                       known->reason != SL_REASON_PROVIDER_GARBAGE
                   ? *known
                   : (struct meaning){0, SL_REASON_PROVIDER_UNREACHABLE, true, NULL};
    if (t->curl_code == CURLE_OUT_OF_MEMORY && !t->head.done)
        return (struct meaning){0, SL_REASON_PROVIDER_TOO_LARGE, false,
                                "sent a header line that is too long"};
    if (t->curl_code == CURLE_RECV_ERROR && strstr(said, "chunked-encoding"))
        return (struct meaning){0, SL_REASON_PROVIDER_GARBAGE, true, NULL};
    return known ? *known : (struct meaning){0, SL_REASON_PROVIDER_GARBAGE, true, NULL};
}

/* A URL that curl cannot use is our configuration's fault, whatever curl says of it (it may quote the URL: not told). */
static bool is_bad_url(const struct sl_transfer *t)
{
    return t->curl_code == CURLE_URL_MALFORMAT ||
           (t->curl_code == CURLE_UNSUPPORTED_PROTOCOL && t->timing.connected < 0);
}

void sl_outcome(const struct sl_transfer *t, struct sl_err *err)
{
    char host[SL_HOST_MAX];
    if (t->curl_code == CURLE_OK)
        return;
    if (is_bad_url(t)) {
        sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                   "the provider's URL is not a usable http or https URL");
        return;
    }
    sl_outcome_host(t, host, sizeof(host));
    if (t->guard.forbidden && t->timing.connected < 0) {
        sl_guard_explain(t, host, err);
        return;
    }
    if (t->curl_code == CURLE_OPERATION_TIMEDOUT && t->timing.connected < 0) {
        sl_err_set(err, SL_DEADLINE_EXCEEDED, SL_REASON_CONNECT_TIMEOUT,
                   "%s: no connection in time", host);
        err->retryable = true;
        return;
    }
    struct meaning m = what_happened(t);
    const char *said = t->handle->error[0] ? t->handle->error : curl_easy_strerror(t->curl_code);
    if (m.text)
        sl_err_set(err, SL_UNAVAILABLE, m.reason, "%s %s", host, m.text);
    else
        sl_err_set(err, SL_UNAVAILABLE, m.reason, "%s: %s", host, said);
    err->retryable = m.retryable;
    err->http_status = t->head.done ? t->head.head.status : 0;
}

bool sl_outcome_stale(const struct sl_transfer *t)
{
    if (t->repeated)
        return true;
    if (!t->timing.reused || t->head.bytes)
        return false;
    switch (t->curl_code) {
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE: /* HTTP/2: the connection ended under the stream, */
    case CURLE_HTTP2:        /* or was being given up */
    case CURLE_SEND_FAIL_REWIND:
        return true;
    default:
        return false;
    }
}
