/* docs/metrics.md has every metric, with type, labels and meaning, in the table's order. `test_metrics_page --write` brings
 * it up to date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "telemetry/metrics.h"

static const char path[] = SOURCE_DIR "/service/docs/metrics.md";
static const char begin[] = "<!-- from the table: test_metrics_page --write -->\n";
static const char end[] = "<!-- end of the table -->\n";

static void print_metric(FILE *to, const struct sl_metric_facts *m)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    fprintf(to, "| `%s` | %s |", m->name, types[m->type]);
    for (size_t i = 0; m->labels[i]; i++)
        fprintf(to, "%s `%s`", i ? "," : "", m->labels[i]);
    fprintf(to, " | %s |\n", m->help);
}

static char *table(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (!to)
        abort();
    fprintf(to, "\n| metric | type | labels | what it is |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SL_METRIC_COUNT; i++)
        print_metric(to, &sl_metric_facts[i]);
    fprintf(to, "\n");
    fclose(to);
    return text;
}

static char *page(void)
{
    static char text[256 * 1024];
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void the_page_has_every_metric(void **state)
{
    char *expected = table(), *text = page();
    (void)state;
    assert_non_null(text);
    const char *from = strstr(text, begin), *to = strstr(text, end);
    assert_true(from && to && from < to);
    from += strlen(begin);
    if ((size_t)(to - from) != strlen(expected) || memcmp(from, expected, strlen(expected)) != 0)
        fail_msg("%s is not what the table says; run test_metrics_page --write", path);
    free(expected);
}

static int write_page(void)
{
    char *expected = table(), *text = page();
    char *from = text ? strstr(text, begin) : NULL, *to = text ? strstr(text, end) : NULL;
    FILE *f = from && to ? fopen(path, "w") : NULL;
    if (!f)
        return EXIT_FAILURE;
    fwrite(text, 1, (size_t)(from - text) + strlen(begin), f);
    fputs(expected, f);
    fputs(to, f);
    free(expected);
    return fclose(f) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--write"))
        return write_page();
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_page_has_every_metric)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
