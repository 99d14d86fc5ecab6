/* Tables: columns as wide as they need, empty cells, wide characters; and the small formatters beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "table.h"

static char *printed(const struct table *t)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    struct term out;

    term_init(&out, f, "never");
    table_print(t, &out);
    fclose(f);
    return text;
}

static void test_columns_fit(void **state)
{
    struct table t;
    char *text;

    (void)state;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    table_init(&t, (const char *[]){"NAME", "TIER", NULL});
    table_add(&t, (const char *[]){"ann", "gold"});
    table_add(&t, (const char *[]){"somebody-else", NULL});
    table_add(&t, (const char *[]){"日本", ""});
    text = printed(&t);
    assert_string_equal(text, "NAME           TIER\n"
                              "ann            gold\n"
                              "somebody-else  -\n"
                              "日本           -\n");
    free(text);
    table_fini(&t);
}

static void test_many_rows(void **state)
{
    struct table t;
    char *text;
    size_t lines = 0;

    (void)state;
    table_init(&t, (const char *[]){"N", NULL});
    for (size_t i = 0; i < 1000; i++)
        table_add(&t, (const char *[]){"x"});
    text = printed(&t);
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 1001);
    free(text);
    table_fini(&t);
}

static void test_join(void **state)
{
    char first[] = "admin", second[] = "user", *list[] = {first, second};
    char text[16], small[6];

    (void)state;
    table_join(text, sizeof(text), list, 2);
    assert_string_equal(text, "admin, user");
    table_join(text, sizeof(text), list, 0);
    assert_string_equal(text, "");
    table_join(small, sizeof(small), list, 2);
    assert_string_equal(small, "admin");
}

static void test_time_and_name(void **state)
{
    char text[TABLE_TIME_SIZE];

    (void)state;
    table_time(text, sizeof(text), 0);
    assert_string_equal(text, "");
    table_time(text, sizeof(text), 1775000000000);
    assert_int_equal(strlen(text), 16);
    assert_string_equal(table_bare("models/a/b"), "a/b");
    assert_string_equal(table_bare("plain"), "plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_fit),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_time_and_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
