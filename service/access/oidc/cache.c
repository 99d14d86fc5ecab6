/* Tokens that were verified, by their SHA-256. Sets of four places in sixteen shards: fixed memory,
 * short locks. */
#include <string.h>

#include "access/oidc/internal.h"
#include "base/alloc.h"

enum { SHARDS = 16, SETS = 64, WAYS = 4 };

struct place {
    struct oidc_verified v; /* texts in block */
    char *block;            /* NULL: free */
};

struct shard {
    pthread_mutex_t lock;
    struct place places[SETS][WAYS];
};

struct oidc_cache {
    struct shard shards[SHARDS];
};

struct oidc_cache *oidc_cache_create(void)
{
    struct oidc_cache *c = SL_NEW(struct oidc_cache);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&c->shards[i].lock, NULL);
    return c;
}

static void let_go(struct place *p)
{
    sl_free(p->block);
    p->block = NULL;
}

void oidc_cache_destroy(struct oidc_cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        for (size_t k = 0; k < SETS * WAYS; k++)
            let_go(&c->shards[i].places[k / WAYS][k % WAYS]);
        pthread_mutex_destroy(&c->shards[i].lock);
    }
    sl_free(c);
}

static struct shard *shard_of(struct oidc_cache *c, const unsigned char digest[OIDC_DIGEST])
{
    return &c->shards[digest[0] % SHARDS];
}

static struct place *set_of(struct shard *s, const unsigned char digest[OIDC_DIGEST])
{
    return s->places[digest[1] % SETS];
}

static bool is_it(const struct place *p, const unsigned char digest[OIDC_DIGEST])
{
    return p->block && !memcmp(p->v.digest, digest, OIDC_DIGEST);
}

static bool still_holds(const struct place *p, int64_t now_s)
{
    unsigned revoked;
    /* the rules that own this cache hold the issuer, too */
    sl_jwks_unref(oidc_issuer_keys((struct oidc_issuer *)p->v.issuer, &revoked));
    return now_s < p->v.until_s && revoked == p->v.revoked;
}

bool oidc_cache_find(struct oidc_cache *c, const unsigned char digest[OIDC_DIGEST], int64_t now_s,
                     struct sl_arena *arena, struct sl_claims *out)
{
    struct shard *s = shard_of(c, digest);
    struct place *set = set_of(s, digest);
    bool found = false;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        struct place *p = &set[i];
        if (!is_it(p, digest))
            continue;
        found = still_holds(p, now_s);
        if (found)
            *out = (struct sl_claims){sl_arena_strdup(arena, p->v.claims.subject),
                                      sl_arena_strdup(arena, p->v.claims.name),
                                      sl_arena_strdup(arena, p->v.claims.tier), p->v.claims.roles};
        else
            let_go(p);
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

static const char *add_text(char **to, const char *text)
{
    size_t n = strlen(text) + 1;
    char *start = *to;
    memcpy(start, text, n);
    *to += n;
    return start;
}

static void fill(struct place *p, const struct oidc_verified *v)
{
    const struct sl_claims *c = &v->claims;
    char *to = sl_malloc(strlen(c->subject) + strlen(c->name) + strlen(c->tier) + 3);
    let_go(p);
    p->block = to;
    p->v = *v;
    p->v.claims.subject = add_text(&to, c->subject);
    p->v.claims.name = add_text(&to, c->name);
    p->v.claims.tier = add_text(&to, c->tier);
}

void oidc_cache_put(struct oidc_cache *c, const struct oidc_verified *v)
{
    struct shard *s = shard_of(c, v->digest);
    struct place *set = set_of(s, v->digest), *best = &set[0];
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < WAYS; i++) {
        struct place *p = &set[i];
        if (is_it(p, v->digest)) {
            best = p;
            break;
        }
        if (best->block && (!p->block || p->v.until_s < best->v.until_s))
            best = p;
    }
    fill(best, v);
    pthread_mutex_unlock(&s->lock);
}
