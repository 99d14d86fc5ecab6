/* Filters: what they accept, where they say that something is wrong, and what they match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/filter.h"
#include "base/compiler.h"

static const struct sl_adapter adapter = {.name = "openai", .api = "chat_completions"};
static const char *const tasks[] = {"coding", "chat", NULL};
static const struct sl_label labels[] = {{"team", "blue"}};

static struct sl_model sample(void)
{
    return (struct sl_model){
        .name = "gpt-fast",
        .provider = "corp",
        .adapter = &adapter,
        .target = {.model_id = "gpt-4o", .api = ""},
        .tasks = tasks,
        .labels = labels,
        .n_labels = 1,
        .source = "config",
        .enabled = true,
    };
}

static void matches_what_it_says(void **state)
{
    static const struct {
        const char *filter;
        bool matches;
    } rows[] = {
        {"", true},
        {"   ", true},
        {"name = gpt-fast", true},
        {"name=\"gpt-fast\"", true},
        {"name = gpt", false},
        {"name:gpt", true},
        {"name : fast AND provider=corp", true},
        {"name:gpt and provider != corp", false},
        {"provider_kind=openai AND model_id=gpt-4o AND api=chat_completions", true},
        {"source!=config", false},
        {"owner=\"\"", true},
        {"owner=alice", false},
        {"enabled=true", true},
        {"enabled=false", false},
        {"deleted=false", true},
        {"deleted=true", false},
        {"task=coding", true},
        {"task=vision", false},
        {"task!=vision", true},
        {"label.team=blue", true},
        {"label.team:bl", true},
        {"label.other=blue", false},
        {"label.other=\"\"", true},
        {"state=healthy", true},
        {"state!=healthy", false},
    };
    const struct sl_model m = sample();
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena arena;
        struct sl_model_filter f;
        struct sl_err err = {0};
        sl_arena_init(&arena, SIZE_MAX);
        if (sl_model_filter_parse(rows[i].filter, &arena, &f, &err))
            fail_msg("%s: %s", rows[i].filter, err.text);
        const struct sl_filter_subject s = {&m, "", "healthy"};
        if (sl_model_filter_matches(&f, &s) != rows[i].matches)
            fail_msg("%s", rows[i].filter);
        sl_arena_fini(&arena);
    }
}

static void leaves_deleted_ones_out(void **state)
{
    struct sl_arena arena;
    struct sl_model_filter none, all;
    struct sl_err err = {0};
    struct sl_model m = sample();
    const struct sl_filter_subject s = {&m, "", NULL};
    (void)state;
    m.deleted_ms = 1;
    sl_arena_init(&arena, SIZE_MAX);
    assert_int_equal(sl_model_filter_parse("name:gpt", &arena, &none, &err), SL_OK);
    assert_int_equal(sl_model_filter_parse("deleted=true", &arena, &all, &err), SL_OK);
    assert_false(sl_model_filter_matches(&none, &s));
    assert_true(sl_model_filter_matches(&all, &s));
    sl_arena_fini(&arena);
}

static void says_where_it_is_wrong(void **state)
{
    static const struct {
        const char *filter, *error;
    } rows[] = {
        {"colour=red", "there is no such field"},
        {"=red", "a field is missing at byte 1"},
        {"name red", "'=', '!=' or ':' is missing at byte 6"},
        {"name=", "a value is missing at byte 6"},
        {"name=\"red", "the quote has no end at byte 6"},
        {"name=a provider=b", "AND is missing at byte 8"},
        {"name=a AND", "a field is missing at byte 11"},
        {"enabled=yes", "the value has to be true or false at byte 9"},
        {"label.=x", "there is no such field"},
        {"name=a ANDprovider=b", "AND is missing at byte 8"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena arena;
        struct sl_model_filter f;
        struct sl_err err = {0};
        sl_arena_init(&arena, SIZE_MAX);
        assert_int_equal(sl_model_filter_parse(rows[i].filter, &arena, &f, &err),
                         SL_INVALID_ARGUMENT);
        assert_string_equal(err.field, "filter");
        if (!strstr(err.text, rows[i].error))
            fail_msg("%s: %s", rows[i].filter, err.text);
        sl_arena_fini(&arena);
    }
}

static void has_bounds(void **state)
{
    struct sl_arena arena;
    struct sl_model_filter f;
    struct sl_err err = {0}, other = {0};
    char text[4096] = "name=a";
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    for (int i = 0; i < 16; i++)
        memcpy(text + strlen(text), " AND name=a", sizeof(" AND name=a"));
    assert_int_equal(sl_model_filter_parse(text, &arena, &f, &err), SL_INVALID_ARGUMENT);
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(sl_model_filter_parse(text, &arena, &f, &other), SL_INVALID_ARGUMENT);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_what_it_says),
        cmocka_unit_test(leaves_deleted_ones_out),
        cmocka_unit_test(says_where_it_is_wrong),
        cmocka_unit_test(has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
