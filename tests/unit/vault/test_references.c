/* References in use: found without the disk, read again when their file changes, let go when the
 * rules close. */
#include "registry/vault/references.h"

#include <stdlib.h>
#include <unistd.h>

#include "kit.h"

struct scene {
    char folder[64], path[96], reference[128], pattern[96];
    const char *patterns[3];
    struct sl_config_strings list;
    struct sl_references *refs;
    struct sl_err err;
    unsigned changes, problems;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    snprintf(s->folder, sizeof(s->folder), "/tmp/sluice-refs-XXXXXX");
    if (!mkdtemp(s->folder))
        return 1;
    snprintf(s->path, sizeof(s->path), "%s/key", s->folder);
    snprintf(s->reference, sizeof(s->reference), "file:%s", s->path);
    snprintf(s->pattern, sizeof(s->pattern), "file:%s", s->folder);
    s->patterns[0] = s->pattern;
    s->patterns[1] = "env:SL_TEST_*";
    s->list = (struct sl_config_strings){s->patterns, 2};
    const struct sl_reference_rules rules = {&s->list, ""};
    s->refs = sl_references_create(&rules);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    sl_references_destroy(s->refs);
    unlink(s->path);
    rmdir(s->folder);
    free(s);
    return 0;
}

/* As those who change secrets do: another file takes the name. */
static void write_file(const struct scene *s, const char *text)
{
    char temporary[128];
    snprintf(temporary, sizeof(temporary), "%s.new", s->path);
    FILE *f = fopen(temporary, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(rename(temporary, s->path), 0);
}

static void take(struct scene *s, const char *reference, const char *value)
{
    struct sl_secret *secret = NULL;
    if (sl_references_take(s->refs, reference, SL_REFERENCE_ADMIN, &secret, &s->err))
        fail_msg("%s", s->err.text);
    assert_string_equal(sl_secret_reveal(secret), value);
    sl_secret_unref(secret);
}

static void expect(const struct scene *s, const char *reference, const char *value)
{
    struct sl_secret *secret = sl_references_find(s->refs, reference, SL_REFERENCE_ADMIN);
    if (!value)
        assert_null(secret);
    else
        assert_string_equal(sl_secret_reveal(secret), value);
    sl_secret_unref(secret);
}

static void on_change(void *owner, const char *reference, const struct sl_err *err)
{
    struct scene *s = owner;
    assert_non_null(reference);
    s->changes += !err;
    s->problems += err != NULL;
}

static void poll(struct scene *s, unsigned changes, unsigned problems)
{
    s->changes = s->problems = 0;
    sl_references_poll(s->refs, on_change, s);
    assert_int_equal(s->changes, changes);
    assert_int_equal(s->problems, problems);
}

static void follows_files(void **state)
{
    struct scene *s = *state;
    write_file(s, "sk-test-1\n");
    expect(s, s->reference, NULL);
    take(s, s->reference, "sk-test-1");
    expect(s, s->reference, "sk-test-1");
    poll(s, 0, 0);
    write_file(s, "sk-test-2\n");
    expect(s, s->reference, "sk-test-1");
    poll(s, 1, 0);
    expect(s, s->reference, "sk-test-2");
    write_file(s, "sk-test-2\n"); /* new file, same secret: nobody has to hear of it */
    poll(s, 0, 0);
}

static void keeps_the_last_value_of_a_file_that_is_gone(void **state)
{
    struct scene *s = *state;
    write_file(s, "sk-test-1\n");
    take(s, s->reference, "sk-test-1");
    unlink(s->path);
    poll(s, 0, 1);
    poll(s, 0, 0); /* said once */
    expect(s, s->reference, "sk-test-1");
    write_file(s, "sk-test-2\n");
    poll(s, 1, 0);
    expect(s, s->reference, "sk-test-2");
}

static void follows_variables(void **state)
{
    struct scene *s = *state;
    setenv("SL_TEST_REF", "sk-test-1", 1);
    take(s, "env:SL_TEST_REF", "sk-test-1");
    poll(s, 0, 0);
    setenv("SL_TEST_REF", "sk-test-2", 1);
    poll(s, 1, 0);
    expect(s, "env:SL_TEST_REF", "sk-test-2");
    unsetenv("SL_TEST_REF");
}

static void lets_go_of_what_is_closed(void **state)
{
    struct scene *s = *state;
    const struct sl_config_strings none = {s->patterns, 0};
    const struct sl_reference_rules closed = {&none, ""}, open = {&s->list, ""};
    write_file(s, "sk-test-1\n");
    take(s, s->reference, "sk-test-1");
    sl_references_set_rules(s->refs, &closed);
    poll(s, 0, 1);
    expect(s, s->reference, NULL);
    sl_references_set_rules(s->refs, &open);
    poll(s, 1, 0);
    expect(s, s->reference, "sk-test-1");
}

static void keeps_the_configurations_apart(void **state)
{
    struct scene *s = *state;
    struct sl_secret *secret = NULL;
    setenv("SLUICE_OWN", "sk-test-1", 1);
    assert_int_equal(
        sl_references_take(s->refs, "env:SLUICE_OWN", SL_REFERENCE_CONFIG, &secret, &s->err),
        SL_OK);
    sl_secret_unref(secret);
    secret = NULL;
    expect(s, "env:SLUICE_OWN", NULL); /* as an administrator */
    assert_int_equal(
        sl_references_take(s->refs, "env:SLUICE_OWN", SL_REFERENCE_ADMIN, &secret, &s->err),
        SL_PERMISSION_DENIED);
    assert_null(secret);
    unsetenv("SLUICE_OWN");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(follows_files),
        TEST(keeps_the_last_value_of_a_file_that_is_gone),
        TEST(follows_variables),
        TEST(lets_go_of_what_is_closed),
        TEST(keeps_the_configurations_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
