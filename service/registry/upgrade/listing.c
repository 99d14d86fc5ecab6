/* Answers against what was seen before. */
#include "registry/upgrade/listing.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { SKEW_MS = 5 * 60 * 1000 };

/* ---- dates at the end of ids ---- */

struct dated {
    size_t stem;  /* length of what stands before the date */
    char day[9];  /* YYYYMMDD */
    size_t shape; /* of the date */
};

/* '9' a digit, another character itself. */
static bool ends_like(const char *s, size_t n, const char *shape)
{
    size_t k = strlen(shape);
    if (n <= k)
        return false;
    for (size_t i = 0; i < k; i++) {
        char c = s[n - k + i];
        if (shape[i] == '9' ? c < '0' || c > '9' : c != shape[i])
            return false;
    }
    return true;
}

/* OpenAI's, Anthropic's, and Anthropic's at Vertex AI. */
static bool take_date(const char *id, struct dated *out)
{
    static const char *const shapes[] = {"-9999-99-99", "-99999999", "@99999999"};
    size_t n = strlen(id);
    for (size_t i = 0; i < SL_ARRAY_LEN(shapes); i++) {
        if (!ends_like(id, n, shapes[i]))
            continue;
        *out = (struct dated){.stem = n - strlen(shapes[i]), .shape = i};
        size_t digits = 0;
        for (const char *c = id + out->stem; *c; c++) {
            if (*c >= '0' && *c <= '9' && digits < 8)
                out->day[digits++] = *c;
        }
        return strcmp(out->day, "19900101") > 0 && strcmp(out->day, "21000101") < 0;
    }
    return false;
}

const char *sl_listing_newer(const char *id, const char *const *listed, size_t n)
{
    struct dated own, other;
    const char *found = "";
    char latest[9];
    if (!take_date(id, &own))
        return "";
    sl_copy(latest, sizeof(latest), own.day);
    for (size_t i = 0; i < n; i++) {
        if (!take_date(listed[i], &other) || other.stem != own.stem || other.shape != own.shape ||
            memcmp(id, listed[i], own.stem) != 0 || strcmp(other.day, latest) <= 0)
            continue;
        sl_copy(latest, sizeof(latest), other.day);
        found = listed[i];
    }
    return found;
}

/* ---- comparing ---- */

static const struct sl_listing_place *find_place(const struct sl_listing_state *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!strcmp(s->places[i].key, key))
            return &s->places[i];
    }
    return NULL;
}

static int by_id(const void *id, const void *entry)
{
    return strcmp(id, ((const struct sl_listing_entry *)entry)->id);
}

static const struct sl_listing_entry *find_entry(const struct sl_listing_place *p, const char *id)
{
    return p && p->n ? bsearch(id, p->entries, p->n, sizeof(*p->entries), by_id) : NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A copy, by name. */
static const char **sorted(struct sl_arena *arena, const char *const *list, size_t n)
{
    const char **out = sl_arena_alloc(arena, (n + 1) * sizeof(*out));
    if (n) {
        memcpy(out, list, n * sizeof(*out));
        qsort(out, n, sizeof(*out), compare_texts);
    }
    return out;
}

static void add_entry(struct sl_listing_entry *list, size_t *n, struct sl_arena *arena,
                      struct sl_listing_entry entry)
{
    entry.id = sl_arena_strdup(arena, entry.id);
    entry.newer = sl_arena_strdup(arena, entry.newer);
    list[(*n)++] = entry;
}

static void take_whole(const struct sl_listing_place *before, const struct sl_listing_answer *a,
                       int64_t now_ms, struct sl_arena *arena, struct sl_listing_place *out)
{
    const char **listed = sorted(arena, a->listed, a->n_listed);
    const char **ids = sorted(arena, a->ids, a->n_ids);
    struct sl_listing_entry *list = sl_arena_alloc(arena, (a->n_ids + 1) * sizeof(*list));
    for (size_t i = 0; i < a->n_ids; i++) {
        const struct sl_listing_entry *seen = find_entry(before, ids[i]);
        bool there = bsearch(&ids[i], listed, a->n_listed, sizeof(*listed), compare_texts);
        if (!there && !seen)
            continue;
        int64_t gone = there ? 0 : seen->gone_ms ? seen->gone_ms : now_ms;
        add_entry(
            list, &out->n, arena,
            (struct sl_listing_entry){ids[i], gone, sl_listing_newer(ids[i], listed, a->n_listed)});
    }
    out->entries = list;
    out->listed = a->n_listed;
}

/* What was said before, of the models that are there still. */
static void carry_over(const struct sl_listing_place *before, const struct sl_listing_answer *a,
                       struct sl_arena *arena, struct sl_listing_place *out)
{
    if (!before)
        return;
    const char **ids = sorted(arena, a->ids, a->n_ids);
    struct sl_listing_entry *list = sl_arena_alloc(arena, (before->n + 1) * sizeof(*list));
    for (size_t i = 0; i < before->n; i++) {
        if (bsearch(&before->entries[i].id, ids, a->n_ids, sizeof(*ids), compare_texts))
            add_entry(list, &out->n, arena, before->entries[i]);
    }
    out->entries = list;
    out->listed = before->listed;
}

static void compare_place(const struct sl_listing_place *before, const struct sl_listing_answer *a,
                          int64_t now_ms, struct sl_arena *arena, struct sl_listing_place *out)
{
    bool whole = a->n_listed && !a->cut;
    bool shrunk = before && a->n_listed < (before->listed + 1) / 2;
    *out = (struct sl_listing_place){.key = sl_arena_strdup(arena, a->key)};
    if (whole && !shrunk) {
        take_whole(before, a, now_ms, arena, out);
        return;
    }
    carry_over(before, a, arena, out);
    if (whole)
        out->listed = a->n_listed;
}

void sl_listing_compare(const struct sl_listing_state *before,
                        const struct sl_listing_answer *answers, size_t n, int64_t now_ms,
                        struct sl_arena *arena, struct sl_listing_state *out)
{
    struct sl_listing_place *places = sl_arena_alloc(arena, (n + 1) * sizeof(*places));
    for (size_t i = 0; i < n; i++)
        compare_place(find_place(before, answers[i].key), &answers[i], now_ms, arena, &places[i]);
    *out = (struct sl_listing_state){now_ms, places, n};
}

/* ---- when ---- */

static bool is_of_the_future(const struct sl_listing_state *s, int64_t now_ms)
{
    return s->checked_ms > now_ms + SKEW_MS;
}

bool sl_listing_is_due(const struct sl_listing_state *s, int64_t wait_ms, int64_t now_ms)
{
    return now_ms - s->checked_ms >= wait_ms || is_of_the_future(s, now_ms);
}

bool sl_listing_replaces(const struct sl_listing_state *s, const struct sl_listing_state *known,
                         int64_t now_ms)
{
    if (is_of_the_future(s, now_ms))
        return false;
    return s->checked_ms > known->checked_ms || is_of_the_future(known, now_ms);
}

/* ---- models ---- */

bool sl_listing_place_of(const struct sl_registry *r, const struct sl_model *m,
                         char key[SL_LISTING_PLACE])
{
    if (*m->owner || m->deleted_ms || !m->enabled || *m->problem ||
        !strcmp(m->adapter->name, "azure") || !sl_registry_has_key(r, m) ||
        !sl_adapter_operation(m->adapter, SL_LIST_MODELS, &m->target))
        return false;
    int n = snprintf(key, SL_LISTING_PLACE, "%s %s %s %s", m->provider, m->target.base_url,
                     m->credential, m->key_reference);
    return n > 0 && n < SL_LISTING_PLACE;
}

bool sl_listing_find(const struct sl_listing_state *state, const struct sl_registry *r,
                     const struct sl_model *m, struct sl_listed *out)
{
    char key[SL_LISTING_PLACE];
    if (!state->n || !sl_listing_place_of(r, m, key))
        return false;
    const struct sl_listing_entry *e = find_entry(find_place(state, key), m->target.model_id);
    if (e)
        *out = (struct sl_listed){e->gone_ms, e->newer};
    return e != NULL;
}

/* ---- JSON ---- */

static json_t *place_json(const struct sl_listing_place *p)
{
    json_t *models = json_object();
    for (size_t i = 0; i < p->n; i++)
        json_object_set_new(
            models, p->entries[i].id,
            json_pack("[I, s]", (json_int_t)p->entries[i].gone_ms, p->entries[i].newer));
    return json_pack("{s:s, s:I, s:o}", "place", p->key, "listed", (json_int_t)p->listed, "models",
                     models);
}

const char *sl_listing_write(const struct sl_listing_state *state, struct sl_arena *arena)
{
    json_t *places = json_array();
    for (size_t i = 0; i < state->n; i++)
        json_array_append_new(places, place_json(&state->places[i]));
    json_t *all =
        json_pack("{s:I, s:o}", "checked_ms", (json_int_t)state->checked_ms, "places", places);
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS;
    size_t n = json_dumpb(all, NULL, 0, flags);
    char *text = sl_arena_zalloc(arena, n + 1);
    json_dumpb(all, text, n, flags);
    json_decref(all);
    return text;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct sl_listing_entry *)a)->id,
                  ((const struct sl_listing_entry *)b)->id);
}

static void read_place(const json_t *json, struct sl_arena *arena, struct sl_listing_place *out)
{
    const char *key = json_string_value(json_object_get(json, "place"));
    json_t *models = json_object_get(json, "models"), *one;
    size_t n = json_object_size(models);
    struct sl_listing_entry *list = sl_arena_alloc(arena, (n + 1) * sizeof(*list));
    const char *id;
    json_int_t listed = json_integer_value(json_object_get(json, "listed"));
    *out = (struct sl_listing_place){.key = sl_arena_strdup(arena, key ? key : ""),
                                     .listed = listed > 0 ? (size_t)listed : 0};
    json_object_foreach(models, id, one)
    {
        const char *newer = json_string_value(json_array_get(one, 1));
        json_int_t gone = json_integer_value(json_array_get(one, 0));
        add_entry(list, &out->n, arena, (struct sl_listing_entry){id, gone, newer ? newer : ""});
    }
    if (n)
        qsort(list, n, sizeof(*list), compare_entries);
    out->entries = list;
}

void sl_listing_read(const char *text, struct sl_arena *arena, struct sl_listing_state *out)
{
    json_t *all = json_loads(text, 0, NULL);
    const json_t *places = json_object_get(all, "places");
    size_t n = json_array_size(places);
    struct sl_listing_place *list = sl_arena_zalloc(arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        read_place(json_array_get(places, i), arena, &list[i]);
    *out =
        (struct sl_listing_state){json_integer_value(json_object_get(all, "checked_ms")), list, n};
    json_decref(all);
}
