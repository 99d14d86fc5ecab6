/* Sixteen shards of sets with four places each: a place is looked for, and given up, in its set
 * alone, so that the memory is fixed and nothing is ever searched. The place a secret was sealed
 * for is part of the key: a hit proves no less than opening does. */
#include "registry/vault/secret_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"

enum { SHARDS = 16, SETS = 128, WAYS = 4, MAX_KEY = 512 };

struct place {
    char *key; /* NULL: free */
    size_t key_n;
    int64_t revision, until_us;
    struct sl_secret *secret;
};

struct shard {
    pthread_mutex_t lock; /* guards all below */
    uint64_t hits, misses;
    struct place places[SETS][WAYS];
};

struct sl_secret_cache {
    struct shard shards[SHARDS];
};

/* What is looked for. */
struct wanted {
    char key[MAX_KEY]; /* id, purpose, row and binding, each with its NUL */
    size_t key_n;      /* 0: too long to be kept */
    int64_t revision, now_us;
    struct shard *shard;
    struct place *set;
};

struct sl_secret_cache *sl_secret_cache_create(void)
{
    struct sl_secret_cache *c = SL_NEW(struct sl_secret_cache);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&c->shards[i].lock, NULL);
    return c;
}

static void let_go(struct place *p)
{
    sl_secret_unref(p->secret);
    sl_free(p->key);
    *p = (struct place){.key = NULL};
}

void sl_secret_cache_destroy(struct sl_secret_cache *c)
{
    if (!c)
        return;
    sl_secret_cache_clear(c);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&c->shards[i].lock);
    sl_free(c);
}

static void add_part(struct wanted *w, const char *part, bool *fits)
{
    size_t n = strlen(part) + 1;
    *fits &= n <= MAX_KEY - w->key_n;
    if (!*fits)
        return;
    memcpy(w->key + w->key_n, part, n);
    w->key_n += n;
}

static void look_for(struct wanted *w, struct sl_secret_cache *c, const struct sl_sealed *sealed)
{
    bool fits = true;
    uint32_t hash = 2166136261u;
    w->key_n = 0;
    add_part(w, sealed->id, &fits);
    add_part(w, sealed->place.purpose, &fits);
    add_part(w, sealed->place.row, &fits);
    add_part(w, sealed->place.binding, &fits);
    if (!fits)
        w->key_n = 0;
    for (size_t i = 0; i < w->key_n; i++)
        hash = (hash ^ (unsigned char)w->key[i]) * 16777619u; /* FNV-1a */
    hash ^= hash >> 15;
    w->revision = sealed->revision;
    w->shard = &c->shards[hash % SHARDS];
    w->set = w->shard->places[hash / SHARDS % SETS];
}

static bool is_it(const struct place *p, const struct wanted *w)
{
    return p->key && p->key_n == w->key_n && !memcmp(p->key, w->key, w->key_n);
}

/* Its place, else a free one, else the one that would end first. */
static struct place *place_of(const struct wanted *w)
{
    struct place *best = &w->set[0];
    for (size_t i = 0; i < WAYS; i++) {
        struct place *p = &w->set[i];
        if (is_it(p, w))
            return p;
        if (best->key && (!p->key || p->until_us < best->until_us))
            best = p;
    }
    return best;
}

static struct sl_secret *find(const struct wanted *w)
{
    struct sl_secret *secret = NULL;
    pthread_mutex_lock(&w->shard->lock);
    struct place *p = place_of(w);
    bool there = is_it(p, w), late = w->now_us >= p->until_us;
    if (there && !late && p->revision == w->revision)
        secret = sl_secret_ref(p->secret);
    else if (there && (late || p->revision < w->revision))
        let_go(p);
    w->shard->hits += secret != NULL;
    w->shard->misses += secret == NULL;
    pthread_mutex_unlock(&w->shard->lock);
    return secret;
}

/* A loop that is a snapshot behind does not put an old secret over a newer one. */
static void put(const struct wanted *w, struct sl_secret *secret)
{
    pthread_mutex_lock(&w->shard->lock);
    struct place *p = place_of(w);
    if (!is_it(p, w) || p->revision <= w->revision) {
        let_go(p);
        p->key = sl_malloc(w->key_n);
        memcpy(p->key, w->key, w->key_n);
        p->key_n = w->key_n;
        p->revision = w->revision;
        p->until_us = w->now_us + SL_SECRET_CACHE_US;
        p->secret = sl_secret_ref(secret);
    }
    pthread_mutex_unlock(&w->shard->lock);
}

enum sl_code sl_secret_cache_open(struct sl_secret_cache *c, const struct sl_keyring *k,
                                  const struct sl_sealed *sealed, int64_t now_us,
                                  struct sl_secret **out, struct sl_err *err)
{
    struct wanted w = {.now_us = now_us};
    look_for(&w, c, sealed);
    struct sl_secret *secret = w.key_n ? find(&w) : NULL;
    if (!secret) {
        if (sl_vault_open(k, &sealed->place, sealed->envelope, sealed->n, &secret, err))
            return err->code;
        if (w.key_n)
            put(&w, secret);
    }
    *out = secret;
    return SL_OK;
}

static size_t sweep_shard(struct shard *s, int64_t now_us)
{
    size_t left = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SETS; i++) {
        for (size_t w = 0; w < WAYS; w++) {
            struct place *p = &s->places[i][w];
            if (p->key && p->until_us <= now_us)
                let_go(p);
            left += p->key != NULL;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return left;
}

size_t sl_secret_cache_sweep(struct sl_secret_cache *c, int64_t now_us)
{
    size_t left = 0;
    for (size_t i = 0; i < SHARDS; i++)
        left += sweep_shard(&c->shards[i], now_us);
    return left;
}

void sl_secret_cache_clear(struct sl_secret_cache *c)
{
    (void)sl_secret_cache_sweep(c, INT64_MAX);
}

void sl_secret_cache_stats(struct sl_secret_cache *c, struct sl_secret_cache_stats *out)
{
    *out = (struct sl_secret_cache_stats){.hits = 0};
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &c->shards[i];
        pthread_mutex_lock(&s->lock);
        out->hits += s->hits;
        out->misses += s->misses;
        for (size_t k = 0; k < SETS * WAYS; k++)
            out->entries += s->places[k / WAYS][k % WAYS].key != NULL;
        pthread_mutex_unlock(&s->lock);
    }
}
