/* Verbs: the first row is the default, numbers of arguments are checked, and wrong use says what is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "verbs.h"

static char seen[64];

static int run_list(struct cli *cli, const char *const *args, size_t n)
{
    (void)cli;
    (void)args;
    snprintf(seen, sizeof(seen), "list %zu", n);
    return 10;
}

static int run_show(struct cli *cli, const char *const *args, size_t n)
{
    (void)cli;
    snprintf(seen, sizeof(seen), "show %zu %s|%s", n, args[0], args[1]);
    return 11;
}

static const struct verb_row rows[] = {
    {"list", "", 0, 0, run_list},
    {"show", "NAME [MORE]", 1, 2, run_show},
    {.name = NULL},
};

static int run(const char *const *args, size_t n, char **complaint)
{
    struct cli cli = {.o = {.command = COMMAND_MODELS, .color = "never"}};
    size_t size = 0;
    FILE *f = open_memstream(complaint, &size);
    int code;

    cli.o.args.v = (const char **)(uintptr_t)args;
    cli.o.args.n = n;
    term_init(&cli.out, stdout, "never");
    term_init(&cli.err, f, "never");
    *seen = 0;
    code = verbs_run(&cli, rows);
    fclose(f);
    return code;
}

static void test_verbs(void **state)
{
    static const struct {
        const char *args[4];
        size_t n;
        int code;
        const char *seen, *says;
    } cases[] = {
        {{NULL}, 0, 10, "list 0", ""},
        {{"list"}, 1, 10, "list 0", ""},
        {{"show", "a"}, 2, 11, "show 1 a|", ""},
        {{"show", "a", "b"}, 3, 11, "show 2 a|b", ""},
        {{"show"}, 1, EXIT_USAGE, "", "sluice models show NAME [MORE]"},
        {{"show", "a", "b", "c"}, 4, EXIT_USAGE, "", "sluice models show NAME [MORE]"},
        {{"list", "x"}, 2, EXIT_USAGE, "", "sluice models list"},
        {{"frob"}, 1, EXIT_USAGE, "", "sluice models takes: list, show NAME [MORE]"},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        char *text = NULL;

        assert_int_equal(run(cases[i].args, cases[i].n, &text), cases[i].code);
        assert_string_equal(seen, cases[i].seen);
        assert_non_null(strstr(text, cases[i].says));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verbs)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
