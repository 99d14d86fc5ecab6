/* Lines are built in a buffer of the thread's own and written under one lock, so that lines of two
 * threads never mix, whatever the other end is (a pipe takes large writes in pieces). */
#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_tok.h"
#include "base/utf8.h"

enum {
    GATHER = 16 * 1024,   /* written when so much is there */
    LONGEST_LINE = 8192,  /* what does not fit is left out, and said */
    LONGEST_VALUE = 1024, /* bytes of a string before escaping, at worst sixfold: one always fits */
    TAIL = 32,            /* kept free for the end of a line */
    PATIENCE_MS = 100,    /* for a reader of a non-blocking descriptor; then the lines are lost */
};

/* Zeroed memory that a thread which never logs never touches. */
struct gathered {
    size_t n;
    int64_t second; /* that date holds */
    char date[32];
    char bytes[GATHER + LONGEST_LINE];
};

static _Thread_local struct gathered own;
static atomic_int level_now = SL_LOG_INFO;
static atomic_int fd_now = STDERR_FILENO;
static pthread_mutex_t one_writer = PTHREAD_MUTEX_INITIALIZER;

void sl_log_set_level(enum sl_log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

bool sl_log_enabled(enum sl_log_level level)
{
    return (int)level >= atomic_load_explicit(&level_now, memory_order_relaxed);
}

void sl_log_set_fd(int fd)
{
    atomic_store_explicit(&fd_now, fd, memory_order_relaxed);
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w >= 0) {
            p += w;
            n -= (size_t)w;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            if (poll(&ready, 1, PATIENCE_MS) <= 0)
                return;
        } else if (errno != EINTR) {
            return;
        }
    }
}

void sl_log_flush(void)
{
    if (SL_LIKELY(own.n == 0))
        return;
    int saved = errno;
    pthread_mutex_lock(&one_writer);
    write_all(atomic_load_explicit(&fd_now, memory_order_relaxed), own.bytes, own.n);
    pthread_mutex_unlock(&one_writer);
    own.n = 0;
    errno = saved;
}

/* A line being written. Once something did not fit, p no longer moves. */
struct line {
    char *p, *end;
    bool cut;
};

static void put(struct line *l, const char *s, size_t n)
{
    if (l->cut || (size_t)(l->end - l->p) < n) {
        l->cut = true;
        return;
    }
    memcpy(l->p, s, n);
    l->p += n;
}

static void put_escape(struct line *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', (char)c};
    if (c >= 0x20) {
        put(l, text, 2);
    } else if (c == '\n') {
        put(l, "\\n", 2);
    } else {
        memcpy(text + 1, "u00", 3);
        text[4] = hex[c >> 4];
        text[5] = hex[c & 15];
        put(l, text, 6);
    }
}

static void put_escaped(struct line *l, const char *s, size_t n)
{
    uint64_t high = 0;
    for (size_t i = 0; i < n;) {
        size_t run = json_plain_run(s + i, n - i, &high);
        put(l, s + i, run);
        i += run;
        if (i < n)
            put_escape(l, (unsigned char)s[i++]);
    }
}

static void put_string(struct line *l, const char *s)
{
    char repaired[3 * LONGEST_VALUE];
    size_t n = strnlen(s, LONGEST_VALUE + 1);
    bool too_long = n > LONGEST_VALUE;
    if (too_long)
        n = sl_utf8_cut(s, LONGEST_VALUE);
    if (SL_UNLIKELY(!sl_utf8_valid(s, n))) {
        n = sl_utf8_repair(repaired, s, n);
        s = repaired;
    }
    put(l, "\"", 1);
    put_escaped(l, s, n);
    if (too_long)
        put(l, "...", 3);
    put(l, "\"", 1);
}

static void put_int(struct line *l, int64_t v)
{
    char text[20], *p = text + sizeof(text);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        *--p = '-';
    put(l, p, (size_t)(text + sizeof(text) - p));
}

static void put_double(struct line *l, double v)
{
    char text[32] = "null"; /* JSON has no infinities */
    if (isfinite(v))
        snprintf(text, sizeof(text), "%.9g", v);
    put(l, text, strlen(text));
}

static void put_field(struct line *l, const struct sl_log_field *f)
{
    if (f->kind == SL_LOG_F_STR && !f->v.s)
        return;
    put(l, ",\"", 2);
    put(l, f->name, strlen(f->name));
    put(l, "\":", 2);
    switch (f->kind) {
    case SL_LOG_F_STR:
        put_string(l, f->v.s);
        break;
    case SL_LOG_F_INT:
        put_int(l, f->v.i);
        break;
    case SL_LOG_F_DOUBLE:
        put_double(l, f->v.d);
        break;
    case SL_LOG_F_BOOL:
        put(l, f->v.b ? "true" : "false", f->v.b ? 4 : 5);
        break;
    }
}

/* The date is made once a second and thread. */
static void put_time(struct line *l)
{
    int64_t now = sl_wall_ms();
    if (own.second != now / 1000) {
        sl_format_time(own.date, sizeof(own.date), now);
        own.second = now / 1000;
    }
    unsigned ms = (unsigned)(now % 1000);
    own.date[20] = (char)('0' + ms / 100);
    own.date[21] = (char)('0' + ms / 10 % 10);
    own.date[22] = (char)('0' + ms % 10);
    put(l, own.date, 24);
}

static const char *level_name(enum sl_log_level level)
{
    switch (level) {
    case SL_LOG_DEBUG:
        return "debug";
    case SL_LOG_INFO:
        return "info";
    case SL_LOG_WARN:
        return "warn";
    case SL_LOG_ERROR:
        break;
    }
    return "error";
}

static void put_line(struct line *l, enum sl_log_level level, const char *msg,
                     const struct sl_log_field *fields, unsigned count)
{
    put(l, "{\"time\":\"", 9);
    put_time(l);
    const char *name = level_name(level);
    put(l, "\",\"level\":\"", 11);
    put(l, name, strlen(name));
    put(l, "\",\"msg\":", 8);
    put_string(l, msg);
    for (unsigned i = 0; i < count && !l->cut; i++) {
        char *whole = l->p;
        put_field(l, &fields[i]);
        if (l->cut)
            l->p = whole;
    }
}

void sl_log_gather(enum sl_log_level level, const char *msg, const struct sl_log_field *fields,
                   unsigned count)
{
    if (!sl_log_enabled(level))
        return;
    char *start = own.bytes + own.n;
    struct line l = {.p = start, .end = start + LONGEST_LINE - TAIL};
    put_line(&l, level, msg, fields, count);
    bool cut = l.cut;
    l.cut = false;
    l.end += TAIL;
    if (cut)
        put(&l, ",\"truncated\":true", 17);
    put(&l, "}\n", 2);
    own.n = (size_t)(l.p - own.bytes);
    if (own.n >= GATHER)
        sl_log_flush();
}

void sl_log_fields(enum sl_log_level level, const char *msg, const struct sl_log_field *fields,
                   unsigned count)
{
    if (!sl_log_enabled(level))
        return;
    sl_log_gather(level, msg, fields, count);
    sl_log_flush();
}
