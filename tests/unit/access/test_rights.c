/* Roles, scopes and tiers, of a principal and of who acts for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/preferences.h"
#include "access/rights.h"

#define PATHS "/sluice.v1."

static const char *const none[] = {NULL};
static const char *const only_completion[] = {"Completion/*", NULL};
static const char *const gpt[] = {"gpt-*", "claude", NULL};
static const char *const code[] = {"code", NULL};

static const struct sl_tier open_tier = {"open", "", none, none, none, {0}, 1};
static const struct sl_tier narrow = {
    .name = "narrow",
    .models = gpt,
    .tasks = code,
    .rpcs = only_completion,
    .limits = {.requests_per_minute = 10, .tokens_per_minute = 500},
    .rank = 0};

static const struct sl_principal plain = {.tier = "", .roles = SL_ROLE_USER, .scopes = 7};
static const struct sl_principal bound = {
    .tier = "narrow", .rights = &narrow, .roles = SL_ROLE_USER, .scopes = 7};
static const struct sl_principal admin = {
    .tier = "narrow", .rights = &narrow, .roles = SL_ROLE_USER | SL_ROLE_ADMIN, .scopes = 7};
static const struct sl_principal acted_for = {
    .tier = "open", .rights = &open_tier, .roles = SL_ROLE_USER, .scopes = 3, .actor = &bound};

static void checks_what_a_method_needs(void **state)
{
    static const struct {
        const struct sl_principal *p;
        struct sl_needs needs;
        const char *path;
        enum sl_reason reason; /* NONE: allowed */
        const char *says;
    } rows[] = {
        {&plain, {0}, PATHS "Completion/Complete", SL_REASON_NONE, ""},
        {&plain, {.scopes = SL_SCOPE_COMPLETE}, PATHS "Completion/Complete", SL_REASON_NONE, ""},
        {&plain, {.scopes = SL_SCOPE_ACT_AS}, PATHS "X/Y", SL_REASON_SCOPE_MISSING, "act_as"},
        {&acted_for, {.scopes = SL_SCOPE_ADMIN}, PATHS "X/Y", SL_REASON_SCOPE_MISSING, "admin"},
        {&plain,
         {.roles = SL_ROLE_ADMIN},
         PATHS "Access/ListUsers",
         SL_REASON_ROLE_MISSING,
         "Access/ListUsers needs the role admin"},
        {&plain,
         {.roles = SL_ROLE_ADMIN | SL_ROLE_AUDITOR},
         PATHS "A/B",
         SL_REASON_ROLE_MISSING,
         "auditor or admin"},
        {&admin, {.roles = SL_ROLE_ADMIN}, PATHS "Access/ListUsers", SL_REASON_NONE, ""},
        {&bound, {0}, PATHS "Completion/Complete", SL_REASON_NONE, ""},
        {&bound,
         {0},
         PATHS "ModelRegistry/ListModels",
         SL_REASON_RPC_FORBIDDEN,
         "the tier 'narrow' does not allow ModelRegistry/ListModels"},
        {&bound, {.always = true}, PATHS "Access/WhoAmI", SL_REASON_NONE, ""},
        {&acted_for, {0}, PATHS "Completion/Complete", SL_REASON_NONE, ""},
        {&acted_for, {0}, PATHS "ModelRegistry/ListModels", SL_REASON_RPC_FORBIDDEN, "narrow"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_err err = {0};
        enum sl_code got = sl_rights_check(rows[i].p, &rows[i].needs, rows[i].path, &err);
        assert_int_equal(got, rows[i].reason ? SL_PERMISSION_DENIED : SL_OK);
        assert_int_equal(err.reason, rows[i].reason);
        if (!strstr(err.text, rows[i].says))
            fail_msg("row %zu: '%s'", i, err.text);
    }
}

static void checks_models_tasks_and_tiers(void **state)
{
    static const char *const aliases[] = {"fast", "gpt-5", NULL};
    static const char *const tiers[] = {"open", "pro", NULL};
    static const char *const both[] = {"open", "narrow", NULL};
    (void)state;
    assert_true(sl_rights_allow_model(&plain, "llama", NULL));
    assert_true(sl_rights_allow_model(&bound, "gpt-4o", NULL));
    assert_true(sl_rights_allow_model(&bound, "claude", NULL));
    assert_false(sl_rights_allow_model(&bound, "llama", NULL));
    assert_true(sl_rights_allow_model(&bound, "llama", aliases));
    assert_true(sl_rights_allow_model(&admin, "llama", NULL));
    assert_false(sl_rights_allow_model(&acted_for, "llama", NULL));
    assert_true(sl_rights_allow_task(&bound, "code"));
    assert_false(sl_rights_allow_task(&bound, "chat"));
    assert_false(sl_rights_allow_task(&acted_for, "chat"));
    assert_true(sl_rights_in_tiers(&plain, none));
    assert_false(sl_rights_in_tiers(&plain, tiers));
    assert_true(sl_rights_in_tiers(&admin, tiers));
    assert_false(sl_rights_in_tiers(&acted_for, tiers));
    assert_true(sl_rights_in_tiers(&acted_for, both));
}

static void takes_the_lower_limits(void **state)
{
    static const struct sl_tier other = {
        .limits = {.requests_per_minute = 20, .tokens_per_minute = 100, .concurrent_requests = 3}};
    struct sl_principal p = {.rights = &other, .actor = &bound};
    (void)state;
    struct sl_tier_limits l = sl_rights_limits(&p);
    assert_int_equal(l.requests_per_minute, 10);
    assert_int_equal(l.tokens_per_minute, 100);
    assert_int_equal(l.concurrent_requests, 3);
    assert_int_equal(l.monthly_cost_nanos, 0);
    l = sl_rights_limits(&plain);
    assert_int_equal(l.requests_per_minute, 0);
}

static void knows_who_sees_alike(void **state)
{
    static const struct sl_tier same_models = {"narrow", "", gpt, none, none, {0}, 5};
    static const struct sl_principal ann = {
        .id = "a", .name = "ann", .tier = "narrow", .rights = &narrow, .roles = SL_ROLE_USER};
    static const char *const names[] = {"gpt-5"};
    static const struct sl_preferences hiding = {.hidden = names, .n_hidden = 1};
    static const struct sl_preferences favouring = {.favourites = names, .n_favourites = 1};
    static const struct sl_preferences saving = {.priority = SL_PRIORITY_COST};
    struct sl_principal rows[10];
    const bool alike[SL_ARRAY_LEN(rows)] = {true,  true,  false, false, false,
                                            false, false, false, false, true};
    struct sl_arena arena;
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        rows[i] = ann;
    rows[0].rights = &same_models; /* other tasks and RPCs, the same models */
    rows[1].roles |= SL_ROLE_AUDITOR;
    rows[2].id = "b";
    rows[3].tier = "open";
    rows[4].rights = &open_tier;
    rows[5].roles |= SL_ROLE_ADMIN;
    rows[6].actor = &ann;
    rows[7].preferences = &hiding;
    rows[8].preferences = &favouring;
    rows[9].preferences = &saving;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_principal *copy = sl_rights_copy(&rows[i], &arena);
        assert_int_equal(sl_rights_see_alike(&ann, &rows[i]), alike[i]);
        assert_int_equal(sl_rights_see_alike(&rows[i], &ann), alike[i]);
        assert_true(sl_rights_see_alike(copy, &rows[i]));
        assert_int_equal(sl_preferences_hides(copy->preferences, "gpt-5"), i == 7);
        assert_int_equal(sl_rights_hash_sight(copy, 7), sl_rights_hash_sight(&rows[i], 7));
        assert_int_equal(sl_rights_hash_sight(copy, 7) == sl_rights_hash_sight(&ann, 7), alike[i]);
        assert_int_equal(sl_rights_allow_model(copy, "gpt-5", NULL),
                         sl_rights_allow_model(&rows[i], "gpt-5", NULL));
        assert_int_equal(sl_rights_allow_model(copy, "other", NULL),
                         sl_rights_allow_model(&rows[i], "other", NULL));
    }
    sl_arena_fini(&arena);
}

static void knows_the_names(void **state)
{
    const char *names[SL_RIGHTS_NAMES];
    (void)state;
    assert_int_equal(sl_role_find("operator"), SL_ROLE_OPERATOR);
    assert_int_equal(sl_role_find("root"), 0);
    assert_int_equal(sl_scope_find("act_as"), SL_SCOPE_ACT_AS);
    assert_int_equal(sl_role_names(SL_ROLE_ADMIN | SL_ROLE_USER, names), 2);
    assert_string_equal(names[0], "user");
    assert_string_equal(names[1], "admin");
    assert_null(names[2]);
    assert_int_equal(sl_scope_names(15, names), 4);
    assert_null(names[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_what_a_method_needs),
        cmocka_unit_test(checks_models_tasks_and_tiers),
        cmocka_unit_test(takes_the_lower_limits),
        cmocka_unit_test(knows_who_sees_alike),
        cmocka_unit_test(knows_the_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
