/* See server.h. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

size_t conn_read(struct conn *c, void *p, size_t n)
{
    ssize_t got;
    if (c->ssl) {
        int r = SSL_read(c->ssl, p, (int)n);
        return r > 0 ? (size_t)r : 0;
    }
    do {
        got = recv(c->fd, p, n, 0);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

bool conn_send(struct conn *c, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t sent = c->ssl ? SSL_write(c->ssl, at, (int)n) : send(c->fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

bool conn_send_str(struct conn *c, const char *s)
{
    return conn_send(c, s, strlen(s));
}

/* Content-Length of the head in c->request, 0 if none. */
static size_t body_length(const struct conn *c)
{
    const char *at = strcasestr(c->request, "\r\ncontent-length:");
    return at ? strtoul(at + 17, NULL, 10) : 0;
}

static bool more(struct conn *c)
{
    size_t got = c->n < sizeof(c->in) ? conn_read(c, c->in + c->n, sizeof(c->in) - c->n) : 0;
    c->n += got;
    return got > 0;
}

static void drop(struct conn *c, size_t n)
{
    memmove(c->in, c->in + n, c->n - n);
    c->n -= n;
}

bool conn_read_request(struct conn *c)
{
    char *end;
    while (!(end = memmem(c->in, c->n, "\r\n\r\n", 4))) {
        if (!more(c))
            return false;
    }
    size_t head = (size_t)(end - c->in) + 4, kept = head;
    memcpy(c->request, c->in, head);
    c->request[head] = '\0';
    drop(c, head);
    c->body_n = 0;
    for (size_t left = body_length(c); left;) {
        if (!c->n && !more(c))
            return false;
        size_t n = c->n < left ? c->n : left;
        size_t room = sizeof(c->request) - 1 - kept, copied = n < room ? n : room;
        memcpy(c->request + kept, c->in, copied);
        kept += copied;
        c->body_n += n;
        left -= n;
        drop(c, n);
    }
    c->request[kept] = '\0';
    pthread_mutex_lock(&c->server->lock);
    memcpy(c->server->last_request, c->request, kept + 1);
    pthread_mutex_unlock(&c->server->lock);
    return true;
}

void conn_wait_close(struct conn *c)
{
    char sink[4096];
    while (conn_read(c, sink, sizeof(sink)))
        ;
    atomic_store(&c->server->closed_at_us, now_us());
    atomic_fetch_add(&c->server->closed, 1);
}

void conn_reset(struct conn *c)
{
    struct linger hard = {1, 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

bool conn_reply(struct conn *c, const struct reply *r)
{
    size_t n = strlen(r->bytes), piece = r->piece ? r->piece : n;
    for (size_t at = 0; at < n; at += piece) {
        if (!conn_send(c, r->bytes + at, n - at < piece ? n - at : piece))
            return false;
    }
    if (r->end == END_HOLD)
        conn_wait_close(c);
    else if (r->end == END_RESET)
        conn_reset(c);
    return r->end == END_KEEP;
}

static void play_replies(struct conn *c)
{
    struct server *s = c->server;
    while (conn_read_request(c)) {
        unsigned i = atomic_fetch_add(&s->requests, 1);
        if (!conn_reply(c, &s->replies[i < s->n_replies ? i : s->n_replies - 1]))
            return;
    }
    atomic_store(&s->closed_at_us, now_us());
    atomic_fetch_add(&s->closed, 1);
}

static void *serve(void *arg)
{
    struct conn *c = arg;
    if (c->server->tls) {
        c->ssl = SSL_new(c->server->tls);
        SSL_set_fd(c->ssl, c->fd);
        if (SSL_accept(c->ssl) != 1)
            goto out;
    }
    if (c->server->play)
        c->server->play(c);
    else
        play_replies(c);
    if (c->ssl)
        SSL_shutdown(c->ssl);
out:
    SSL_free(c->ssl);
    pthread_mutex_lock(&c->server->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->server->lock);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct server *s = arg;
    for (;;) {
        int fd = accept(s->fd, NULL, NULL), one = 1;
        if (fd < 0)
            return NULL;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        struct conn *c = calloc(1, sizeof(*c));
        assert_non_null(c);
        c->server = s;
        c->fd = fd;
        c->number = atomic_fetch_add(&s->accepted, 1);
        pthread_mutex_lock(&s->lock);
        c->next = s->conns;
        s->conns = c;
        pthread_mutex_unlock(&s->lock);
        assert_int_equal(pthread_create(&c->thread, NULL, serve, c), 0);
    }
}

static void listen_unix(struct server *s, const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
}

static void listen_port(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
    s->port = ntohs(a.sin_port);
    snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%u", s->tls ? "https" : "http", s->port);
}

void server_start(struct server *s, const char *unix_path)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* OpenSSL writes without MSG_NOSIGNAL */
    pthread_mutex_init(&s->lock, NULL);
    if (unix_path)
        listen_unix(s, unix_path);
    else
        listen_port(s);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
}

void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    for (struct conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        pthread_mutex_lock(&s->lock);
        if (c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
        pthread_mutex_unlock(&s->lock);
        pthread_join(c->thread, NULL);
        free(c);
    }
    pthread_mutex_destroy(&s->lock);
}
