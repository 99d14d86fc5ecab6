/* The reference page says what the tables say. `test_page --write` brings it up to date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/format.h"

static const char path[] = SOURCE_DIR "/service/docs/configuration.md";
static const char begin[] = "<!-- from the tables: test_page --write -->\n";
static const char end[] = "<!-- end of the tables -->\n";

/* A '|' would end a cell. */
static void print_cell(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void print_row(FILE *to, const struct sl_setting *row, bool root)
{
    const char *preset = sl_format_default(row);
    fprintf(to, "| `%s`%s | ", row->key, row->required ? " (required)" : "");
    print_cell(to, sl_format_type(row));
    fprintf(to, " | ");
    print_cell(to, preset);
    fprintf(to, " | ");
    print_cell(to, row->help);
    if (root)
        fprintf(to, " | %s", row->reload ? "yes" : "");
    fprintf(to, " |\n");
}

static void print_table(FILE *to, const struct sl_settings *s)
{
    bool root = s == &sl_settings_root;
    fprintf(to, root ? "| setting | type | default | what it is | taken up by a reload "
                       "|\n|---|---|---|---|---|\n"
                     : "| field | type | default | what it is |\n|---|---|---|---|\n");
    for (size_t i = 0; i < s->count; i++)
        print_row(to, &s->rows[i], root);
}

static char *tables(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (!to)
        abort();
    fprintf(to, "\n## Settings\n\n");
    print_table(to, &sl_settings_root);
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        const struct sl_setting *row = &sl_settings_root.rows[i];
        if (row->type != SL_SET_TABLE)
            continue;
        fprintf(to, "\n## An entry of `%s`\n\n", row->key);
        print_table(to, row->table);
    }
    fputc('\n', to);
    fclose(to);
    return text;
}

static char *read_page(void)
{
    char *text = calloc(1, 1 << 20);
    FILE *f = fopen(path, "r");
    if (!f || !text || !fread(text, 1, (1 << 20) - 1, f))
        abort();
    fclose(f);
    return text;
}

static void is_up_to_date(void **state)
{
    char *page = read_page(), *wanted = tables();
    (void)state;
    char *from = strstr(page, begin), *to = strstr(page, end);
    assert_true(from && to && from < to);
    *to = '\0';
    if (strcmp(from + strlen(begin), wanted))
        fail_msg("%s is out of date: run test_page --write", path);
    free(page);
    free(wanted);
}

static int write_page(void)
{
    char *page = read_page(), *wanted = tables();
    char *from = strstr(page, begin), *to = strstr(page, end);
    FILE *f = from && to ? fopen(path, "w") : NULL;
    if (!f)
        return 1;
    fprintf(f, "%.*s%s%s", (int)(from + strlen(begin) - page), page, wanted, to);
    free(page);
    free(wanted);
    return fclose(f) != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_up_to_date)};
    if (argc > 1 && !strcmp(argv[1], "--write"))
        return write_page();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
