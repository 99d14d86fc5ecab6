/* What metrics call a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry/label.h"

static void labels_are_of_a_bounded_set(void **state)
{
    static const struct sl_catalogue_model known = {.id = "gpt-4.1"};
    static const struct {
        struct sl_model model;
        const char *label, *provider;
    } rows[] = {
        {{.name = "fast", .owner = "", .source = "config", .provider = "openai"}, "fast", "openai"},
        {{.name = "fast", .owner = "", .source = "api", .provider = "openai", .known = &known},
         "fast",
         "openai"},
        {{.name = "secret-project", .owner = "u1", .source = "api", .provider = "mine"},
         "(personal)",
         "(personal)"},
        {{.name = "openai/gpt-4.1",
          .owner = "",
          .source = "detected",
          .provider = "openai",
          .known = &known},
         "gpt-4.1",
         "openai"},
        {{.name = "made up", .owner = "", .source = "detected", .provider = "openai"},
         "(unknown)",
         "openai"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        assert_string_equal(sl_model_label(&rows[i].model), rows[i].label);
        assert_string_equal(sl_model_provider_label(&rows[i].model), rows[i].provider);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels_are_of_a_bounded_set)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
