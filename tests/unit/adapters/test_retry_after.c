/* When to try again: retry-after in its forms, and limits that say when they are renewed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/adapter.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static const struct {
    const char *ms, *seconds, *date;
    int64_t want; /* -1: none */
} retry_rows[] = {
    {NULL, NULL, NULL, -1},
    {NULL, "20", NULL, 20000},
    {NULL, "0", NULL, 0},
    {NULL, "1.5", NULL, 1500},
    {NULL, "0.0019", NULL, 1},
    {"660", NULL, NULL, 660},
    {"660.9", "7", NULL, 660},
    {"0", "1", NULL, 0},
    {"soon", "2", NULL, 2000},
    {NULL, "", NULL, -1},
    {NULL, "-1", NULL, -1},
    {NULL, "1s", NULL, -1},
    {NULL, "99999999999999999999999999", NULL, 86400000},
    {NULL, "Sun, 06 Nov 1994 08:50:37 GMT", DATE, 60000},
    {NULL, "Mon, 07 Nov 1994 08:49:36 GMT", DATE, 86399000},
    {NULL, "Sun, 06 Nov 1994 08:49:07 GMT", DATE, 0},
    {NULL, "Wed, 01 Mar 2000 00:00:00 GMT", "Tue, 29 Feb 2000 23:59:50 GMT", 10000},
    {NULL, "Sat, 06 Nov 2094 08:49:37 GMT", DATE, 86400000},
    {NULL, DATE, NULL, -1},
    {NULL, "Sun, 06 Nov 1994 08:49:37 CET", DATE, -1},
    {NULL, "Sun, 06 Foo 1994 08:49:37 GMT", DATE, -1},
    {NULL, "Sun, 0x Nov 1994 08:49:37 GMT", DATE, -1},
};

static void reads_when_to_try_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(retry_rows); i++) {
        struct sl_header list[3];
        struct sl_http_head head = {.status = 429};
        const char *const names[] = {"retry-after-ms", "retry-after", "date"};
        const char *const values[] = {retry_rows[i].ms, retry_rows[i].seconds, retry_rows[i].date};
        for (size_t h = 0; h < 3; h++) {
            if (!values[h])
                continue;
            list[h] = (struct sl_header){names[h], values[h], false, NULL};
            list[h].next = (struct sl_header *)(uintptr_t)head.headers;
            head.headers = &list[h];
        }
        int64_t ms = -1;
        assert_int_equal(sl_retry_after(&head, &ms), retry_rows[i].want >= 0);
        assert_int_equal(ms, retry_rows[i].want);
    }
}

/* ---- limits of a 429 ---- */

enum { MAX_HEADERS = 6 };

static const struct {
    int status;
    struct sl_header headers[MAX_HEADERS];
    int64_t want; /* -1: none */
} reset_rows[] = {
    /* OpenAI and its likes */
    {429, {{"x-ratelimit-reset-requests", "1s", false, NULL}}, 1000},
    {429, {{"x-ratelimit-reset-tokens", "6m0s", false, NULL}}, 360000},
    {429, {{"x-ratelimit-reset-tokens", "115ms", false, NULL}}, 115},
    {429, {{"x-ratelimit-reset-requests", "21m36.001s", false, NULL}}, 1296001},
    {429, {{"x-ratelimit-reset-requests", "1h2m3.5s", false, NULL}}, 3723500},
    {429, {{"x-ratelimit-reset-requests", "30d", false, NULL}}, 86400000},
    {200, {{"x-ratelimit-reset-requests", "1s", false, NULL}}, -1},
    {503, {{"x-ratelimit-reset-requests", "1s", false, NULL}}, -1},
    /* the limit that was met, not the other one */
    {429,
     {{"x-ratelimit-reset-requests", "10s", false, NULL},
      {"x-ratelimit-remaining-requests", "0", false, NULL},
      {"x-ratelimit-reset-tokens", "2s", false, NULL},
      {"x-ratelimit-remaining-tokens", "40000", false, NULL}},
     10000},
    {429,
     {{"x-ratelimit-reset-requests", "10s", false, NULL},
      {"x-ratelimit-remaining-requests", "0", false, NULL},
      {"x-ratelimit-reset-tokens", "20s", false, NULL},
      {"x-ratelimit-remaining-tokens", "0", false, NULL}},
     20000},
    {429,
     {{"x-ratelimit-reset-requests", "10s", false, NULL},
      {"x-ratelimit-remaining-requests", "7", false, NULL},
      {"x-ratelimit-reset-tokens", "2s", false, NULL},
      {"x-ratelimit-remaining-tokens", "12", false, NULL}},
     2000},
    /* retry-after goes first */
    {429,
     {{"retry-after", "3", false, NULL}, {"x-ratelimit-reset-tokens", "2s", false, NULL}},
     3000},
    /* Anthropic */
    {429,
     {{"date", DATE, false, NULL},
      {"anthropic-ratelimit-input-tokens-remaining", "0", false, NULL},
      {"anthropic-ratelimit-input-tokens-reset", "1994-11-06T08:50:00Z", false, NULL},
      {"anthropic-ratelimit-requests-remaining", "49", false, NULL},
      {"anthropic-ratelimit-requests-reset", "1994-11-06T08:49:40Z", false, NULL}},
     23000},
    {429, {{"anthropic-ratelimit-requests-reset", "1994-11-06T08:49:40Z", false, NULL}}, -1},
    {429,
     {{"date", DATE, false, NULL},
      {"anthropic-ratelimit-requests-reset", "1994-11-06T08:49:00Z", false, NULL}},
     -1},
    /* Groq, Cerebras, Azure */
    {429, {{"x-ratelimit-reset-tokens", "7.66s", false, NULL}}, 7660},
    {429, {{"x-ratelimit-reset-tokens-minute", "11.382", false, NULL}}, 11382},
    {429, {{"x-ratelimit-reset-requests", "44", false, NULL}}, 44000},
    /* OpenRouter: milliseconds since 1970; others have seconds */
    {429, {{"date", DATE, false, NULL}, {"x-ratelimit-reset", "784111787000", false, NULL}}, 10000},
    {429,
     {{"date", "Sat, 08 Aug 2025 15:40:55 GMT", false, NULL},
      {"x-ratelimit-reset", "1754667660", false, NULL}},
     5000},
    {429, {{"x-ratelimit-reset", "1754667660000", false, NULL}}, -1},
    /* no times */
    {429, {{"x-ratelimit-reset-requests", "", false, NULL}}, -1},
    {429, {{"x-ratelimit-reset-requests", "soon", false, NULL}}, -1},
    {429, {{"x-ratelimit-reset-requests", "1x", false, NULL}}, -1},
    {429, {{"x-ratelimit-reset-requests", "s", false, NULL}}, -1},
    {429, {{"x-ratelimit-reset-requests", "1.2.3s", false, NULL}}, -1},
    {429, {{"anthropic-ratelimit-requests-reset", "1994-13-06T08:49:40Z", false, NULL}}, -1},
    {429, {{"x-ratelimit-reset-tokens", "99999999999999999999999999s", false, NULL}}, 86400000},
};

static void reads_when_a_limit_is_renewed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(reset_rows); i++) {
        struct sl_header list[MAX_HEADERS];
        struct sl_http_head head = {.status = reset_rows[i].status};
        memcpy(list, reset_rows[i].headers, sizeof(list));
        for (size_t h = MAX_HEADERS; h-- > 0;) {
            if (!list[h].name)
                continue;
            list[h].next = (struct sl_header *)(uintptr_t)head.headers;
            head.headers = &list[h];
        }
        int64_t ms = -1;
        bool found = sl_retry_after(&head, &ms);
        if (found != (reset_rows[i].want >= 0) || ms != reset_rows[i].want)
            fail_msg("row %zu, %s: %s: %lld", i, list[0].name, list[0].value, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_when_to_try_again),
        cmocka_unit_test(reads_when_a_limit_is_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
