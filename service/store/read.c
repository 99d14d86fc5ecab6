/* Reading rows. */
#include "base/alloc.h"
#include "store/sql.h"

/* Where the rows of a statement go. */
struct sink {
    enum sl_table table;
    struct sl_row *row; /* filled anew for each */
    sl_on_row *on_row;
    void *owner;
};

static enum sl_code on_values(void *owner, const struct sl_value *values, struct sl_err *err)
{
    struct sink *s = owner;
    const struct sl_table_info *t = sl_table_info(s->table);
    for (size_t i = 0; i < t->n_columns; i++)
        s->row->v[i] = values[i];
    return s->on_row(s->owner, s->row, err);
}

/* Runs q, which selects the table's columns. */
static enum sl_code run_rows(struct sl_sql *q, struct sl_statement *st, struct sink *s,
                             struct sl_err *err)
{
    struct sl_arena scratch;
    sl_arena_init(&scratch, SIZE_MAX);
    s->row = sl_row_create(&scratch, s->table);
    s->row->set = UINT64_MAX;
    st->n_types = sl_table_info(s->table)->n_columns;
    st->on_row = on_values;
    st->owner = s;
    enum sl_code code = sl_sql_run(q, st, err);
    sl_arena_fini(&scratch);
    return code;
}

enum sl_code sl_tx_each(struct sl_tx *tx, const struct sl_query *query, sl_on_row *on_row,
                        void *owner, struct sl_err *err)
{
    struct sl_sql q;
    enum sl_value_type types[SL_MAX_COLUMNS];
    struct sl_statement st = {.types = types, .stream = !query->limit || query->limit > 1000};
    struct sink s = {.table = query->table, .on_row = on_row, .owner = owner};
    sl_sql_init(&q, tx);
    sl_sql_select(&q, query->table, types);
    enum sl_code code = sl_sql_filter(&q, query, err);
    if (!code)
        code = sl_sql_page(&q, query, err);
    if (code) {
        sl_sql_fini(&q);
        return code;
    }
    return run_rows(&q, &st, &s, err);
}

/* A row, and whether there was one. */
struct one {
    struct sl_arena *arena;
    struct sl_row *row;
};

static enum sl_code keep_one(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct one *o = owner;
    (void)err;
    o->row = sl_row_copy(o->arena, row);
    return SL_OK;
}

enum sl_code sl_tx_get(struct sl_tx *tx, struct sl_row_key key, struct sl_arena *arena,
                       struct sl_row **out, struct sl_err *err)
{
    struct sl_filter f = {SL_COL_ID, SL_EQUAL, sl_value_text(key.id)};
    struct sl_query query = {.table = key.table,
                             .rows = SL_ROWS_ALL,
                             .filters = &f,
                             .n_filters = 1,
                             .order = SL_UNORDERED,
                             .limit = 1};
    struct one o = {.arena = arena};
    enum sl_code code = sl_tx_each(tx, &query, keep_one, &o, err);
    if (!code && !o.row)
        code = sl_err_set(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "there is no '%.100s' in %s",
                          key.id, sl_table_info(key.table)->name);
    if (!code)
        *out = o.row;
    return code;
}

enum sl_code sl_tx_load(struct sl_tx *tx, struct sl_row_key key, struct sl_row **out,
                        struct sl_err *err)
{
    return sl_tx_get(tx, key, &tx->arena, out, err);
}

/* In the form that the unique index of the back end has. Under row-level security PostgreSQL looks
 * into an index only for what cannot leak, which a coalesce() is not to it. */
static void add_name(struct sl_sql *q, struct sl_row_name name)
{
    if (!q->tx->store->ops->row_security) {
        sl_sql_add(q, "coalesce(owner, '') = ");
        sl_sql_param(q, sl_value_text(name.owner ? name.owner : ""));
    } else if (name.owner) {
        sl_sql_add(q, "owner = ");
        sl_sql_param(q, sl_value_text(name.owner));
    } else {
        sl_sql_add(q, "owner IS NULL");
    }
    sl_sql_add(q, " AND name = ");
    sl_sql_param(q, sl_value_text(name.name));
}

enum sl_code sl_tx_find(struct sl_tx *tx, struct sl_row_name name, struct sl_arena *arena,
                        struct sl_row **out, struct sl_err *err)
{
    struct sl_sql q;
    enum sl_value_type types[SL_MAX_COLUMNS];
    struct one o = {.arena = arena};
    struct sl_statement st = {.types = types};
    struct sink s = {.table = name.table, .on_row = keep_one, .owner = &o};
    sl_sql_init(&q, tx);
    sl_sql_select(&q, name.table, types);
    sl_sql_add(&q, " AND deleted_ms = 0 AND ");
    if (name.table == SL_TABLE_MODELS) {
        sl_sql_add(&q, "id = (SELECT model FROM model_names WHERE ");
        add_name(&q, name);
        sl_sql_add(&q, ")");
    } else {
        add_name(&q, name);
    }
    enum sl_code code = run_rows(&q, &st, &s, err);
    if (!code)
        *out = o.row;
    return code;
}

struct many {
    struct sl_arena *arena;
    struct sl_rows rows;
    size_t room;
};

static enum sl_code keep_many(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct many *m = owner;
    (void)err;
    if (m->rows.count == m->room) {
        m->room = m->room ? 2 * m->room : 16;
        m->rows.list = sl_realloc(m->rows.list, m->room * sizeof(struct sl_row *));
    }
    m->rows.list[m->rows.count++] = sl_row_copy(m->arena, row);
    return SL_OK;
}

enum sl_code sl_tx_list(struct sl_tx *tx, const struct sl_query *query, struct sl_arena *arena,
                        struct sl_rows *out, struct sl_err *err)
{
    struct many m = {.arena = arena};
    enum sl_code code = sl_tx_each(tx, query, keep_many, &m, err);
    if (!code) {
        out->count = m.rows.count;
        out->list = sl_arena_alloc(arena, m.rows.count * sizeof(struct sl_row *));
        for (size_t i = 0; i < m.rows.count; i++)
            out->list[i] = m.rows.list[i];
    }
    sl_free(m.rows.list);
    return code;
}

static enum sl_code keep_count(void *owner, const struct sl_value *values, struct sl_err *err)
{
    (void)err;
    *(int64_t *)owner = values[0].as.i;
    return SL_OK;
}

enum sl_code sl_tx_count(struct sl_tx *tx, const struct sl_query *query, int64_t *out,
                         struct sl_err *err)
{
    static const enum sl_value_type type = SL_VALUE_INT;
    struct sl_sql q;
    struct sl_statement st = {.types = &type, .n_types = 1, .on_row = keep_count, .owner = out};
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "SELECT count(*)");
    sl_sql_from(&q, query->table);
    enum sl_code code = sl_sql_filter(&q, query, err);
    if (code) {
        sl_sql_fini(&q);
        return code;
    }
    return sl_sql_run(&q, &st, err);
}
