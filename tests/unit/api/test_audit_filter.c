/* Filters of the audit log: what they take, what they refuse and where, and what they let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/access/audit_filter.h"
#include "base/compiler.h"

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

static void lets_through(void **state)
{
    static const char *const event[SL_AUDIT_TIME] = {
        [SL_AUDIT_ACTOR] = "ann b",
        [SL_AUDIT_ACTION] = "update",
        [SL_AUDIT_RESOURCE] = "models",
        [SL_AUDIT_RESOURCE_ID] = "0190",
        [SL_AUDIT_RESOURCE_NAME] = "say \"gpt\"",
    };
    static const struct {
        const char *filter;
        bool passes;
    } rows[] = {
        {"", true},
        {"  ", true},
        {"actor = \"ann b\"", true},
        {"actor=\"ann b\"", true},
        {"actor != \"ann b\"", false},
        {"actor = ann", false},
        {"resource = models AND action = update", true},
        {"resource = models AND action != update", false},
        {"resource_id = 0190", true},
        {"resource_id=0190 AND resource=models AND action=insert", false},
        {"resource_name = \"say \\\"gpt\\\"\"", true},
        {"resource_name = \"\"", false},
        {"time > 2020-01-01 AND time < 2030-01-01", true},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_audit_filter f;
        struct sl_err err = {0};
        if (sl_audit_filter_parse(rows[i].filter, &arena, &f, &err))
            fail_msg("'%s': %s", rows[i].filter, err.text);
        if (sl_audit_filter_allows(&f, event) != rows[i].passes)
            fail_msg("'%s'", rows[i].filter);
    }
}

static void reads_times(void **state)
{
    static const struct {
        const char *filter;
        int64_t from_ms, to_ms;
    } rows[] = {
        {"time > 1970-01-02", 86400001, 0},
        {"time < 2000-03-01", 0, 951868800000},
        {"time < 2026-03-31T12:00:01Z", 0, 1774958401000},
        {"time > 5 AND time < 9", 6, 9},
        {"time > 5 AND time > 7 AND time < 9 AND time < 8", 8, 8},
        {"time > 2024-02-29", 1709164800001, 0},
        {"time < 0", 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_audit_filter f;
        struct sl_err err = {0};
        if (sl_audit_filter_parse(rows[i].filter, &arena, &f, &err))
            fail_msg("'%s': %s", rows[i].filter, err.text);
        assert_int_equal(f.from_ms, rows[i].from_ms);
        assert_int_equal(f.to_ms, rows[i].to_ms);
    }
}

static void says_what_is_wrong(void **state)
{
    static char long_one[SL_AUDIT_FILTER_MAX + 2], many[2000];
    static const struct {
        const char *filter, *says;
    } rows[] = {
        {"colour = red",
         "no field (actor, action, resource, resource_id, resource_name, time) at character 1"},
        {"actor", "no '=' or '!=' at character 6"},
        {"actor ~ a", "no '=' or '!=' at character 7"},
        {"actor ! a", "no '=' or '!='"},
        {"actor = ", "no value at character 9"},
        {"actor = \"a", "an open quote at character 11"},
        {"actor = a OR action = b", "something else than AND at character 11"},
        {"actor = a AND", "something else than AND"},
        {"actor = a AND ", "no condition behind AND"},
        {"actor = a ANDaction = b", "something else than AND"},
        {"actor = \"a\"action = b", "something else than AND"},
        {"time = 5", "no '<' or '>'"},
        {"time > yesterday", "a time that is none"},
        {"time > 2025-02-29", "a time that is none"},
        {"time > 2025-13-01", "a time that is none"},
        {"time > 1969-12-31", "a time that is none"},
        {"time > 2025-01-01T24:00:00Z", "a time that is none"},
        {"time > -5", "a time that is none"},
        {long_one, "more than 2048 bytes"},
        {many, "too many conditions"},
    };
    (void)state;
    memset(long_one, ' ', sizeof(long_one) - 1);
    for (size_t i = 0; i <= SL_AUDIT_CONDITIONS; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sactor = a", i ? " AND " : "");
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_audit_filter f;
        struct sl_err err = {0};
        assert_int_equal(sl_audit_filter_parse(rows[i].filter, &arena, &f, &err),
                         SL_INVALID_ARGUMENT);
        assert_string_equal(err.field, "filter");
        if (!strstr(err.text, rows[i].says))
            fail_msg("'%s': '%s'", rows[i].filter, err.text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(lets_through), TEST(reads_times),
                                       TEST(says_what_is_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
