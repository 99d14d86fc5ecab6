/* The JSON columns, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/row_json.h"

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

static void reads_words(void **state)
{
    static const struct {
        const char *json;
        unsigned roles, scopes;
    } rows[] = {
        {"", 0, SL_SCOPES_DEFAULT},
        {"[]", 0, SL_SCOPES_DEFAULT},
        {"[\"admin\"]", SL_ROLE_ADMIN, SL_SCOPE_ADMIN},
        {"[\"user\", \"auditor\"]", SL_ROLE_USER | SL_ROLE_AUDITOR, 0},
        {"[\"complete\",\"act_as\"]", 0, SL_SCOPE_COMPLETE | SL_SCOPE_ACT_AS},
        {"[\"of a newer version\"]", 0, 0},
        {"[\"admin", 0, SL_SCOPES_DEFAULT},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_row *user = sl_row_create(&arena, SL_TABLE_USERS);
        struct sl_row *key = sl_row_create(&arena, SL_TABLE_API_KEYS);
        sl_row_set_text(user, SL_USERS_ROLES, rows[i].json);
        sl_row_set_text(key, SL_API_KEYS_SCOPES, rows[i].json);
        assert_int_equal(sl_row_roles(user), rows[i].roles);
        assert_int_equal(sl_row_scopes(key), rows[i].scopes);
    }
}

static void writes_words(void **state)
{
    (void)state;
    assert_string_equal(sl_json_of_roles(&arena, SL_ROLE_USER | SL_ROLE_ADMIN),
                        "[\"user\",\"admin\"]");
    assert_string_equal(sl_json_of_scopes(&arena, SL_SCOPE_ACT_AS), "[\"act_as\"]");
    assert_string_equal(sl_json_of_scopes(&arena, 0), "");
}

static void keeps_a_tier(void **state)
{
    static const char *const models[] = {"gpt-*", "a\"b", NULL}, *const none[] = {NULL};
    const struct sl_tier in = {
        .name = "pro",
        .title = "Pro",
        .models = models,
        .tasks = none,
        .rpcs = none,
        .limits = {.requests_per_minute = 60, .monthly_cost_nanos = 5000000000},
        .rank = 3,
    };
    struct sl_tier out;
    struct sl_err err = {0};
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_TIERS);
    (void)state;
    sl_row_set_text(row, SL_COL_NAME, in.name);
    sl_row_set_text(row, SL_TIERS_DESCRIPTION, in.title);
    sl_row_set_text(row, SL_TIERS_RIGHTS, sl_json_of_rights(&arena, &in));
    sl_row_set_text(row, SL_TIERS_LIMITS, sl_json_of_limits(&arena, &in.limits));
    sl_row_set_int(row, SL_TIERS_RANK, in.rank);
    assert_int_equal(sl_row_tier(row, &arena, &out, &err), SL_OK);
    assert_string_equal(out.name, "pro");
    assert_string_equal(out.title, "Pro");
    assert_string_equal(out.models[0], "gpt-*");
    assert_string_equal(out.models[1], "a\"b");
    assert_null(out.models[2]);
    assert_null(out.tasks[0]);
    assert_null(out.rpcs[0]);
    assert_int_equal(out.limits.requests_per_minute, 60);
    assert_int_equal(out.limits.tokens_per_minute, 0);
    assert_int_equal(out.limits.monthly_cost_nanos, 5000000000);
    assert_int_equal(out.rank, 3);
}

static void refuses_what_is_no_json(void **state)
{
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_TIERS);
    struct sl_tier out;
    struct sl_err err = {0};
    (void)state;
    sl_row_set_text(row, SL_COL_NAME, "pro");
    sl_row_set_text(row, SL_TIERS_LIMITS, "{\"a\":");
    assert_int_equal(sl_row_tier(row, &arena, &out, &err), SL_INTERNAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_words),
        TEST(writes_words),
        TEST(keeps_a_tier),

        TEST(refuses_what_is_no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
