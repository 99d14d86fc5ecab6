/* Lines of text, one for each value. */
#include "telemetry/exposition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define MS INT64_C(1000)
#define S (1000 * MS)

const int64_t sl_histogram_bounds_us[SL_HISTOGRAM_BOUNDS] = {
    1 * MS,   2500,  5 * MS,    10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS,
    500 * MS, 1 * S, 2500 * MS, 5 * S,   10 * S,  30 * S,  60 * S,   300 * S,
};

size_t sl_histogram_bucket(int64_t us)
{
    size_t i = 0;
    while (i < SL_HISTOGRAM_BOUNDS && us > sl_histogram_bounds_us[i])
        i++;
    return i;
}

/* ---- texts ---- */

static bool add_escaped(struct sl_buf *to, const char *text, const char *special)
{
    for (; *text; text++) {
        char c = *text == '\n' ? 'n' : *text;
        if (strchr(special, *text) && !sl_buf_add_char(to, '\\'))
            return false;
        if (!sl_buf_add_char(to, strchr(special, *text) ? c : *text))
            return false;
    }
    return true;
}

static const char *type_name(enum sl_metric_type type)
{
    static const char *const names[] = {"counter", "gauge", "histogram"};
    return names[type];
}

bool sl_exposition_head(struct sl_buf *to, const struct sl_metric_facts *m)
{
    return sl_buf_printf(to, "# HELP %s ", m->name) && add_escaped(to, m->help, "\\\n") &&
           sl_buf_printf(to, ".\n# TYPE %s %s\n", m->name, type_name(m->type));
}

bool sl_exposition_labels(struct sl_buf *to, const struct sl_metric_facts *m,
                          const char *const *values)
{
    for (size_t i = 0; m->labels[i]; i++) {
        bool valid = sl_utf8_valid(values[i], strlen(values[i]));
        if (!sl_buf_printf(to, "%s%s=\"", i ? "," : "", m->labels[i]) ||
            !add_escaped(to, valid ? values[i] : "\xef\xbf\xbd", "\\\"\n") ||
            !sl_buf_add_char(to, '"'))
            return false;
    }
    return true;
}

/* ---- numbers ---- */

/* The shortest text that is read as the same number. */
static bool add_number(struct sl_buf *to, double value)
{
    char text[32];
    if (isnan(value) || isinf(value))
        return sl_buf_add_str(to, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return sl_buf_add_str(to, text);
}

static bool add_line(struct sl_buf *to, const char *name, const char *labels, double value)
{
    bool ok = *labels ? sl_buf_printf(to, "%s{%s} ", name, labels) : sl_buf_printf(to, "%s ", name);
    return ok && add_number(to, value) && sl_buf_add_char(to, '\n');
}

bool sl_exposition_value(struct sl_buf *to, const struct sl_metric_facts *m, const char *labels,
                         double value)
{
    return add_line(to, m->name, labels, value);
}

static bool add_bucket(struct sl_buf *to, const struct sl_metric_facts *m, const char *labels,
                       size_t bucket)
{
    if (!sl_buf_printf(to, "%s_bucket{%s%sle=\"", m->name, labels, *labels ? "," : ""))
        return false;
    return add_number(
        to, bucket < SL_HISTOGRAM_BOUNDS ? (double)sl_histogram_bounds_us[bucket] / 1e6 : INFINITY);
}

bool sl_exposition_histogram(struct sl_buf *to, const struct sl_metric_facts *m, const char *labels,
                             const int64_t cells[SL_HISTOGRAM_BOUNDS + 2])
{
    char name[128];
    int64_t count = 0;
    for (size_t i = 0; i <= SL_HISTOGRAM_BOUNDS; i++) {
        count += cells[i];
        if (!add_bucket(to, m, labels, i) || !sl_buf_printf(to, "\"} %lld\n", (long long)count))
            return false;
    }
    snprintf(name, sizeof(name), "%s_sum", m->name);
    if (!add_line(to, name, labels, (double)cells[SL_HISTOGRAM_BOUNDS + 1] / 1e6))
        return false;
    snprintf(name, sizeof(name), "%s_count", m->name);
    return add_line(to, name, labels, (double)count);
}
