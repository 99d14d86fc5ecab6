/* Help and completion say everything that is in the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "help.h"

static char *help_text(enum command command)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    help_print(f, command);
    fclose(f);
    return text;
}

static void test_overview(void **state)
{
    char *text = help_text(COMMAND_NONE);

    (void)state;
    for (const struct command_row *row = command_rows; row->name; row++)
        assert_non_null(strstr(text, row->help));
    assert_non_null(strstr(text, "--address"));
    assert_null(strstr(text, "--temperature"));
    assert_non_null(strstr(text, "130"));
    free(text);
}

static void test_command_help_has_its_options(void **state)
{
    (void)state;
    for (const struct command_row *command = command_rows; command->name; command++) {
        char *text = help_text(command->command);

        for (const struct option_row *row = option_rows;
             row->name && command->command != COMMAND_HELP; row++) {
            char name[64];

            snprintf(name, sizeof(name), "--%s%s", row->name, row->kind == OPTION_FLAG ? "" : " ");
            if (row->commands & command->command)
                assert_non_null(strstr(text, name));
        }
        free(text);
    }
}

static void test_help_fits_a_screen(void **state)
{
    char *text = help_text(COMMAND_CHAT);

    (void)state;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n");

        assert_true(n <= 100);
        assert_true(!n || line[n - 1] != ' ');
    }
    free(text);
}

static void test_completion_has_every_option(void **state)
{
    static const struct {
        const char *shell, *before; /* what stands before an option's name */
    } shells[] = {{"bash", "--"}, {"zsh", "--"}, {"fish", " -l "}};

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(shells); i++) {
        char *text = NULL, name[64];
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        assert_true(completion_print(f, shells[i].shell));
        fclose(f);
        for (const struct option_row *row = option_rows; row->name; row++) {
            snprintf(name, sizeof(name), "%s%s", shells[i].before, row->name);
            assert_non_null(strstr(text, name));
        }
        for (const struct command_row *row = command_rows; row->name; row++)
            assert_non_null(strstr(text, row->name));
        free(text);
    }
}

static void test_other_shells(void **state)
{
    (void)state;
    assert_false(completion_print(stdout, "tcsh"));
    assert_false(completion_print(stdout, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overview),
        cmocka_unit_test(test_command_help_has_its_options),
        cmocka_unit_test(test_help_fits_a_screen),
        cmocka_unit_test(test_completion_has_every_option),
        cmocka_unit_test(test_other_shells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
