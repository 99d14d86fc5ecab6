/* What names models that moved: defaults, preferences, fallbacks, pinned conversations. */
#include <jansson.h>
#include <string.h>

#include "access/preferences.h"
#include "base/str.h"
#include "registry/upgrade/upgrading.h"

/* ---- one text ---- */

static const struct sl_upgrade_move *find_move(const struct sl_upgrading *g, const char *user,
                                               const char *text)
{
    bool by_alias = false;
    const struct sl_model *m = sl_outdated_named(g->u->m.registry, user, text, &by_alias);
    for (size_t i = 0; m && i < g->n_moves; i++) {
        if (g->moves[i].from == m)
            return by_alias && !g->moves[i].aliases ? NULL : &g->moves[i];
    }
    return NULL;
}

const char *sl_upgrade_text(const struct sl_upgrading *g, const char *user, const char *text)
{
    const struct sl_upgrade_move *move = find_move(g, user, text);
    if (!move)
        return NULL;
    /* a user's own model of the new name would come before it */
    bool hidden =
        !*move->from->owner && sl_registry_find_personal(g->u->m.registry, user, move->to, NULL);
    if (hidden || strstr(text, "global/"))
        return sl_arena_printf(g->u->m.arena, "global/%s", move->to);
    return move->to;
}

static bool is_in(const json_t *list, const char *text)
{
    const json_t *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        if (!strcmp(json_string_value(one), text))
            return true;
    }
    return false;
}

static const char *dump(struct sl_arena *arena, const json_t *list)
{
    size_t n = json_dumpb(list, NULL, 0, JSON_COMPACT);
    char *text = sl_arena_zalloc(arena, n + 1);
    json_dumpb(list, text, n, JSON_COMPACT);
    return text;
}

const char *sl_upgrade_fallbacks(const struct sl_upgrading *g, const char *user, const char *name,
                                 const char *column)
{
    json_t *before = json_loads(column, 0, NULL), *after = json_array(), *one;
    bool differs = false;
    size_t i;
    json_array_foreach(before, i, one)
    {
        const char *text = json_string_value(one);
        const char *now = text ? sl_upgrade_text(g, user, text) : NULL;
        differs = differs || now;
        if (text && !(now && (is_in(after, now) || !strcmp(now, name))))
            json_array_append_new(after, json_string(now ? now : text));
    }
    const char *out = NULL;
    if (differs)
        out = json_array_size(after) ? dump(g->u->m.arena, after) : "";
    json_decref(before);
    json_decref(after);
    return out;
}

/* Whether it changed something. */
static bool rewrite_tasks(const struct sl_upgrading *g, const char *user, json_t *tasks)
{
    const char *task;
    json_t *model;
    void *next;
    bool differs = false;
    json_object_foreach_safe(tasks, next, task, model)
    {
        const char *text = json_string_value(model);
        const char *now = text ? sl_upgrade_text(g, user, text) : NULL;
        if (now)
            json_object_set_new(tasks, task, json_string(now));
        differs = differs || now;
    }
    return differs;
}

/* Hidden models and favourites: of an entry, not of what takes its place. */
static bool rewrite_list(const struct sl_upgrading *g, const char *user, json_t *list)
{
    json_t *one;
    size_t i;
    bool differs = false;
    json_array_foreach(list, i, one)
    {
        const char *text = json_string_value(one);
        const struct sl_upgrade_move *move = text ? find_move(g, user, text) : NULL;
        if (!move || !move->renamed)
            continue;
        json_array_set_new(list, i, json_string(sl_upgrade_text(g, user, text)));
        differs = true;
    }
    return differs;
}

const char *sl_upgrade_settings(const struct sl_upgrading *g, const char *user, const char *column)
{
    json_t *settings = json_loads(column, 0, NULL);
    bool differs = rewrite_tasks(g, user, json_object_get(settings, "task_models"));
    differs |= rewrite_list(g, user, json_object_get(settings, "hidden_models"));
    differs |= rewrite_list(g, user, json_object_get(settings, "favourite_models"));
    const char *out = differs ? dump(g->u->m.arena, settings) : NULL;
    json_decref(settings);
    return out;
}

/* ---- rows ---- */

/* A column of a row that names models. */
struct naming_row {
    const struct sl_row *row;
    unsigned column;
    const char *kind, *name; /* of the change */
};

static enum sl_code rewrite(struct sl_upgrading *g, const struct naming_row *n, const char *now)
{
    struct sl_row *patch = sl_row_create(g->u->m.arena, n->row->table);
    sl_row_set_text(patch, SL_COL_ID, sl_row_text(n->row, SL_COL_ID));
    sl_row_set_text(patch, n->column, now);
    enum sl_code code = sl_tx_update(g->s.m.tx, patch, 0, g->s.err);
    if (code != SL_OK)
        return code;
    Sluice__V1__Change *change = sl_changes_add(&g->s.changes, n->kind, n->name, "");
    sl_changes_compare(&g->s.changes, change, n->row, patch);
    return SL_OK;
}

static const char *owner_name(const struct sl_upgrading *g, const char *user)
{
    const char *name = sl_access_user_name(g->u->access, user);
    return *name ? name : user;
}

static enum sl_code rewrite_default(struct sl_upgrading *g, const struct sl_row *row)
{
    struct sl_arena *arena = g->u->m.arena;
    const char *scope = sl_row_text(row, SL_MODEL_DEFAULTS_SCOPE);
    const char *subject = sl_row_text(row, SL_MODEL_DEFAULTS_SUBJECT);
    const char *now = sl_upgrade_text(g, sl_row_text(row, SL_COL_OWNER),
                                      sl_row_text(row, SL_MODEL_DEFAULTS_MODEL));
    struct naming_row n = {row, SL_MODEL_DEFAULTS_MODEL, "default", scope};
    if (!now)
        return SL_OK;
    if (!strcmp(scope, "tier"))
        n.name = sl_arena_printf(arena, "tier %s", subject);
    else if (!strcmp(scope, "user"))
        n.name = sl_arena_printf(arena, "user %s", owner_name(g, subject));
    return rewrite(g, &n, now);
}

static enum sl_code rewrite_pin(struct sl_upgrading *g, const struct sl_row *row)
{
    const char *user = sl_row_text(row, SL_COL_OWNER);
    const char *now = sl_upgrade_text(g, user, sl_row_text(row, SL_CONVERSATIONS_MODEL));
    const struct naming_row n = {row, SL_CONVERSATIONS_MODEL, "conversation",
                                 sl_arena_printf(g->u->m.arena, "%s of %s",
                                                 sl_row_text(row, SL_COL_NAME),
                                                 owner_name(g, user))};
    return now ? rewrite(g, &n, now) : SL_OK;
}

static enum sl_code rewrite_fallbacks(struct sl_upgrading *g, const struct sl_row *row)
{
    const char *name = sl_row_text(row, SL_COL_NAME);
    const char *now = sl_upgrade_fallbacks(g, sl_row_text(row, SL_COL_OWNER), name,
                                           sl_row_text(row, SL_MODELS_FALLBACKS));
    const struct naming_row n = {row, SL_MODELS_FALLBACKS, "model", name};
    return now ? rewrite(g, &n, now) : SL_OK;
}

static enum sl_code rewrite_preferences(struct sl_upgrading *g, const struct sl_row *row)
{
    const char *user = sl_row_text(row, SL_COL_OWNER);
    const char *now = sl_upgrade_settings(g, user, sl_row_text(row, SL_PREFERENCES_SETTINGS));
    const struct naming_row n = {row, SL_PREFERENCES_SETTINGS, "preferences", owner_name(g, user)};
    return now ? rewrite(g, &n, now) : SL_OK;
}

/* ---- whose ---- */

struct table {
    enum sl_table table;
    enum sl_code (*rewrite)(struct sl_upgrading *g, const struct sl_row *row);
};

/* The rows of one owner (NULL: global ones); the transaction works for it. */
static enum sl_code rewrite_owned(struct sl_upgrading *g, const char *owner)
{
    static const struct table tables[] = {
        {SL_TABLE_MODEL_DEFAULTS, rewrite_default},
        {SL_TABLE_MODELS, rewrite_fallbacks},
        {SL_TABLE_CONVERSATIONS, rewrite_pin},
        {SL_TABLE_PREFERENCES, rewrite_preferences},
    };
    struct sl_filter owned = {.column = SL_COL_OWNER, .op = SL_IS_NULL};
    if (owner)
        owned = (struct sl_filter){SL_COL_OWNER, SL_EQUAL, sl_value_text(owner)};
    for (size_t t = 0; t < SL_ARRAY_LEN(tables); t++) {
        const struct sl_query query = {.table = tables[t].table, .filters = &owned, .n_filters = 1};
        struct sl_rows rows = {NULL, 0};
        enum sl_code code = sl_tx_list(g->s.m.tx, &query, g->u->m.arena, &rows, g->s.err);
        for (size_t i = 0; i < rows.count && code == SL_OK; i++)
            code = tables[t].rewrite(g, rows.list[i]);
        if (code != SL_OK)
            return code;
    }
    return SL_OK;
}

static void add_user(struct sl_upgrading *g, const char *user)
{
    for (size_t i = 0; i < g->n_users; i++) {
        if (!strcmp(g->users[i], user))
            return;
    }
    if (g->n_users + 1 >= g->users_room) {
        g->users_room = g->users_room ? 2 * g->users_room : 16;
        const char **more = sl_arena_zalloc(g->u->m.arena, g->users_room * sizeof(*more));
        if (g->n_users)
            memcpy(more, g->users, g->n_users * sizeof(*more));
        g->users = more;
    }
    g->users[g->n_users++] = sl_arena_strdup(g->u->m.arena, user);
}

static void on_default(void *owner, const struct sl_registry_default *d)
{
    struct sl_upgrading *g = owner;
    const char *user = sl_outdated_user(d);
    if (*user && find_move(g, user, d->model))
        add_user(g, user);
}

static void on_preferences(void *owner, const char *id, const struct sl_preferences *p)
{
    struct sl_upgrading *g = owner;
    bool names_one = false;
    for (size_t i = 0; i < p->n_tasks; i++)
        names_one = names_one || find_move(g, id, p->tasks[i].model);
    for (size_t i = 0; i < p->n_hidden; i++)
        names_one = names_one || find_move(g, id, p->hidden[i]);
    for (size_t i = 0; i < p->n_favourites; i++)
        names_one = names_one || find_move(g, id, p->favourites[i]);
    if (names_one)
        add_user(g, id);
}

/* Users of whom the snapshots say that they have something that moves. */
static enum sl_code rewrite_of_others(struct sl_upgrading *g)
{
    enum sl_code code = SL_OK;
    sl_registry_each_default(g->u->m.registry, on_default, g);
    sl_access_each_preferences(g->u->access, on_preferences, g);
    for (size_t i = 0; i < g->n_users && code == SL_OK; i++) {
        if (!strcmp(g->users[i], g->u->m.principal->id))
            continue;
        code = sl_tx_turn_to(g->s.m.tx, g->users[i], g->s.err);
        if (code == SL_OK)
            code = rewrite_owned(g, g->users[i]);
    }
    if (code == SL_OK && g->n_users)
        code = sl_tx_turn_to(g->s.m.tx, g->u->m.principal->id, g->s.err);
    return code;
}

enum sl_code sl_upgrade_names(struct sl_upgrading *g)
{
    const char *self = g->u->m.principal->id;
    enum sl_code code = SL_OK;
    if (!g->n_moves)
        return SL_OK;
    if (g->staff)
        code = rewrite_owned(g, NULL);
    if (code == SL_OK && *self)
        code = rewrite_owned(g, self);
    if (code == SL_OK && g->staff)
        code = rewrite_of_others(g);
    return code;
}
