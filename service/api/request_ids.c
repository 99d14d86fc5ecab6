/* A ring of the ids in order of age, and open-addressed buckets of ring positions, found by a 64-bit hash of principal
 * and id. Hashes stand for ids: with a random key, two ids of 2^18 meet once in 2^28 calls. */
#include "api/request_ids.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { FIRST_RING = 1024 };

struct entry {
    uint64_t hash;
    int64_t at_us;
    uint32_t next; /* 1 + ring position of the next entry in the bucket; 0: none */
};

struct sl_request_ids {
    pthread_mutex_t lock;
    uint64_t key;
    struct entry *ring; /* used as a ring of `size` entries; grows until the capacity */
    uint32_t size, head, count;
    uint32_t *buckets; /* 1 + ring position; 0: empty */
    uint32_t n_buckets;
};

static uint64_t mix(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
    h ^= 0xff;
    h *= 0x100000001b3ULL;
    return h ^ h >> 29;
}

struct sl_request_ids *sl_request_ids_create(void)
{
    struct sl_request_ids *ids = SL_NEW(struct sl_request_ids);
    char seed[37];
    pthread_mutex_init(&ids->lock, NULL);
    sl_uuid7(seed);
    ids->key = mix(0xcbf29ce484222325ULL, seed);
    return ids;
}

void sl_request_ids_destroy(struct sl_request_ids *ids)
{
    if (!ids)
        return;
    pthread_mutex_destroy(&ids->lock);
    sl_free(ids->ring);
    sl_free(ids->buckets);
    sl_free(ids);
}

static uint32_t *bucket_of(struct sl_request_ids *ids, uint64_t hash)
{
    return &ids->buckets[hash & (ids->n_buckets - 1)];
}

static void drop_oldest(struct sl_request_ids *ids)
{
    uint32_t position = ids->head;
    uint32_t *link = bucket_of(ids, ids->ring[position].hash);
    while (*link != position + 1)
        link = &ids->ring[*link - 1].next;
    *link = ids->ring[position].next;
    ids->head = (ids->head + 1) % ids->size;
    ids->count--;
}

static void add(struct sl_request_ids *ids, uint64_t hash, int64_t at_us)
{
    uint32_t position = (ids->head + ids->count++) % ids->size;
    uint32_t *bucket = bucket_of(ids, hash);
    ids->ring[position] = (struct entry){hash, at_us, *bucket};
    *bucket = position + 1;
}

static void grow(struct sl_request_ids *ids)
{
    struct sl_request_ids old = *ids;
    ids->size = old.size ? old.size * 2 : FIRST_RING;
    ids->n_buckets = ids->size * 2;
    ids->ring = sl_calloc(ids->size, sizeof(*ids->ring));
    ids->buckets = sl_calloc(ids->n_buckets, sizeof(*ids->buckets));
    ids->head = ids->count = 0;
    for (uint32_t i = 0; i < old.count; i++) {
        const struct entry *e = &old.ring[(old.head + i) % old.size];
        add(ids, e->hash, e->at_us);
    }
    sl_free(old.ring);
    sl_free(old.buckets);
}

static bool seen(struct sl_request_ids *ids, uint64_t hash)
{
    if (!ids->n_buckets)
        return false;
    for (uint32_t at = *bucket_of(ids, hash); at; at = ids->ring[at - 1].next)
        if (ids->ring[at - 1].hash == hash)
            return true;
    return false;
}

bool sl_request_ids_claim(struct sl_request_ids *ids, const char *principal, const char *id,
                          int64_t now_us)
{
    uint64_t hash = mix(mix(ids->key, principal), id);
    pthread_mutex_lock(&ids->lock);
    while (ids->count && now_us - ids->ring[ids->head].at_us >= SL_REQUEST_ID_SECONDS * 1000000LL)
        drop_oldest(ids);
    bool fresh = !seen(ids, hash);
    if (fresh) {
        if (ids->count == ids->size && ids->size < SL_REQUEST_IDS_CAPACITY)
            grow(ids);
        if (ids->count == ids->size)
            drop_oldest(ids);
        add(ids, hash, now_us);
    }
    pthread_mutex_unlock(&ids->lock);
    return fresh;
}
