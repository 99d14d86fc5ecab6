/* Easy handles kept with their options set, by pool key: setting a handle up costs more than the rest of a small transfer.
 * What several transfers share (connections, names, the CA store) hangs on the multi, not here. */
#include "internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

enum {
    /* A stream's events are small and its buffer lives as long as the stream; a read of more than this gains little. */
    READ_BUFFER = 16 * 1024,
    UPLOAD_BUFFER =
        16 *
        1024, /* the least curl allows; its own choice is 64 KiB, held to the end of the answer */
};

static unsigned bucket(uint64_t key)
{
    return (unsigned)((key * 0x9E3779B97F4A7C15u) >> 56);
}

static int on_close(void *upstream, curl_socket_t fd)
{
    struct sl_upstream *u = upstream;
    u->sockets--;
    sl_socket_table_closed(&u->table, fd);
    return close(fd);
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (curl_easy_setopt(h->easy, (option), (value)))                                          \
            return false;                                                                          \
    } while (0)

static bool set_callbacks(struct sl_handle *h)
{
    SET(CURLOPT_WRITEFUNCTION, sl_answer_on_write);
    SET(CURLOPT_WRITEDATA, h);
    SET(CURLOPT_HEADERFUNCTION, sl_answer_on_header);
    SET(CURLOPT_HEADERDATA, h);
    SET(CURLOPT_READFUNCTION, sl_request_on_read);
    SET(CURLOPT_READDATA, h);
    SET(CURLOPT_PREREQFUNCTION, sl_request_on_connected);
    SET(CURLOPT_PREREQDATA, h);
    SET(CURLOPT_SOCKOPTFUNCTION, sl_request_on_socket);
    SET(CURLOPT_SOCKOPTDATA, h);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, h->u); /* the connection outlives the handle */
    SET(CURLOPT_PRIVATE, h);
    SET(CURLOPT_ERRORBUFFER, h->error);
    return true;
}

static bool set_behaviour(struct sl_handle *h)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* else a cancel during a look-up waits for getaddrinfo */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_USERAGENT, "sluice");
    SET(CURLOPT_BUFFERSIZE, (long)READ_BUFFER);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    /* Wait for a connection that is being made rather than make one a stream: where HTTP/2 is offered, one read then
     * carries the events of many streams. Over plain HTTP, request.c asks for 1.1 and nothing waits. */
    SET(CURLOPT_PIPEWAIT, 1L);
    return true;
}

static bool set_endpoint(struct sl_handle *h, const struct sl_endpoint *e)
{
    SET(CURLOPT_SSL_VERIFYPEER, e->insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, e->insecure ? 0L : 2L);
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    if (or_null(e->ca_file)) {
        SET(CURLOPT_CAINFO, e->ca_file);
        SET(CURLOPT_PROXY_CAINFO, e->ca_file);
    }
    /* with a folder set, OpenSSL reads the whole bundle again for every connection (curl caches the store only without) */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_SSLCERT, or_null(e->client_cert));
    SET(CURLOPT_SSLKEY, or_null(e->client_key));
    SET(CURLOPT_PROXY, e->proxy ? e->proxy : ""); /* "": not the environment's either */
    SET(CURLOPT_UNIX_SOCKET_PATH, or_null(e->unix_socket));
    if (e->guard) {
        SET(CURLOPT_OPENSOCKETFUNCTION, sl_guard_on_open);
        SET(CURLOPT_OPENSOCKETDATA, h);
    }
    if (or_null(e->connect_to)) {
        size_t n = strlen(e->connect_to) + 3;
        char *rule = sl_malloc(n);
        snprintf(rule, n, "::%s", e->connect_to);
        h->connect_to = curl_slist_append(NULL, rule);
        sl_free(rule);
        if (!h->connect_to)
            return false;
        SET(CURLOPT_CONNECT_TO, h->connect_to);
    }
    return true;
}

#undef SET

static size_t swallow(char *p, size_t size, size_t count, void *nobody)
{
    (void)p, (void)nobody;
    return size * count;
}

/* Curl 7.88 forgets the bytes of a paused HTTP/2 stream, up to 32 MiB, where others still use the connection when it
 * ends (multi_done returns early, and cleaning up does not look). The end of any transfer with a connection to itself
 * frees them: here of one that reads an empty local file. */
static void free_held_bytes(struct sl_handle *h)
{
    curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, swallow);
    curl_easy_setopt(h->easy, CURLOPT_PREREQFUNCTION, NULL);
    curl_easy_setopt(h->easy, CURLOPT_SOCKOPTFUNCTION, NULL);
    curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETFUNCTION, NULL);
    curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "file");
    curl_easy_setopt(h->easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(h->easy, CURLOPT_URL, "file:///dev/null");
    (void)curl_easy_perform(h->easy);
}

void sl_pool_destroy(struct sl_handle *h, bool held)
{
    if (held)
        free_held_bytes(h);
    curl_easy_cleanup(h->easy);
    curl_slist_free_all(h->connect_to);
    sl_free(h);
}

static struct sl_handle *create(struct sl_upstream *u, const struct sl_endpoint *endpoint)
{
    struct sl_handle *h = SL_NEW(struct sl_handle);
    h->u = u;
    h->pool_key = endpoint->pool_key;
    h->opened = -1;
    h->easy = curl_easy_init();
    if (h->easy && set_callbacks(h) && set_behaviour(h) && set_endpoint(h, endpoint))
        return h;
    sl_pool_destroy(h, false);
    return NULL;
}

struct sl_handle *sl_pool_take(struct sl_upstream *u, const struct sl_endpoint *endpoint)
{
    struct sl_handle **at = &u->pool.idle[bucket(endpoint->pool_key)];
    while (*at && (*at)->pool_key != endpoint->pool_key)
        at = &(*at)->next;
    struct sl_handle *h = *at;
    if (!h)
        return create(u, endpoint);
    *at = h->next;
    h->next = NULL;
    u->pool.count--;
    return h;
}

void sl_pool_give(struct sl_handle *h, int64_t now_us)
{
    struct sl_pool *pool = &h->u->pool;
    struct sl_handle **at = &pool->idle[bucket(h->pool_key)];
    h->t = NULL;
    h->idle_since_us = now_us;
    h->next = *at;
    *at = h;
    pool->count++;
}

void sl_pool_sweep(struct sl_upstream *u, int64_t before_us)
{
    for (unsigned i = 0; i < SL_POOL_BUCKETS; i++) {
        struct sl_handle **at = &u->pool.idle[i];
        while (*at) {
            struct sl_handle *h = *at;
            if (h->idle_since_us >= before_us) {
                at = &h->next;
                continue;
            }
            *at = h->next;
            u->pool.count--;
            sl_pool_destroy(h, false);
        }
    }
}
