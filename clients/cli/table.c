/* Tables and fields for people. */
#include "table.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"

static void add(struct table *t, const char *const *cells)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->rows = sl_realloc(t->rows, t->cap * sizeof(*t->rows));
    }
    for (size_t i = 0; i < t->columns; i++)
        t->rows[t->n][i] = sl_strdup(cells[i] && *cells[i] ? cells[i] : "-");
    t->n++;
}

void table_init(struct table *t, const char *const *heading)
{
    *t = (struct table){0};
    while (t->columns < TABLE_COLUMNS_MAX && heading[t->columns])
        t->columns++;
    add(t, heading);
}

void table_add(struct table *t, const char *const *cells)
{
    add(t, cells);
}

void table_print(const struct table *t, struct term *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};

    for (size_t row = 0; row < t->n; row++) {
        for (size_t i = 0; i < t->columns; i++) {
            size_t width = term_width(t->rows[row][i]);

            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (size_t row = 0; row < t->n; row++) {
        term_style(out, row ? TERM_PLAIN : TERM_BOLD);
        for (size_t i = 0; i < t->columns; i++) {
            size_t pad = i + 1 < t->columns ? widths[i] - term_width(t->rows[row][i]) + 2 : 0;

            term_printf(out, "%s%*s", t->rows[row][i], (int)pad, "");
        }
        term_style(out, TERM_PLAIN);
        term_printf(out, "\n");
    }
}

void table_fini(struct table *t)
{
    for (size_t row = 0; row < t->n; row++) {
        for (size_t i = 0; i < t->columns; i++)
            sl_free(t->rows[row][i]);
    }
    sl_free(t->rows);
    *t = (struct table){0};
}

void table_field(struct term *out, const char *name, const char *value)
{
    if (!*value)
        return;
    term_style(out, TERM_BOLD);
    term_printf(out, "%-14s", name);
    term_style(out, TERM_PLAIN);
    term_printf(out, "%s\n", value);
}

void table_join(char *dst, size_t size, char *const *list, size_t n)
{
    size_t used = 0;

    *dst = 0;
    for (size_t i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(dst + used, size - used, "%s%s", i ? ", " : "", list[i]);
}

void table_time(char *dst, size_t size, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;

    *dst = 0;
    if (wall_ms && localtime_r(&seconds, &local))
        (void)strftime(dst, size, "%Y-%m-%d %H:%M", &local);
}

const char *table_bare(const char *resource_name)
{
    const char *slash = strchr(resource_name, '/');

    return slash ? slash + 1 : resource_name;
}
