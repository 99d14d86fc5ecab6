/* What changed after a revision: rows by their own revision, and rows that went for good. */
#include "store/sql.h"

struct reader {
    enum sl_table table;
    sl_on_change *on_change;
    void *owner;
};

static enum sl_code on_row(void *owner, const struct sl_row *row, struct sl_err *err)
{
    const struct reader *r = owner;
    const struct sl_change change = {
        .table = r->table,
        .revision = sl_row_int(row, SL_COL_REVISION),
        .id = sl_row_text(row, SL_COL_ID),
        .row = row,
    };
    return r->on_change(r->owner, &change, err);
}

static enum sl_code on_purge(void *owner, const struct sl_value *v, struct sl_err *err)
{
    const struct reader *r = owner;
    const struct sl_change change = {
        .table = sl_table_find(v[1].as.s.p), .revision = v[0].as.i, .id = v[2].as.s.p};
    return change.table < SL_TABLE_COUNT ? r->on_change(r->owner, &change, err) : SL_OK;
}

static enum sl_code on_number(void *owner, const struct sl_value *v, struct sl_err *err)
{
    (void)err;
    *(int64_t *)owner = v[0].as.i;
    return SL_OK;
}

static enum sl_code check_age(struct sl_tx *tx, int64_t revision, struct sl_err *err)
{
    static const enum sl_value_type type = SL_VALUE_INT;
    int64_t from = 0;
    struct sl_statement st = {.sql = "SELECT purges_from FROM registry_revision",
                              .types = &type,
                              .n_types = 1,
                              .on_row = on_number,
                              .owner = &from};
    enum sl_code code = sl_tx_run(tx, &st, err);
    if (!code && revision < from)
        code = sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                          "revision %lld is too long ago to tell what changed since",
                          (long long)revision);
    return code;
}

static enum sl_code read_purges(struct sl_tx *tx, int64_t revision, struct reader *r,
                                struct sl_err *err)
{
    static const enum sl_value_type types[] = {SL_VALUE_INT, SL_VALUE_TEXT, SL_VALUE_TEXT};
    struct sl_statement st = {
        .types = types, .n_types = 3, .on_row = on_purge, .owner = r, .stream = true};
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "SELECT revision, table_name, row_id FROM purges WHERE revision > ");
    sl_sql_param(&q, sl_value_int(revision));
    sl_sql_add(&q, " ORDER BY revision");
    return sl_sql_run(&q, &st, err);
}

enum sl_code sl_tx_changes(struct sl_tx *tx, int64_t revision, sl_on_change *on_change, void *owner,
                           struct sl_err *err)
{
    struct reader r = {.on_change = on_change, .owner = owner};
    struct sl_filter newer = {SL_COL_REVISION, SL_GREATER, sl_value_int(revision)};
    enum sl_code code = check_age(tx, revision, err);
    for (int t = 0; !code && t < SL_TABLE_COUNT; t++) {
        struct sl_query query = {.table = (enum sl_table)t,
                                 .rows = SL_ROWS_ALL,
                                 .filters = &newer,
                                 .n_filters = 1,
                                 .order = SL_COL_REVISION};
        r.table = (enum sl_table)t;
        code = sl_tx_each(tx, &query, on_row, &r, err);
    }
    return code ? code : read_purges(tx, revision, &r, err);
}
