/* Clocks run forwards; times and ids have their text forms. */
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cm.h"

static void clocks_run_forwards(void **state)
{
    (void)state;
    int64_t before = sl_now_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = sl_now_us();
        assert_true(now >= before);
        before = now;
    }
    assert_true(sl_wall_ms() > 1700000000000);
}

static void times_are_formatted(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1769862896789, "2026-01-31T12:34:56.789Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[25];
        sl_format_time(text, sizeof(text), rows[i].ms);
        assert_string_equal(text, rows[i].text);
    }
    char text[25];
    sl_format_time(text, sizeof(text), INT64_MAX);
    assert_int_equal(strlen(text), 24);
}

static int64_t ms_of(const char *id)
{
    int64_t ms = 0;
    for (int i = 0; i < 13; i++) {
        if (id[i] != '-')
            ms = ms << 4 | (id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
    }
    return ms;
}

static void ids_are_version_7_and_ordered(void **state)
{
    (void)state;
    char last[37] = "";
    for (int i = 0; i < 2000; i++) {
        char id[37];
        int64_t before = sl_wall_ms();
        sl_uuid7(id);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
        assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
        assert_int_equal(id[14], '7');
        assert_non_null(strchr("89ab", id[19]));
        assert_in_range(ms_of(id), before, before + 1000);
        /* Ordered by time to a quarter of a microsecond: milliseconds and their fraction. */
        assert_true(memcmp(last, id, 18) <= 0);
        assert_string_not_equal(last, id);
        memcpy(last, id, sizeof(id));
    }
}

enum { IDS = 2000 };

static void *make_ids(void *arg)
{
    char(*ids)[37] = arg;
    for (int i = 0; i < IDS; i++)
        sl_uuid7(ids[i]);
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void threads_never_make_the_same(void **state)
{
    (void)state;
    static char ids[4 * IDS][37];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, ids + (size_t)i * IDS), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    qsort(ids, SL_ARRAY_LEN(ids), sizeof(ids[0]), by_text);
    for (size_t i = 1; i < SL_ARRAY_LEN(ids); i++)
        assert_string_not_equal(ids[i - 1], ids[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_run_forwards),
        cmocka_unit_test(times_are_formatted),
        cmocka_unit_test(ids_are_version_7_and_ordered),
        cmocka_unit_test(threads_never_make_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
