/* What the files of upstream/ share; nobody else includes it. One sl_upstream a loop, touched on that loop's thread only.
 *
 * Nothing is freed, removed or resumed while curl or a callback may still be looking at it: such wishes are flags of the
 * transfer, which goes onto the work list; sl_upstream_settle does the work when curl has returned. */
#ifndef SL_UPSTREAM_INTERNAL_H
#define SL_UPSTREAM_INTERNAL_H

#include <curl/curl.h>
#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "upstream/socket_table.h"
#include "upstream/upstream.h"

enum { SL_POOL_BUCKETS = 256, SL_CONNECTED_BUCKETS = 1024, SL_HOST_MAX = 280 };
#define SL_NO_PLACE UINT32_MAX

/* A curl easy handle whose options are set: what an endpoint needs to be asked again. */
struct sl_handle {
    CURL *easy;
    struct sl_upstream *u;
    struct sl_transfer *t; /* that runs on it; NULL in the pool */
    struct sl_handle *next;
    struct curl_slist *connect_to;
    uint64_t pool_key;
    int64_t idle_since_us;
    int opened; /* the youngest socket that was opened for it; -1: none */
    char error[CURL_ERROR_SIZE];
};

struct sl_pool {
    struct sl_handle *idle[SL_POOL_BUCKETS];
    unsigned count;
};

/* Deadlines of the transfers, the earliest first. */
struct sl_clock_heap {
    struct sl_transfer **at;
    uint32_t count, cap;
};

struct sl_socket {
    uv_poll_t poll;
    struct sl_upstream *u;
    curl_socket_t fd;
    int events; /* polled for */
};

struct sl_upstream {
    struct sl_loop *loop;
    struct sl_upstream *guarded; /* that of guarded endpoints; NULL until there is one */
    CURLM *multi;
    struct sl_upstream_options options;
    struct sl_turn turn;
    uv_timer_t curl_timer, clock_timer, sweep_timer;
    unsigned closing; /* uv handles that still have to close */
    bool in_curl;     /* curl is on the stack */
    bool settling;
    bool run_now;         /* curl wants to be called at once */
    int64_t clock_due_us; /* when clock_timer fires; INT64_MAX: stopped */
    struct sl_clock_heap clocks;
    struct sl_pool pool;
    struct sl_socket_table table;
    struct sl_transfer *all;
    struct sl_transfer *connected[SL_CONNECTED_BUCKETS]; /* by connection; see siblings.c */
    struct sl_transfer *work, **work_end;
    unsigned running, sockets, told_running;
    uint64_t started, reused;
    struct sl_err scratch; /* of the frame callbacks; code SL_OK between them */
};

/* Where a transfer may lead; see guard.c. */
struct sl_guard {
    bool on;
    bool trusted; /* by its name */
    const struct sl_address_list *allowed;
    const char *forbidden; /* what the last refused address was; NULL: none was */
};

enum sl_body_mode { SL_BODY_UNKNOWN, SL_BODY_FRAMES, SL_BODY_WHOLE, SL_BODY_FAILURE };

/* The answer's head while it arrives. */
struct sl_head_state {
    struct sl_transfer_head head;
    struct sl_arena arena;
    struct sl_transfer_header *last;
    size_t bytes; /* of all header lines so far, interim answers included */
    bool done;
};

/* Bytes made for one request: header lines (they hold the key: wiped) and a small body. Gone once an answer begins. */
struct sl_request_state {
    struct curl_slist *headers;
    size_t headers_size;
    char *flat;
    struct sl_seg_reader reader;
    uint64_t body_left;
};

struct sl_transfer {
    struct sl_upstream *u;
    struct sl_handle *handle; /* NULL: it could not start */
    const struct sl_transfer_ops *ops;
    void *owner;
    struct sl_transfer *prev, *next; /* all */
    struct sl_transfer *next_work;
    const void *connection; /* its TLS session; NULL: none yet, or plain HTTP */
    struct sl_transfer *next_connected, **connected_at;
    struct sl_clocks clocks;
    struct sl_transfer_caps caps;
    struct sl_request_state request;
    struct sl_guard guard;
    struct sl_head_state head;
    struct sl_framer framer; /* with mode SL_BODY_FRAMES */
    struct sl_buf body;      /* with the other modes */
    struct sl_err *err;      /* why we ended it; NULL: we did not */
    int64_t started_us, activity_us, paused_us, due_us;
    struct sl_transfer_timing timing;
    uint64_t frames_seen; /* as of the last on_batch */
    size_t batch_bytes;
    uint32_t place; /* in the heap; SL_NO_PLACE: not there */
    CURLcode curl_code;
    enum sl_body_mode mode;
    enum sl_framer_kind framer_kind;
    bool framed, token, body_cut;
    bool plain;     /* http: nothing between the socket and HTTP/1.1 */
    bool added;     /* curl's multi has it */
    bool start;     /* wishes: to be added, */
    bool batch;     /* on_batch to be called, */
    bool resume;    /* to go on after a pause, */
    bool ended;     /* on_done to be called, */
    bool cancelled; /* to be freed without a word */
    bool queued;    /* is on the work list */
    bool gone;      /* on_done was called */
    bool paused;
    bool held;     /* curl keeps bytes that we refused while paused */
    bool repeated; /* curl wanted to send the request a second time, or the connection was dead */
    bool clean;    /* curl came to a good end: its handle holds nothing of this transfer */
};

/* ---- upstream.c ---- */
/* Curl may have work that no socket reports. */
void sl_upstream_wake(struct sl_upstream *u);
/* Does what the work list holds; nothing while curl or settle itself is on the stack. */
void sl_upstream_settle(struct sl_upstream *u);
void sl_upstream_queue(struct sl_transfer *t);
/* The upstream of guarded endpoints, made now if need be: connections, names and TLS sessions of its own. NULL with err
 * filled where curl cannot. */
struct sl_upstream *sl_upstream_guarded(struct sl_upstream *u, struct sl_err *err) SL_MUST_CHECK;

/* ---- transfer.c ---- */
/* Does what its flags ask for; may free it. */
void sl_transfer_work(struct sl_transfer *t);
/* curl is through with it. */
void sl_transfer_curl_done(struct sl_transfer *t, CURLcode code);
/* Ends it with this error (the first counts); on_done comes from settle. */
void sl_transfer_fail(struct sl_transfer *t, const struct sl_err *err);
/* It is about to be taken out of curl, or to refuse bytes: its connection shall end with it, if it has it alone. */
void sl_transfer_forbid_reuse(struct sl_transfer *t);
/* Releases everything without a callback. */
void sl_transfer_free(struct sl_transfer *t);

/* ---- request.c ---- */
/* Sets what differs from request to request. Error: SL_INVALID_ARGUMENT for a header that cannot be sent. */
enum sl_code sl_request_prepare(struct sl_transfer *t, const struct sl_transfer_spec *spec,
                                struct sl_err *err) SL_MUST_CHECK;
void sl_request_release(struct sl_transfer *t);
/* CURLOPT_READFUNCTION */
size_t sl_request_on_read(char *dst, size_t size, size_t count, void *handle);
/* CURLOPT_PREREQFUNCTION */
int sl_request_on_connected(void *handle, char *remote, char *local, int remote_port,
                            int local_port);
/* CURLOPT_SOCKOPTFUNCTION */
int sl_request_on_socket(void *handle, curl_socket_t fd, curlsocktype type);

/* ---- guard.c ---- */
/* What the endpoint allows. Errors: SL_PERMISSION_DENIED, ADDRESS_FORBIDDEN. */
enum sl_code sl_guard_prepare(struct sl_transfer *t, const struct sl_transfer_spec *spec,
                              struct sl_err *err) SL_MUST_CHECK;
/* CURLOPT_OPENSOCKETFUNCTION of guarded endpoints */
curl_socket_t sl_guard_on_open(void *handle, curlsocktype type, struct curl_sockaddr *address);
/* Whether the request may go out on a connection to this address. */
bool sl_guard_allows_connection(struct sl_transfer *t, const char *remote);
/* The error of a transfer with guard.forbidden. */
void sl_guard_explain(const struct sl_transfer *t, const char *host, struct sl_err *err);

/* ---- answer.c ---- */
/* CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION */
size_t sl_answer_on_header(char *p, size_t size, size_t count, void *handle);
size_t sl_answer_on_write(char *p, size_t size, size_t count, void *handle);
/* The body ended in good order: what the framer still holds. */
void sl_answer_finish(struct sl_transfer *t);
void sl_answer_release(struct sl_transfer *t);
/* Calls on_batch and pauses where it says so. */
void sl_answer_batch(struct sl_transfer *t);

/* ---- outcome.c ---- */
/* What curl's code means; err->code is SL_OK for a good end. */
void sl_outcome(const struct sl_transfer *t, struct sl_err *err);
/* Whether the provider closed a kept-alive connection before a byte of the answer. */
bool sl_outcome_stale(const struct sl_transfer *t);
/* "host:port" of the transfer's URL, without user, path and query. */
void sl_outcome_host(const struct sl_transfer *t, char *dst, size_t size);

/* ---- pool.c ---- */
/* Never NULL, but for curl out of memory. */
struct sl_handle *sl_pool_take(struct sl_upstream *u,
                               const struct sl_endpoint *endpoint) SL_MUST_CHECK;
/* Only after a good end: a cancelled or failed transfer leaves traces in its handle (bytes it was paused on, the wish
 * to rewind its body), which would pass to the next one. */
void sl_pool_give(struct sl_handle *h, int64_t now_us);
/* held: bytes of a paused HTTP/2 stream may still be in it. */
void sl_pool_destroy(struct sl_handle *h, bool held);
/* Destroys what has been idle since before that time. */
void sl_pool_sweep(struct sl_upstream *u, int64_t before_us);

/* ---- siblings.c ---- */
/* It has its connection. */
void sl_siblings_join(struct sl_transfer *t);
/* Curl is through with it. Unless it came to a good end, its RST_STREAM goes out now. */
void sl_siblings_leave(struct sl_transfer *t);

/* ---- clocks.c ---- */
/* Something happened that may bring a deadline nearer, or the transfer's first. */
void sl_clock_update(struct sl_transfer *t);
void sl_clock_remove(struct sl_transfer *t);
/* clock_timer */
void sl_clock_on_timer(uv_timer_t *timer);
void sl_clock_fini(struct sl_upstream *u);

static inline int64_t sl_upstream_now(const struct sl_upstream *u)
{
    return sl_loop_now_us(u->loop);
}

#endif
