/* Who may refer to what, and the ways around it. */
#include "registry/vault/reference.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

static const char *listed[] = {"env:OPENAI_*", "env:EXACT", "file:/run/secrets",
                               "file:/etc/one.key", NULL};
static const struct sl_config_strings list = {listed, 4};
static const struct sl_reference_rules rules = {&list, "/run/secrets/data"};

static void allows_what_is_listed(void **state)
{
    static const struct {
        const char *reference;
        enum sl_code admin;
    } rows[] = {
        {"env:OPENAI_API_KEY", SL_OK},
        {"env:OPENAI_", SL_OK},
        {"env:EXACT", SL_OK},
        {"env:exact", SL_PERMISSION_DENIED},
        {"env:EXACTLY", SL_PERMISSION_DENIED},
        {"env:HOME", SL_PERMISSION_DENIED},
        {"env:SLUICE_ENCRYPTION_KEYS", SL_PERMISSION_DENIED},
        {"env:", SL_INVALID_ARGUMENT},
        {"env:OPENAI_*", SL_INVALID_ARGUMENT},
        {"env:OPENAI_KEY\n", SL_INVALID_ARGUMENT},
        {"file:/run/secrets/openai", SL_OK},
        {"file:/run/secrets/a/b", SL_OK},
        {"file:/run/secrets/..data/openai", SL_OK},
        {"file:/etc/one.key", SL_OK},
        {"file:/etc/one.key2", SL_PERMISSION_DENIED},
        {"file:/etc/shadow", SL_PERMISSION_DENIED},
        {"file:/run/secrets2/x", SL_PERMISSION_DENIED},
        {"file:/run/secrets/data/encryption.key", SL_PERMISSION_DENIED},
        {"file:/run/secrets/../../etc/shadow", SL_INVALID_ARGUMENT},
        {"file:/run/secrets/..", SL_INVALID_ARGUMENT},
        {"file:/run/secrets/./x", SL_INVALID_ARGUMENT},
        {"file:run/secrets/x", SL_INVALID_ARGUMENT},
        {"file:", SL_INVALID_ARGUMENT},
        {"sk-test-literal", SL_INVALID_ARGUMENT},
        {"http://x", SL_INVALID_ARGUMENT},
        {"", SL_INVALID_ARGUMENT},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_err err = {0}, ignored = {0};
        enum sl_code code =
            sl_reference_allowed(rows[i].reference, SL_REFERENCE_ADMIN, &rules, &err);
        if (code != rows[i].admin)
            fail_msg("'%s': %s %s", rows[i].reference, sl_code_name(code), err.text);
        if (code == SL_PERMISSION_DENIED)
            assert_int_equal(err.reason, SL_REASON_REFERENCE_FORBIDDEN);
        assert_int_not_equal(
            sl_reference_allowed(rows[i].reference, SL_REFERENCE_USER, &rules, &ignored), SL_OK);
    }
}

/* An empty list, which is the default, opens nothing; and no list opens the service's own. */
static void keeps_the_rest_closed(void **state)
{
    static const char *all[] = {"env:*", "file:/", NULL};
    static const struct sl_config_strings everything = {all, 2}, nothing = {all, 0};
    static const struct sl_reference_rules open = {&everything, ""}, closed = {&nothing, ""};
    struct sl_err err = {0};
    (void)state;
    assert_int_equal(sl_reference_allowed("env:ANY", SL_REFERENCE_ADMIN, &open, &err), SL_OK);
    assert_int_equal(sl_reference_allowed("file:/any", SL_REFERENCE_ADMIN, &open, &err), SL_OK);
    assert_int_equal(sl_reference_allowed("env:sluice_X", SL_REFERENCE_ADMIN, &open, &err),
                     SL_PERMISSION_DENIED);
    err = (struct sl_err){0};
    assert_int_equal(sl_reference_allowed("env:ANY", SL_REFERENCE_ADMIN, &closed, &err),
                     SL_PERMISSION_DENIED);
    assert_non_null(strstr(err.text, "secrets.references"));
    assert_int_equal(sl_reference_allowed("env:SLUICE_X", SL_REFERENCE_CONFIG, &closed, &err),
                     SL_OK);
}

struct tree {
    char top[64], in[96], out[96], data[96], pattern[112];
};

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void link_to(const char *target, const char *folder, const char *name)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(symlink(target, path), 0);
}

static int grow_tree(void **state)
{
    static struct tree t;
    char inside[160];
    snprintf(t.top, sizeof(t.top), "/tmp/sluice-refs-XXXXXX");
    if (!mkdtemp(t.top))
        return 1;
    snprintf(t.in, sizeof(t.in), "%s/in", t.top);
    snprintf(t.out, sizeof(t.out), "%s/out", t.top);
    snprintf(t.data, sizeof(t.data), "%s/in/data", t.top);
    snprintf(t.pattern, sizeof(t.pattern), "file:%s", t.in);
    if (mkdir(t.in, 0700) || mkdir(t.out, 0700) || mkdir(t.data, 0700))
        return 1;
    write_file(t.in, "key", "sk-test-in\n");
    write_file(t.out, "key", "sk-test-out\n");
    write_file(t.data, "key", "sk-test-data\n");
    snprintf(inside, sizeof(inside), "%s/key", t.out);
    link_to(inside, t.in, "escape");
    link_to(t.out, t.in, "folder");
    link_to("data/key", t.in, "own");
    link_to("key", t.in, "inner"); /* as Kubernetes mounts secrets */
    link_to("nowhere", t.in, "broken");
    link_to("loop", t.in, "loop");
    snprintf(inside, sizeof(inside), "%s/fifo", t.in);
    *state = &t;
    return mkfifo(inside, 0600);
}

static int fell_tree(void **state)
{
    struct tree *t = *state;
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", t->top);
    return system(command); // NOLINT(cert-env33-c): a folder of our own
}

static void reads_where_the_file_really_is(void **state)
{
    static const struct {
        const char *name;
        enum sl_code code;
        const char *what; /* the secret, or a part of the error */
    } rows[] = {
        {"key", SL_OK, "sk-test-in"},
        {"inner", SL_OK, "sk-test-in"},
        {"escape", SL_PERMISSION_DENIED, "is a link to a place"},
        {"folder/key", SL_PERMISSION_DENIED, "is a link to a place"},
        {"own", SL_PERMISSION_DENIED, "data_dir"},
        {"data/key", SL_PERMISSION_DENIED, "data_dir"},
        {"fifo", SL_PERMISSION_DENIED, "regular file"},
        {"", SL_PERMISSION_DENIED, "regular file"},
        {"broken", SL_FAILED_PRECONDITION, "No such file"},
        {"loop", SL_FAILED_PRECONDITION, "Too many levels"},
        {"none", SL_FAILED_PRECONDITION, "No such file"},
    };
    const struct tree *t = *state;
    const char *patterns[] = {t->pattern, NULL};
    const struct sl_config_strings one = {patterns, 1};
    const struct sl_reference_rules own = {&one, t->data};
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char reference[192];
        struct sl_secret *secret = NULL;
        struct sl_err err = {0};
        snprintf(reference, sizeof(reference), "file:%s/%s", t->in, rows[i].name);
        enum sl_code code = sl_reference_read(reference, SL_REFERENCE_ADMIN, &own, &secret, &err);
        if (code != rows[i].code)
            fail_msg("%s: %s %s", rows[i].name, sl_code_name(code), err.text);
        if (!strstr(secret ? sl_secret_reveal(secret) : err.text, rows[i].what))
            fail_msg("%s: %s", rows[i].name, err.text);
        sl_secret_unref(secret);
        assert_int_not_equal(sl_reference_read(reference, SL_REFERENCE_USER, &own, &secret, &err),
                             SL_OK);
    }
}

static void reads_variables(void **state)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    (void)state;
    setenv("OPENAI_TEST", "sk-test-env", 1);
    assert_int_equal(
        sl_reference_read("env:OPENAI_TEST", SL_REFERENCE_ADMIN, &rules, &secret, &err), SL_OK);
    assert_string_equal(sl_secret_reveal(secret), "sk-test-env");
    sl_secret_unref(secret);
    unsetenv("OPENAI_TEST");
    assert_int_equal(
        sl_reference_read("env:OPENAI_TEST", SL_REFERENCE_ADMIN, &rules, &secret, &err),
        SL_FAILED_PRECONDITION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allows_what_is_listed),
        cmocka_unit_test(keeps_the_rest_closed),
        cmocka_unit_test(reads_where_the_file_really_is),
        cmocka_unit_test(reads_variables),
    };
    return cmocka_run_group_tests(tests, grow_tree, fell_tree);
}
