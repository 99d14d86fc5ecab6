/* HTTP to providers: one curl multi a loop (curl_multi_socket_action on libuv), transfers with their clocks, caps and
 * back-pressure. The only module that includes curl. Everything here runs on the loop's thread, but for
 * sl_upstream_global_init.
 *
 * A transfer ends exactly once, by on_done, or by sl_transfer_cancel (after which no callback comes). Callbacks may
 * cancel their own transfer. Nothing is ever repeated by itself: a POST goes out once (no seek function, no rewinding),
 * a redirect is an error. */
#ifndef SL_UPSTREAM_UPSTREAM_H
#define SL_UPSTREAM_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/seg.h"
#include "upstream/framing.h"

struct sl_upstream;
struct sl_transfer;

/* Once a process, before any thread starts. */
enum sl_code sl_upstream_global_init(struct sl_err *err) SL_MUST_CHECK;

struct sl_upstream_options {
    unsigned max_connections; /* sockets of this loop, all hosts; 0: 4096. Transfers over it wait */
    unsigned max_idle;        /* idle connections kept; 0: 1024 */
};

/* Before the loop starts, or on its thread. */
struct sl_upstream *sl_upstream_create(struct sl_loop *loop,
                                       const struct sl_upstream_options *options,
                                       struct sl_err *err) SL_MUST_CHECK;
/* On the loop's thread; cancels what still runs, closes all connections and all uv handles (the loop has to turn once
 * more for them to be gone). Accepts NULL. */
void sl_upstream_destroy(struct sl_upstream *u);

/* Durations in milliseconds; 0 switches a clock off. Each ends the transfer with SL_DEADLINE_EXCEEDED and its reason. */
struct sl_clocks {
    int64_t
        connect_ms; /* from the start: a free connection, name, TCP, TLS, proxy: CONNECT_TIMEOUT */
    int64_t first_byte_ms;  /* from the start to the head of the answer: FIRST_BYTE_TIMEOUT */
    int64_t first_token_ms; /* from the start to sl_transfer_mark_token: FIRST_TOKEN_TIMEOUT */
    int64_t
        idle_ms; /* between bytes, once the head is there (paused time does not count): IDLE_TIMEOUT */
    int64_t total_ms;       /* all of it: TOTAL_TIMEOUT */
    int64_t slow_reader_ms; /* paused in one go: SL_RESOURCE_EXHAUSTED, SLOW_READER */
};

enum sl_http_version { SL_HTTP_ANY /* HTTP/2 by ALPN over TLS, else 1.1 */, SL_HTTP_1_1 };

/* How to reach a host: shared, immutable, reference-counted by its owner; outlives the transfer. Two transfers with the
 * same pool_key have the same endpoint settings and may share curl handles. */
struct sl_endpoint {
    uint64_t pool_key; /* changes whenever anything below, or the credential, changes */
    enum sl_http_version http;
    bool insecure;           /* do not verify the certificate */
    const char *ca_file;     /* "" : the system's */
    const char *client_cert; /* "" : none */
    const char *client_key;
    const char *proxy;       /* "" : none. http:// or https://, credentials allowed */
    const char *unix_socket; /* "" : none */
    const char *
        connect_to; /* "" : none; "HOST:PORT" reached instead of the URL's, for tests and private links */
    /* Somebody chose the URL who may not reach inside: every address that a connection is made to, a proxy's too, has to
     * be one of the internet or among `allowed`, or the transfer ends with SL_PERMISSION_DENIED, ADDRESS_FORBIDDEN.
     * Always HTTP/1.1, on connections that no other endpoint uses. Behind a proxy, names are resolved by the proxy. */
    bool guard;
    const struct sl_address_list *allowed; /* NULL: nothing else; outlives the endpoint */
};

struct sl_transfer_header {
    const char *name, *value;
    const struct sl_transfer_header *next;
};

struct sl_transfer_caps {
    size_t header;  /* all headers of an answer; 0: 64 KiB */
    size_t line;    /* one line of a stream; 0: 8 MiB */
    size_t event;   /* one event of a stream; 0: 8 MiB */
    size_t body;    /* a body that is not framed; 0: 64 MiB */
    size_t failure; /* what is kept of a body whose status is not 2xx; 0: 64 KiB */
};

/* Head of an answer. Header names are lower case; kept: all of them, within the cap. */
struct sl_transfer_head {
    int status;
    int http_version; /* 10, 11, 20 */
    const struct sl_transfer_header *headers;
};

struct sl_transfer_timing { /* microseconds since the start; -1: not reached */
    int64_t connected, sent, head, first_byte, last_byte;
    bool reused; /* the connection was there already */
    /* of a connection that was made for it: the host's name was resolved, TCP was there, TLS was there (http: never);
     * also where it came no farther. As curl says at the end: set in the result only */
    int64_t resolved, reached, secured;
};

/* How a transfer ended. err.code is SL_OK where HTTP ended in good order, whatever the status. */
struct sl_transfer_result {
    struct sl_err err;
    const struct sl_transfer_head *head; /* NULL: no answer */
    /* the body, when it was not framed: writable, NUL-terminated, valid during the call. NULL with n 0 if none */
    char *body;
    size_t n;
    bool body_cut; /* a failure's body was longer than its cap */
    /* the request is known not to have been answered at all: a kept-alive connection was closed by the provider before
     * the first byte of an answer; it may be repeated, once, on a fresh connection, as an attempt of its own */
    bool stale_connection;
    bool request_sent; /* at least one byte of the request went out */
    struct sl_transfer_timing timing;
};

/* Callbacks, all on the loop's thread. owner is the spec's. */
struct sl_transfer_ops {
    /* The head of a 2xx answer is there (1xx are skipped). NULL: not wanted. */
    void (*on_head)(void *owner, const struct sl_transfer_head *head);
    /* A frame of a 2xx answer whose spec asks for framing. Anything but SL_OK ends the transfer with that error. */
    enum sl_code (*on_frame)(void *owner, const struct sl_framer_frame *frame, struct sl_err *err);
    /* All frames that one look at the socket brought (at most 64 KiB of them at a time) were given: the moment to send
     * what they led to. Returns true to pause the transfer (sl_transfer_resume goes on); bytes already received are
     * framed on resume. NULL: not wanted. */
    bool (*on_batch)(void *owner);
    /* The end, which may also come while the transfer is paused. It is gone when this returns. */
    void (*on_done)(void *owner, const struct sl_transfer_result *result);
};

/* Copied, but for what is said to outlive the transfer. Headers that the transport decides (content-length,
 * transfer-encoding, accept-encoding, expect, connection, upgrade, te) and ill-formed ones end it with
 * SL_INVALID_ARGUMENT. */
struct sl_transfer_spec {
    const struct sl_endpoint *endpoint;
    const char *method, *url;
    const struct sl_transfer_header *headers;
    const struct sl_segs *body; /* outlives the transfer */
    bool framed;
    enum sl_framer_kind
        framer; /* with framed, for 2xx answers that are neither application/json nor text/html */
    struct sl_clocks clocks;
    struct sl_transfer_caps caps;
    bool fresh_connection; /* do not reuse one */
    const struct sl_transfer_ops *ops;
    void *owner;
};

/* Starts; never calls back before it returned. */
struct sl_transfer *sl_transfer_start(struct sl_upstream *u,
                                      const struct sl_transfer_spec *spec) SL_MUST_CHECK;
/* Tears it down at once: the connection is closed (HTTP/2: the stream is reset). Accepts NULL. */
void sl_transfer_cancel(struct sl_transfer *t);
/* The first token arrived: stops the first-token clock. */
void sl_transfer_mark_token(struct sl_transfer *t);
/* After a pause. Frames may be delivered before this returns. */
void sl_transfer_resume(struct sl_transfer *t);

/* Figures of this loop: transfers running, sockets open, waiting. */
struct sl_upstream_stats {
    unsigned running, sockets;
    uint64_t started, reused;
};
void sl_upstream_stats(const struct sl_upstream *u, struct sl_upstream_stats *out);

#endif
