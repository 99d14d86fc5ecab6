/* The provider asked directly: epoll, one keep-alive connection a call. What Sluice adds is measured against this. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

enum { MAX_ANSWER = 16 << 20, READ_SIZE = 65536, EVENTS = 256 };

/* One call at a time on one connection. */
struct slot {
    int fd; /* -1: ended */
    int64_t start_us, first_us;
    struct sl_buf in;
};

struct run {
    const struct load_options *options;
    struct load_stats *stats;
    struct load_request request;
    struct slot *slots;
    unsigned open;  /* slots whose connection lives */
    unsigned first; /* slots of a held run whose stream has begun */
    int epoll;
    int64_t until_us; /* no new calls from here on */
};

static void end_slot(struct run *r, struct slot *s)
{
    close(s->fd);
    s->fd = -1;
    r->open--;
}

static void fail_slot(struct run *r, struct slot *s, const char *why)
{
    load_stats_error(r->stats, why);
    end_slot(r, s);
}

static void start_call(struct run *r, struct slot *s)
{
    s->start_us = load_now_us();
    s->first_us = 0;
    sl_buf_reset(&s->in, READ_SIZE);
    /* the request is far smaller than an empty socket buffer */
    if (send(s->fd, r->request.p, r->request.n, MSG_NOSIGNAL) != (ssize_t)r->request.n)
        fail_slot(r, s, "cannot send the request");
}

/* Whether the answer is whole: by its content-length, or its last chunk. */
static bool is_whole(const struct slot *s, size_t head)
{
    static const char name[] = "content-length: ", last[] = "0\r\n\r\n";
    const char *length = memmem(s->in.p, head, name, sizeof(name) - 1);
    if (!length)
        return s->in.n >= head + 5 && !memcmp(s->in.p + s->in.n - 5, last, 5);
    length += sizeof(name) - 1;
    const char *end = memchr(length, '\r', head);
    int64_t n;
    return end && sl_parse_i64((struct sl_str){length, (size_t)(end - length)}, &n) &&
           s->in.n >= head + (size_t)n;
}

static void finish_call(struct run *r, struct slot *s)
{
    int64_t now = load_now_us();
    if (strncmp(s->in.p, "HTTP/1.1 200", 12)) {
        fail_slot(r, s, "an answer that is not 200");
        return;
    }
    load_stats_call(r->stats, s->start_us, s->first_us, now);
    if (now < r->until_us && !load_stopped())
        start_call(r, s);
    else
        end_slot(r, s);
}

static unsigned count_events(const char *p, size_t n)
{
    unsigned count = 0;
    const char *end = p + n;
    while ((p = memmem(p, (size_t)(end - p), "\n\n", 2))) {
        count++;
        p += 2;
    }
    return count;
}

/* The first word of a stream is the first piece, as at Sluice's end: not the event with the role. */
static bool has_word(const struct sl_buf *in)
{
    static const char word[] = "\"content\":\" "; /* the mock's words begin with a blank */
    return memmem(in->p, in->n, word, sizeof(word) - 1) != NULL;
}

static void on_readable(struct run *r, struct slot *s)
{
    char *room = sl_buf_room(&s->in, READ_SIZE);
    ssize_t n = room ? recv(s->fd, room, READ_SIZE, 0) : 0;
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        fail_slot(r, s, "the connection ended before the answer did");
        return;
    }
    s->in.n += (size_t)n;
    r->stats->messages++;
    const char *end = memmem(s->in.p, s->in.n, "\r\n\r\n", 4);
    if (!end)
        return;
    if (r->options->stream) {
        r->stats->events += count_events(room, (size_t)n);
        if (!s->first_us && has_word(&s->in)) {
            s->first_us = load_now_us();
            r->first++;
        }
    }
    if (is_whole(s, (size_t)(end - s->in.p) + 4))
        finish_call(r, s);
}

static int connect_to(const char *address)
{
    const char *colon = strrchr(address, ':');
    int64_t port = 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!colon || !sl_parse_i64(sl_str(colon + 1), &port) || port < 1 || port > 65535) {
        fprintf(stderr, "bench_load: not an address: %s\n", address);
        exit(2);
    }
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
        perror("bench_load: cannot connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void wait_for_calls(struct run *r)
{
    struct epoll_event events[EVENTS];
    bool said = false;
    while (r->open) {
        if (r->options->hold && !said && r->first >= r->options->concurrency) {
            printf("open %u\n", r->first);
            fflush(stdout);
            said = true;
        }
        if (r->options->hold && load_stopped())
            return;
        int n = epoll_wait(r->epoll, events, EVENTS, 100);
        for (int i = 0; i < n; i++)
            on_readable(r, events[i].data.ptr);
    }
}

void load_http_run(const struct load_options *o, struct load_stats *stats)
{
    struct run r = {
        .options = o, .stats = stats, .request = load_request_http(o), .open = o->concurrency};
    r.slots = sl_calloc(o->concurrency, sizeof(*r.slots));
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < o->concurrency; i++) {
        struct slot *s = &r.slots[i];
        s->fd = connect_to(o->address);
        sl_buf_init(&s->in, MAX_ANSWER);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
        epoll_ctl(r.epoll, EPOLL_CTL_ADD, s->fd, &e);
    }
    stats->begin_us = load_now_us();
    r.until_us = stats->begin_us + (int64_t)(o->seconds * 1e6);
    for (unsigned i = 0; i < o->concurrency; i++)
        start_call(&r, &r.slots[i]);
    wait_for_calls(&r);
    for (unsigned i = 0; i < o->concurrency; i++) {
        if (r.slots[i].fd >= 0)
            close(r.slots[i].fd);
        sl_buf_fini(&r.slots[i].in);
    }
    close(r.epoll);
    sl_free(r.slots);
    sl_free(r.request.p);
}
