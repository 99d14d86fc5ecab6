/* Preferences as a snapshot holds them: read in an arena, then packed into one block. */
#include "access/preferences.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

/* As they are read. */
struct reading {
    struct sl_arena arena;
    struct sl_json json;
    const char **hidden, **favourites;
    struct sl_task_model *tasks;
    size_t n_hidden, n_favourites, n_tasks;
    size_t bytes; /* of all strings */
    enum sl_priority priority;
    int64_t cost_ceiling_nanos;
};

/* ---- reading ---- */

static const char *take(struct reading *r, const char *s)
{
    r->bytes += strlen(s) + 1;
    return sl_arena_strdup(&r->arena, s);
}

static const char *take_model(struct reading *r, const char *s)
{
    return take(r, sl_starts_with(s, "models/") ? s + strlen("models/") : s);
}

static int compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static const char **read_list(struct reading *r, const char *member, size_t *n)
{
    int list = sl_json_member(&r->json, SL_JSON_ROOT, member);
    const char **out =
        sl_arena_zalloc(&r->arena, ((size_t)sl_json_size(&r->json, list) + 1) * sizeof(*out));
    for (int i = sl_json_first(&r->json, list); i >= 0; i = sl_json_next(&r->json, list, i)) {
        const char *s = sl_json_string(&r->json, i, NULL, NULL);
        if (s)
            out[(*n)++] = take_model(r, s);
    }
    if (*n)
        qsort(out, *n, sizeof(*out), compare);
    return out;
}

static void read_tasks(struct reading *r)
{
    int map = sl_json_member(&r->json, SL_JSON_ROOT, "task_models");
    r->tasks =
        sl_arena_zalloc(&r->arena, ((size_t)sl_json_size(&r->json, map) + 1) * sizeof(*r->tasks));
    for (int k = sl_json_first(&r->json, map); k >= 0; k = sl_json_next(&r->json, map, k)) {
        const char *model = sl_json_string(&r->json, k + 1, NULL, NULL);
        const char *task = sl_json_string(&r->json, k, NULL, NULL);
        if (model && task)
            r->tasks[r->n_tasks++] = (struct sl_task_model){take(r, task), take_model(r, model)};
    }
}

static enum sl_priority read_priority(struct reading *r)
{
    static const char *const names[] = {"", "cost", "speed", "quality"};
    const char *s =
        sl_json_string(&r->json, sl_json_member(&r->json, SL_JSON_ROOT, "priority"), NULL, NULL);
    for (size_t i = 0; s && i < SL_ARRAY_LEN(names); i++) {
        if (!strcmp(names[i], s))
            return (enum sl_priority)i;
    }
    return SL_PRIORITY_NONE;
}

static bool read_all(struct reading *r, const char *json)
{
    struct sl_json_parser parser;
    struct sl_err ignored = {0};
    size_t n = strlen(json);
    sl_json_parser_init(&parser);
    bool fine = sl_json_parse(&parser, sl_arena_strndup(&r->arena, json, n), n, &r->json,
                              &ignored) == SL_OK;
    if (fine) {
        r->hidden = read_list(r, "hidden_models", &r->n_hidden);
        r->favourites = read_list(r, "favourite_models", &r->n_favourites);
        read_tasks(r);
        r->priority = read_priority(r);
        (void)sl_json_int(&r->json, sl_json_member(&r->json, SL_JSON_ROOT, "cost_ceiling_nanos"),
                          &r->cost_ceiling_nanos);
    }
    sl_json_parser_fini(&parser);
    return fine;
}

/* ---- packing ---- */

static const char *put(char **text, const char *s)
{
    size_t n = strlen(s) + 1;
    char *at = *text;
    memcpy(at, s, n);
    *text += n;
    return at;
}

static const char *const *put_list(const char **to, char **text, const char *const *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = put(text, from[i]);
    return to;
}

static struct sl_preferences *pack(const struct reading *r)
{
    size_t n_names = r->n_hidden + r->n_favourites;
    struct sl_preferences *p = sl_malloc(sizeof(*p) + n_names * sizeof(char *) +
                                         r->n_tasks * sizeof(*r->tasks) + r->bytes);
    void *behind = p + 1;
    const char **names = behind;
    behind = names + n_names;
    struct sl_task_model *tasks = behind;
    behind = tasks + r->n_tasks;
    char *text = behind;
    *p = (struct sl_preferences){
        .priority = r->priority,
        .cost_ceiling_nanos = r->cost_ceiling_nanos > 0 ? r->cost_ceiling_nanos : 0,
        .hidden = put_list(names, &text, r->hidden, r->n_hidden),
        .favourites = put_list(names + r->n_hidden, &text, r->favourites, r->n_favourites),
        .tasks = tasks,
        .n_hidden = r->n_hidden,
        .n_favourites = r->n_favourites,
        .n_tasks = r->n_tasks,
    };
    atomic_init(&p->refs, 1);
    for (size_t i = 0; i < r->n_tasks; i++) {
        tasks[i].task = put(&text, r->tasks[i].task);
        tasks[i].model = put(&text, r->tasks[i].model);
    }
    return p;
}

struct sl_preferences *sl_preferences_create(const char *json)
{
    struct reading r = {.bytes = 0};
    struct sl_preferences *p = NULL;
    if (!*json)
        return NULL;
    sl_arena_init(&r.arena, SIZE_MAX);
    if (read_all(&r, json) &&
        (r.n_hidden || r.n_favourites || r.n_tasks || r.priority || r.cost_ceiling_nanos > 0))
        p = pack(&r);
    sl_arena_fini(&r.arena);
    return p;
}

struct sl_preferences *sl_preferences_ref(struct sl_preferences *p)
{
    if (p)
        atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void sl_preferences_unref(struct sl_preferences *p)
{
    if (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
        sl_free(p);
}

/* ---- asking ---- */

const char *sl_preferences_task(const struct sl_preferences *p, const char *task)
{
    for (size_t i = 0; i < p->n_tasks; i++) {
        if (!strcmp(p->tasks[i].task, task))
            return p->tasks[i].model;
    }
    return NULL;
}

static bool has(const char *const *list, size_t n, const char *name)
{
    return n && bsearch(&name, list, n, sizeof(*list), compare);
}

bool sl_preferences_hides(const struct sl_preferences *p, const char *name)
{
    return has(p->hidden, p->n_hidden, name);
}

bool sl_preferences_favours(const struct sl_preferences *p, const char *name)
{
    return has(p->favourites, p->n_favourites, name);
}
