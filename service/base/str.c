/* Small string helpers. */
#include "base/str.h"

#include <strings.h>

#include "base/utf8.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool sl_str_eq(struct sl_str a, const char *b)
{
    size_t n = strlen(b);
    return a.n == n && (n == 0 || memcmp(a.p, b, n) == 0);
}

bool sl_str_ieq(struct sl_str a, const char *b)
{
    size_t i = 0;
    for (; i < a.n && b[i]; i++) {
        if (lower(a.p[i]) != lower(b[i]))
            return false;
    }
    return i == a.n && !b[i];
}

bool sl_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool sl_ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool sl_copy(char *dst, size_t size, const char *src)
{
    return sl_copy_n(dst, size, src, src ? strlen(src) : 0);
}

bool sl_copy_n(char *dst, size_t size, const char *src, size_t n)
{
    if (size == 0)
        return n == 0;
    size_t taken = n < size ? n : sl_utf8_cut(src, size - 1);
    if (taken)
        memcpy(dst, src, taken);
    dst[taken] = '\0';
    return taken == n;
}

bool sl_parse_i64(struct sl_str s, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.n)
        return false;
    /* Counted downwards: the negative range is the larger one. */
    int64_t v = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s.p[i] - '0', &v))
            return false;
    }
    if (!negative && v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

size_t sl_edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t na = strnlen(a, LONGEST + 1), nb = strnlen(b, LONGEST + 1);
    if (na > LONGEST || nb > LONGEST)
        return SIZE_MAX;
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t insert = row[j - 1] + 1, drop = row[j] + 1;
            row[j] = insert < drop ? insert : drop;
            if (change < row[j])
                row[j] = change;
        }
    }
    return row[nb];
}

uint64_t sl_hash_text(const char *s, uint64_t from)
{
    uint64_t h = from ? from : UINT64_C(14695981039346656037);
    size_t n = strlen(s) + 1;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
    return h;
}

bool sl_glob_match(const char *pattern, const char *s)
{
    /* Only the last '*' ever needs to be tried again, so the time is at most product of lengths. */
    const char *star = NULL, *retry = NULL;
    while (*s) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = s;
        } else if (lower(*pattern) == lower(*s)) {
            pattern++;
            s++;
        } else if (star) {
            pattern = star;
            s = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}
