/* libmicrohttpd with one thread, which polls; a reader that does not read costs its buffer, and is closed in the end. */
#include "telemetry/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"

enum {
    CONNECTIONS = 64,
    CONNECTIONS_OF_ONE = 32,       /* of one address */
    IDLE_SECONDS = 15,             /* without a byte in either direction */
    CONNECTION_MEMORY = 16 * 1024, /* request line and headers */
    BODY_MAX = 16 * 1024 * 1024,
    BACKLOG = 64,
};

struct sl_http {
    struct MHD_Daemon *daemon;
    const struct sl_http_route *routes;
    char address[300];
};

/* ---- answers ---- */

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   const struct sl_http_answer *a)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a->body->n, a->body->p, MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(connection, a->status, r);
    MHD_destroy_response(r);
    return queued;
}

static void say(struct sl_http_answer *a, unsigned status, const char *text)
{
    a->status = status;
    (void)!sl_buf_add_str(a->body, text);
}

static void answer(const struct sl_http *h, const char *path, struct sl_http_answer *a)
{
    for (const struct sl_http_route *r = h->routes; r->path; r++) {
        if (!strcmp(r->path, path)) {
            r->answer(r->owner, a);
            return;
        }
    }
    say(a, MHD_HTTP_NOT_FOUND, "there is nothing here; try");
    for (const struct sl_http_route *r = h->routes; r->path; r++)
        (void)!sl_buf_printf(a->body, " %s", r->path);
    (void)!sl_buf_add_char(a->body, '\n');
}

/* As libmicrohttpd's MHD_AccessHandlerCallback. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_n, void **state)
{
    struct sl_buf text;
    struct sl_http_answer a = {MHD_HTTP_OK, "text/plain; charset=utf-8", &text};
    (void)version, (void)body, (void)body_n, (void)state;
    sl_buf_init(&text, BODY_MAX);
    if (!strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD))
        answer(owner, path, &a);
    else
        say(&a, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    enum MHD_Result sent = send_answer(connection, &a);
    sl_buf_fini(&text);
    return sent;
}

/* ---- the port ---- */

SL_PRINTF(2, 0)
static void on_message(void *owner, const char *format, va_list args)
{
    char text[256];
    (void)owner;
    if (!sl_log_enabled(SL_LOG_DEBUG))
        return;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\r\n")] = '\0';
    sl_log(SL_LOG_DEBUG, "HTTP port", SL_F_STR("text", text));
}

/* "[::1]:0" as "::1" and "0". */
static bool split(const char *address, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        return false;
    *port = colon + 1;
    size_t n = (size_t)(colon - address);
    if (n > 1 && *address == '[' && colon[-1] == ']')
        return sl_copy_n(host, size, address + 1, n - 2);
    return sl_copy_n(host, size, address, n);
}

static int open_socket(const struct addrinfo *a)
{
    int on = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (!bind(fd, a->ai_addr, a->ai_addrlen) && !listen(fd, BACKLOG))
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* A socket that listens; -1: why says why not. */
static int open_listener(const char *address, const char **why)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[256];
    const char *port;
    if (!split(address, host, sizeof(host), &port)) {
        *why = "it is no address";
        return -1;
    }
    int problem = getaddrinfo(host, port, &hints, &found);
    if (problem) {
        *why = gai_strerror(problem);
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = open_socket(a);
    *why = strerror(errno);
    freeaddrinfo(found);
    return fd;
}

static void note_address(struct sl_http *h, int fd, const char *said)
{
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    char port[16] = "0";
    int host_n = (int)(strrchr(said, ':') - said);
    if (!getsockname(fd, (struct sockaddr *)&bound, &n))
        (void)getnameinfo((struct sockaddr *)&bound, n, NULL, 0, port, sizeof(port),
                          NI_NUMERICSERV);
    snprintf(h->address, sizeof(h->address), "%.*s:%s", host_n < 256 ? host_n : 256, said, port);
}

static struct MHD_Daemon *start_daemon(struct sl_http *h, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, h,
        MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_OF_ONE, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

enum sl_code sl_http_start(const struct sl_http_options *o, struct sl_http **out,
                           struct sl_err *err)
{
    const char *why = "";
    int fd = open_listener(o->listen, &why);
    if (fd < 0)
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_CONFIG_INVALID, "cannot listen on %s: %s",
                          o->listen, why);
    struct sl_http *h = SL_NEW(struct sl_http);
    h->routes = o->routes;
    note_address(h, fd, o->listen);
    h->daemon = start_daemon(h, fd);
    if (!h->daemon) {
        close(fd);
        sl_free(h);
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "the HTTP port cannot be started");
    }
    *out = h;
    return SL_OK;
}

const char *sl_http_address(const struct sl_http *h)
{
    return h->address;
}

void sl_http_stop(struct sl_http *h)
{
    if (!h)
        return;
    MHD_stop_daemon(h->daemon);
    sl_free(h);
}
