/* What goes out: the options that differ from request to request, the header lines, the body.
 *
 * A request goes out once. Curl 7.88 repeats one by itself where a kept-alive connection dies before the answer, where
 * an HTTP/2 server refuses a stream and where it asks for HTTP/1.1; each of these passes the socket and pre-request
 * callbacks again, and there they end. Large bodies have no seek function besides. */
#include "internal.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/str.h"

/* Up to here a body goes out in one write together with its head: half the system calls of a small request, and no
 * upload buffer that lives as long as the answer. Beyond, the read callback encodes it piece by piece. */
enum { FLAT_MAX = 16 * 1024 };

/* Headers that the transport itself decides. */
static const char *const own_headers[] = {"content-length",
                                          "transfer-encoding",
                                          "accept-encoding",
                                          "expect",
                                          "connection",
                                          "upgrade",
                                          "te"};

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return true;
}

static bool is_field_value(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static enum sl_code check_header(const struct sl_transfer_header *h, struct sl_err *err)
{
    if (!is_token(h->name) || !is_field_value(h->value))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            is_token(h->name) ? h->name : "",
                            "a request header is not well-formed");
    for (size_t i = 0; i < SL_ARRAY_LEN(own_headers); i++) {
        if (!strcasecmp(h->name, own_headers[i]))
            return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, h->name,
                                "header %s cannot be set: the transport decides it", h->name);
    }
    return SL_OK;
}

/* Header lines and the nodes of their list, in one piece of memory that is wiped as one. */
struct lines {
    struct curl_slist *node, *last;
    char *text;
};

static void add_line(struct lines *l, const char *name, const char *separator, const char *value)
{
    struct curl_slist *node = l->node++;
    char *p = l->text;
    size_t n = strlen(name), s = strlen(separator), v = strlen(value);
    memcpy(p, name, n);
    memcpy(p + n, separator, s);
    memcpy(p + n + s, value, v + 1);
    l->text = p + n + s + v + 1;
    node->data = p;
    node->next = NULL;
    if (l->last)
        l->last->next = node;
    l->last = node;
}

static enum sl_code build_headers(struct sl_request_state *r,
                                  const struct sl_transfer_header *headers, bool has_body,
                                  struct sl_err *err)
{
    bool typed = false;
    size_t nodes = 2, bytes = sizeof("Expect:") + sizeof("Content-Type:");
    for (const struct sl_transfer_header *h = headers; h; h = h->next) {
        enum sl_code code = check_header(h, err);
        if (code)
            return code;
        typed |= !strcasecmp(h->name, "content-type");
        nodes++;
        bytes += strlen(h->name) + 2 + strlen(h->value) + 1;
    }
    r->headers_size = nodes * sizeof(struct curl_slist) + bytes;
    r->headers = sl_malloc(r->headers_size);
    struct lines l = {.node = r->headers, .text = (char *)(r->headers + nodes)};
    add_line(&l, "Expect", ":", "");
    if (has_body && !typed)
        add_line(&l, "Content-Type", ":", ""); /* curl would call it a form */
    for (const struct sl_transfer_header *h = headers; h; h = h->next)
        add_line(&l, h->name, *h->value ? ": " : ";",
                 h->value); /* "Name;" is curl's way to send an empty one */
    return SL_OK;
}

static void set_body(struct sl_transfer *t, const struct sl_segs *body)
{
    CURL *easy = t->handle->easy;
    struct sl_request_state *r = &t->request;
    uint64_t length = body ? body->length : 0;
    sl_seg_reader_init(&r->reader, body);
    r->body_left = length;
    if (!length) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    } else if (body->first == body->last && body->first->kind == SL_SEG_RAW && length <= FLAT_MAX) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->first->p);
        r->body_left = 0;
    } else if (length <= FLAT_MAX) {
        r->flat = sl_malloc((size_t)length);
        for (size_t n = 0; n < length;)
            n += sl_seg_read(&r->reader, r->flat + n, (size_t)length - n);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->flat);
        r->body_left = 0;
    } else {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
}

static void set_method(struct sl_transfer *t, const struct sl_transfer_spec *spec)
{
    CURL *easy = t->handle->easy;
    bool get = !strcmp(spec->method, "GET"), post = !strcmp(spec->method, "POST"),
         head = !strcmp(spec->method, "HEAD");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, get || post || head ? NULL : spec->method);
    if (post || (spec->body && spec->body->length)) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
        set_body(t, spec->body);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(easy, CURLOPT_NOBODY, head ? 1L : 0L);
    }
}

enum sl_code sl_request_prepare(struct sl_transfer *t, const struct sl_transfer_spec *spec,
                                struct sl_err *err)
{
    CURL *easy = t->handle->easy;
    bool tls = !strncasecmp(spec->url, "https:", 6);
    bool has_body = spec->body && spec->body->length;
    t->plain = !tls;
    bool two = tls && spec->endpoint->http == SL_HTTP_ANY && !spec->endpoint->guard;
    if (sl_guard_prepare(t, spec, err))
        return err->code;
    enum sl_code code = build_headers(&t->request, spec->headers, has_body, err);
    if (code)
        return code;
    if (curl_easy_setopt(easy, CURLOPT_URL, spec->url))
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          "the provider's URL is too long");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->request.headers);
    set_method(t, spec);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     two ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, spec->fresh_connection ? 1L : 0L);
    /* our own clock ends it; curl's makes it try the next address of a host in time */
    int64_t connect_ms = spec->clocks.connect_ms;
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     connect_ms > 0 && connect_ms < 86400000 ? (long)connect_ms + 50 : 86400000L);
    return SL_OK;
}

void sl_request_release(struct sl_transfer *t)
{
    struct sl_request_state *r = &t->request;
    if (r->headers) {
        if (t->handle)
            curl_easy_setopt(t->handle->easy, CURLOPT_HTTPHEADER, NULL);
        sl_wipe(r->headers, r->headers_size);
        sl_free(r->headers);
        r->headers = NULL;
    }
    sl_free(r->flat);
    r->flat = NULL;
}

size_t sl_request_on_read(char *dst, size_t size, size_t count, void *handle)
{
    struct sl_transfer *t = ((struct sl_handle *)handle)->t;
    if (t->ended || t->cancelled) {
        sl_transfer_forbid_reuse(t);
        return CURL_READFUNC_ABORT;
    }
    size_t n = sl_seg_read(&t->request.reader, dst, size * count);
    t->request.body_left -= n < t->request.body_left ? n : t->request.body_left;
    if (!t->request.body_left && t->timing.sent < 0)
        t->timing.sent = sl_upstream_now(t->u) - t->started_us;
    return n;
}

/* Whether a kept-alive connection without TLS has something to read before its next request went out: the provider closed
 * it, or sent more than it had announced, which would be taken for the answer. curl 7.88 does not look. (Under TLS, session
 * tickets are such input, too.) */
static bool is_stray(struct sl_transfer *t, uint64_t connection)
{
    char byte;
    int fd = sl_socket_table_find(&t->u->table, connection);
    return fd >= 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void note_connection(struct sl_transfer *t, uint64_t connection)
{
    if (t->plain && t->handle->opened >= 0)
        sl_socket_table_put(&t->u->table, connection, t->handle->opened);
    t->handle->opened = -1;
}

int sl_request_on_connected(void *handle, char *remote, char *local, int remote_port,
                            int local_port)
{
    struct sl_transfer *t = ((struct sl_handle *)handle)->t;
    (void)local;
    if (!sl_guard_allows_connection(t, remote))
        return CURL_PREREQFUNC_ABORT;
    if (t->timing.connected >= 0)
        t->repeated = true;
    if (t->repeated || t->ended || t->cancelled)
        return CURL_PREREQFUNC_ABORT;
    long made = 0;
    t->timing.connected = sl_upstream_now(t->u) - t->started_us;
    t->timing.reused = !curl_easy_getinfo(t->handle->easy, CURLINFO_NUM_CONNECTS, &made) && !made;
    uint64_t connection = sl_socket_key(remote, remote_port, local_port);
    if (!t->timing.reused) {
        note_connection(t, connection);
    } else if (t->plain && is_stray(t, connection)) {
        t->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    sl_siblings_join(t);
    t->u->reused += t->timing.reused;
    if (!t->request.body_left)
        t->timing.sent = t->timing.connected;
    return CURL_PREREQFUNC_OK;
}

int sl_request_on_socket(void *handle, curl_socket_t fd, curlsocktype type)
{
    struct sl_handle *h = handle;
    (void)type;
    h->u->sockets++; /* it is closed through the close callback also where this refuses it */
    h->opened = fd;
    if (!h->t || h->t->timing.connected < 0)
        return CURL_SOCKOPT_OK;
    h->t->repeated = true;
    return CURL_SOCKOPT_ERROR;
}
