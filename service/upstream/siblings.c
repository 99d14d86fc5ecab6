/* Which transfers share a connection, so that one can push out what another has left in it.
 *
 * Where an HTTP/2 transfer is taken out of curl 7.88 or refuses its bytes, curl puts RST_STREAM into a buffer of the
 * connection and leaves it there (lib/http2.c: http2_data_done calls nghttp2_session_send, whose send_callback gathers small
 * frames; flush_output is called from h2_session_send only). The provider goes on with the answer until something else is
 * read or written there. So a transfer that ends before its time closes its connection, which curl ignores while others use
 * it (CURLOPT_FORBID_REUSE, looked at in multi_done behind CONN_INUSE); and if others do, one of these is paused and
 * resumed, which comes by h2_session_send (curl_easy_pause, http2_data_pause). */
#include "internal.h"

static struct sl_transfer **bucket(struct sl_upstream *u, const void *connection)
{
    uint64_t hash = (uint64_t)(uintptr_t)connection * 0x9E3779B97F4A7C15u;
    return &u->connected[(hash >> 32) & (SL_CONNECTED_BUCKETS - 1)];
}

void sl_siblings_join(struct sl_transfer *t)
{
    struct curl_tlssessioninfo *session = NULL;
    if (t->plain || t->connection ||
        curl_easy_getinfo(t->handle->easy, CURLINFO_TLS_SSL_PTR, &session) || !session->internals)
        return;
    t->connection = session->internals;
    struct sl_transfer **first = bucket(t->u, t->connection);
    t->next_connected = *first;
    if (*first)
        (*first)->connected_at = &t->next_connected;
    t->connected_at = first;
    *first = t;
}

/* One that curl itself runs or, for want of it, one that curl holds bytes for. */
static struct sl_transfer *find_sibling(struct sl_transfer *first, const void *connection)
{
    struct sl_transfer *held = NULL;
    for (struct sl_transfer *t = first; t; t = t->next_connected) {
        if (t->connection != connection || !t->added || t->ended || t->cancelled)
            continue;
        if (!t->held)
            return t;
        held = t;
    }
    return held;
}

static void flush(struct sl_transfer *t)
{
    CURL *easy = t->handle->easy;
    t->u->in_curl = true;
    if (!t->held) /* else curl has it paused: it offers us the bytes once more, and we refuse them again */
        curl_easy_pause(easy, CURLPAUSE_SEND);
    CURLcode code = curl_easy_pause(easy, CURLPAUSE_CONT);
    t->u->in_curl = false;
    if (code && t->held && !t->ended && !t->cancelled)
        sl_transfer_curl_done(t, code); /* the bytes may be lost */
}

void sl_siblings_leave(struct sl_transfer *t)
{
    const void *connection = t->connection;
    if (!connection)
        return;
    struct sl_transfer **at = t->connected_at;
    *at = t->next_connected;
    if (*at)
        (*at)->connected_at = at;
    t->connection = NULL;
    if (t->clean)
        return;
    struct sl_transfer *sibling = find_sibling(*bucket(t->u, connection), connection);
    if (sibling)
        flush(sibling);
}
