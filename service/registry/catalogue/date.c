/* The civil calendar in days, by counting years from March, so that the leap day comes last. */
#include "registry/catalogue/date.h"

#include <stdio.h>
#include <string.h>

enum { DAYS_OF_400_YEARS = 146097, EPOCH = 719468 /* 1970-01-01, counted from 0000-03-01 */ };

static int32_t to_days(int year, int month, int day)
{
    year -= month <= 2;
    int era = year / 400, of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
}

static void from_days(int32_t days, int *year, int *month, int *day)
{
    days += EPOCH;
    int era = days / DAYS_OF_400_YEARS, rest = days - era * DAYS_OF_400_YEARS;
    int of_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    int of_year = rest - (365 * of_era + of_era / 4 - of_era / 100);
    int from_march = (5 * of_year + 2) / 153;
    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march + (from_march < 10 ? 3 : -9);
    *year = era * 400 + of_era + (*month <= 2);
}

static bool digits(const char *s, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

bool sl_date_parse(const char *s, int32_t *out)
{
    size_t n = strlen(s);
    int year = 0, month = 0, day = 1, y = 0, m = 0, d = 0;
    if ((n != 7 && n != 10) || s[4] != '-' || !digits(s, 4, &year) || !digits(s + 5, 2, &month))
        return false;
    if (n == 10 && (s[7] != '-' || !digits(s + 8, 2, &day)))
        return false;
    if (year < 1971 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int32_t days = to_days(year, month, day);
    from_days(days, &y, &m, &d);
    if (y != year || m != month || d != day) /* February 30 */
        return false;
    *out = days;
    return true;
}

void sl_date_format(int32_t days, char out[11])
{
    int year = 0, month = 0, day = 0;
    out[0] = '\0';
    if (days <= 0 || days > 2932896) /* 9999-12-31 */
        return;
    from_days(days, &year, &month, &day);
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day % 100);
}
