/* Values and rows: what goes into a store and comes out of it, typed by the table's descriptor
 * (store/tables.h). A row lives in an arena, and so does all it points to. One thread. */
#ifndef SL_STORE_ROW_H
#define SL_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "store/tables.h"

enum sl_value_type {
    SL_VALUE_NULL,
    SL_VALUE_TEXT, /* UTF-8 without U+0000; texts and JSON */
    SL_VALUE_INT,
    SL_VALUE_REAL,
    SL_VALUE_BOOL,
    SL_VALUE_BYTES,
};

struct sl_value {
    enum sl_value_type type;
    union {
        struct sl_str s; /* texts are NUL-terminated after n bytes, too, where a row holds them */
        int64_t i;
        double d;
        bool b;
    } as;
};

static inline struct sl_value sl_value_null(void)
{
    return (struct sl_value){.type = SL_VALUE_NULL};
}

/* Borrows. */
static inline struct sl_value sl_value_text(const char *s)
{
    return (struct sl_value){.type = SL_VALUE_TEXT, .as.s = sl_str(s)};
}

/* Borrows. */
static inline struct sl_value sl_value_bytes(const void *p, size_t n)
{
    return (struct sl_value){.type = SL_VALUE_BYTES, .as.s = {p, n}};
}

static inline struct sl_value sl_value_int(int64_t i)
{
    return (struct sl_value){.type = SL_VALUE_INT, .as.i = i};
}

static inline struct sl_value sl_value_real(double d)
{
    return (struct sl_value){.type = SL_VALUE_REAL, .as.d = d};
}

static inline struct sl_value sl_value_bool(bool b)
{
    return (struct sl_value){.type = SL_VALUE_BOOL, .as.b = b};
}

bool sl_value_equal(const struct sl_value *a, const struct sl_value *b);

/* Columns are the enum values of store/tables.h: SL_COL_NAME, SL_MODELS_BASE_URL. */
struct sl_row {
    enum sl_table table;
    struct sl_arena *arena;
    uint64_t set; /* bit c: column c was set (a row that was read: all of them) */
    struct sl_value v[];
};

/* Nothing set; every column as its default: "", 0, false (true where the table says so), NULL. */
struct sl_row *sl_row_create(struct sl_arena *arena, enum sl_table table);
/* A row of its own, in another arena. */
struct sl_row *sl_row_copy(struct sl_arena *arena, const struct sl_row *row);

/* Setters copy into the row's arena. The value's type has to be the column's (asserted); NULL is
 * for nullable columns only. */
void sl_row_set(struct sl_row *row, unsigned column, const struct sl_value *v);
/* A NULL pointer is NULL in a nullable column, else "". */
void sl_row_set_text(struct sl_row *row, unsigned column, const char *s);
void sl_row_set_int(struct sl_row *row, unsigned column, int64_t i);
void sl_row_set_real(struct sl_row *row, unsigned column, double d);
void sl_row_set_bool(struct sl_row *row, unsigned column, bool b);
void sl_row_set_bytes(struct sl_row *row, unsigned column, const void *p, size_t n);
void sl_row_set_null(struct sl_row *row, unsigned column);

/* Getters borrow. NULL reads as "", 0 and false. */
bool sl_row_is_set(const struct sl_row *row, unsigned column);
bool sl_row_is_null(const struct sl_row *row, unsigned column);
const char *sl_row_text(const struct sl_row *row, unsigned column);
struct sl_str sl_row_bytes(const struct sl_row *row, unsigned column); /* texts, too */
int64_t sl_row_int(const struct sl_row *row, unsigned column);
double sl_row_real(const struct sl_row *row, unsigned column);
bool sl_row_bool(const struct sl_row *row, unsigned column);

#endif
