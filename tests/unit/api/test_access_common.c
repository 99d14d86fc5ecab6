/* Names, masks, etags and page tokens of Access. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/rights.h"
#include "api/access/common.h"

static struct sl_arena arena;

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

static void reads_names(void **state)
{
    (void)state;
    assert_string_equal(sl_bare_name("users/ann", "users/"), "ann");
    assert_string_equal(sl_bare_name("ann", "users/"), "ann");
    assert_string_equal(sl_bare_name("users/", "users/"), "");
    assert_string_equal(sl_full_name(&arena, "users/", "ann"), "users/ann");
    assert_string_equal(sl_full_name(&arena, "users/", ""), "");
}

static void reads_masks(void **state)
{
    static const char *const fields[] = {"tier", "title", NULL};
    struct sl_violations v = {.arena = &arena};
    (void)state;
    assert_true(sl_mask_has("", "tier", true));
    assert_false(sl_mask_has("", "tier", false));
    assert_true(sl_mask_has("title, tier", "tier", false));
    assert_false(sl_mask_has("title", "tier", true));
    assert_false(sl_mask_has("tiers", "tier", true));
    sl_check_mask(&v, "title,tier", fields);
    sl_check_mask(&v, "", fields);
    assert_int_equal(v.count, 0);
    sl_check_mask(&v, "title,name", fields);
    assert_int_equal(v.count, 1);
    assert_string_equal(v.list[0].field, "update_mask");
}

static void reads_etags(void **state)
{
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_USERS);
    struct sl_violations v = {.arena = &arena};
    (void)state;
    sl_row_set_int(row, SL_COL_REVISION, 42);
    assert_int_equal(sl_check_etag(&v, "etag", sl_etag_of(&arena, row)), 42);
    assert_int_equal(sl_check_etag(&v, "etag", ""), 0);
    assert_int_equal(v.count, 0);
    (void)sl_check_etag(&v, "etag", "x");
    (void)sl_check_etag(&v, "etag", "-1");
    assert_int_equal(v.count, 2);
}

static void reads_page_tokens(void **state)
{
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_USERS);
    struct sl_violations v = {.arena = &arena};
    struct sl_query q = {.table = SL_TABLE_USERS};
    (void)state;
    sl_row_set_text(row, SL_COL_ID, "01900000-0000-7000-8000-000000000000");
    sl_row_set_text(row, SL_COL_NAME, "ann");
    sl_check_page_token(&v, "", &q);
    assert_null(q.after_id);
    sl_check_page_token(&v, sl_page_token_of(&arena, row), &q);
    assert_int_equal(v.count, 0);
    assert_string_equal(q.after_id, "01900000-0000-7000-8000-000000000000");
    assert_string_equal(q.after.as.s.p, "ann");
    sl_check_page_token(&v, "short", &q);
    assert_int_equal(v.count, 1);
    assert_int_equal(sl_check_page_size(&v, 0), SL_PAGE_DEFAULT);
    assert_int_equal(sl_check_page_size(&v, 7), 7);
    (void)sl_check_page_size(&v, -1);
    (void)sl_check_page_size(&v, SL_PAGE_MAX + 1);
    assert_int_equal(v.count, 3);
}

static void reads_words(void **state)
{
    char one[] = "admin", two[] = "user", other[] = "root";
    char *good[] = {one, two}, *bad[] = {one, other};
    struct sl_violations v = {.arena = &arena};
    (void)state;
    assert_int_equal(sl_check_words(&v, "roles", (struct sl_words){good, 2}, sl_role_find),
                     SL_ROLE_ADMIN | SL_ROLE_USER);
    assert_int_equal(v.count, 0);
    (void)sl_check_words(&v, "roles", (struct sl_words){bad, 2}, sl_role_find);
    assert_int_equal(v.count, 1);
    assert_non_null(strstr(v.list[0].description, "root"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(reads_names), TEST(reads_masks), TEST(reads_etags),
                                       TEST(reads_page_tokens), TEST(reads_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
