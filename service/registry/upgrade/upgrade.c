/* Which models are replaced, by what, and what is said of the others. */
#include "registry/upgrade/upgrade.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"
#include "registry/manage/model_row.h"
#include "registry/upgrade/model_row.h"
#include "registry/upgrade/upgrading.h"

static void note(struct sl_upgrading *g, enum sl_import_level level, const struct sl_model *m,
                 const char *text)
{
    const struct sl_import_about about = {level, *m->id ? "registry" : m->source, m->name};
    sl_import_note(g->u->plan, &about, "%s", text);
}

static void add_move(struct sl_upgrading *g, struct sl_upgrade_move move)
{
    if (g->n_moves == g->room) {
        g->room = g->room ? 2 * g->room : 16;
        struct sl_upgrade_move *more = sl_arena_alloc(g->u->m.arena, g->room * sizeof(*more));
        if (g->n_moves)
            memcpy(more, g->moves, g->n_moves * sizeof(*more));
        g->moves = more;
    }
    g->moves[g->n_moves++] = move;
}

/* ---- what names it ---- */

static bool has_tier(const char *const *tiers, const char *tier)
{
    for (; *tiers; tiers++) {
        if (!strcmp(*tiers, tier))
            return true;
    }
    return false;
}

/* Whoever may use the one may use the other, as far as their lists of tiers say. */
static bool is_open_to_the_same(const struct sl_model *m, const struct sl_model *other)
{
    if (!*other->tiers)
        return true;
    for (const char *const *t = m->tiers; *t; t++) {
        if (!has_tier(other->tiers, *t))
            return false;
    }
    return *m->tiers;
}

/* Where another entry has the successor already, what names the old one may name it. */
static bool move_to_entry(struct sl_upgrading *g, const struct sl_outdated *o, bool aliases)
{
    const struct sl_model *entry = o->successor.entry;
    if (!entry)
        return false;
    if (is_open_to_the_same(o->model, entry)) {
        add_move(g, (struct sl_upgrade_move){o->model, entry->name, aliases, false});
        return true;
    }
    note(g, SL_IMPORT_INFO, o->model,
         sl_arena_printf(g->u->m.arena,
                         "defaults, fallbacks and conversations go on naming it: '%s', which has "
                         "the successor, is not for the same tiers",
                         entry->name));
    return false;
}

/* ---- the model itself ---- */

/* Whether the entry is called what it is at its provider, so that its name is outdated, too. */
static bool is_named_by_id(const struct sl_row *row)
{
    const char *id = sl_row_text(row, SL_MODELS_MODEL_ID);
    return !*id || !strcasecmp(id, sl_row_text(row, SL_COL_NAME));
}

/* The successor's id, where an entry may be called that and none is; NULL: the entry keeps its name. */
static enum sl_code find_new_name(struct sl_upgrading *g, const struct sl_row *row, const char *id,
                                  const char **out)
{
    const char *owner = sl_row_is_null(row, SL_COL_OWNER) ? NULL : sl_row_text(row, SL_COL_OWNER);
    const struct sl_row_name key = {SL_TABLE_MODELS, owner, id};
    struct sl_violations unfit = {.arena = g->u->m.arena};
    struct sl_row *taken = NULL;
    *out = NULL;
    if (!is_named_by_id(row) || !sl_model_name_check(id, "name", &unfit))
        return SL_OK;
    if (!owner && sl_registry_find(g->u->m.registry, id, NULL))
        return SL_OK;
    enum sl_code code = sl_tx_find(g->s.m.tx, key, g->u->m.arena, &taken, g->s.err);
    bool itself = taken && !strcmp(sl_row_text(taken, SL_COL_ID), sl_row_text(row, SL_COL_ID));
    if (code == SL_OK && (!taken || itself) && strcmp(id, sl_row_text(row, SL_COL_NAME)) != 0)
        *out = id;
    return code;
}

static enum sl_code write_model(struct sl_upgrading *g, const struct sl_outdated *o,
                                struct sl_row *row)
{
    struct sl_upgrade_row made = {
        .before = row, .model = o->model, .successor = &o->successor, .arena = g->u->m.arena};
    if (find_new_name(g, row, o->successor.id, &made.new_name) != SL_OK)
        return g->s.err->code;
    sl_upgrade_row(&made);
    Sluice__V1__Change *change =
        sl_changes_add(&g->s.changes, "model", sl_row_text(row, SL_COL_NAME), "");
    enum sl_code code = sl_tx_update(g->s.m.tx, made.patch, 0, g->s.err);
    if (code != SL_OK)
        return code;
    sl_changes_compare(&g->s.changes, change, row, made.patch);
    for (size_t i = 0; i < made.n_says; i++)
        sl_changes_say(&g->s.changes, change, made.says[i]);
    if (made.new_name)
        add_move(g, (struct sl_upgrade_move){o->model, made.new_name, false, true});
    else if (is_named_by_id(row) || *sl_row_text(row, SL_MODELS_SUCCESSOR))
        (void)move_to_entry(g, o, false);
    return SL_OK;
}

static enum sl_code upgrade_stored(struct sl_upgrading *g, const struct sl_outdated *o)
{
    const struct sl_row_key key = {SL_TABLE_MODELS, o->model->id};
    struct sl_row *row = NULL;
    enum sl_code code = sl_tx_get(g->s.m.tx, key, g->u->m.arena, &row, g->s.err);
    if (code != SL_OK)
        return code;
    if (sl_row_int(row, SL_COL_DELETED_MS) ||
        sl_row_int(row, SL_COL_REVISION) != o->model->revision) {
        note(g, SL_IMPORT_NOT_CARRIED, o->model,
             "somebody changed it at this moment: run it again");
        return SL_OK;
    }
    return write_model(g, o, row);
}

/* Another entry takes over what names this one. */
static void upgrade_to_entry(struct sl_upgrading *g, const struct sl_outdated *o)
{
    if (move_to_entry(g, o, true))
        note(
            g, SL_IMPORT_INFO, o->model,
            sl_arena_printf(g->u->m.arena,
                            "stays as it is: '%s', of another provider or address, takes its place",
                            o->successor.entry->name));
}

static const char *where_to_change(const struct sl_upgrading *g, const struct sl_outdated *o)
{
    const char *id = o->successor.id;
    if (strcmp(o->model->source, "config") != 0)
        return sl_arena_printf(g->u->m.arena,
                               "comes from the environment: sluice models create %s makes an entry "
                               "that can be a default",
                               id);
    return sl_arena_printf(g->u->m.arena,
                           "comes from the configuration: change its model_id to %s there", id);
}

static void say_elsewhere(struct sl_upgrading *g, const struct sl_outdated *o)
{
    note(g, SL_IMPORT_NOT_CARRIED, o->model,
         sl_arena_printf(g->u->m.arena,
                         "its successor, %s, is of another provider: make a model of it, and name "
                         "that as the successor",
                         o->successor.name));
}

static enum sl_code upgrade(struct sl_upgrading *g, const struct sl_outdated *o)
{
    const struct sl_model *m = o->model;
    bool own = *m->owner != 0;
    switch (o->successor.kind) {
    case SL_SUCCESSOR_NONE:
        if (own || g->staff)
            note(g, SL_IMPORT_NOT_CARRIED, m, o->successor.why);
        return SL_OK;
    case SL_SUCCESSOR_ELSEWHERE:
        if (own || g->staff)
            say_elsewhere(g, o);
        return SL_OK;
    case SL_SUCCESSOR_ENTRY:
        upgrade_to_entry(g, o);
        return SL_OK;
    case SL_SUCCESSOR_ID:
        break;
    }
    if (*m->id && (own || g->staff))
        return upgrade_stored(g, o);
    (void)move_to_entry(g, o, true);
    if (!*m->id && g->staff)
        note(g, SL_IMPORT_NOT_CARRIED, m, where_to_change(g, o));
    return SL_OK;
}

/* ---- which ---- */

/* Nothing announces the end of those that only have a newer sister; they are replaced where somebody names them. */
static enum sl_code upgrade_all_of(struct sl_upgrading *g, const char *owner)
{
    const struct sl_registry *r = g->u->m.registry;
    struct sl_registry_walk w;
    struct sl_outdated o;
    enum sl_code code = SL_OK;
    sl_registry_walk(&w, r, owner, NULL);
    for (const struct sl_model *m; code == SL_OK && (m = sl_registry_next(&w));) {
        bool seen = *owner || g->staff || sl_registry_may_use(r, m, g->u->m.principal);
        if (seen && sl_outdated_look(r, m, &g->u->listings, g->u->now_ms, &o) &&
            sl_outdated_matters(o.status))
            code = upgrade(g, &o);
    }
    return code;
}

static enum sl_code upgrade_named(struct sl_upgrading *g, const char *name)
{
    const struct sl_registry *r = g->u->m.registry;
    const struct sl_principal *p = g->u->m.principal;
    const struct sl_model *m = sl_outdated_named(r, p->id, name, NULL);
    struct sl_outdated o;
    if (!m || (!g->staff && !sl_registry_may_use(r, m, p)))
        return sl_err_field(g->s.err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "models",
                            "there is no model '%.128s'", name);
    if (!*m->owner && !g->staff)
        return sl_err_field(g->s.err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING, "models",
                            "global models are for administrators and operators");
    if (sl_outdated_look(r, m, &g->u->listings, g->u->now_ms, &o))
        return upgrade(g, &o);
    note(g, SL_IMPORT_INFO, m, "is not outdated");
    return SL_OK;
}

static enum sl_code upgrade_models(struct sl_upgrading *g)
{
    enum sl_code code = SL_OK;
    for (size_t i = 0; i < g->u->n_models && code == SL_OK; i++)
        code = upgrade_named(g, g->u->models[i]);
    if (g->u->n_models)
        return code;
    code = upgrade_all_of(g, "");
    return code == SL_OK && *g->u->m.principal->id ? upgrade_all_of(g, g->u->m.principal->id)
                                                   : code;
}

/* ---- all of it ---- */

static enum sl_code run(struct sl_upgrading *g)
{
    enum sl_code code = sl_applying_insert_run(&g->s);
    if (code == SL_OK)
        code = upgrade_models(g);
    if (code == SL_OK)
        code = sl_upgrade_names(g);
    g->s.users = g->users;
    return code == SL_OK ? sl_applying_finish_run(&g->s) : code;
}

/* The caller's own rows are written under a global run, too: an undo by somebody else has to find them. */
static void remember_self(struct sl_upgrading *g)
{
    const char *id = g->u->m.principal->id;
    if (!g->staff || !*id)
        return;
    g->users_room = 16;
    g->users = sl_arena_zalloc(g->u->m.arena, g->users_room * sizeof(*g->users));
    g->users[g->n_users++] = id;
}

enum sl_code sl_upgrade(const struct sl_upgrade *u, struct sl_import_done *out, struct sl_err *err)
{
    char id[37];
    bool staff = sl_manage_may_write_global(u->m.principal);
    const struct sl_import_apply a = {.m = u->m,
                                      .plan = u->plan,
                                      .format = "upgrade",
                                      .file = u->n_models == 1 ? u->models[0] : "",
                                      .personal = !staff,
                                      .store = u->store};
    struct sl_upgrading g = {
        .u = u,
        .s = {.a = &a, .m = u->m, .changes = {.arena = u->m.arena}, .err = err},
        .staff = staff,
    };
    sl_uuid7(id);
    g.s.m.run = sl_arena_strdup(u->m.arena, id);
    remember_self(&g);
    struct sl_store_session session = sl_manage_session(&g.s.m);
    enum sl_code code = sl_store_begin(u->m.store, &session, true, &g.s.m.tx, err);
    if (code != SL_OK)
        return code;
    code = run(&g);
    bool keep = code == SL_OK && u->store && g.s.changes.written;
    int64_t revision = 0;
    if (keep || code != SL_OK)
        code = sl_tx_end(g.s.m.tx, code, &revision, err);
    else
        sl_tx_rollback(g.s.m.tx);
    if (code != SL_OK)
        return code;
    *out = (struct sl_import_done){.run = keep ? g.s.m.run : "",
                                   .changes = g.s.changes.list,
                                   .n_changes = g.s.changes.n,
                                   .revision = revision};
    return SL_OK;
}
