/* The tiers of a snapshot: found by name, whatever the order they came in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/tiers.h"

static void finds_tiers(void **state)
{
    static const char *const names[] = {"pro", "free", "max"};
    struct sl_tiers *t = sl_tiers_create();
    struct sl_arena arena;
    struct sl_err err = {0};
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    assert_null(sl_tiers_find(t, "pro"));
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        struct sl_row *row = sl_row_create(&arena, SL_TABLE_TIERS);
        sl_row_set_text(row, SL_COL_NAME, names[i]);
        assert_int_equal(sl_tiers_add(t, row, &err), SL_OK);
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
        assert_string_equal(sl_tiers_find(t, names[i])->name, names[i]);
    assert_null(sl_tiers_find(t, "fre"));
    assert_string_equal(sl_tiers_at(t, 0)->name, "free");
    assert_string_equal(sl_tiers_at(t, 2)->name, "pro");
    assert_null(sl_tiers_at(t, 3));
    sl_tiers_unref(t);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_tiers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
