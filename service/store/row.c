/* Rows: typed values in an arena. */
#include "store/row.h"

#include <assert.h>
#include <string.h>

bool sl_value_equal(const struct sl_value *a, const struct sl_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case SL_VALUE_NULL:
        return true;
    case SL_VALUE_INT:
        return a->as.i == b->as.i;
    case SL_VALUE_REAL:
        return a->as.d == b->as.d;
    case SL_VALUE_BOOL:
        return a->as.b == b->as.b;
    case SL_VALUE_TEXT:
    case SL_VALUE_BYTES:
        break;
    }
    return a->as.s.n == b->as.s.n && (!a->as.s.n || !memcmp(a->as.s.p, b->as.s.p, a->as.s.n));
}

static const struct sl_column *column_of(const struct sl_row *row, unsigned column)
{
    const struct sl_table_info *t = sl_table_info(row->table);
    assert(column < t->n_columns);
    return &t->columns[column];
}

static struct sl_value preset(const struct sl_column *c)
{
    if (c->flags & SL_COLUMN_NULLABLE)
        return sl_value_null();
    switch (c->type) {
    case SL_TYPE_INT64:
        return sl_value_int(0);
    case SL_TYPE_REAL:
        return sl_value_real(0);
    case SL_TYPE_BOOL:
        return sl_value_bool(c->flags & SL_COLUMN_TRUE);
    case SL_TYPE_BYTES:
        return sl_value_bytes("", 0);
    case SL_TYPE_TEXT:
    case SL_TYPE_JSON:
        break;
    }
    return sl_value_text("");
}

struct sl_row *sl_row_create(struct sl_arena *arena, enum sl_table table)
{
    const struct sl_table_info *t = sl_table_info(table);
    struct sl_row *row =
        sl_arena_zalloc(arena, sizeof(*row) + t->n_columns * sizeof(struct sl_value));
    row->table = table;
    row->arena = arena;
    for (size_t i = 0; i < t->n_columns; i++)
        row->v[i] = preset(&t->columns[i]);
    return row;
}

struct sl_row *sl_row_copy(struct sl_arena *arena, const struct sl_row *row)
{
    struct sl_row *copy = sl_row_create(arena, row->table);
    for (size_t i = 0; i < sl_table_info(row->table)->n_columns; i++)
        sl_row_set(copy, (unsigned)i, &row->v[i]);
    copy->set = row->set;
    return copy;
}

static bool fits(const struct sl_column *c, const struct sl_value *v)
{
    static const enum sl_value_type types[] = {
        [SL_TYPE_TEXT] = SL_VALUE_TEXT,   [SL_TYPE_JSON] = SL_VALUE_TEXT,
        [SL_TYPE_INT64] = SL_VALUE_INT,   [SL_TYPE_REAL] = SL_VALUE_REAL,
        [SL_TYPE_BYTES] = SL_VALUE_BYTES, [SL_TYPE_BOOL] = SL_VALUE_BOOL,
    };
    return v->type == types[c->type] || (v->type == SL_VALUE_NULL && c->flags & SL_COLUMN_NULLABLE);
}

void sl_row_set(struct sl_row *row, unsigned column, const struct sl_value *v)
{
    const struct sl_column *c = column_of(row, column);
    bool fitting = fits(c, v);
    assert(fitting);
    (void)fitting;
    row->set |= UINT64_C(1) << column;
    row->v[column] = *v;
    if (v->type == SL_VALUE_TEXT || v->type == SL_VALUE_BYTES)
        row->v[column].as.s.p = sl_arena_strndup(row->arena, v->as.s.p, v->as.s.n);
}

void sl_row_set_text(struct sl_row *row, unsigned column, const char *s)
{
    bool nullable = column_of(row, column)->flags & SL_COLUMN_NULLABLE;
    struct sl_value v = s || !nullable ? sl_value_text(s ? s : "") : sl_value_null();
    sl_row_set(row, column, &v);
}

void sl_row_set_int(struct sl_row *row, unsigned column, int64_t i)
{
    struct sl_value v = sl_value_int(i);
    sl_row_set(row, column, &v);
}

void sl_row_set_real(struct sl_row *row, unsigned column, double d)
{
    struct sl_value v = sl_value_real(d);
    sl_row_set(row, column, &v);
}

void sl_row_set_bool(struct sl_row *row, unsigned column, bool b)
{
    struct sl_value v = sl_value_bool(b);
    sl_row_set(row, column, &v);
}

void sl_row_set_bytes(struct sl_row *row, unsigned column, const void *p, size_t n)
{
    struct sl_value v = sl_value_bytes(p, n);
    sl_row_set(row, column, &v);
}

void sl_row_set_null(struct sl_row *row, unsigned column)
{
    struct sl_value v = sl_value_null();
    sl_row_set(row, column, &v);
}

bool sl_row_is_set(const struct sl_row *row, unsigned column)
{
    return row->set >> column & 1;
}

bool sl_row_is_null(const struct sl_row *row, unsigned column)
{
    return row->v[column].type == SL_VALUE_NULL;
}

struct sl_str sl_row_bytes(const struct sl_row *row, unsigned column)
{
    const struct sl_value *v = &row->v[column];
    if (v->type == SL_VALUE_TEXT || v->type == SL_VALUE_BYTES)
        return v->as.s;
    return SL_STR("");
}

const char *sl_row_text(const struct sl_row *row, unsigned column)
{
    return sl_row_bytes(row, column).p;
}

int64_t sl_row_int(const struct sl_row *row, unsigned column)
{
    const struct sl_value *v = &row->v[column];
    return v->type == SL_VALUE_INT ? v->as.i : 0;
}

double sl_row_real(const struct sl_row *row, unsigned column)
{
    const struct sl_value *v = &row->v[column];
    return v->type == SL_VALUE_REAL ? v->as.d : 0;
}

bool sl_row_bool(const struct sl_row *row, unsigned column)
{
    const struct sl_value *v = &row->v[column];
    return v->type == SL_VALUE_BOOL && v->as.b;
}
