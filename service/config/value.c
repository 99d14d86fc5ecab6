/* Parsers and printers of setting values: strict, whole texts only, nothing guessed. */
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000}};

static const struct unit sizes[] = {
    {"B", 1}, {"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};

const char *sl_value_bool(const char *text, bool *out)
{
    bool yes = !strcmp(text, "true");
    if (!yes && strcmp(text, "false"))
        return "has to be true or false";
    *out = yes;
    return NULL;
}

const char *sl_value_int(const char *text, int64_t *out)
{
    return sl_parse_i64(sl_str(text), out) ? NULL : "has to be a whole number";
}

/* Digits, a point, digits: as a number of units of 10^-scale, with *at after it. False where
 * there are none, too many, or more decimals than scale. */
static bool parse_decimal(const char **at, unsigned scale, int64_t *out)
{
    const char *s = *at;
    int64_t v = 0;
    unsigned digits = 0, decimals = 0;
    bool point = false;
    for (; (*s >= '0' && *s <= '9') || (*s == '.' && !point); s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        if (v > (INT64_MAX - 9) / 10 || (point && ++decimals > scale))
            return false;
        v = v * 10 + (*s - '0');
        digits++;
    }
    if (!digits || (point && !decimals))
        return false;
    for (; decimals < scale; decimals++) {
        if (v > INT64_MAX / 10)
            return false;
        v *= 10;
    }
    *at = s;
    *out = v;
    return true;
}

/* strtod would follow the locale; settings need no more than six decimals. */
const char *sl_value_number(const char *text, double *out)
{
    bool minus = *text == '-';
    const char *s = text + minus;
    int64_t millionths;
    if (!parse_decimal(&s, 6, &millionths) || *s)
        return "has to be a number with at most six decimals";
    *out = (double)(minus ? -millionths : millionths) / 1e6;
    return NULL;
}

static const char bad_duration[] =
    "has to be a duration with its unit, as in 500ms, 10s, 2m, 1h (0 needs none)";

const char *sl_value_duration(const char *text, int64_t *ms)
{
    const char *s = text;
    int64_t total = 0;
    if (!strcmp(text, "0")) {
        *ms = 0;
        return NULL;
    }
    do {
        int64_t thousandths;
        if (!parse_decimal(&s, 3, &thousandths))
            return bad_duration;
        size_t n = strspn(s, "dhms");
        const struct unit *u = NULL;
        for (size_t i = 0; i < SL_ARRAY_LEN(durations); i++) {
            if (sl_str_eq((struct sl_str){s, n}, durations[i].name))
                u = &durations[i];
        }
        /* a century is enough, and leaves room for sums */
        if (!u || thousandths / 1000 > INT64_C(3155760000000) / u->factor ||
            thousandths * u->factor % 1000)
            return bad_duration;
        total += thousandths * u->factor / 1000;
        s += n;
    } while (*s && total <= INT64_C(3155760000000));
    if (*s)
        return bad_duration;
    *ms = total;
    return NULL;
}

const char *sl_value_size(const char *text, int64_t *bytes)
{
    const char *s = text;
    int64_t v;
    if (parse_decimal(&s, 0, &v)) {
        for (size_t i = 0; i < SL_ARRAY_LEN(sizes); i++) {
            if (strcmp(s, sizes[i].name) || v > INT64_MAX / sizes[i].factor)
                continue;
            *bytes = v * sizes[i].factor;
            return NULL;
        }
    }
    return "has to be a size, as in 4096, 64KiB, 16MiB, 1GiB";
}

const char *sl_value_price(const char *text, int64_t *micros)
{
    const char *s = text;
    int64_t v;
    if (!parse_decimal(&s, 6, &v) || *s)
        return "has to be a price in dollars per million tokens, as in 2.50, with at most six "
               "decimals";
    *micros = v;
    return NULL;
}

const char *sl_value_choice(const char *text, const char *choices)
{
    size_t n = strlen(text);
    for (const char *c = choices; c; c = strchr(c, '|')) {
        c += *c == '|';
        size_t len = strcspn(c, "|");
        if (n == len && !memcmp(c, text, n))
            return NULL;
    }
    return "has to be one of";
}

static void print_unit(char *dst, size_t size, int64_t v, const struct unit *units, size_t n)
{
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        if (v && v % units[i].factor == 0)
            best = i;
    }
    snprintf(dst, size, "%" PRId64 "%s", v / units[best].factor, v ? units[best].name : "");
}

void sl_value_print_duration(char *dst, size_t size, int64_t ms)
{
    /* not in days: "168h" says more of a time-out than "7d" */
    print_unit(dst, size, ms, durations, SL_ARRAY_LEN(durations) - 1);
}

void sl_value_print_size(char *dst, size_t size, int64_t bytes)
{
    print_unit(dst, size, bytes, sizes, SL_ARRAY_LEN(sizes));
}

void sl_value_print_price(char *dst, size_t size, int64_t micros)
{
    snprintf(dst, size, "%" PRId64 ".%06" PRId64, micros / 1000000, micros % 1000000);
    size_t n = strlen(dst);
    while (n && dst[n - 1] == '0' && dst[n - 2] != '.')
        dst[--n] = '\0';
}
