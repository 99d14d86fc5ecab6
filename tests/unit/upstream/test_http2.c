/* HTTP/2 over TLS: streams share a connection, one ends without the others, and none is sent twice. The server speaks
 * just enough of RFC 9113: fixed header blocks, and as much room as was used. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "certificate.h"
#include "probe.h"
#include "server.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PING = 6,
    GOAWAY = 7,
    WINDOW_UPDATE = 8
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum { INTERNAL_ERROR = 2, REFUSED_STREAM = 7, HTTP_1_1_REQUIRED = 13 };

enum manner {
    ANSWER,
    HOLD,
    HOLD_MORE,
    FEED_FIRST,
    RESET_FIRST,
    HOLD_HEAD,
    RESET_BODY,
    RESET_HEAD,
    REFUSE,
    WANT_1_1,
    CUT_BODY,
    GO_AWAY
};

/* What the server is to do with the n-th request; the last manner is used for the rest. */
struct manners {
    const enum manner *list;
    size_t n;
    atomic_uint resets;    /* RST_STREAM frames received */
    atomic_ulong uploaded; /* bytes of requests' bodies */
    sem_t news;            /* posted for each of them and for each connection's end */
};

static bool read_exactly(struct conn *c, void *p, size_t n)
{
    for (char *at = p; n;) {
        size_t got = conn_read(c, at, n);
        if (!got)
            return false;
        at += got;
        n -= got;
    }
    return true;
}

static bool send_frame(struct conn *c, int type, int flags, uint32_t stream, const char *p,
                       size_t n)
{
    unsigned char f[9 + 256] = {
        (unsigned char)(n >> 16),      (unsigned char)(n >> 8),      (unsigned char)n,
        (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
        (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};
    assert_true(n <= 256);
    memcpy(f + 9, p, n);
    return conn_send(c, f, 9 + n);
}

static bool send_reset(struct conn *c, uint32_t stream, int code)
{
    char p[4] = {0, 0, 0, (char)code};
    return send_frame(c, RST_STREAM, 0, stream, p, 4);
}

/* 0x88: ":status: 200" of the static table. */
static bool send_head(struct conn *c, uint32_t stream)
{
    return send_frame(c, HEADERS, END_HEADERS, stream, "\x88", 1);
}

static bool send_body(struct conn *c, uint32_t stream, bool end)
{
    return send_frame(c, DATA, end ? END_STREAM : 0, stream, "data: hello\n\n", 13);
}

static bool respond(struct conn *c, uint32_t stream)
{
    struct manners *m = c->server->arg;
    unsigned i = atomic_fetch_add(&c->server->requests, 1);
    switch (m->list[i < m->n ? i : m->n - 1]) {
    case ANSWER:
        return send_head(c, stream) && send_body(c, stream, true);
    case HOLD:
        return send_head(c, stream) && send_body(c, stream, false);
    case HOLD_MORE: /* a second piece, by when the first was told */
        return send_head(c, stream) && send_body(c, stream, false) && !usleep(20000) &&
               send_body(c, stream, false);
    case FEED_FIRST: /* more for the connection's first stream, then as HOLD */
        return send_body(c, 1, false) && send_head(c, stream) && send_body(c, stream, false);
    case RESET_FIRST:
        return send_reset(c, 1, INTERNAL_ERROR) && send_head(c, stream) &&
               send_body(c, stream, false);
    case HOLD_HEAD:
        return true;
    case RESET_BODY:
        return send_head(c, stream) && send_body(c, stream, false) &&
               send_reset(c, stream, INTERNAL_ERROR);
    case RESET_HEAD:
        return send_reset(c, stream, INTERNAL_ERROR);
    case REFUSE:
        return send_reset(c, stream, REFUSED_STREAM);
    case WANT_1_1:
        return send_reset(c, stream, HTTP_1_1_REQUIRED);
    case CUT_BODY:
        return send_head(c, stream) && send_body(c, stream, false) && false;
    case GO_AWAY: /* this stream was not looked at */
        return send_frame(c, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8) && false;
    }
    return false;
}

static bool note_reset(struct manners *m)
{
    atomic_fetch_add(&m->resets, 1);
    return !sem_post(&m->news);
}

static bool note_data(struct conn *c, uint32_t stream, size_t n)
{
    struct manners *m = c->server->arg;
    atomic_fetch_add(&m->uploaded, n);
    char p[4] = {0, (char)(n >> 16), (char)(n >> 8), (char)n};
    return !n || (send_frame(c, WINDOW_UPDATE, 0, 0, p, 4) &&
                  send_frame(c, WINDOW_UPDATE, 0, stream, p, 4));
}

static bool take_frame(struct conn *c)
{
    unsigned char h[9];
    struct manners *m = c->server->arg;
    if (!read_exactly(c, h, 9))
        return false;
    size_t n = (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2];
    uint32_t stream =
        (uint32_t)(h[5] & 0x7f) << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];
    char *payload = malloc(n + 1);
    bool ok = read_exactly(c, payload, n);
    if (ok && h[3] == SETTINGS && !(h[4] & ACK))
        ok = send_frame(c, SETTINGS, ACK, 0, "", 0);
    else if (ok && h[3] == PING && !(h[4] & ACK))
        ok = send_frame(c, PING, ACK, 0, payload, n);
    else if (ok && h[3] == RST_STREAM)
        ok = note_reset(m);
    else if (ok && h[3] == DATA)
        ok = note_data(c, stream, n);
    if (ok && (h[3] == HEADERS || h[3] == DATA) && (h[4] & END_STREAM))
        ok = respond(c, stream);
    free(payload);
    return ok;
}

static void play_http2(struct conn *c)
{
    char preface[24];
    struct manners *m = c->server->arg;
    if (!read_exactly(c, preface, sizeof(preface)) || !send_frame(c, SETTINGS, 0, 0, "", 0))
        return;
    while (take_frame(c))
        ;
    sem_post(&m->news);
}

/* ---- */

static struct certificate cert;
static struct rig rig;
static uint64_t next_key = 300;

static int setup(void **state)
{
    (void)state;
    certificate_make(&cert);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    certificate_remove(&cert);
    return 0;
}

static void start(struct server *s, struct manners *m)
{
    *s = (struct server){
        .play = play_http2, .arg = m, .tls = certificate_context(&cert, false, true)};
    sem_init(&m->news, 0, 0);
    server_start(s, NULL);
    rig_start(&rig, NULL);
    next_key++;
}

static void stop(struct server *s)
{
    rig_stop(&rig);
    server_stop(s);
    SSL_CTX_free(s->tls);
}

static void probe_here(struct probe *p, struct server *s)
{
    probe_init(p, &rig, s->url, "{}");
    p->endpoint.pool_key = next_key;
    p->endpoint.ca_file = cert.cert_file;
}

static void streams_share_one_connection(void **state)
{
    static const enum manner hold[] = {HOLD};
    static struct probe p[20];
    struct manners m = {.list = hold, .n = 1};
    struct server s;
    (void)state;
    start(&s, &m);
    for (size_t i = 0; i < LEN(p); i++) { /* also those that start before there is a connection */
        probe_here(&p[i], &s);
        probe_start(&p[i]);
    }
    for (size_t i = 0; i < LEN(p); i++)
        probe_wait_frames(&p[i], 1);
    assert_int_equal(atomic_load(&s.accepted), 1);
    assert_int_equal(atomic_load(&s.requests), LEN(p));
    assert_int_equal(rig_stats(&rig).sockets, 1);
    stop(&s);
    for (size_t i = 0; i < LEN(p); i++)
        probe_fini(&p[i]);
}

static void http_1_1_can_be_forced(void **state)
{
    static const struct reply reply = {ANSWER_OK, 0, END_KEEP};
    struct server s = {
        .replies = &reply, .n_replies = 1, .tls = certificate_context(&cert, false, true)};
    struct probe p;
    (void)state;
    server_start(&s, NULL);
    rig_start(&rig, NULL);
    probe_here(&p, &s);
    p.endpoint.http = SL_HTTP_1_1;
    probe_run(&p);
    assert_int_equal(p.result.err.code, SL_OK);
    assert_non_null(strstr(s.last_request, " HTTP/1.1\r\n"));
    probe_fini(&p);
    stop(&s);
}

static void a_cancel_resets_its_stream_and_no_other(void **state)
{
    static const enum manner manners[] = {HOLD, HOLD, ANSWER};
    struct manners m = {.list = manners, .n = LEN(manners)};
    struct probe p, q, r;
    struct server s;
    (void)state;
    start(&s, &m);
    probe_here(&p, &s);
    probe_here(&q, &s);
    probe_here(&r, &s);
    probe_start(&p);
    probe_wait_frames(&p, 1);
    probe_start(&q);
    probe_wait_frames(&q, 1);
    probe_cancel(&p);
    probe_run(&r);
    assert_int_equal(r.result.err.code, SL_OK);
    assert_true(r.result.timing.reused);
    assert_int_equal(atomic_load(&m.resets), 1);
    assert_int_equal(atomic_load(&s.accepted), 1);
    assert_int_equal(q.dones, 0);
    stop(&s);
    probe_fini(&p);
    probe_fini(&q);
    probe_fini(&r);
}

struct row {
    const char *name;
    enum manner manner;
    enum sl_reason reason;
    bool stale;
    unsigned frames;
};

/* Each after a good answer on the same connection; the server must have seen two requests, whatever curl would like. */
static void a_stream_that_fails_is_not_sent_again(void **state)
{
    static const struct row rows[] = {
        {"reset in the body", RESET_BODY, SL_REASON_PROVIDER_TRUNCATED, false, 1},
        {"reset before the head", RESET_HEAD, SL_REASON_PROVIDER_TRUNCATED, false, 0},
        {"refused", REFUSE, SL_REASON_PROVIDER_TRUNCATED, true, 0},
        {"HTTP/1.1 wanted", WANT_1_1, SL_REASON_PROVIDER_TRUNCATED, true, 0},
        {"cut in the body", CUT_BODY, SL_REASON_PROVIDER_TRUNCATED, false, 1},
        {"going away", GO_AWAY, SL_REASON_PROVIDER_TRUNCATED, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const enum manner manners[] = {ANSWER, rows[i].manner};
        struct manners m = {.list = manners, .n = 2};
        struct probe p, q;
        struct server s;
        print_message("  %s\n", rows[i].name);
        start(&s, &m);
        probe_here(&p, &s);
        probe_run(&p);
        assert_int_equal(p.result.err.code, SL_OK);
        probe_here(&q, &s);
        probe_run(&q);
        assert_int_equal(q.result.err.code, SL_UNAVAILABLE);
        assert_int_equal(q.result.err.reason, rows[i].reason);
        assert_int_equal(q.result.stale_connection, rows[i].stale);
        assert_int_equal(q.frames, rows[i].frames);
        stop(&s);
        assert_int_equal(atomic_load(&s.requests), 2);
        probe_fini(&p);
        probe_fini(&q);
    }
}

static void a_paused_stream_does_not_hold_the_others(void **state)
{
    static const enum manner manners[] = {HOLD, ANSWER};
    struct manners m = {.list = manners, .n = LEN(manners)};
    struct probe p, q;
    struct server s;
    (void)state;
    start(&s, &m);
    probe_here(&p, &s);
    p.pause_at = 1;
    p.spec.clocks.slow_reader_ms = 200;
    probe_start(&p);
    probe_wait_batches(&p, 1);
    for (int i = 0; i < 5; i++) {
        probe_here(&q, &s);
        probe_run(&q);
        assert_int_equal(q.result.err.code, SL_OK);
        probe_fini(&q);
    }
    probe_wait(&p);
    assert_int_equal(p.result.err.reason, SL_REASON_SLOW_READER);
    stop(&s);
    assert_int_equal(atomic_load(&s.accepted), 1);
    probe_fini(&p);
}

/* Bytes that curl held for a paused stream must go with it: neither leak nor come out of a later one. */
static void held_bytes_go_with_their_stream(void **state)
{
    static const enum manner manners[] = {HOLD, FEED_FIRST, RESET_FIRST, HOLD};
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        struct manners m = {.list = manners, .n = LEN(manners)};
        struct probe p, q, r;
        struct server s;
        start(&s, &m);
        probe_here(&p, &s);
        probe_here(&q, &s);
        probe_here(&r, &s);
        p.pause_at = 1;
        probe_start(&p);
        probe_wait_batches(&p, 1);
        probe_start(&q);
        probe_wait_frames(&q, 1); /* what the first stream was fed came before it */
        assert_int_equal(p.frames, 1);
        if (!reset)
            probe_cancel(&p);
        r.pause_at = 1;
        probe_start(&r); /* its request makes the server reset the first stream */
        probe_wait_batches(&r, 1);
        if (reset) {
            probe_wait(&p);
            assert_int_equal(p.result.err.reason, SL_REASON_PROVIDER_TRUNCATED);
        }
        probe_resume(&r);
        probe_cancel(&r);
        assert_string_equal(r.text, "hello;");
        assert_int_equal(atomic_load(&s.accepted), 1);
        stop(&s);
        probe_fini(&p);
        probe_fini(&q);
        probe_fini(&r);
    }
}

enum company { ALONE, RUNNING, PAUSED, HELD, COMPANIES }; /* what else is on the connection */
enum ending { CANCELLED, CANCELLED_PAUSED, EXPIRED, REFUSED, ENDINGS };

static void wait_for_news(struct manners *m)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    assert_int_equal(sem_timedwait(&m->news, &until), 0);
}

/* The time at which p had ended. */
static long end(struct probe *p, enum ending ending)
{
    p->pause_at = ending == CANCELLED_PAUSED || ending == EXPIRED;
    p->spec.clocks.slow_reader_ms = ending == EXPIRED ? 100 : 0;
    p->refuse_at_frame = ending == REFUSED;
    probe_start(p);
    if (ending == EXPIRED || ending == REFUSED) {
        probe_wait(p);
        return p->done_at_us;
    }
    probe_wait_batches(p, 1);
    long now = now_us();
    probe_cancel(p);
    return now;
}

static void check_the_provider_hears(enum company company, enum ending ending)
{
    enum manner manners[] = {HOLD, HOLD};
    struct manners m = {.list = manners, .n = LEN(manners)};
    struct probe p, q;
    struct server s;
    print_message("  company %d, ending %d\n", (int)company, (int)ending);
    if (company == HELD)
        manners[1] = FEED_FIRST;
    else if (ending == EXPIRED)
        manners[company != ALONE] = HOLD_MORE;
    start(&s, &m);
    probe_here(&p, &s);
    probe_here(&q, &s);
    q.pause_at = company == PAUSED || company == HELD;
    if (company != ALONE) {
        probe_start(&q);
        probe_wait_batches(&q, 1);
    }
    long ended = end(&p, ending);
    wait_for_news(&m);
    assert_true(now_us() - ended < 250000);
    if (company != ALONE) {
        assert_int_equal(atomic_load(&m.resets), 1);
        assert_int_equal(q.dones, 0);
        probe_resume(&q);
        if (company == HELD)
            probe_wait_frames(&q, 2);
        assert_string_equal(q.text, company == HELD ? "hello;hello;" : "hello;");
        probe_cancel(&q);
        wait_for_news(&m);
    }
    assert_int_equal(atomic_load(&s.accepted), 1);
    stop(&s);
    probe_fini(&p);
    probe_fini(&q);
}

/* A stream that we end ends at the provider, too, at once: no other traffic must be needed for it. */
static void the_provider_hears_of_every_end(void **state)
{
    (void)state;
    for (int company = 0; company < COMPANIES; company++)
        for (int ending = 0; ending < ENDINGS; ending++)
            check_the_provider_hears((enum company)company, (enum ending)ending);
}

/* The one that pushes another's RST_STREAM out may be in the middle of its upload. */
static void cancels_do_not_hurt_an_upload(void **state)
{
    enum { UPLOAD = 4 << 20, CANCELS = 20 };
    static const enum manner hold[] = {HOLD};
    struct manners m = {.list = hold, .n = 1};
    struct probe p, q;
    struct server s;
    (void)state;
    char *body = malloc(UPLOAD + 1);
    memset(body, 'x', UPLOAD);
    body[UPLOAD] = '\0';
    start(&s, &m);
    probe_init(&q, &rig, s.url, body);
    q.endpoint.pool_key = next_key;
    q.endpoint.ca_file = cert.cert_file;
    probe_start(&q);
    for (int i = 0; i < CANCELS; i++) {
        probe_here(&p, &s);
        probe_start(&p);
        probe_wait_frames(&p, 1);
        probe_cancel(&p);
        wait_for_news(&m);
        probe_fini(&p);
    }
    probe_wait_frames(&q, 1);
    assert_string_equal(q.text, "hello;");
    assert_int_equal(atomic_load(&m.uploaded), UPLOAD + 2 * CANCELS);
    assert_int_equal(atomic_load(&m.resets), CANCELS);
    assert_int_equal(atomic_load(&s.accepted), 1);
    stop(&s);
    probe_fini(&q);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_share_one_connection),
        cmocka_unit_test(http_1_1_can_be_forced),
        cmocka_unit_test(a_cancel_resets_its_stream_and_no_other),
        cmocka_unit_test(the_provider_hears_of_every_end),
        cmocka_unit_test(cancels_do_not_hurt_an_upload),
        cmocka_unit_test(a_stream_that_fails_is_not_sent_again),
        cmocka_unit_test(held_bytes_go_with_their_stream),
        cmocka_unit_test(a_paused_stream_does_not_hold_the_others),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
