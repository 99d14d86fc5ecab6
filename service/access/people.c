/* Users as a snapshot holds them, found by id, name and subject. */
#include "access/people.h"

#include <string.h>

#include "access/row_json.h"
#include "base/alloc.h"

enum { MIN_SLOTS = 16 };

/* Copies s behind *next. */
static const char *put_string(char **next, const char *s)
{
    size_t n = strlen(s) + 1;
    char *at = *next;
    memcpy(at, s, n);
    *next += n;
    return at;
}

/* texts: id, name, tier, subject. */
static struct sl_person *create(const char *const texts[4], uint32_t number)
{
    size_t n = 0;
    for (size_t i = 0; i < 4; i++)
        n += strlen(texts[i]) + 1;
    struct sl_person *p = sl_malloc(sizeof(*p) + n);
    char *next = (char *)(p + 1);
    *p = (struct sl_person){.number = number};
    atomic_init(&p->refs, 1);
    p->id = put_string(&next, texts[0]);
    p->name = put_string(&next, texts[1]);
    p->tier = put_string(&next, texts[2]);
    p->subject = put_string(&next, texts[3]);
    return p;
}

struct sl_person *sl_person_create(const struct sl_row *row, uint32_t number)
{
    const char *texts[] = {sl_row_text(row, SL_COL_ID), sl_row_text(row, SL_COL_NAME),
                           sl_row_text(row, SL_USERS_TIER), sl_row_text(row, SL_USERS_SUBJECT)};
    struct sl_person *p = create(texts, number);
    p->roles = sl_row_roles(row);
    p->disabled = sl_row_bool(row, SL_USERS_DISABLED);
    p->deleted = sl_row_int(row, SL_COL_DELETED_MS) != 0;
    return p;
}

struct sl_person *sl_person_bury(const struct sl_person *old)
{
    const char *texts[] = {old->id, old->name, old->tier, old->subject};
    struct sl_person *p = create(texts, old->number);
    p->deleted = true;
    return p;
}

struct sl_person *sl_person_with(const struct sl_person *old, struct sl_preferences *preferences)
{
    const char *texts[] = {old->id, old->name, old->tier, old->subject};
    struct sl_person *p = create(texts, old->number);
    p->roles = old->roles;
    p->disabled = old->disabled;
    p->deleted = old->deleted;
    p->preferences = preferences;
    return p;
}

struct sl_person *sl_person_ref(struct sl_person *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void sl_person_unref(struct sl_person *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    sl_preferences_unref(p->preferences);
    sl_free(p);
}

/* ---- sets ---- */

static uint64_t hash(const char *s, size_t n)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static const char *field(const struct sl_person *p, enum sl_people_by by)
{
    return by == SL_BY_ID ? p->id : by == SL_BY_NAME ? p->name : p->subject;
}

static bool is_indexed(const struct sl_person *p, enum sl_people_by by)
{
    return *field(p, by) && (by == SL_BY_ID || !p->deleted);
}

static void index_one(struct sl_people *set, enum sl_people_by by, size_t place)
{
    const char *key = field(set->list[place], by);
    if (!is_indexed(set->list[place], by))
        return;
    size_t i = hash(key, strlen(key)) & (set->n_slots - 1);
    while (set->index[by][i])
        i = (i + 1) & (set->n_slots - 1);
    set->index[by][i] = (uint32_t)place + 1;
}

static void index_all(struct sl_people *set)
{
    size_t want = MIN_SLOTS;
    while (want < set->cap * 3 / 2)
        want *= 2;
    set->n_slots = want;
    for (int by = 0; by < SL_PEOPLE_INDEXES; by++) {
        sl_free(set->index[by]);
        set->index[by] = sl_calloc(want, sizeof(**set->index));
        for (size_t i = 0; i < set->n; i++)
            index_one(set, (enum sl_people_by)by, i);
    }
}

void sl_people_reserve(struct sl_people *set, size_t n)
{
    if (n <= set->cap)
        return;
    set->cap = n;
    set->list = sl_realloc(set->list, set->cap * sizeof(*set->list));
    index_all(set);
}

void sl_people_add(struct sl_people *set, struct sl_person *p)
{
    if (set->n == set->cap)
        sl_people_reserve(set, set->cap ? 2 * set->cap : 8);
    set->list[set->n++] = p;
    for (int by = 0; by < SL_PEOPLE_INDEXES; by++)
        index_one(set, (enum sl_people_by)by, set->n - 1);
}

/* Where it stands in the list, or SIZE_MAX. */
static size_t place_of(const struct sl_people *set, enum sl_people_by by, const char *key, size_t n)
{
    if (!n || !set->n)
        return SIZE_MAX;
    for (size_t i = hash(key, n) & (set->n_slots - 1); set->index[by][i];
         i = (i + 1) & (set->n_slots - 1)) {
        size_t place = set->index[by][i] - 1;
        const char *own = field(set->list[place], by);
        if (!strncmp(own, key, n) && !own[n])
            return place;
    }
    return SIZE_MAX;
}

void sl_people_put(struct sl_people *set, struct sl_person *p)
{
    size_t place = place_of(set, SL_BY_ID, p->id, strlen(p->id));
    if (place == SIZE_MAX) {
        sl_people_add(set, p);
        return;
    }
    sl_person_unref(set->list[place]);
    set->list[place] = p;
    set->stale = true;
}

void sl_people_settle(struct sl_people *set)
{
    if (set->stale)
        index_all(set);
    set->stale = false;
}

struct sl_person *sl_people_find(const struct sl_people *set, enum sl_people_by by, const char *key,
                                 size_t n)
{
    size_t place = place_of(set, by, key, n);
    return place == SIZE_MAX ? NULL : set->list[place];
}

void sl_people_copy(struct sl_people *to, const struct sl_people *from)
{
    *to = (struct sl_people){.n = from->n, .cap = from->n};
    if (!from->n)
        return;
    to->list = sl_calloc(from->n, sizeof(*to->list));
    for (size_t i = 0; i < from->n; i++)
        to->list[i] = sl_person_ref(from->list[i]);
    index_all(to);
}

void sl_people_fini(struct sl_people *set)
{
    for (size_t i = 0; i < set->n; i++)
        sl_person_unref(set->list[i]);
    for (int by = 0; by < SL_PEOPLE_INDEXES; by++)
        sl_free(set->index[by]);
    sl_free(set->list);
    *set = (struct sl_people){0};
}
