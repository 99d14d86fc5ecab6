/* A hash table whose nodes are indexed by descriptor. */
#include "upstream/socket_table.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"

struct sl_socket_entry {
    uint64_t key; /* 0: not known */
    int next;     /* 1 + descriptor, in the bucket */
};

uint64_t sl_socket_key(const char *remote, int remote_port, int local_port)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ ((uint64_t)remote_port << 16 | (uint64_t)local_port);
    for (const char *p = remote ? remote : ""; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
    h *= 0x9e3779b97f4a7c15ULL;
    return (h ^ h >> 32) | 1;
}

void sl_socket_table_fini(struct sl_socket_table *s)
{
    sl_free(s->list);
    sl_free(s->buckets);
    *s = (struct sl_socket_table){.list = NULL};
}

static void link_socket(struct sl_socket_table *s, int fd)
{
    int *bucket = &s->buckets[s->list[fd].key & (s->n_buckets - 1)];
    s->list[fd].next = *bucket;
    *bucket = fd + 1;
}

static void grow(struct sl_socket_table *s, int fd)
{
    unsigned size = s->size ? s->size : 64;
    while (size <= (unsigned)fd)
        size *= 2;
    if (size == s->size)
        return;
    s->list = sl_realloc(s->list, size * sizeof(*s->list));
    memset(s->list + s->size, 0, (size - s->size) * sizeof(*s->list));
    s->size = s->n_buckets = size;
    sl_free(s->buckets);
    s->buckets = sl_calloc(size, sizeof(*s->buckets));
    for (unsigned i = 0; i < size; i++)
        if (s->list[i].key)
            link_socket(s, (int)i);
}

void sl_socket_table_put(struct sl_socket_table *s, uint64_t key, int fd)
{
    sl_socket_table_closed(s, fd);
    grow(s, fd);
    s->list[fd].key = key;
    link_socket(s, fd);
    s->count++;
}

int sl_socket_table_find(const struct sl_socket_table *s, uint64_t key)
{
    if (!s->n_buckets)
        return -1;
    for (int at = s->buckets[key & (s->n_buckets - 1)]; at; at = s->list[at - 1].next)
        if (s->list[at - 1].key == key)
            return at - 1;
    return -1;
}

void sl_socket_table_closed(struct sl_socket_table *s, int fd)
{
    if (fd < 0 || (unsigned)fd >= s->size || !s->list[fd].key)
        return;
    int *link = &s->buckets[s->list[fd].key & (s->n_buckets - 1)];
    while (*link != fd + 1)
        link = &s->list[*link - 1].next;
    *link = s->list[fd].next;
    s->list[fd] = (struct sl_socket_entry){0, 0};
    s->count--;
}
