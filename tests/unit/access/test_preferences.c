/* Preferences: from the store's text to what is asked of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "access/preferences.h"

static void reads_all(void **state)
{
    (void)state;
    struct sl_preferences *p = sl_preferences_create(
        "{\"task_models\":{\"coding\":\"models/c\",\"chat\":\"global/d\"},"
        "\"hidden_models\":[\"z\",\"models/a\"],\"favourite_models\":[\"models/global/f\"],"
        "\"priority\":\"speed\",\"cost_ceiling_nanos\":5000}");
    assert_non_null(p);
    assert_int_equal(p->priority, SL_PRIORITY_SPEED);
    assert_int_equal(p->cost_ceiling_nanos, 5000);
    assert_string_equal(sl_preferences_task(p, "coding"), "c");
    assert_string_equal(sl_preferences_task(p, "chat"), "global/d");
    assert_null(sl_preferences_task(p, "cod"));
    assert_true(sl_preferences_hides(p, "a") && sl_preferences_hides(p, "z"));
    assert_false(sl_preferences_hides(p, "f") || sl_preferences_hides(p, ""));
    assert_true(sl_preferences_favours(p, "global/f"));
    assert_false(sl_preferences_favours(p, "f") || sl_preferences_favours(p, "a"));
    struct sl_preferences *same = sl_preferences_ref(p);
    sl_preferences_unref(p);
    assert_true(sl_preferences_hides(same, "a"));
    sl_preferences_unref(same);
}

static void nothing_is_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"hidden_models\":[]}",
        "{\"priority\":\"beauty\"}",
        "{\"cost_ceiling_nanos\":-1}",
        "{\"task_models\":[1],\"favourite_models\":[2]}",
        "not JSON",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (sl_preferences_create(texts[i]))
            fail_msg("%s", texts[i]);
    }
    assert_null(sl_preferences_ref(NULL));
    sl_preferences_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all),
        cmocka_unit_test(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
