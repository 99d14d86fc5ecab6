/* Rows as JSON: for the audit log, and for the undo of import runs. */
#include <jansson.h>
#include <string.h>

#include "store/internal.h"

static json_t *hex_of(struct sl_str bytes)
{
    static const char digits[] = "0123456789abcdef";
    struct sl_arena scratch;
    sl_arena_init(&scratch, SIZE_MAX);
    char *hex = sl_arena_alloc(&scratch, 2 * bytes.n + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        hex[2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
        hex[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    json_t *text = json_stringn(hex, 2 * bytes.n);
    sl_arena_fini(&scratch);
    return text;
}

static json_t *json_of(const struct sl_column *c, const struct sl_value *v)
{
    if (c->flags & SL_COLUMN_SECRET)
        return json_string(v->as.s.n ? "***" : "");
    switch (v->type) {
    case SL_VALUE_TEXT:
        return json_stringn(v->as.s.p, v->as.s.n);
    case SL_VALUE_INT:
        return json_integer(v->as.i);
    case SL_VALUE_REAL:
        return json_real(v->as.d);
    case SL_VALUE_BOOL:
        return json_boolean(v->as.b);
    case SL_VALUE_BYTES:
        return hex_of(v->as.s);
    case SL_VALUE_NULL:
        break;
    }
    return json_null();
}

char *sl_image_write(struct sl_arena *arena, const struct sl_row *row, uint64_t mask,
                     enum sl_image_kind kind)
{
    const struct sl_table_info *t = sl_table_info(row->table);
    json_t *object = json_object();
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct sl_column *c = &t->columns[i];
        bool secret = c->flags & SL_COLUMN_SECRET;
        if (mask >> i & 1 && !(c->flags & SL_COLUMN_VOLATILE) &&
            !(secret && kind == SL_IMAGE_EXACT))
            json_object_set_new(object, c->name, json_of(c, &row->v[i]));
    }
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
    size_t n = json_dumpb(object, NULL, 0, flags);
    char *text = sl_arena_alloc(arena, n + 1);
    json_dumpb(object, text, n, flags);
    text[n] = '\0';
    json_decref(object);
    return text;
}

static int secret_column(enum sl_table table)
{
    const struct sl_table_info *t = sl_table_info(table);
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & SL_COLUMN_SECRET)
            return (int)i;
    }
    return -1;
}

struct sl_str sl_image_secret(const struct sl_row *row)
{
    int column = row ? secret_column(row->table) : -1;
    return column < 0 ? SL_STR("") : sl_row_bytes(row, (unsigned)column);
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static void set_hex(struct sl_row *row, unsigned column, const char *hex)
{
    size_t n = strlen(hex) / 2;
    char *bytes = sl_arena_alloc(row->arena, n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    sl_row_set_bytes(row, column, bytes, n);
}

static bool set_value(struct sl_row *row, unsigned column, const json_t *v)
{
    const struct sl_column *c = &sl_table_info(row->table)->columns[column];
    if (json_is_null(v) && c->flags & SL_COLUMN_NULLABLE)
        sl_row_set_null(row, column);
    else if (json_is_integer(v) && c->type == SL_TYPE_INT64)
        sl_row_set_int(row, column, json_integer_value(v));
    else if (json_is_number(v) && c->type == SL_TYPE_REAL)
        sl_row_set_real(row, column, json_number_value(v));
    else if (json_is_boolean(v) && c->type == SL_TYPE_BOOL)
        sl_row_set_bool(row, column, json_is_true(v));
    else if (json_is_string(v) && (c->type == SL_TYPE_TEXT || c->type == SL_TYPE_JSON))
        sl_row_set_text(row, column, json_string_value(v));
    else if (json_is_string(v) && c->type == SL_TYPE_BYTES)
        set_hex(row, column, json_string_value(v));
    else
        return false;
    return true;
}

enum sl_code sl_image_read(struct sl_arena *arena, enum sl_table table,
                           const struct sl_image *image, struct sl_row **out, struct sl_err *err)
{
    json_t *object = json_loadb(image->text.p, image->text.n, 0, NULL);
    struct sl_row *row = sl_row_create(arena, table);
    int column = secret_column(table);
    bool good = json_is_object(object);
    const char *name;
    json_t *v;
    json_object_foreach(object, name, v)
    {
        int c = sl_table_column(table, name);
        good = good && c >= 0 && set_value(row, (unsigned)c, v);
    }
    json_decref(object);
    if (!good)
        return sl_err_set(err, SL_INTERNAL, SL_REASON_STORE, "a kept image of %s is broken",
                          sl_table_info(table)->name);
    if (column >= 0)
        sl_row_set_bytes(row, (unsigned)column, image->secret.p, image->secret.n);
    *out = row;
    return SL_OK;
}
