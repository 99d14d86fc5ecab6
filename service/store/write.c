/* Writing rows: who may, what fits, and the three writes that all others are made of. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "store/sql.h"

static const char *singular(enum sl_table table)
{
    static const char *const words[] = {
        [SL_TABLE_PROVIDERS] = "provider",
        [SL_TABLE_CREDENTIALS] = "credential",
        [SL_TABLE_MODELS] = "model",
        [SL_TABLE_USERS] = "user",
        [SL_TABLE_TIERS] = "tier",
        [SL_TABLE_API_KEYS] = "API key",
        [SL_TABLE_MODEL_DEFAULTS] = "default",
        [SL_TABLE_CONVERSATIONS] = "conversation",
        [SL_TABLE_PREFERENCES] = "preferences",
        [SL_TABLE_IMPORT_RUNS] = "import run",
    };
    return words[table];
}

enum sl_code sl_row_check_owner(const struct sl_tx *tx, const struct sl_row *row,
                                struct sl_err *err)
{
    const struct sl_store_session *s = &tx->session;
    bool global = sl_row_is_null(row, SL_COL_OWNER);
    if (s->admin && (global || sl_table_info(row->table)->rule == SL_RULE_KEYS))
        return SL_OK;
    if (!global && s->user && !strcmp(sl_row_text(row, SL_COL_OWNER), s->user))
        return SL_OK;
    return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED,
                      global ? "only an administrator may write this %s"
                             : "this %s belongs to another user",
                      singular(row->table));
}

static enum sl_code check_text(const struct sl_column *c, const struct sl_str *s,
                               struct sl_err *err)
{
    if (c->flags & SL_COLUMN_REQUIRED && !s->n)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, c->name,
                            "%s may not be empty", c->name);
    if (sl_utf8_check_text(s->p, s->n) != s->n)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, c->name,
                            "%s is not UTF-8, or holds U+0000", c->name);
    struct sl_err why = {0};
    if (c->type == SL_TYPE_JSON && s->n && !sl_json_check(s->p, s->n, SL_JSON_NONE, &why))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, c->name,
                            "%s is not JSON: %.300s", c->name, why.text);
    return SL_OK;
}

enum sl_code sl_row_check(const struct sl_row *row, struct sl_err *err)
{
    const struct sl_table_info *t = sl_table_info(row->table);
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < t->n_columns; i++) {
        if (row->v[i].type == SL_VALUE_TEXT)
            code = check_text(&t->columns[i], &row->v[i].as.s, err);
        else if (row->v[i].type == SL_VALUE_REAL && !isfinite(row->v[i].as.d))
            code = sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                t->columns[i].name, "%s is not a number", t->columns[i].name);
    }
    return code;
}

static enum sl_code taken(const struct sl_row *row, struct sl_err *err)
{
    if (row->table == SL_TABLE_API_KEYS || row->table == SL_TABLE_MODEL_DEFAULTS ||
        !*sl_row_text(row, SL_COL_NAME))
        return sl_err_set(err, SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN,
                          "there is such a %s already", singular(row->table));
    return sl_err_field(err, SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN, "name",
                        "there is a %s '%.200s' already", singular(row->table),
                        sl_row_text(row, SL_COL_NAME));
}

static enum sl_code run_write(struct sl_sql *q, const struct sl_row *row, struct sl_err *err)
{
    struct sl_err why = {0};
    enum sl_code code = sl_sql_run(q, NULL, &why);
    if (code == SL_ALREADY_EXISTS)
        return taken(row, err);
    return code ? sl_err_set(err, code, why.reason, "%s", why.text) : SL_OK;
}

uint64_t sl_row_differences(const struct sl_row *a, const struct sl_row *b)
{
    const struct sl_table_info *t = sl_table_info(a->table);
    uint64_t mask = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        if (!(t->columns[i].flags & SL_COLUMN_VOLATILE) && !sl_value_equal(&a->v[i], &b->v[i]))
            mask |= UINT64_C(1) << i;
    }
    return mask;
}

static enum sl_code note_purge(struct sl_tx *tx, const struct sl_row *row, struct sl_err *err)
{
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "INSERT INTO purges (revision, table_name, row_id) VALUES (");
    sl_sql_param(&q, sl_value_int(tx->head.revision));
    sl_sql_add(&q, ", ");
    sl_sql_param(&q, sl_value_text(sl_table_info(row->table)->name));
    sl_sql_add(&q, ", ");
    sl_sql_param(&q, row->v[SL_COL_ID]);
    sl_sql_add(&q, ") ON CONFLICT DO NOTHING");
    enum sl_code code = sl_sql_run(&q, NULL, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "DELETE FROM last_used WHERE row_id = ");
    sl_sql_param(&q, row->v[SL_COL_ID]);
    return sl_sql_run(&q, NULL, err);
}

static enum sl_code remove_row(struct sl_tx *tx, const struct sl_row *row, struct sl_err *err)
{
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_addf(&q, "DELETE FROM %s WHERE id = ", sl_table_info(row->table)->name);
    sl_sql_param(&q, row->v[SL_COL_ID]);
    enum sl_code code = run_write(&q, row, err);
    return code ? code : note_purge(tx, row, err);
}

enum sl_code sl_tx_write(struct sl_tx *tx, const struct sl_row_write *w, struct sl_err *err)
{
    struct sl_sql q;
    const struct sl_row *row = w->after ? w->after : w->before;
    /* a name that is taken is said by name */
    enum sl_code code =
        row->table == SL_TABLE_MODELS ? sl_names_replace(tx, w->before, w->after, err) : SL_OK;
    if (code)
        return code;
    if (!w->after) {
        code = remove_row(tx, w->before, err);
    } else {
        sl_sql_init(&q, tx);
        if (w->before)
            sl_sql_update(&q, w->after, sl_row_differences(w->before, w->after));
        else
            sl_sql_insert(&q, w->after);
        code = run_write(&q, w->after, err);
    }
    tx->changed = true;
    if (!code)
        code = sl_audit_append(tx, w, err);
    return code ? code : sl_runs_record(tx, w, err);
}

static void stamp(struct sl_tx *tx, struct sl_row *row)
{
    row->v[SL_COL_REVISION] = sl_value_int(tx->head.revision);
    row->v[SL_COL_UPDATED_MS] = sl_value_int(tx->now_ms);
}

enum sl_code sl_tx_insert(struct sl_tx *tx, struct sl_row *row, struct sl_err *err)
{
    char id[37];
    enum sl_code code = sl_tx_check_write(tx, err);
    if (code)
        return code;
    if (!*sl_row_text(row, SL_COL_ID)) {
        sl_uuid7(id);
        sl_row_set_text(row, SL_COL_ID, id);
    }
    if (!sl_row_is_set(row, SL_COL_OWNER) && sl_table_info(row->table)->rule != SL_RULE_USERS)
        sl_row_set_text(row, SL_COL_OWNER, tx->session.user);
    stamp(tx, row);
    row->v[SL_COL_CREATED_MS] = row->v[SL_COL_UPDATED_MS];
    row->v[SL_COL_DELETED_MS] = sl_value_int(0);
    code = sl_row_check_owner(tx, row, err);
    if (!code)
        code = sl_row_check(row, err);
    if (!code)
        code = sl_tx_write(tx, &(struct sl_row_write){"insert", NULL, row}, err);
    row->set = UINT64_MAX;
    return code;
}

/* A row that is there, is not deleted, has that etag, and may be written. */
static enum sl_code load_for_write(struct sl_tx *tx, struct sl_row_key key, int64_t etag,
                                   struct sl_row **out, struct sl_err *err)
{
    struct sl_row *row = NULL;
    enum sl_code code = sl_tx_check_write(tx, err);
    if (!code)
        code = sl_tx_load(tx, key, &row, err);
    if (!code && sl_row_int(row, SL_COL_DELETED_MS))
        code = sl_err_set(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "this %s was deleted",
                          singular(key.table));
    if (!code)
        code = sl_row_check_owner(tx, row, err);
    if (!code && etag && etag != sl_row_int(row, SL_COL_REVISION))
        code = sl_err_field(err, SL_ABORTED, SL_REASON_ETAG_STALE, "etag",
                            "this %s was changed meanwhile: read it again", singular(key.table));
    if (!code)
        *out = row;
    return code;
}

/* The columns that the caller set, over what is stored. */
static enum sl_code merge(struct sl_row *onto, const struct sl_row *from, struct sl_err *err)
{
    const struct sl_table_info *t = sl_table_info(onto->table);
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct sl_column *c = &t->columns[i];
        if (!sl_row_is_set(from, (unsigned)i) ||
            c->flags & (SL_COLUMN_STORE | SL_COLUMN_VOLATILE) ||
            sl_value_equal(&onto->v[i], &from->v[i]))
            continue;
        if (c->flags & SL_COLUMN_IMMUTABLE)
            return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, c->name,
                                "%s cannot be changed", c->name);
        sl_row_set(onto, (unsigned)i, &from->v[i]);
    }
    return SL_OK;
}

static void take_over(struct sl_row *row, const struct sl_row *from)
{
    for (size_t i = 0; i < sl_table_info(row->table)->n_columns; i++)
        sl_row_set(row, (unsigned)i, &from->v[i]);
}

enum sl_code sl_tx_update(struct sl_tx *tx, struct sl_row *row, int64_t etag, struct sl_err *err)
{
    struct sl_row *before = NULL;
    struct sl_row_key key = {row->table, sl_row_text(row, SL_COL_ID)};
    enum sl_code code = load_for_write(tx, key, etag, &before, err);
    if (code)
        return code;
    struct sl_row *after = sl_row_copy(&tx->arena, before);
    code = merge(after, row, err);
    if (!code)
        code = sl_row_check(after, err);
    if (!code && sl_row_differences(before, after)) {
        stamp(tx, after);
        code = sl_tx_write(tx, &(struct sl_row_write){"update", before, after}, err);
    }
    if (!code)
        take_over(row, after);
    return code;
}

enum sl_code sl_tx_delete(struct sl_tx *tx, struct sl_row_key key, int64_t etag, struct sl_err *err)
{
    struct sl_row *before = NULL;
    enum sl_code code = load_for_write(tx, key, etag, &before, err);
    if (code)
        return code;
    struct sl_row *after = sl_row_copy(&tx->arena, before);
    stamp(tx, after);
    after->v[SL_COL_DELETED_MS] = sl_value_int(tx->now_ms);
    return sl_tx_write(tx, &(struct sl_row_write){"delete", before, after}, err);
}

enum sl_code sl_tx_restore(struct sl_tx *tx, struct sl_row_key key, struct sl_err *err)
{
    struct sl_row *before = NULL;
    enum sl_code code = sl_tx_check_write(tx, err);
    if (!code)
        code = sl_tx_load(tx, key, &before, err);
    if (!code)
        code = sl_row_check_owner(tx, before, err);
    if (code || !sl_row_int(before, SL_COL_DELETED_MS))
        return code;
    struct sl_row *after = sl_row_copy(&tx->arena, before);
    stamp(tx, after);
    after->v[SL_COL_DELETED_MS] = sl_value_int(0);
    return sl_tx_write(tx, &(struct sl_row_write){"restore", before, after}, err);
}
