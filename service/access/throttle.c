/* A table of addresses with failures, in sets of four; a table of chosen texts that were right, as
 * tags of 64 bits. Both are addressed by a keyed digest, so that nobody can aim at a place. */
#include "access/throttle.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "access/api_key.h"
#include "access/digest.h"
#include "access/jwt.h"
#include "base/alloc.h"
#include "base/log.h"

enum {
    SHARDS = 16,
    SETS = 128,
    WAYS = 4,
    TEXTS = 4096,
    SALT = 16,
    FREE_FAILURES = 20,
    FORGET_US = 10 * 1000 * 1000,
    FIRST_PAUSE_US = 1000 * 1000,
    LAST_PAUSE_US = 60 * 1000 * 1000,
};

/* IPv4 as ::ffff:a.b.c.d, IPv6 without its last 64 bits; all zero: a unix socket, or not known. */
struct address {
    unsigned char p[16];
};

struct peer {
    struct address address;
    unsigned failures; /* 0: a free place */
    int64_t counted_us;
    int64_t paused_until_us;
};

struct shard {
    pthread_mutex_t lock;
    struct peer peers[SETS][WAYS];
};

struct sl_throttle {
    atomic_uint refs;
    unsigned char salt[SALT];
    EVP_MD *sha256;
    struct shard shards[SHARDS];
    atomic_llong last_pause_us; /* when the last of all pauses ends */
    atomic_ullong failures, refused, pauses;
    _Atomic uint64_t texts[TEXTS]; /* tags of chosen texts that were right */
};

struct sl_throttle *sl_throttle_create(void)
{
    struct sl_throttle *t = SL_NEW(struct sl_throttle);
    atomic_init(&t->refs, 1);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&t->shards[i].lock, NULL);
    /* without either, places can be aimed at, and texts are not remembered: no more than that */
    (void)RAND_bytes(t->salt, SALT);
    t->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return t;
}

struct sl_throttle *sl_throttle_ref(struct sl_throttle *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void sl_throttle_unref(struct sl_throttle *t)
{
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&t->shards[i].lock);
    EVP_MD_free(t->sha256);
    sl_free(t);
}

/* A keyed number for bytes; 0 where there is no digest. */
static uint64_t tag_of(const struct sl_throttle *t, const void *p, size_t n)
{
    unsigned char text[SALT + SL_STORE_DIGEST], digest[SL_STORE_DIGEST];
    uint64_t tag;
    memcpy(text, t->salt, SALT);
    if (!t->sha256 || !sl_sha256_fetched(t->sha256, p, n, text + SALT) ||
        !sl_sha256_fetched(t->sha256, text, sizeof(text), digest))
        return 0;
    memcpy(&tag, digest, sizeof(tag));
    return tag;
}

/* ---- addresses ---- */

/* gRPC writes "ipv4:1.2.3.4:567" and "ipv6:[::1]:567", the brackets maybe as %5B and %5D. */
static void read_address(const char *peer, struct address *out)
{
    static const struct address nowhere;
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN];
    *out = nowhere;
    if (sl_starts_with(peer, "ipv4:")) {
        memcpy(out->p, mapped, sizeof(mapped));
        if (!sl_copy_n(text, sizeof(text), peer + 5, strcspn(peer + 5, ":")) ||
            inet_pton(AF_INET, text, out->p + 12) != 1)
            *out = nowhere;
        return;
    }
    if (!sl_starts_with(peer, "ipv6:"))
        return;
    peer += 5;
    peer += sl_starts_with(peer, "%5B") ? 3 : *peer == '[';
    if (!sl_copy_n(text, sizeof(text), peer, strcspn(peer, "]%")) ||
        inet_pton(AF_INET6, text, out->p) != 1)
        *out = nowhere;
    else if (memcmp(out->p, mapped, sizeof(mapped)) != 0)
        memset(out->p + 8, 0, 8);
}

static struct shard *shard_of(struct sl_throttle *t, const struct address *a, struct peer **set)
{
    uint64_t tag = tag_of(t, a->p, sizeof(a->p));
    struct shard *s = &t->shards[tag % SHARDS];
    *set = s->peers[tag / SHARDS % SETS];
    return s;
}

/* NULL where it never failed. */
static struct peer *find_peer(struct peer set[WAYS], const struct address *a)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].failures && !memcmp(&set[i].address, a, sizeof(*a)))
            return &set[i];
    }
    return NULL;
}

/* Its place, else a free one, else that of the one with the fewest failures. */
static struct peer *take_peer(struct peer set[WAYS], const struct address *a, int64_t now_us)
{
    struct peer *p = find_peer(set, a);
    if (p)
        return p;
    p = &set[0];
    for (size_t i = 1; i < WAYS; i++) {
        if (set[i].failures < p->failures)
            p = &set[i];
    }
    *p = (struct peer){.address = *a, .counted_us = now_us};
    return p;
}

/* How long the peer is still paused. */
static int64_t pause_left_us(struct sl_throttle *t, const char *peer, int64_t now_us)
{
    struct address a;
    struct peer *set;
    int64_t left = 0;
    if (now_us >= atomic_load_explicit(&t->last_pause_us, memory_order_relaxed))
        return 0; /* nobody is: no lock, no look-up */
    read_address(peer, &a);
    struct shard *s = shard_of(t, &a, &set);
    pthread_mutex_lock(&s->lock);
    const struct peer *p = find_peer(set, &a);
    if (p && p->paused_until_us > now_us)
        left = p->paused_until_us - now_us;
    pthread_mutex_unlock(&s->lock);
    return left;
}

/* Counts a failure and returns the length of the pause that it opens, 0 if none. */
static int64_t count_failure(struct peer *p, int64_t now_us)
{
    int64_t forgotten = (now_us - p->counted_us) / FORGET_US;
    if (forgotten > 0) {
        p->failures -= forgotten < p->failures ? (unsigned)forgotten : p->failures;
        p->counted_us += forgotten * FORGET_US;
    }
    p->failures++;
    if (p->failures <= FREE_FAILURES)
        return 0;
    int64_t pause = FIRST_PAUSE_US;
    for (unsigned i = FREE_FAILURES + 1; i < p->failures && pause < LAST_PAUSE_US; i++)
        pause *= 2;
    if (pause >= LAST_PAUSE_US) {
        pause = LAST_PAUSE_US;
        p->failures--; /* no debt that takes hours to forget */
    }
    return pause;
}

static int64_t note_failure(struct sl_throttle *t, const char *peer, int64_t now_us)
{
    struct address a;
    struct peer *set;
    read_address(peer, &a);
    struct shard *s = shard_of(t, &a, &set);
    pthread_mutex_lock(&s->lock);
    struct peer *p = take_peer(set, &a, now_us);
    int64_t pause = count_failure(p, now_us);
    if (pause)
        p->paused_until_us = now_us + pause;
    pthread_mutex_unlock(&s->lock);
    return pause;
}

/* ---- texts ---- */

/* What the entry authorization holds behind its scheme. */
static struct sl_str text_of(const struct sl_credentials *c)
{
    struct sl_str s = c->authorization;
    const char *space = s.n ? memrchr(s.p, ' ', s.n) : NULL;
    if (space)
        s = (struct sl_str){space + 1, s.n - (size_t)(space + 1 - s.p)};
    return s;
}

static bool can_be_guessed(const struct sl_credentials *c)
{
    struct sl_str text = text_of(c);
    return c->authorization.n && !sl_api_key_is(text) && !sl_jwt_looks_like(text);
}

static bool was_right(struct sl_throttle *t, const struct sl_credentials *c)
{
    uint64_t tag = tag_of(t, c->authorization.p, c->authorization.n);
    return tag && atomic_load_explicit(&t->texts[tag % TEXTS], memory_order_relaxed) == tag;
}

/* ---- the three moments ---- */

static bool has_peer(const struct sl_credentials *c)
{
    return c->peer && *c->peer;
}

static void set_retry(struct sl_err *err, int64_t pause_us)
{
    err->has_retry_after = true;
    err->retry_after_ms = (pause_us + 999) / 1000;
}

enum sl_code sl_throttle_admit(struct sl_throttle *t, const struct sl_credentials *c,
                               int64_t now_us, struct sl_err *err)
{
    int64_t left = has_peer(c) ? pause_left_us(t, c->peer, now_us) : 0;
    if (!left || !can_be_guessed(c) || was_right(t, c))
        return SL_OK;
    atomic_fetch_add_explicit(&t->refused, 1, memory_order_relaxed);
    (void)sl_err_set(err, SL_RESOURCE_EXHAUSTED, SL_REASON_TOO_MANY_FAILURES,
                     "too many wrong credentials came from this address: try again later");
    set_retry(err, left);
    return err->code;
}

void sl_throttle_failed(struct sl_throttle *t, const struct sl_credentials *c, int64_t now_us,
                        struct sl_err *err)
{
    atomic_fetch_add_explicit(&t->failures, 1, memory_order_relaxed);
    int64_t pause = has_peer(c) ? note_failure(t, c->peer, now_us) : 0;
    if (!pause)
        return;
    set_retry(err, pause);
    long long until = now_us + pause;
    long long last = atomic_load_explicit(&t->last_pause_us, memory_order_relaxed);
    while (last < until && !atomic_compare_exchange_weak(&t->last_pause_us, &last, until))
        ;
    atomic_fetch_add_explicit(&t->pauses, 1, memory_order_relaxed);
    if (pause == FIRST_PAUSE_US)
        sl_log(SL_LOG_WARN, "many wrong credentials from one address", SL_F_STR("peer", c->peer));
}

void sl_throttle_passed(struct sl_throttle *t, const struct sl_credentials *c)
{
    if (!can_be_guessed(c))
        return;
    uint64_t tag = tag_of(t, c->authorization.p, c->authorization.n);
    if (tag)
        atomic_store_explicit(&t->texts[tag % TEXTS], tag, memory_order_relaxed);
}

void sl_throttle_stats(const struct sl_throttle *t, struct sl_throttle_stats *out)
{
    *out = (struct sl_throttle_stats){
        atomic_load_explicit(&t->failures, memory_order_relaxed),
        atomic_load_explicit(&t->refused, memory_order_relaxed),
        atomic_load_explicit(&t->pauses, memory_order_relaxed),
    };
}
