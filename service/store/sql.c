/* One generator for all back ends. Names come from the descriptors, values go in as parameters
 * only. */
#include "store/sql.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* Longer than any statement of ours. */
enum { MAX_SQL = 64 * 1024 };

void sl_sql_init(struct sl_sql *q, struct sl_tx *tx)
{
    q->tx = tx;
    q->full = false;
    q->n_params = 0;
    sl_buf_init(&q->text, MAX_SQL);
}

void sl_sql_fini(struct sl_sql *q)
{
    sl_buf_fini(&q->text);
}

void sl_sql_add(struct sl_sql *q, const char *text)
{
    q->full |= !sl_buf_add_str(&q->text, text);
}

void sl_sql_addf(struct sl_sql *q, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < sizeof(text));
    (void)n;
    sl_sql_add(q, text);
}

void sl_sql_param(struct sl_sql *q, struct sl_value v)
{
    if (q->n_params == SL_SQL_PARAMS) {
        q->full = true;
        return;
    }
    q->params[q->n_params++] = v;
    sl_sql_addf(q, "%c%zu", q->tx->store->ops->mark, q->n_params);
}

enum sl_code sl_sql_run(struct sl_sql *q, struct sl_statement *st, struct sl_err *err)
{
    struct sl_statement own = {.sql = NULL};
    enum sl_code code;
    if (!st)
        st = &own;
    st->sql = q->text.p;
    st->params = q->params;
    st->n_params = q->n_params;
    if (q->full)
        code = sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          "the query has too many conditions");
    else
        code = sl_tx_run(q->tx, st, err);
    sl_sql_fini(q);
    return code;
}

static enum sl_value_type value_type(enum sl_column_type type)
{
    switch (type) {
    case SL_TYPE_INT64:
        return SL_VALUE_INT;
    case SL_TYPE_REAL:
        return SL_VALUE_REAL;
    case SL_TYPE_BOOL:
        return SL_VALUE_BOOL;
    case SL_TYPE_BYTES:
        return SL_VALUE_BYTES;
    case SL_TYPE_TEXT:
    case SL_TYPE_JSON:
        break;
    }
    return SL_VALUE_TEXT;
}

/* What SQLite does not check itself. */
static void add_visible(struct sl_sql *q, enum sl_table table)
{
    const struct sl_store_session *s = &q->tx->session;
    enum sl_table_rule rule = sl_table_info(table)->rule;
    bool users = rule == SL_RULE_USERS, administered = users || rule == SL_RULE_KEYS;
    if (q->tx->store->ops->row_security || s->role == SL_STORE_SYNC || (administered && s->admin)) {
        sl_sql_add(q, "true");
    } else if (users) {
        sl_sql_add(q, "id = ");
        sl_sql_param(q, sl_value_text(s->user ? s->user : ""));
    } else if (s->user) {
        /* the plus: an index by owner is no help where most rows are seen, and costs the order */
        sl_sql_add(q, "(+owner IS NULL OR +owner = ");
        sl_sql_param(q, sl_value_text(s->user));
        sl_sql_add(q, ")");
    } else {
        sl_sql_add(q, "+owner IS NULL");
    }
}

void sl_sql_from(struct sl_sql *q, enum sl_table table)
{
    sl_sql_addf(q, " FROM %s t WHERE ", sl_table_info(table)->name);
    add_visible(q, table);
}

void sl_sql_select(struct sl_sql *q, enum sl_table table, enum sl_value_type *types)
{
    const struct sl_table_info *t = sl_table_info(table);
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct sl_column *c = &t->columns[i];
        types[i] = value_type(c->type);
        sl_sql_add(q, i ? ", " : "SELECT ");
        if (c->flags & SL_COLUMN_VOLATILE)
            sl_sql_add(q, "coalesce((SELECT u.ms FROM last_used u WHERE u.row_id = t.id), 0)");
        else
            sl_sql_add(q, c->name);
    }
    sl_sql_from(q, table);
}

static void add_operation(struct sl_sql *q, const char *column, const struct sl_filter *f)
{
    static const char *const signs[] = {
        [SL_EQUAL] = "=",       [SL_NOT_EQUAL] = "<>", [SL_LESS] = "<",
        [SL_LESS_EQUAL] = "<=", [SL_GREATER] = ">",    [SL_GREATER_EQUAL] = ">=",
    };
    switch (f->op) {
    case SL_IS_NULL:
        sl_sql_addf(q, "%s IS NULL", column);
        return;
    case SL_NOT_NULL:
        sl_sql_addf(q, "%s IS NOT NULL", column);
        return;
    case SL_PREFIX:
    case SL_CONTAINS:
        sl_sql_addf(q, "%s(%s, ", q->tx->store->ops->instr, column);
        sl_sql_param(q, f->value);
        sl_sql_add(q, f->op == SL_PREFIX ? ") = 1" : ") > 0");
        return;
    default:
        sl_sql_addf(q, "%s %s ", column, signs[f->op]);
        sl_sql_param(q, f->value);
    }
}

static enum sl_code add_filter(struct sl_sql *q, enum sl_table table, const struct sl_filter *f,
                               struct sl_err *err)
{
    const struct sl_table_info *t = sl_table_info(table);
    const struct sl_column *c = f->column < t->n_columns ? &t->columns[f->column] : NULL;
    bool text = c && value_type(c->type) == SL_VALUE_TEXT;
    bool bare = f->op == SL_IS_NULL || f->op == SL_NOT_NULL;
    bool part = f->op == SL_PREFIX || f->op == SL_CONTAINS;
    if (!c || c->flags & (SL_COLUMN_VOLATILE | SL_COLUMN_SECRET) || (part && !text) ||
        (!bare && f->value.type != value_type(c->type)))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            c ? c->name : "filter", "%s cannot be filtered in this way",
                            c ? c->name : "a column that is not there");
    sl_sql_add(q, " AND ");
    add_operation(q, c->name, f);
    return SL_OK;
}

enum sl_code sl_sql_filter(struct sl_sql *q, const struct sl_query *query, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    if (query->rows == SL_ROWS_LIVE)
        sl_sql_add(q, " AND deleted_ms = 0");
    else if (query->rows == SL_ROWS_DELETED)
        sl_sql_add(q, " AND deleted_ms > 0");
    for (size_t i = 0; !code && i < query->n_filters; i++)
        code = add_filter(q, query->table, &query->filters[i], err);
    return code;
}

static void add_after(struct sl_sql *q, const struct sl_query *query, const char *order)
{
    const char *sign = query->descending ? "<" : ">";
    if (query->order == SL_COL_ID) {
        sl_sql_addf(q, " AND id %s ", sign);
        sl_sql_param(q, sl_value_text(query->after_id));
        return;
    }
    sl_sql_addf(q, " AND (%s, id) %s (", order, sign);
    sl_sql_param(q, query->after);
    sl_sql_add(q, ", ");
    sl_sql_param(q, sl_value_text(query->after_id));
    sl_sql_add(q, ")");
}

enum sl_code sl_sql_page(struct sl_sql *q, const struct sl_query *query, struct sl_err *err)
{
    const struct sl_table_info *t = sl_table_info(query->table);
    const char *way = query->descending ? " DESC" : "";
    if (query->order != SL_UNORDERED) {
        const struct sl_column *c = query->order < t->n_columns ? &t->columns[query->order] : NULL;
        if (!c || c->flags & (SL_COLUMN_VOLATILE | SL_COLUMN_NULLABLE | SL_COLUMN_SECRET) ||
            (query->after_id && query->order && query->after.type != value_type(c->type)))
            return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "order_by",
                                "%s cannot be ordered by",
                                c ? c->name : "a column that is not there");
        if (query->after_id)
            add_after(q, query, c->name);
        if (query->order == SL_COL_ID)
            sl_sql_addf(q, " ORDER BY id%s", way);
        else
            sl_sql_addf(q, " ORDER BY %s%s, id%s", c->name, way, way);
    }
    if (query->limit) {
        sl_sql_add(q, " LIMIT ");
        sl_sql_param(q, sl_value_int((int64_t)query->limit));
    }
    return SL_OK;
}

void sl_sql_insert(struct sl_sql *q, const struct sl_row *row)
{
    const struct sl_table_info *t = sl_table_info(row->table);
    const char *comma = "";
    sl_sql_addf(q, "INSERT INTO %s (", t->name);
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & SL_COLUMN_VOLATILE)
            continue;
        sl_sql_addf(q, "%s%s", comma, t->columns[i].name);
        comma = ", ";
    }
    sl_sql_add(q, ") VALUES (");
    comma = "";
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & SL_COLUMN_VOLATILE)
            continue;
        sl_sql_add(q, comma);
        sl_sql_param(q, row->v[i]);
        comma = ", ";
    }
    sl_sql_add(q, ")");
}

void sl_sql_update(struct sl_sql *q, const struct sl_row *row, uint64_t mask)
{
    const struct sl_table_info *t = sl_table_info(row->table);
    const char *comma = "";
    sl_sql_addf(q, "UPDATE %s SET ", t->name);
    for (size_t i = 0; i < t->n_columns; i++) {
        if (!(mask >> i & 1) || t->columns[i].flags & SL_COLUMN_VOLATILE)
            continue;
        sl_sql_addf(q, "%s%s = ", comma, t->columns[i].name);
        sl_sql_param(q, row->v[i]);
        comma = ", ";
    }
    sl_sql_add(q, " WHERE id = ");
    sl_sql_param(q, row->v[SL_COL_ID]);
}
