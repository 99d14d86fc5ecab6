/* What is printed: every setting, where it was set, no secret; and it reads back as what it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/load.h"
#include "config/settings.h"

static const char sample[] =
    "server:\n  listen: ['127.0.0.1:0', 'unix:/x y']\n  max_connection_age: 90s\n"
    "  tls: {certificate: c.pem, key: k.pem, client_ca: ca.pem}\n"
    "drain: {announce: 1500ms}\n"
    "data_dir: /tmp/it's \"here\"\n"
    "upstream: {proxy: 'http://me:hunter2@proxy:3128', timeouts: {total: 0}}\n"
    "access: {keys: [{name: alice, key: 'env:ALICE', roles: [admin, user]}]}\n"
    "providers:\n"
    "  - id: openai\n"
    "    key: file:/run/secrets/key\n"
    "    headers: {x-api-key: hunter2, X-Team: blue, Authorization: 'env:AUTH', Cookie: hunter2}\n"
    "    proxy: https://user:hunter2@other:1\n"
    "    timeouts: {idle: 0}\n"
    "models:\n"
    "  - {name: a, provider: openai, labels: {key: 'yes', '1': ''}, prices: {input: 0.000001, "
    "output: 10},\n"
    "     capabilities: {vision: false}, defaults: {temperature: 0.7}, aliases: ['1.5', 'null'],\n"
    "     description: \"two\\nlines\", provider_options: {a: {b: [1, \"x\\ty\"]}}, model_id: "
    "'012'}\n"
    "  - {name: b, provider: openai}\n";

static struct sl_config *parse(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err))
        fail_msg("%s\n%s", err.text, text);
    return c;
}

static char *printed(const struct sl_config *c)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    sl_config_print(c, f);
    fclose(f);
    return text;
}

/* The same without the comments, which say where a line came from. */
static void strip_comments(char *text)
{
    char *to = text;
    for (char *from = text; *from;) {
        char *end = strchr(from, '\n'), *comment = strstr(from, " # ");
        size_t n = (size_t)(end - from);
        if (*from == '#')
            n = 0;
        else if (comment && comment < end)
            n = (size_t)(comment - from);
        memmove(to, from, n);
        to += n;
        *to++ = '\n';
        from = end + 1;
    }
    *to = '\0';
}

static void reads_back(void **state)
{
    (void)state;
    struct sl_config *c = parse(sample);
    char *first = printed(c);
    struct sl_config *again = parse(first);
    char *second = printed(again);
    assert_string_equal(again->models[0].provider_options_json, c->models[0].provider_options_json);
    assert_string_equal(again->models[0].description, "two\nlines");
    assert_string_equal(again->models[0].model_id, "012");
    assert_string_equal(again->data_dir, c->data_dir);
    assert_int_equal(again->models[0].prices.input, 1);
    assert_int_equal(again->providers[0].timeouts.idle, 0);
    assert_int_equal(again->providers[0].timeouts.total, -1);
    assert_int_equal(again->models[0].vision, 0);
    strip_comments(first);
    strip_comments(second);
    assert_string_equal(first, second);
    free(first);
    free(second);
    sl_config_destroy(c);
    sl_config_destroy(again);
}

static void masks_secrets(void **state)
{
    (void)state;
    struct sl_config *c = parse(sample);
    char *text = printed(c);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "x-api-key: \"***\""));
    assert_non_null(strstr(text, "Cookie: \"***\""));
    assert_non_null(strstr(text, "X-Team: blue"));
    assert_non_null(strstr(text, "Authorization: \"env:AUTH\""));
    assert_non_null(strstr(text, "key: \"file:/run/secrets/key\""));
    assert_non_null(strstr(text, "\"http://***@proxy:3128\""));
    free(text);
    sl_config_destroy(c);
}

static void says_where(void **state)
{
    (void)state;
    struct sl_config *c = parse(sample);
    char *text = printed(c);
    assert_non_null(strstr(text, "announce: 1500ms # s.yaml:5\n"));
    assert_non_null(strstr(text, "deadline: 30s # default\n"));
    assert_non_null(strstr(text, "max_connection_age: 90s # s.yaml:3\n"));
    assert_non_null(strstr(text, "  - # s.yaml:10\n    headers: "));
    free(text);
    sl_config_destroy(c);
}

static void prints_defaults_alone(void **state)
{
    (void)state;
    struct sl_config *c = parse("");
    char *text = printed(c);
    struct sl_config *again = parse(text);
    assert_int_equal(again->drain_announce_ms, -1);
    assert_null(strstr(text, "\nmodels:"));
    free(text);
    sl_config_destroy(c);
    sl_config_destroy(again);
}

/* Whether the words stand in the text one after the other, whatever white space is between them. */
static bool has_words(const char *text, const char *words)
{
    for (; *text; text++) {
        const char *t = text, *w = words;
        while (*w && (*t == *w || (*w == ' ' && *t == '\n'))) {
            t += strspn(t, " \n") ? strspn(t, " \n") : 1;
            w++;
        }
        if (!*w)
            return true;
    }
    return false;
}

static void helps_with_every_setting(void **state)
{
    char *text = NULL;
    size_t n = 0;
    (void)state;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    sl_config_print_help(f);
    fclose(f);
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        const struct sl_setting *row = &sl_settings_root.rows[i];
        char flag[128];
        sl_setting_flag(row, flag, sizeof(flag));
        assert_true(has_words(text, row->help));
        if (sl_setting_is_scalar(row))
            assert_non_null(strstr(text, flag));
    }
    for (size_t i = 0; i < sl_settings_models.count; i++)
        assert_true(has_words(text, sl_settings_models.rows[i].help));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 100);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back),
        cmocka_unit_test(masks_secrets),
        cmocka_unit_test(says_where),
        cmocka_unit_test(prints_defaults_alone),
        cmocka_unit_test(helps_with_every_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
