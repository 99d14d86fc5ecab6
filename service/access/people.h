/* Users as a snapshot holds them, and sets of users: for access/ only. Objects are immutable and reference-counted,
 * shared by snapshots; any thread. Sets are filled by one thread, then only read. */
#ifndef SL_ACCESS_PEOPLE_H
#define SL_ACCESS_PEOPLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/preferences.h"
#include "store/row.h"

/* One allocation: the strings follow the struct. */
struct sl_person {
    atomic_uint refs;
    uint32_t number; /* the same in all snapshots that come of one load */
    unsigned roles;
    bool disabled;
    bool deleted; /* stands in an overlay for a user that is no more */
    const char *id, *name, *tier, *subject;
    struct sl_preferences *preferences; /* a reference; NULL: none */
};

/* Of a row of users; number is the caller's choice. Never NULL. */
struct sl_person *sl_person_create(const struct sl_row *row, uint32_t number);
/* The same person, deleted. Never NULL. */
struct sl_person *sl_person_bury(const struct sl_person *p);
struct sl_person *sl_person_ref(struct sl_person *p);
/* The same person with other preferences, whose reference it takes; NULL: none. Never NULL. */
struct sl_person *sl_person_with(const struct sl_person *p, struct sl_preferences *preferences);
/* Accepts NULL. */
void sl_person_unref(struct sl_person *p);

enum sl_people_by { SL_BY_ID, SL_BY_NAME, SL_BY_SUBJECT, SL_PEOPLE_INDEXES };

struct sl_people {
    struct sl_person **list;
    size_t n, cap;
    uint32_t *index[SL_PEOPLE_INDEXES]; /* place in list + 1; 0: free */
    size_t n_slots;
    bool stale; /* the indexes of names and subjects are */
};

/* Room for n without growing. */
void sl_people_reserve(struct sl_people *set, size_t n);
/* Takes the reference. Deleted persons are found by their id only. */
void sl_people_add(struct sl_people *set, struct sl_person *p);
/* Puts p, whose reference it takes, in the place of the person of the same id, or adds it. sl_people_settle has to follow
 * before names and subjects are looked up. */
void sl_people_put(struct sl_people *set, struct sl_person *p);
void sl_people_settle(struct sl_people *set);
/* NULL where there is none; n bytes of key. Nobody has the key "". */
struct sl_person *sl_people_find(const struct sl_people *set, enum sl_people_by by, const char *key,
                                 size_t n);
/* Makes `to`, with references to all of from. */
void sl_people_copy(struct sl_people *to, const struct sl_people *from);
void sl_people_fini(struct sl_people *set);

#endif
