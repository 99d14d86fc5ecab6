/* Preferences as the store keeps them. */
#include "api/access/preferences_json.h"

#include <string.h>

#include "base/json.h"

/* ---- reading ---- */

static void read_strings(struct sl_json *j, const char *member, struct sl_arena *arena,
                         Sluice__V1__Preferences *p)
{
    bool hidden = !strcmp(member, "hidden_models");
    int list = sl_json_member(j, SL_JSON_ROOT, member);
    char **out = sl_arena_zalloc(arena, ((size_t)sl_json_size(j, list) + 1) * sizeof(*out));
    size_t n = 0;
    for (int i = sl_json_first(j, list); i >= 0; i = sl_json_next(j, list, i)) {
        const char *s = sl_json_string(j, i, NULL, NULL);
        if (s)
            out[n++] = sl_arena_strdup(arena, s);
    }
    *(hidden ? &p->hidden_models : &p->favourite_models) = out;
    *(hidden ? &p->n_hidden_models : &p->n_favourite_models) = n;
}

static void read_tasks(struct sl_json *j, struct sl_arena *arena, Sluice__V1__Preferences *p)
{
    int map = sl_json_member(j, SL_JSON_ROOT, "task_models");
    p->task_models =
        sl_arena_zalloc(arena, ((size_t)sl_json_size(j, map) + 1) * sizeof(*p->task_models));
    for (int k = sl_json_first(j, map); k >= 0; k = sl_json_next(j, map, k)) {
        const char *model = sl_json_string(j, k + 1, NULL, NULL);
        const char *task = sl_json_string(j, k, NULL, NULL);
        if (!model || !task)
            continue;
        Sluice__V1__Preferences__TaskModelsEntry *e =
            SL_ARENA_NEW(arena, Sluice__V1__Preferences__TaskModelsEntry);
        sluice__v1__preferences__task_models_entry__init(e);
        e->key = sl_arena_strdup(arena, task);
        e->value = sl_arena_strdup(arena, model);
        p->task_models[p->n_task_models++] = e;
    }
}

enum sl_code sl_preferences_parse(const char *json, struct sl_arena *arena,
                                  Sluice__V1__Preferences **out, struct sl_err *err)
{
    Sluice__V1__Preferences *p = SL_ARENA_NEW(arena, Sluice__V1__Preferences);
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err why = {0};
    size_t n = strlen(json);
    sluice__v1__preferences__init(p);
    *out = p;
    if (!n)
        return SL_OK;
    sl_json_parser_init(&parser);
    enum sl_code code = sl_json_parse(&parser, sl_arena_strndup(arena, json, n), n, &j, &why);
    if (code == SL_OK) {
        read_strings(&j, "hidden_models", arena, p);
        read_strings(&j, "favourite_models", arena, p);
        read_tasks(&j, arena, p);
        const char *priority =
            sl_json_string(&j, sl_json_member(&j, SL_JSON_ROOT, "priority"), NULL, NULL);
        p->priority = priority ? sl_arena_strdup(arena, priority) : p->priority;
        (void)sl_json_int(&j, sl_json_member(&j, SL_JSON_ROOT, "cost_ceiling_nanos"),
                          &p->cost_ceiling_nanos);
    }
    sl_json_parser_fini(&parser);
    if (code != SL_OK)
        return sl_err_set(err, SL_INTERNAL, SL_REASON_STORE, "preferences cannot be read: %s",
                          why.text);
    return SL_OK;
}

/* ---- writing ---- */

static void write_strings(struct sl_json_writer *w, const char *key, char *const *list, size_t n)
{
    if (!n)
        return;
    sl_jw_key(w, key);
    sl_jw_array(w);
    for (size_t i = 0; i < n; i++)
        sl_jw_string(w, list[i]);
    sl_jw_array_end(w);
}

const char *sl_preferences_json(struct sl_arena *arena, const Sluice__V1__Preferences *p)
{
    struct sl_segs segs = {0};
    struct sl_json_writer w;
    sl_jw_init(&w, arena, &segs);
    sl_jw_object(&w);
    if (p->n_task_models) {
        sl_jw_key(&w, "task_models");
        sl_jw_object(&w);
        for (size_t i = 0; i < p->n_task_models; i++) {
            sl_jw_key(&w, p->task_models[i]->key); /* letters and digits */
            sl_jw_string(&w, p->task_models[i]->value);
        }
        sl_jw_object_end(&w);
    }
    write_strings(&w, "hidden_models", p->hidden_models, p->n_hidden_models);
    write_strings(&w, "favourite_models", p->favourite_models, p->n_favourite_models);
    if (*p->priority) {
        sl_jw_key(&w, "priority");
        sl_jw_string(&w, p->priority);
    }
    if (p->cost_ceiling_nanos) {
        sl_jw_key(&w, "cost_ceiling_nanos");
        sl_jw_int(&w, p->cost_ceiling_nanos);
    }
    sl_jw_object_end(&w);
    sl_jw_finish(&w);
    return sl_segs_text(&segs, arena);
}
