/* The command line: tables in order, every kind of option, and what is said about wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "options.h"

enum { WORDS_MAX = 12, WORD_MAX = 64 };

/* argv that may be written to. */
struct words {
    char text[WORDS_MAX][WORD_MAX];
    char *v[WORDS_MAX];
    int n;
};

static void words_init(struct words *w, const char *const *list)
{
    w->n = 0;
    for (; list[w->n]; w->n++) {
        snprintf(w->text[w->n], WORD_MAX, "%s", list[w->n]);
        w->v[w->n] = w->text[w->n];
    }
}

static enum sl_code parse(struct options *o, struct words *w, struct sl_err *err,
                          const char *const *list)
{
    *err = (struct sl_err){0};
    words_init(w, list);
    return options_parse(o, w->n, w->v, err);
}

#define PARSE(...) parse(&o, &w, &err, (const char *const[]){__VA_ARGS__, NULL})

static void test_tables_are_sorted(void **state)
{
    (void)state;
    for (size_t i = 1; option_rows[i].name; i++)
        assert_true(strcmp(option_rows[i - 1].name, option_rows[i].name) < 0);
    for (size_t i = 1; command_rows[i].name; i++)
        assert_true(strcmp(command_rows[i - 1].name, command_rows[i].name) < 0);
}

static void test_rows_are_whole(void **state)
{
    (void)state;
    for (const struct option_row *row = option_rows; row->name; row++) {
        assert_non_null(row->help);
        assert_true(row->commands != 0);
        assert_true(row->offset < sizeof(struct options));
        assert_true((row->kind == OPTION_FLAG) == (row->value == NULL));
        assert_true((row->kind == OPTION_CHOICE) == (row->choices != NULL));
        for (const struct option_row *other = row + 1; other->name; other++) {
            assert_true(!row->letter || row->letter != other->letter);
            assert_int_not_equal(row->offset, other->offset);
        }
    }
}

static void test_kinds(void **state)
{
    struct options o;
    struct words w;
    struct sl_err err;

    (void)state;
    assert_int_equal(PARSE("-q", "chat", "--model=m 1", "-t0.5", "--seed", "-7", "--stop", "a",
                           "--stop=b", "hi", "-"),
                     SL_OK);
    assert_int_equal(o.command, COMMAND_CHAT);
    assert_true(o.quiet);
    assert_string_equal(o.model, "m 1");
    assert_true(o.temperature.set && o.temperature.v == 0.5);
    assert_true(o.seed.set && o.seed.v == -7);
    assert_int_equal(o.stop.n, 2);
    assert_string_equal(o.stop.v[1], "b");
    assert_int_equal(o.args.n, 2);
    assert_string_equal(o.args.v[1], "-");
    assert_false(o.top_p.set);
    options_fini(&o);
}

static void test_letters_run_together(void **state)
{
    struct options o;
    struct words w;
    struct sl_err err;

    (void)state;
    assert_int_equal(PARSE("chat", "-vqmgpt", "--", "--json", "-x"), SL_OK);
    assert_true(o.verbose && o.quiet && !o.json);
    assert_string_equal(o.model, "gpt");
    assert_int_equal(o.args.n, 2);
    assert_string_equal(o.args.v[0], "--json");
    options_fini(&o);
}

static void test_wrong_words(void **state)
{
    static const struct {
        const char *words[5];
        const char *says;
    } rows[] = {
        {{"caht"}, "did you mean 'chat'"},
        {{"frobnicate"}, "no command 'frobnicate'"},
        {{"chat", "--modle", "x"}, "did you mean --model"},
        {{"chat", "--frobnicate=1"}, "no option --frobnicate"},
        {{"chat", "-Z"}, "no option -Z"},
        {{"chat", "--model"}, "--model needs a value"},
        {{"chat", "-m"}, "--model needs a value"},
        {{"chat", "--json=1"}, "takes no value"},
        {{"chat", "--temperature", "warm"}, "takes a number"},
        {{"chat", "--temperature", "2.5"}, "takes 0 to 2"},
        {{"chat", "--temperature", "nan"}, "takes a number"},
        {{"chat", "--temperature", ""}, "takes a number"},
        {{"chat", "--max-tokens", "0"}, "takes 1 to"},
        {{"chat", "--max-tokens", "1.5"}, "takes a whole number"},
        {{"chat", "--max-tokens", "99999999999"}, "takes 1 to"},
        {{"chat", "--reasoning-effort", "hig"}, "takes one of"},
        {{"chat", "--reasoning-effort", ""}, "takes one of"},
        {{"health", "--image", "x.png"}, "'sluice health' takes no option --image"},
    };
    struct options o;
    struct words w;
    struct sl_err err;

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        assert_int_equal(parse(&o, &w, &err, rows[i].words), SL_INVALID_ARGUMENT);
        if (!strstr(err.text, rows[i].says))
            fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
        options_fini(&o);
    }
}

static void test_environment_comes_last(void **state)
{
    struct options o;
    struct words w;
    struct sl_err err;

    (void)state;
    setenv("SLUICE_ADDRESS", "from:1", 1);
    setenv("SLUICE_API_KEY", "sl_test_env", 1);
    assert_int_equal(PARSE("health"), SL_OK);
    assert_string_equal(o.address, "from:1");
    assert_string_equal(sl_secret_reveal(o.api_key), "sl_test_env");
    options_fini(&o);
    assert_int_equal(PARSE("health", "--address", "flag:2", "--api-key-file", "k"), SL_OK);
    assert_string_equal(o.address, "flag:2");
    assert_null(o.api_key);
    options_fini(&o);
    setenv("SLUICE_ADDRESS", "", 1);
    assert_int_equal(PARSE("health"), SL_OK);
    assert_null(o.address);
    options_fini(&o);
    unsetenv("SLUICE_ADDRESS");
    unsetenv("SLUICE_API_KEY");
}

static void test_key_leaves_argv(void **state)
{
    struct options o;
    struct words w;
    struct sl_err err;

    (void)state;
    assert_int_equal(PARSE("health", "--api-key", "sl_test_one", "--api-key=sl_test_two"), SL_OK);
    assert_string_equal(sl_secret_reveal(o.api_key), "sl_test_two");
    for (int i = 0; i < w.n; i++)
        assert_null(strstr(w.v[i], "sl_test"));
    options_fini(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_sorted),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_letters_run_together),
        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_environment_comes_last),
        cmocka_unit_test(test_key_leaves_argv),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
