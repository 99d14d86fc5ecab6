/* The descriptors of the tables, and finding one by name. */
#include "store/tables.h"

#include <string.h>

#include "base/compiler.h"

#define COLUMN(T, C, column, kind, bits) {.name = #column, .type = SL_TYPE_##kind, .flags = (bits)},

#define COLUMNS(T, name, rule)                                                                     \
    static const struct sl_column name##_columns[] = {SL_COLUMNS_COMMON(COLUMN, T)                 \
                                                          SL_COLUMNS_##T(COLUMN, T)};              \
    _Static_assert(SL_ARRAY_LEN(name##_columns) == SL_##T##_COLUMNS, "one enum value a column");   \
    _Static_assert(SL_ARRAY_LEN(name##_columns) < SL_MAX_COLUMNS, "one bit a column");
SL_TABLES(COLUMNS)

static const struct sl_table_info tables[] = {
#define TABLE(T, table, r)                                                                         \
    [SL_TABLE_##T] = {.name = #table,                                                              \
                      .rule = SL_RULE_##r,                                                         \
                      .columns = table##_columns,                                                  \
                      .n_columns = SL_ARRAY_LEN(table##_columns)},
    SL_TABLES(TABLE)};

const struct sl_table_info *sl_table_info(enum sl_table table)
{
    return &tables[table];
}

enum sl_table sl_table_find(const char *name)
{
    size_t i = 0;
    while (i < SL_TABLE_COUNT && strcmp(tables[i].name, name) != 0)
        i++;
    return (enum sl_table)i;
}

int sl_table_column(enum sl_table table, const char *name)
{
    const struct sl_table_info *t = &tables[table];
    for (size_t i = 0; i < t->n_columns; i++) {
        if (!strcmp(t->columns[i].name, name))
            return (int)i;
    }
    return -1;
}
