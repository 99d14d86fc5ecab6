/* The difference of two rows as lines. */
#include "registry/import/changes.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "registry/manage/model_row.h"

enum { MAX_VALUE = 160 };

Sluice__V1__Change *sl_changes_add(struct sl_import_changes *c, const char *kind, const char *name,
                                   const char *place)
{
    Sluice__V1__Change *change = SL_ARENA_NEW(c->arena, Sluice__V1__Change);
    sluice__v1__change__init(change);
    change->action = SLUICE__V1__CHANGE__ACTION__ACTION_KEEP;
    change->kind = sl_arena_strdup(c->arena, kind);
    change->name = sl_arena_strdup(c->arena, name);
    change->place = sl_arena_strdup(c->arena, place);
    if (c->n == c->room) {
        c->room = c->room ? 2 * c->room : 32;
        Sluice__V1__Change **more = sl_arena_alloc(c->arena, c->room * sizeof(*more));
        if (c->n)
            memcpy(more, c->list, c->n * sizeof(*more));
        c->list = more;
    }
    c->list[c->n++] = change;
    return change;
}

void sl_changes_set(struct sl_import_changes *c, Sluice__V1__Change *change,
                    Sluice__V1__Change__Action action)
{
    if (change->action == SLUICE__V1__CHANGE__ACTION__ACTION_KEEP && action != change->action)
        c->written++;
    change->action = action;
}

void sl_changes_say(struct sl_import_changes *c, Sluice__V1__Change *change, const char *text)
{
    size_t n = change->n_differences;
    char **more = sl_arena_alloc(c->arena, (n + 1) * sizeof(*more));
    if (n)
        memcpy(more, change->differences, n * sizeof(*more));
    more[n] = sl_arena_strdup(c->arena, text);
    change->differences = more;
    change->n_differences = n + 1;
}

/* Milliseconds that mean a day. */
static bool is_day(const struct sl_row *row, unsigned column)
{
    return row->table == SL_TABLE_MODELS &&
           (column == SL_MODELS_DEPRECATED_AT_MS || column == SL_MODELS_RETIRES_AT_MS);
}

/* "" where the column says nothing. size: at least 11. */
static void value_text(const struct sl_row *row, unsigned column, char *dst, size_t size)
{
    const struct sl_value *v = &row->v[column];
    dst[0] = 0;
    switch (v->type) {
    case SL_VALUE_TEXT:
        sl_copy_n(dst, size, v->as.s.p, v->as.s.n);
        break;
    case SL_VALUE_INT:
        if (v->as.i && is_day(row, column))
            sl_day_format(v->as.i, dst);
        else if (v->as.i)
            snprintf(dst, size, "%lld", (long long)v->as.i);
        break;
    case SL_VALUE_REAL:
        if (v->as.d > 0 || v->as.d < 0)
            snprintf(dst, size, "%g", v->as.d);
        break;
    case SL_VALUE_BOOL:
        snprintf(dst, size, "%s", v->as.b ? "true" : "false");
        break;
    case SL_VALUE_BYTES:
        snprintf(dst, size, "%s", v->as.s.n ? "set" : "");
        break;
    case SL_VALUE_NULL:
        break;
    }
}

/* Columns that are said in another way, or say nothing of the entry. */
static bool is_shown(const struct sl_row *row, unsigned column)
{
    const struct sl_column *c = &sl_table_info(row->table)->columns[column];
    static const char *const hidden[] = {"id",     "owner",      "name",
                                         "source", "credential", "last_used_ms"};
    for (size_t i = 0; i < SL_ARRAY_LEN(hidden); i++) {
        if (!strcmp(c->name, hidden[i]))
            return false;
    }
    return !(c->flags & (SL_COLUMN_STORE | SL_COLUMN_ROTATED));
}

static const char *column_name(const struct sl_row *row, unsigned column)
{
    const char *name = sl_table_info(row->table)->columns[column].name;
    if (is_day(row, column))
        return column == SL_MODELS_RETIRES_AT_MS ? "retirement_date" : "deprecation_date";
    return strcmp(name, "headers_secret") ? name : "headers";
}

static void say_created(struct sl_import_changes *c, Sluice__V1__Change *change,
                        const struct sl_row *after)
{
    char value[MAX_VALUE];
    for (unsigned i = 0; i < sl_table_info(after->table)->n_columns; i++) {
        bool enabled = after->v[i].type == SL_VALUE_BOOL &&
                       sl_table_info(after->table)->columns[i].flags & SL_COLUMN_TRUE;
        if (!is_shown(after, i))
            continue;
        value_text(after, i, value, sizeof(value));
        if (*value && strcmp(value, enabled ? "true" : "false") != 0)
            sl_changes_say(c, change,
                           sl_arena_printf(c->arena, "%s: %s", column_name(after, i), value));
    }
}

static size_t say_changed(struct sl_import_changes *c, Sluice__V1__Change *change,
                          const struct sl_row *before, const struct sl_row *after)
{
    char was[MAX_VALUE], is[MAX_VALUE];
    size_t n = 0;
    for (unsigned i = 0; i < sl_table_info(after->table)->n_columns; i++) {
        if (!is_shown(after, i) || sl_value_equal(&before->v[i], &after->v[i]))
            continue;
        value_text(before, i, was, sizeof(was));
        value_text(after, i, is, sizeof(is));
        if (after->v[i].type == SL_VALUE_BYTES && *was && *is)
            sl_copy(is, sizeof(is), "changed");
        sl_changes_say(c, change,
                       sl_arena_printf(c->arena, "%s: %s -> %s", column_name(after, i),
                                       *was ? was : "(none)", *is ? is : "(none)"));
        n++;
    }
    return n;
}

void sl_changes_compare(struct sl_import_changes *c, Sluice__V1__Change *change,
                        const struct sl_row *before, const struct sl_row *after)
{
    if (!before) {
        say_created(c, change, after);
        sl_changes_set(c, change, SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
    } else if (say_changed(c, change, before, after)) {
        sl_changes_set(c, change, SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE);
    }
}
