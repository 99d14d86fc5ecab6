/* When a provider wants to be asked again: retry-after in its forms, and where a 429 comes without
 * one, the time at which the limit that was met is renewed.
 *
 * Sources: RFC 9110 sections 10.2.3 and 5.6.7; OpenAI's guide "Rate limits" (x-ratelimit-reset-requests
 * and -tokens, "1s", "6m0s"); Groq's "Rate Limits" ("2m59.56s"); Anthropic's "Rate limits"
 * (anthropic-ratelimit-*-reset, RFC 3339); Cerebras' "Rate Limits" (x-ratelimit-reset-tokens-minute,
 * seconds); OpenRouter's "Limits" (X-RateLimit-Reset, milliseconds since 1970: recorded). */
#include "adapters/adapter.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_RETRY_AFTER_S = 86400, /* longer waits are not worth telling apart */
    MAX_NAME = 96,             /* of a header with a limit */
};

/* Decimal digits of a fixed width; -1 where there are others. */
static int digits(const char *s, int width)
{
    int v = 0;
    for (int i = 0; i < width; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant's days_from_civil). */
static int64_t days_from_civil(int y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the one form that RFC 9110 section 5.6.7 lets a sender write. */
static bool parse_http_date(const char *s, int64_t *seconds)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (strlen(s) != 29 || s[3] != ',' || s[19] != ':' || s[22] != ':' ||
        strcmp(s + 25, " GMT") != 0)
        return false;
    int month = 0;
    while (month < 12 && memcmp(months + (size_t)month * 3, s + 8, 3) != 0)
        month++;
    int day = digits(s + 5, 2), year = digits(s + 12, 4);
    int hour = digits(s + 17, 2), minute = digits(s + 20, 2), second = digits(s + 23, 2);
    if (month == 12 || day < 1 || year < 1970 || hour < 0 || minute < 0 || second < 0)
        return false;
    *seconds = days_from_civil(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* A number that is not negative, with an optional fraction, times scale; at most the longest
 * wait. *end is what follows it. */
static bool parse_number(const char *s, int64_t scale, int64_t *out, const char **end)
{
    const int64_t max = (int64_t)MAX_RETRY_AFTER_S * 1000;
    int64_t v = 0;
    const char *at = s;

    for (; *at >= '0' && *at <= '9'; at++)
        v = v > max ? v : v * 10 + (*at - '0');
    if (at == s)
        return false;
    v = v > max ? max : v * scale;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++) {
            scale /= 10;
            v += (*at - '0') * scale;
        }
    *end = at;
    *out = v > max ? max : v;
    return true;
}

static bool parse_decimal(const char *s, int64_t scale, int64_t *out)
{
    const char *end;
    int64_t v;

    if (!parse_number(s, scale, &v, &end) || *end)
        return false;
    *out = v;
    return true;
}

static bool wait_until_date(const struct sl_http_head *head, const char *value, int64_t *ms)
{
    const char *date = sl_http_head_get(head, "date");
    int64_t at, now;

    if (!date || !parse_http_date(value, &at) || !parse_http_date(date, &now))
        return false;
    int64_t wait = at > now ? at - now : 0;
    *ms = (wait > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S : wait) * 1000;
    return true;
}

/* ---- limits ---- */

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"ms", 1}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"d", 86400 * 1000}};

/* "1h2m3.5s", "115ms". */
static bool parse_duration(const char *s, int64_t *ms)
{
    const int64_t max = (int64_t)MAX_RETRY_AFTER_S * 1000;
    int64_t total = 0;

    while (*s) {
        const char *end = s + strspn(s, "0123456789.");
        int64_t v = 0, scale = 0;
        for (size_t i = 0; i < SL_ARRAY_LEN(units) && !scale; i++)
            if (sl_starts_with(end, units[i].unit)) {
                scale = units[i].ms;
                if (!parse_number(s, scale, &v, &s) || s != end)
                    return false;
                s += strlen(units[i].unit);
            }
        if (!scale)
            return false;
        total = total + v > max ? max : total + v;
    }
    *ms = total;
    return true;
}

/* "2026-01-15T12:00:05Z", a fraction of a second allowed. */
static bool parse_rfc3339(const char *s, int64_t *seconds)
{
    size_t n = strlen(s);

    if (n < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' ||
        s[n - 1] != 'Z')
        return false;
    int year = digits(s, 4), month = digits(s + 5, 2), day = digits(s + 8, 2);
    int hour = digits(s + 11, 2), minute = digits(s + 14, 2), second = digits(s + 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || minute < 0 || second < 0)
        return false;
    *seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* Seconds since 1970, or milliseconds; 0 for what is no such time. */
static int64_t parse_epoch(const char *s)
{
    int64_t v = 0;

    for (; *s >= '0' && *s <= '9' && v < INT64_MAX / 100; s++)
        v = v * 10 + (*s - '0');
    if (*s)
        return 0;
    return v >= 100000000000 ? v / 1000 : v >= 1000000000 ? v : 0;
}

/* How long from now, in any of the forms; a time that has gone by says nothing. */
static bool parse_reset(const struct sl_http_head *head, const char *value, int64_t *ms)
{
    const char *date = sl_http_head_get(head, "date");
    int64_t at = parse_epoch(value), now;

    if (at || parse_rfc3339(value, &at)) {
        if (!date || !parse_http_date(date, &now) || at <= now)
            return false;
        *ms = (at - now > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S : at - now) * 1000;
        return true;
    }
    return parse_decimal(value, 1000, ms) || (*value && parse_duration(value, ms));
}

/* Whether the limit whose "reset" header that is has nothing left. */
static bool is_exhausted(const struct sl_http_head *head, const char *name, const char *reset)
{
    char remaining[MAX_NAME];

    snprintf(remaining, sizeof(remaining), "%.*sremaining%s", (int)(reset - name), name,
             reset + strlen("reset"));
    const char *left = sl_http_head_get(head, remaining);
    return left && !strcmp(left, "0");
}

/* The wait for the limits that have nothing left, else for the one that is renewed first. */
static bool wait_for_reset(const struct sl_http_head *head, int64_t *ms)
{
    int64_t exhausted = -1, first = -1, wait;

    for (const struct sl_header *h = head->headers; h; h = h->next) {
        const char *reset = strstr(h->name, "reset");
        if (!reset || !strstr(h->name, "ratelimit") || !parse_reset(head, h->value, &wait))
            continue;
        if (is_exhausted(head, h->name, reset))
            exhausted = wait > exhausted ? wait : exhausted;
        first = first < 0 || wait < first ? wait : first;
    }
    if (first < 0)
        return false;
    *ms = exhausted >= 0 ? exhausted : first;
    return true;
}

bool sl_retry_after(const struct sl_http_head *head, int64_t *ms)
{
    const char *value = sl_http_head_get(head, "retry-after-ms");

    if (value && parse_decimal(value, 1, ms))
        return true;
    value = sl_http_head_get(head, "retry-after");
    if (value && (parse_decimal(value, 1000, ms) || wait_until_date(head, value, ms)))
        return true;
    return head->status == 429 && wait_for_reset(head, ms);
}
