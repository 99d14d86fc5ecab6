/* Names and what they lead to, for callers of different tiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "config/load.h"
#include "registry/load.h"
#include "routing/resolve.h"

static const struct sl_principal user = {.id = "u", .tier = "", .roles = SL_ROLE_USER},
                                 pro = {.id = "p", .tier = "pro", .roles = SL_ROLE_USER},
                                 basic = {.id = "b", .tier = "basic", .roles = SL_ROLE_USER};

static struct sl_registry *make(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_registry *r = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = c}, &r, &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c);
    return r;
}

struct row {
    const struct sl_principal *who;
    const char *name;
    const char *model, *why; /* model NULL: an error, why its text */
    enum sl_code code;
    enum sl_reason reason;
};

static void check_rows(const char *config, const struct row *rows, size_t n)
{
    struct sl_registry *r = make(config);
    for (size_t i = 0; i < n; i++) {
        struct sl_candidates out = {0};
        struct sl_err err = {0};
        enum sl_code code = sl_resolve(r, rows[i].who, rows[i].name, &out, &err);
        if (rows[i].model) {
            assert_int_equal(code, SL_OK);
            assert_int_equal(out.count, 1);
            assert_string_equal(out.list[0].model->name, rows[i].model);
            assert_string_equal(out.list[0].reason, rows[i].why);
            continue;
        }
        assert_int_equal(code, rows[i].code);
        assert_int_equal(err.reason, rows[i].reason);
        assert_string_equal(err.field, "model");
        assert_string_equal(err.text, rows[i].why);
        assert_int_equal(out.count, 0);
    }
    sl_registry_unref(r);
}

#define NOT_FOUND SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND
#define FORBIDDEN SL_PERMISSION_DENIED, SL_REASON_MODEL_FORBIDDEN
#define NO_DEFAULT SL_FAILED_PRECONDITION, SL_REASON_NO_DEFAULT_MODEL

static void leads_names_to_models(void **state)
{
    static const struct row rows[] = {
        {&user, "llama", "llama", "asked by name", 0, 0},
        {&user, "models/llama", "llama", "asked by name", 0, 0},
        {&user, "fast", "llama", "asked by alias", 0, 0},
        {&user, "models/fast", "llama", "asked by alias", 0, 0},
        {&user, "", "llama", "the first model by name", 0, 0},
        {&pro, "secret", "secret", "asked by name", 0, 0},
        {&user, "lama", NULL, "there is no model 'lama'; did you mean 'llama'?", NOT_FOUND},
        {&user, "gpt-99", NULL, "there is no model 'gpt-99'", NOT_FOUND},
        {&user, "models/", NULL, "there is no model ''", NOT_FOUND},
        {&user, "models/models/llama", NULL, "there is no model 'models/llama'", NOT_FOUND},
        {&pro, "secre", NULL, "there is no model 'secre'; did you mean 'secret'?", NOT_FOUND},
        {&user, "secre", NULL, "there is no model 'secre'", NOT_FOUND},
        {&user, "secret", NULL,
         "the model 'secret' is not for callers without a tier; tiers that may use it: pro; you "
         "may use 'llama'",
         FORBIDDEN},
        {&basic, "hidden", NULL,
         "the model 'secret' is not for the tier 'basic'; tiers that may use it: pro; you may use "
         "'llama'",
         FORBIDDEN},
    };
    (void)state;
    check_rows("models: [{name: llama, provider: ollama, aliases: [fast]},\n"
               "  {name: secret, provider: ollama, aliases: [hidden], tiers: [pro]}]\n",
               rows, SL_ARRAY_LEN(rows));
}

static void needs_a_default_for_no_name(void **state)
{
    static const struct row empty[] = {
        {&user, "", NULL, "the request names no model, and no models are configured", NO_DEFAULT},
        {&user, "x", NULL, "there is no model 'x'", NOT_FOUND},
    };
    static const struct row keyless[] = {
        {&user, "", NULL,
         "the request names no model, and there is no default model whose key is there",
         NO_DEFAULT},
        {&user, "m", "m", "asked by name", 0, 0}, /* a missing key is found by the exchange */
    };
    static const struct row closed[] = {
        {&user, "", NULL,
         "the model 'm' is not for callers without a tier; tiers that may use it: pro", FORBIDDEN},
        {&pro, "", "m", "registry default", 0, 0},
    };
    (void)state;
    check_rows("", empty, SL_ARRAY_LEN(empty));
    check_rows("models: [{name: m, provider: openai, key: 'file:/nonexistent'}]", keyless,
               SL_ARRAY_LEN(keyless));
    check_rows("default_model: m\nmodels: [{name: m, provider: ollama, tiers: [pro]}]", closed,
               SL_ARRAY_LEN(closed));
}

/* A long name of long characters stays well-formed in the message. */
static void cuts_names_between_characters(void **state)
{
    char name[400];
    struct sl_candidates out;
    struct sl_err err = {0};
    (void)state;
    struct sl_registry *r = make("");
    name[0] = 'x';
    for (size_t i = 1; i + 3 < sizeof(name); i += 3)
        memcpy(name + i, "€", 4);
    assert_int_equal(sl_resolve(r, &user, name, &out, &err), SL_NOT_FOUND);
    assert_true(sl_utf8_valid(err.text, strlen(err.text)));
    sl_registry_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leads_names_to_models),
        cmocka_unit_test(needs_a_default_for_no_name),
        cmocka_unit_test(cuts_names_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
