/* Runs: listing them, and taking one back. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "registry/import/applying.h"
#include "store/runs.h"

/* ---- undo ---- */

struct undoing {
    const struct sl_manage *m;
    struct sl_import_undone *out;
    size_t room;
};

static void on_conflict(void *owner, const struct sl_run_conflict *conflict)
{
    struct undoing *u = owner;
    struct sl_import_undone *out = u->out;
    if (out->n_changed_since == u->room) {
        u->room = u->room ? 2 * u->room : 16;
        char **more = sl_arena_alloc(u->m->arena, u->room * sizeof(*more));
        if (out->n_changed_since)
            memcpy(more, out->changed_since, out->n_changed_since * sizeof(*more));
        out->changed_since = more;
    }
    out->changed_since[out->n_changed_since++] =
        sl_arena_printf(u->m->arena, "%s/%s", sl_table_info(conflict->table)->name,
                        *conflict->name ? conflict->name : conflict->id);
}

/* What the run did, the other way. */
static void say_changes(struct sl_import_changes *c, const struct sl_row *run)
{
    struct sl_str text = sl_row_bytes(run, SL_IMPORT_RUNS_REPORT);
    json_t *report = json_loadb(text.p, text.n, 0, NULL), *one;
    json_t *changes = json_object_get(report, "changes");
    size_t i;
    json_array_foreach(changes, i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        const char *name = json_string_value(json_object_get(one, "name"));
        json_int_t action = json_integer_value(json_object_get(one, "action"));
        if (!kind || !name)
            continue;
        Sluice__V1__Change *change = sl_changes_add(c, kind, name, "");
        sl_changes_set(c, change,
                       action == SLUICE__V1__CHANGE__ACTION__ACTION_CREATE
                           ? SLUICE__V1__CHANGE__ACTION__ACTION_DELETE
                           : SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE);
    }
    json_decref(report);
}

/* "models/a, models/b, ..."; keys, which have no names of their own, come last. */
static void join_names(const struct sl_import_undone *out, char *names, size_t size)
{
    const size_t room = size - sizeof(", ...");
    size_t used = 0;
    names[0] = 0;
    for (size_t k = 0; k < 2 * out->n_changed_since; k++) {
        const char *name = out->changed_since[k % out->n_changed_since];
        if (sl_starts_with(name, "credentials/") != (k >= out->n_changed_since))
            continue;
        if (used + strlen(name) + 2 > room) {
            sl_copy(names + used, size - used, ", ...");
            return;
        }
        if (used)
            sl_copy(names + used, size - used, ", ");
        used += strlen(names + used);
        sl_copy(names + used, size - used, name);
        used += strlen(name);
    }
}

/* Users whose rows the run wrote, too; NULL: none. */
static const char *const *users_of(const struct sl_manage *m, const struct sl_row *run)
{
    struct sl_str text = sl_row_bytes(run, SL_IMPORT_RUNS_REPORT);
    json_t *report = json_loadb(text.p, text.n, 0, NULL), *one;
    json_t *users = json_object_get(report, "users");
    size_t i, n = json_array_size(users);
    const char **list = n ? sl_arena_zalloc(m->arena, (n + 1) * sizeof(*list)) : NULL;
    json_array_foreach(users, i, one)
    {
        const char *id = json_string_value(one);
        list[i] = sl_arena_strdup(m->arena, id ? id : "");
    }
    json_decref(report);
    return list;
}

static enum sl_code refuse(const struct sl_import_undone *out, struct sl_err *err)
{
    char names[320];
    join_names(out, names, sizeof(names));
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CHANGED_SINCE,
                      "rows were changed since: %s; --force restores them, too", names);
}

/* A tier that the run made goes only by a hand that may delete tiers, and while nobody is in it: a user whose tier is gone
 * is bound by nothing. */
static enum sl_code check_tier(const struct sl_manage *m, struct sl_tx *tx, const char *name,
                               struct sl_err *err)
{
    const struct sl_filter has_it = {SL_USERS_TIER, SL_EQUAL, sl_value_text(name)};
    const struct sl_query query = {.table = SL_TABLE_USERS, .filters = &has_it, .n_filters = 1};
    int64_t users = 0;
    if (!(m->principal->roles & SL_ROLE_ADMIN) || m->principal->actor)
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "the run made the tier '%.64s': only administrators take that back",
                          name);
    if (sl_tx_count(tx, &query, &users, err) != SL_OK)
        return err->code;
    if (!users)
        return SL_OK;
    return sl_err_set(
        err, SL_FAILED_PRECONDITION, SL_REASON_TIER_IN_USE,
        "%lld user%s the tier '%.64s', which the run made: give them another one first",
        (long long)users, users == 1 ? " has" : "s have", name);
}

static enum sl_code check_tiers(const struct sl_manage *m, struct sl_tx *tx,
                                const struct sl_row *run, struct sl_err *err)
{
    struct sl_str text = sl_row_bytes(run, SL_IMPORT_RUNS_REPORT);
    json_t *report = json_loadb(text.p, text.n, 0, NULL), *one;
    enum sl_code code = SL_OK;
    size_t i;
    json_array_foreach(json_object_get(report, "changes"), i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        const char *name = json_string_value(json_object_get(one, "name"));
        if (code == SL_OK && kind && name && !strcmp(kind, "tier"))
            code = check_tier(m, tx, name, err);
    }
    json_decref(report);
    return code;
}

static enum sl_code take_back(struct undoing *u, struct sl_tx *tx,
                              const struct sl_import_undo *undo, struct sl_err *err)
{
    const struct sl_row_key key = {SL_TABLE_IMPORT_RUNS, undo->run};
    struct sl_import_changes changes = {.arena = u->m->arena};
    struct sl_run_undo options = {.run = undo->run,
                                  .force = undo->force || undo->dry,
                                  .on_conflict = on_conflict,
                                  .owner = u};
    struct sl_row *run = NULL;
    struct sl_err own = {0};
    if (sl_tx_get(tx, key, u->m->arena, &run, &own) != SL_OK)
        return own.code == SL_NOT_FOUND
                   ? sl_err_field(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "run_id",
                                  "there is no run '%.64s'", undo->run)
                   : (*err = own, own.code);
    if (sl_row_is_null(run, SL_COL_OWNER) && !sl_manage_may_write_global(u->m->principal))
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "runs that wrote global rows are for administrators and operators");
    if (check_tiers(u->m, tx, run, err) != SL_OK)
        return err->code;
    if (sl_row_is_null(run, SL_COL_OWNER))
        options.users = users_of(u->m, run);
    enum sl_code code = sl_tx_undo_run(tx, &options, NULL, &own);
    if (code != SL_OK)
        return own.reason == SL_REASON_CHANGED_SINCE ? refuse(u->out, err) : (*err = own, code);
    say_changes(&changes, run);
    u->out->done.run = undo->run;
    u->out->done.changes = changes.list;
    u->out->done.n_changes = changes.n;
    return SL_OK;
}

enum sl_code sl_import_undo(const struct sl_manage *m, const struct sl_import_undo *undo,
                            struct sl_import_undone *out, struct sl_err *err)
{
    struct sl_store_session session = sl_manage_session(m);
    struct undoing u = {.m = m, .out = out};
    struct sl_tx *tx = NULL;
    *out = (struct sl_import_undone){.n_changed_since = 0};
    enum sl_code code = sl_store_begin(m->store, &session, true, &tx, err);
    if (code != SL_OK)
        return code;
    code = take_back(&u, tx, undo, err);
    if (code == SL_OK && undo->dry) {
        sl_tx_rollback(tx);
        return SL_OK;
    }
    return sl_tx_end(tx, code, &out->done.revision, err);
}

/* ---- list ---- */

static char *member(struct sl_arena *arena, json_t *report, const char *name)
{
    const char *text = json_string_value(json_object_get(report, name));
    return sl_arena_strdup(arena, text ? text : "");
}

static Sluice__V1__ImportRun *run_message(const struct sl_manage *m, const struct sl_row *row)
{
    Sluice__V1__ImportRun *r = SL_ARENA_NEW(m->arena, Sluice__V1__ImportRun);
    struct sl_str text = sl_row_bytes(row, SL_IMPORT_RUNS_REPORT);
    json_t *report = json_loadb(text.p, text.n, 0, NULL);
    const char *format = sl_row_text(row, SL_IMPORT_RUNS_FORMAT);
    bool own_kind = !strcmp(format, "seed") || !strcmp(format, "upgrade");
    sluice__v1__import_run__init(r);
    r->run_id = sl_arena_strdup(m->arena, sl_row_text(row, SL_COL_ID));
    r->kind = sl_arena_strdup(m->arena, own_kind ? format : "import");
    r->actor = member(m->arena, report, "actor");
    r->source = member(m->arena, report, "source");
    r->created_ms = sl_row_int(row, SL_COL_CREATED_MS);
    r->changes = (int32_t)json_array_size(json_object_get(report, "changes"));
    r->undone_ms = sl_row_int(row, SL_IMPORT_RUNS_UNDONE_MS);
    json_decref(report);
    return r;
}

enum sl_code sl_import_list(const struct sl_manage *m, Sluice__V1__ListImportsResponse *out,
                            struct sl_err *err)
{
    const struct sl_filter own = {SL_COL_OWNER, SL_EQUAL, sl_value_text(m->principal->id)};
    const struct sl_query query = {
        .table = SL_TABLE_IMPORT_RUNS,
        .filters = &own,
        .n_filters = sl_manage_may_write_global(m->principal) ? 0 : 1,
        .order = SL_COL_CREATED_MS,
        .descending = true,
    };
    struct sl_store_session session = sl_manage_session(m);
    struct sl_rows rows = {.count = 0};
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(m->store, &session, false, &tx, err);
    if (code != SL_OK)
        return code;
    code = sl_tx_end(tx, sl_tx_list(tx, &query, m->arena, &rows, err), NULL, err);
    if (code != SL_OK)
        return code;
    out->runs = sl_arena_alloc(m->arena, (rows.count + 1) * sizeof(*out->runs));
    for (size_t i = 0; i < rows.count; i++)
        out->runs[out->n_runs++] = run_message(m, rows.list[i]);
    return SL_OK;
}
