/* A provider in the test's own process: a port of its own on 127.0.0.1, a thread a connection, and either a table of
 * replies or a function of the test's that plays one connection. */
#ifndef SL_TESTS_UPSTREAM_SERVER_H
#define SL_TESTS_UPSTREAM_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server;

struct conn {
    struct server *server;
    struct conn *next;
    pthread_t thread;
    int fd;
    SSL *ssl;        /* NULL: plain */
    unsigned number; /* of the connection, from 0 */
    char in[64 * 1024];
    size_t n; /* bytes in `in` that no request has used */
    char request
        [64 *
         1024]; /* the last one read: head and body, NUL-terminated (a longer body is counted only) */
    size_t body_n;
};

enum reply_end {
    END_KEEP, /* read the next request */
    END_CLOSE,
    END_RESET, /* RST */
    END_HOLD,  /* say nothing more until the client closes */
};

struct reply {
    const char *bytes;
    size_t piece; /* send so many bytes at a time, each in a segment of its own; 0: all at once */
    enum reply_end end;
};

struct server {
    int fd;
    unsigned port;
    char url[64]; /* http://127.0.0.1:PORT */
    pthread_t thread;
    pthread_mutex_t lock;
    struct conn *conns;
    const struct reply *replies; /* the n-th request gets the n-th, the rest the last */
    size_t n_replies;
    void (*play)(struct conn *c); /* instead of replies */
    SSL_CTX *tls;
    void *arg;                              /* of the test's */
    atomic_uint accepted, requests, closed; /* closed: connections whose client was seen to go */
    atomic_long closed_at_us;
    char last_request[64 * 1024]; /* under lock */
};

/* Fields the test has set stay; unix_path: a socket file instead of a port, or NULL. */
void server_start(struct server *s, const char *unix_path);
void server_stop(struct server *s);

/* False when the client is gone. */
bool conn_read_request(struct conn *c);
bool conn_send(struct conn *c, const void *p, size_t n);
bool conn_send_str(struct conn *c, const char *s);
/* Waits until the client closes; what it sends meanwhile is dropped. */
void conn_wait_close(struct conn *c);
void conn_reset(struct conn *c);
/* At least one byte; 0 at the end. */
size_t conn_read(struct conn *c, void *p, size_t n);
long now_us(void);
/* The n-th (0 based) value of a reply table as the connection's answer; false: the connection is over. */
bool conn_reply(struct conn *c, const struct reply *r);

#endif
