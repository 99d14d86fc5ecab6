/* Tables and fields for people. Rows are printed once all are known, so that columns are as wide as they need. */
#ifndef SLUICE_CLI_TABLE_H
#define SLUICE_CLI_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "term.h"

enum { TABLE_COLUMNS_MAX = 10, TABLE_TIME_SIZE = 24 };

struct table {
    char *(*rows)[TABLE_COLUMNS_MAX];
    size_t n, cap;
    size_t columns;
};

/* heading: the columns' names, ended by NULL; at most TABLE_COLUMNS_MAX. */
void table_init(struct table *t, const char *const *heading);
/* One row; as many cells as the heading has. "" and NULL are shown as "-". Copies. */
void table_add(struct table *t, const char *const *cells);
void table_print(const struct table *t, struct term *out);
void table_fini(struct table *t);

/* One line: name in bold, value. Nothing where the value is "". */
void table_field(struct term *out, const char *name, const char *value);
/* "a, b, c", cut where dst is full; "" for none. */
void table_join(char *dst, size_t size, char *const *list, size_t n);
/* Local time to the minute, "2026-01-31 12:34"; "" for 0. */
void table_time(char *dst, size_t size, int64_t wall_ms);
/* What stands after the collection: "gpt" for "models/gpt"; all of it where there is none. */
const char *table_bare(const char *resource_name);

#endif
