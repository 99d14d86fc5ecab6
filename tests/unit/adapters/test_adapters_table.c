/* The table of adapters: sorted, complete entries, found by kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/adapters.h"

static void every_entry_is_complete(void **state)
{
    (void)state;
    for (const struct sl_adapter *const *at = sl_adapters(); *at; at++) {
        const struct sl_adapter *a = *at;
        assert_true(a->name && *a->name && a->title && *a->title);
        assert_true(a->build && a->on_body && a->on_frame && a->on_eof && a->on_failure);
        assert_true(a->api && *a->api);
        assert_non_null(a->key_variables);
        assert_true(a->auth != SL_AUTH_DEFAULT);
        assert_true(a->state_size > 0);
        if (a->key_required)
            assert_non_null(a->key_variables[0]);
        if (a->default_base_url)
            assert_int_not_equal(a->default_base_url[strlen(a->default_base_url) - 1], '/');
    }
}

static void names_are_sorted(void **state)
{
    (void)state;
    const struct sl_adapter *const *all = sl_adapters();
    for (size_t i = 1; all[0] && all[i]; i++)
        assert_true(strcmp(all[i - 1]->name, all[i]->name) < 0);
}

static void finds_by_kind(void **state)
{
    (void)state;
    for (const struct sl_adapter *const *at = sl_adapters(); *at; at++)
        assert_ptr_equal(sl_adapter_find((*at)->name), *at);
    assert_non_null(sl_adapter_find("openai"));
    assert_non_null(sl_adapter_find("custom"));
    assert_null(sl_adapter_find("OpenAI"));
    assert_null(sl_adapter_find(""));
}

/* The usual API by no name or its own; none of the others' by a name that nobody has. */
static void finds_by_api(void **state)
{
    (void)state;
    for (const struct sl_adapter *const *at = sl_adapters(); *at; at++) {
        assert_ptr_equal(sl_adapter_for_api(*at, ""), *at);
        assert_ptr_equal(sl_adapter_for_api(*at, (*at)->api), *at);
        assert_null(sl_adapter_for_api(*at, "telegraph"));
        for (const struct sl_adapter *const *other = (*at)->others; other && *other; other++) {
            assert_string_equal((*other)->name, (*at)->name);
            assert_ptr_equal(sl_adapter_for_api(*at, (*other)->api), *other);
        }
    }
}

static void another_api_of_a_kind_is_found(void **state)
{
    static const struct sl_adapter messages = {.name = "two", .api = "messages"};
    static const struct sl_adapter *const others[] = {&messages, NULL};
    static const struct sl_adapter usual = {.name = "two", .api = "converse", .others = others};

    (void)state;
    assert_ptr_equal(sl_adapter_for_api(&usual, ""), &usual);
    assert_ptr_equal(sl_adapter_for_api(&usual, "messages"), &messages);
    assert_null(sl_adapter_for_api(&usual, "invoke"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_complete),
        cmocka_unit_test(names_are_sorted),
        cmocka_unit_test(finds_by_kind),
        cmocka_unit_test(finds_by_api),
        cmocka_unit_test(another_api_of_a_kind_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
