/* Names to shared objects: an immutable table, and over it a small one with what has changed since, so that a change among
 * 100,000 names costs no more than a copy of the small one; when that has grown, both are merged. A map is a value: maps
 * of different snapshots share their parts. Any thread may read; whoever makes a new map owns it until it is published. */
#ifndef SL_REGISTRY_MAP_H
#define SL_REGISTRY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/counted.h"

/* Names are unique within a space. Both strings are borrowed from the value, or live as long as it. */
struct sl_map_key {
    const char *space, *name;
};

struct sl_map_slot {
    struct sl_map_key key; /* key.name NULL: free */
    struct sl_counted *value;
    uint32_t hash;
    uint8_t mark; /* the caller's own */
    bool
        gone; /* in the upper table: the lower one's entry does not count; value keeps the key alive */
};

struct sl_map_part; /* in map.c */

struct sl_map {
    struct sl_map_part *base, *over; /* NULL: empty */
    size_t live;                     /* entries that count */
};

/* The entry, NULL if there is none. One look-up, two where something has changed lately. */
const struct sl_map_slot *sl_map_find(const struct sl_map *m, const char *space, const char *name);
/* Whether the upper table says something about the name. */
bool sl_map_is_changed(const struct sl_map *m, const char *space, const char *name);
/* Calls on_slot for every entry that counts, in no order; changed_only: for those of the upper table. */
void sl_map_each(const struct sl_map *m, bool changed_only,
                 void (*on_slot)(void *owner, const struct sl_map_slot *slot), void *owner);

/* Calls on_pair for each key whose values are not the same object in both; NULL: it is not in that one. Quick where one was
 * made from the other and neither was merged in between: only what the upper tables say is looked at. */
void sl_map_difference(const struct sl_map *was, const struct sl_map *is,
                       void (*on_pair)(void *owner, struct sl_counted *was, struct sl_counted *is),
                       void *owner);

/* A map of the same entries, which may be edited until it is published. */
struct sl_map sl_map_copy(const struct sl_map *from);
/* Adds an entry, or replaces it. A reference to the value is taken. */
void sl_map_put(struct sl_map *m, struct sl_map_key key, struct sl_counted *value, uint8_t mark);
/* Does nothing where there is none. */
void sl_map_remove(struct sl_map *m, const char *space, const char *name);
/* Whether the upper table has grown so much that merging pays. */
bool sl_map_should_merge(const struct sl_map *m);
void sl_map_merge(struct sl_map *m);
/* Gives the references back; m is empty then. */
void sl_map_fini(struct sl_map *m);

#endif
