/* bench_mock PORT [PIECES] [GAP_US]: an OpenAI-shaped provider for measurements, on one thread and epoll. A POST whose
 * body has "stream":true is answered with PIECES + 4 events (PIECES words, default 32), all at once, or GAP_US apart;
 * any other POST with one JSON completion. HTTP/1.1 with keep-alive on 127.0.0.1. Port 0 is any free one; the port is
 * printed on the first line. Ends at SIGTERM. */
#include "mock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

enum { MAX_REQUEST = 32 << 20, MAX_UNSENT = 64 << 20, EVENTS = 256, READ_SIZE = 65536 };

struct connection {
    int fd;
    struct sl_buf in;     /* a request that is not whole yet */
    struct sl_buf unsent; /* what the socket did not take */
    bool wants_write;     /* EPOLLOUT is on */
    /* a paced stream */
    unsigned pieces_left;
    int64_t due_us;
    struct connection *previous, *next; /* in the queue; both NULL and not head: not waiting */
};

struct mock {
    int epoll, listener;
    unsigned pieces;
    int64_t gap_us;
    struct mock_answers answers;
    struct connection **by_fd; /* every connection, where its descriptor says */
    size_t n_by_fd;
    /* Paced streams in the order of their next piece: the gap is the same for all, so a new one goes to the end. */
    struct connection *head, *tail;
};

static volatile sig_atomic_t stopped;

static void on_term(int number)
{
    (void)number;
    stopped = 1;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void enqueue(struct mock *m, struct connection *c)
{
    c->due_us = now_us() + m->gap_us;
    c->previous = m->tail;
    c->next = NULL;
    if (m->tail)
        m->tail->next = c;
    else
        m->head = c;
    m->tail = c;
}

static void dequeue(struct mock *m, struct connection *c)
{
    if (c->previous)
        c->previous->next = c->next;
    else if (m->head == c)
        m->head = c->next;
    else
        return;
    if (c->next)
        c->next->previous = c->previous;
    else
        m->tail = c->previous;
    c->previous = c->next = NULL;
}

static void close_connection(struct mock *m, struct connection *c)
{
    dequeue(m, c);
    m->by_fd[c->fd] = NULL;
    close(c->fd);
    sl_buf_fini(&c->in);
    sl_buf_fini(&c->unsent);
    sl_free(c);
}

static void watch(struct mock *m, struct connection *c, bool write)
{
    if (c->wants_write == write)
        return;
    c->wants_write = write;
    struct epoll_event e = {.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = c};
    epoll_ctl(m->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/* False where the connection is broken. */
static bool send_text(struct mock *m, struct connection *c, const char *p, size_t n)
{
    if (!c->unsent.n) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return false;
        size_t done = sent > 0 ? (size_t)sent : 0;
        p += done;
        n -= done;
    }
    if (!n)
        return true;
    watch(m, c, true);
    return sl_buf_add(&c->unsent, p, n);
}

static bool send_unsent(struct mock *m, struct connection *c)
{
    ssize_t sent = send(c->fd, c->unsent.p, c->unsent.n, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN;
    sl_buf_drop(&c->unsent, (size_t)sent);
    watch(m, c, c->unsent.n > 0);
    return true;
}

/* ---- requests ---- */

/* The value of content-length, 0 if it is absent; -1 if it is no number. */
static int64_t content_length(const char *head, size_t n)
{
    for (const char *line = head; line; line = memchr(line, '\n', n - (size_t)(line - head))) {
        line += line != head;
        static const char name[] = "content-length:";
        if ((size_t)(head + n - line) < sizeof(name) || strncasecmp(line, name, sizeof(name) - 1))
            continue;
        const char *value = line + sizeof(name) - 1;
        while (*value == ' ')
            value++;
        const char *end = memchr(value, '\r', n - (size_t)(value - head));
        int64_t length;
        if (!end || !sl_parse_i64((struct sl_str){value, (size_t)(end - value)}, &length) ||
            length < 0)
            return -1;
        return length;
    }
    return 0;
}

static bool asks_for_stream(const char *body, size_t n)
{
    static const char compact[] = "\"stream\":true", spaced[] = "\"stream\": true";
    return memmem(body, n, compact, sizeof(compact) - 1) ||
           memmem(body, n, spaced, sizeof(spaced) - 1);
}

static bool answer(struct mock *m, struct connection *c, const char *body, size_t n)
{
    const struct mock_answers *a = &m->answers;
    if (!asks_for_stream(body, n))
        return send_text(m, c, a->whole.p, a->whole.n);
    if (!m->gap_us)
        return send_text(m, c, a->stream.p, a->stream.n);
    c->pieces_left = m->pieces;
    enqueue(m, c);
    return send_text(m, c, a->first.p, a->first.n);
}

/* Answers every whole request in the buffer. False where the connection has to end. */
static bool take_requests(struct mock *m, struct connection *c)
{
    while (c->in.n) {
        const char *end = memmem(c->in.p, c->in.n, "\r\n\r\n", 4);
        if (!end)
            return true;
        size_t head = (size_t)(end - c->in.p) + 4;
        int64_t length = content_length(c->in.p, head);
        if (length < 0 || length > MAX_REQUEST)
            return false;
        if (c->in.n < head + (size_t)length)
            return true;
        if (!answer(m, c, c->in.p + head, (size_t)length))
            return false;
        sl_buf_drop(&c->in, head + (size_t)length);
    }
    return true;
}

static bool on_readable(struct mock *m, struct connection *c)
{
    static char chunk[READ_SIZE];
    ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);
    if (n < 0)
        return errno == EAGAIN;
    return n > 0 && sl_buf_add(&c->in, chunk, (size_t)n) && take_requests(m, c);
}

static void remember(struct mock *m, struct connection *c)
{
    size_t fd = (size_t)c->fd;
    if (fd >= m->n_by_fd) {
        size_t n = fd * 2 + 64;
        m->by_fd = sl_realloc(m->by_fd, n * sizeof(struct connection *));
        memset(m->by_fd + m->n_by_fd, 0, (n - m->n_by_fd) * sizeof(struct connection *));
        m->n_by_fd = n;
    }
    m->by_fd[fd] = c;
}

static void on_acceptable(struct mock *m)
{
    int fd;
    while ((fd = accept4(m->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct connection *c = SL_NEW(struct connection);
        c->fd = fd;
        remember(m, c);
        sl_buf_init(&c->in, MAX_REQUEST + READ_SIZE);
        sl_buf_init(&c->unsent, MAX_UNSENT);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e);
    }
}

/* ---- paced streams ---- */

static void send_due_pieces(struct mock *m)
{
    int64_t now = now_us();
    while (m->head && m->head->due_us <= now) {
        struct connection *c = m->head;
        dequeue(m, c);
        bool more = c->pieces_left > 0;
        const struct mock_text *text = more ? &m->answers.piece : &m->answers.last;
        if (more) {
            c->pieces_left--;
            enqueue(m, c);
        }
        if (!send_text(m, c, text->p, text->n))
            close_connection(m, c);
    }
}

/* For epoll_wait, in milliseconds. */
static int until_next_piece(const struct mock *m)
{
    if (!m->head)
        return -1;
    int64_t left = m->head->due_us - now_us();
    return left <= 0 ? 0 : (int)(left / 1000 + 1);
}

/* ---- life ---- */

static int listen_on(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&a, &n)) {
        perror("bench_mock: cannot listen");
        exit(1);
    }
    printf("%u\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static void serve(struct mock *m)
{
    struct epoll_event events[EVENTS];
    while (!stopped) {
        int n = epoll_wait(m->epoll, events, EVENTS, until_next_piece(m));
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            bool well = true;
            if (!c)
                on_acceptable(m);
            else if (events[i].events & EPOLLOUT)
                well = send_unsent(m, c);
            if (c && well && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                well = on_readable(m, c);
            if (!well)
                close_connection(m, c);
        }
        send_due_pieces(m);
    }
}

/* Every descriptor the system allows: thousands of streams are one each. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int64_t number(int argc, char **argv, int at, int64_t preset, int64_t max)
{
    int64_t value = preset;
    if (at < argc && (!sl_parse_i64(sl_str(argv[at]), &value) || value < 0 || value > max)) {
        fprintf(stderr, "usage: bench_mock PORT [PIECES] [GAP_US]\n");
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    struct mock m = {.pieces = (unsigned)number(argc, argv, 2, 32, 100000),
                     .gap_us = number(argc, argv, 3, 0, 60000000)};
    struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
    raise_descriptor_limit();
    mock_answers_init(&m.answers, m.pieces);
    m.listener = listen_on((uint16_t)number(argc, argv, 1, 0, 65535));
    m.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN};
    epoll_ctl(m.epoll, EPOLL_CTL_ADD, m.listener, &e);
    serve(&m);
    for (size_t i = 0; i < m.n_by_fd; i++) {
        if (m.by_fd[i])
            close_connection(&m, m.by_fd[i]);
    }
    sl_free(m.by_fd);
    mock_answers_fini(&m.answers);
    return 0;
}
