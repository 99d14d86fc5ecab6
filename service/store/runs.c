/* Import runs: images of rows, kept while a run writes and put back by its undo. */
#include "store/runs.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/sql.h"

static enum sl_code on_number(void *owner, const struct sl_value *v, struct sl_err *err)
{
    (void)err;
    *(int64_t *)owner = v[0].as.i;
    return SL_OK;
}

static enum sl_code read_last_seq(struct sl_tx *tx, struct sl_err *err)
{
    static const enum sl_value_type type = SL_VALUE_INT;
    struct sl_statement st = {
        .types = &type, .n_types = 1, .on_row = on_number, .owner = &tx->run_seq};
    struct sl_sql q;
    if (tx->run_seq >= 0)
        return SL_OK;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "SELECT coalesce(max(seq), 0) FROM import_changes WHERE run = ");
    sl_sql_param(&q, sl_value_text(tx->session.run));
    return sl_sql_run(&q, &st, err);
}

static enum sl_code insert(struct sl_tx *tx, const struct sl_row_write *w, struct sl_err *err)
{
    const struct sl_row *row = w->after ? w->after : w->before;
    struct sl_arena scratch;
    char id[37];
    sl_uuid7(id);
    sl_arena_init(&scratch, SIZE_MAX);
    struct sl_str before = sl_image_secret(w->before), after = sl_image_secret(w->after);
    const struct sl_value values[] = {
        sl_value_text(id),
        row->v[SL_COL_OWNER],
        sl_value_text(tx->session.run),
        sl_value_int(tx->run_seq + 1),
        sl_value_text(sl_table_info(row->table)->name),
        row->v[SL_COL_ID],
        sl_value_text(w->before ? sl_image_write(&scratch, w->before, UINT64_MAX, SL_IMAGE_EXACT)
                                : ""),
        sl_value_text(w->after ? sl_image_write(&scratch, w->after, UINT64_MAX, SL_IMAGE_EXACT)
                               : ""),
        sl_value_bytes(before.p, before.n),
        sl_value_bytes(after.p, after.n),
    };
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "INSERT INTO import_changes (id, owner, run, seq, table_name, row_id, "
                   "before_image, after_image, before_secret, after_secret) VALUES (");
    for (size_t i = 0; i < SL_ARRAY_LEN(values); i++) {
        sl_sql_add(&q, i ? ", " : "");
        sl_sql_param(&q, values[i]);
    }
    sl_sql_add(&q, ")");
    enum sl_code code = sl_sql_run(&q, NULL, err);
    if (!code)
        tx->run_seq++;
    sl_arena_fini(&scratch);
    return code;
}

enum sl_code sl_runs_record(struct sl_tx *tx, const struct sl_row_write *w, struct sl_err *err)
{
    const struct sl_row *row = w->after ? w->after : w->before;
    if (!tx->session.run || row->table == SL_TABLE_IMPORT_RUNS)
        return SL_OK;
    enum sl_code code = read_last_seq(tx, err);
    return code ? code : insert(tx, w, err);
}

/* ---- undo ---- */

/* A write of the run. */
struct kept {
    enum sl_table table;
    const char *row_id;
    struct sl_row *before, *after; /* NULL: there was none */
    const char *user;              /* whose row it is, of options->users; NULL: the session's */
    bool last;                     /* of the run's writes of this row */
};

struct undo {
    struct sl_tx *tx;
    const struct sl_run_undo *options;
    struct kept *list; /* last write first */
    size_t count, room;
    json_t *seen;     /* ids of rows */
    const char *self; /* the session's user */
    const char *user; /* of options->users, whose rows are looked at; NULL: the session's */
    size_t conflicts;
};

/* On behalf of that user from here on; NULL: the session's own. */
static enum sl_code turn_to(struct undo *u, const char *user, struct sl_err *err)
{
    if (user == u->user)
        return SL_OK;
    enum sl_code code = sl_tx_turn_to(u->tx, user ? user : u->self, err);
    if (!code)
        u->user = user;
    return code;
}

/* *out is NULL where the text is "": there was no row. */
static enum sl_code read_image(struct undo *u, enum sl_table table, const struct sl_image *image,
                               struct sl_row **out, struct sl_err *err)
{
    *out = NULL;
    return image->text.n ? sl_image_read(&u->tx->arena, table, image, out, err) : SL_OK;
}

static enum sl_code on_kept(void *owner, const struct sl_value *v, struct sl_err *err)
{
    struct undo *u = owner;
    struct kept k = {.table = sl_table_find(v[0].as.s.p), .user = u->user};
    if (k.table == SL_TABLE_COUNT)
        return sl_err_set(err, SL_INTERNAL, SL_REASON_STORE, "a kept image of no table");
    k.row_id = sl_arena_strdup(&u->tx->arena, v[1].as.s.p);
    const struct sl_image before = {v[2].as.s, v[4].as.s}, after = {v[3].as.s, v[5].as.s};
    enum sl_code code = read_image(u, k.table, &before, &k.before, err);
    if (!code)
        code = read_image(u, k.table, &after, &k.after, err);
    if (code)
        return code;
    k.last = !json_object_get(u->seen, k.row_id);
    json_object_set_new(u->seen, k.row_id, json_true());
    if (u->count == u->room) {
        u->room = u->room ? 2 * u->room : 64;
        u->list = sl_realloc(u->list, u->room * sizeof(*u->list));
    }
    u->list[u->count++] = k;
    return SL_OK;
}

static enum sl_code read_kept(struct undo *u, struct sl_err *err)
{
    static const enum sl_value_type types[] = {SL_VALUE_TEXT, SL_VALUE_TEXT,  SL_VALUE_TEXT,
                                               SL_VALUE_TEXT, SL_VALUE_BYTES, SL_VALUE_BYTES};
    struct sl_statement st = {.types = types,
                              .n_types = SL_ARRAY_LEN(types),
                              .on_row = on_kept,
                              .owner = u,
                              .stream = true};
    struct sl_sql q;
    sl_sql_init(&q, u->tx);
    sl_sql_add(&q, "SELECT table_name, row_id, before_image, after_image, before_secret, "
                   "after_secret FROM import_changes WHERE run = ");
    sl_sql_param(&q, sl_value_text(u->options->run));
    /* what the database shows the session anyway, where it looks after that itself */
    const char *owner = u->user ? u->user : u->self;
    sl_sql_add(&q, u->user ? " AND (false" : " AND (owner IS NULL");
    if (owner) {
        sl_sql_add(&q, " OR owner = ");
        sl_sql_param(&q, sl_value_text(owner));
    }
    sl_sql_add(&q, ") ORDER BY seq DESC");
    return sl_sql_run(&q, &st, err);
}

/* Rows of several users have nothing to do with one another: their order does not matter. */
static enum sl_code read_all(struct undo *u, struct sl_err *err)
{
    enum sl_code code = read_kept(u, err);
    for (const char *const *user = u->options->users; user && *user && !code; user++) {
        if (u->self && !strcmp(*user, u->self))
            continue;
        code = turn_to(u, *user, err);
        if (!code)
            code = read_kept(u, err);
    }
    return code;
}

/* The row as it is now; *out is NULL where there is none. */
static enum sl_code load(struct undo *u, const struct kept *k, struct sl_row **out,
                         struct sl_err *err)
{
    struct sl_err missing = {0};
    enum sl_code code = sl_tx_load(u->tx, (struct sl_row_key){k->table, k->row_id}, out, &missing);
    if (code == SL_NOT_FOUND) {
        *out = NULL;
        return SL_OK;
    }
    return code ? sl_err_set(err, code, missing.reason, "%s", missing.text) : SL_OK;
}

/* A row that another undo made what the run had left is as it was: only its revision is new. */
static bool changed_since(const struct kept *k, const struct sl_row *now)
{
    if (!k->after || !now)
        return k->after || now;
    if (sl_row_int(k->after, SL_COL_REVISION) == sl_row_int(now, SL_COL_REVISION))
        return false; /* key rotation writes ciphertext anew, and no revision */
    const struct sl_table_info *t = sl_table_info(k->table);
    for (size_t c = 0; c < t->n_columns; c++) {
        bool counts = c != SL_COL_REVISION && !(t->columns[c].flags & SL_COLUMN_VOLATILE);
        if (counts && !sl_value_equal(&k->after->v[c], &now->v[c]))
            return true;
    }
    return false;
}

static enum sl_code check(struct undo *u, const struct kept *k, struct sl_err *err)
{
    struct sl_row *now = NULL;
    if (!k->last)
        return SL_OK;
    enum sl_code code = turn_to(u, k->user, err);
    if (!code)
        code = load(u, k, &now, err);
    const struct sl_row *row = now ? now : k->before ? k->before : k->after;
    if (!code && row)
        code = sl_row_check_owner(u->tx, row, err);
    if (code || !changed_since(k, now))
        return code;
    const struct sl_run_conflict conflict = {k->table, k->row_id,
                                             row ? sl_row_text(row, SL_COL_NAME) : ""};
    u->conflicts++;
    if (u->options->on_conflict)
        u->options->on_conflict(u->options->owner, &conflict);
    return SL_OK;
}

/* One write, the other way round. */
static enum sl_code reverse(struct undo *u, const struct kept *k, struct sl_err *err)
{
    struct sl_row *now = NULL;
    enum sl_code code = turn_to(u, k->user, err);
    if (!code)
        code = load(u, k, &now, err);
    if (code || (!now && !k->before))
        return code;
    if (k->before)
        k->before->v[SL_COL_REVISION] = sl_value_int(u->tx->head.revision);
    return sl_tx_write(u->tx, &(struct sl_row_write){"undo", now, k->before}, err);
}

static enum sl_code reverse_all(struct undo *u, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < u->count; i++)
        code = check(u, &u->list[i], err);
    if (!code && u->conflicts && !u->options->force)
        code = sl_err_set(err, SL_ABORTED, SL_REASON_CHANGED_SINCE,
                          "%zu of the run's rows were changed since", u->conflicts);
    for (size_t i = 0; !code && i < u->count; i++)
        code = reverse(u, &u->list[i], err);
    return code;
}

static enum sl_code forget(struct undo *u, const char *user, struct sl_err *err)
{
    struct sl_sql q;
    enum sl_code code = turn_to(u, user, err);
    if (code)
        return code;
    sl_sql_init(&q, u->tx);
    sl_sql_add(&q, "DELETE FROM import_changes WHERE run = ");
    sl_sql_param(&q, sl_value_text(u->options->run));
    return sl_sql_run(&q, NULL, err);
}

/* What was kept is of no use any more, and may hold secrets. */
static enum sl_code finish(struct undo *u, struct sl_row *run, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (const char *const *user = u->options->users; user && *user && !code; user++)
        code = forget(u, *user, err);
    if (!code)
        code = forget(u, NULL, err);
    if (code)
        return code;
    sl_row_set_text(run, SL_IMPORT_RUNS_STATUS, "undone");
    sl_row_set_int(run, SL_IMPORT_RUNS_UNDONE_MS, u->tx->now_ms);
    return sl_tx_update(u->tx, run, 0, err);
}

enum sl_code sl_tx_undo_run(struct sl_tx *tx, const struct sl_run_undo *undo, size_t *count,
                            struct sl_err *err)
{
    struct undo u = {.tx = tx, .options = undo};
    struct sl_row *run = NULL;
    enum sl_code code = sl_tx_check_write(tx, err);
    if (!code)
        code = sl_tx_load(tx, (struct sl_row_key){SL_TABLE_IMPORT_RUNS, undo->run}, &run, err);
    if (!code && sl_row_int(run, SL_IMPORT_RUNS_UNDONE_MS))
        code = sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_NOT_FOUND,
                          "this run was undone already");
    if (code)
        return code;
    u.seen = json_object();
    u.self = tx->session.user;
    tx->session.run = NULL;
    code = read_all(&u, err);
    if (!code)
        code = reverse_all(&u, err);
    if (!code)
        code = finish(&u, run, err);
    if (!code && count)
        *count = json_object_size(u.seen);
    json_decref(u.seen);
    sl_free(u.list);
    return code;
}
