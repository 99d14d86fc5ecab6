/* Ids of tool calls in the form that a provider takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/adapter.h"

static const struct sl_call_id_rule anthropic = {"_-", 1, SIZE_MAX}, bedrock = {"_-", 1, 64},
                                    mistral = {"", 9, 9}, openai = {NULL, 1, 40};

#define LONG "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz"

/* want NULL: another id, of that length. */
static const struct {
    const struct sl_call_id_rule *rule;
    const char *id, *want;
    size_t length;
} rows[] = {
    {&anthropic, "toolu_01A-b", "toolu_01A-b", 0},
    {&anthropic, "functions.f:0", "functions_f_0", 0},
    {&anthropic, LONG, LONG, 0},
    {&anthropic, "\xc3\xa9", "__", 0},
    {&anthropic, "", "", 0},
    {&bedrock, "tooluse_1", "tooluse_1", 0},
    {&bedrock, "functions.f:0", "functions_f_0", 0},
    {&bedrock, LONG, NULL, 24},
    {&mistral, "D681PevKs", "D681PevKs", 0},
    {&mistral, "D681PevK", NULL, 9},
    {&mistral, "D681PevK_", NULL, 9},
    {&mistral, "call_abc", NULL, 9},
    {&openai, "functions.f:0", "functions.f:0", 0},
    {&openai, LONG, NULL, 24},
};

static void ids_fit(void **state)
{
    struct sl_arena arena;

    (void)state;
    sl_arena_init(&arena, 65536);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *got = sl_call_id(&arena, rows[i].id, rows[i].rule);
        if (rows[i].want) {
            assert_string_equal(got, rows[i].want);
            continue;
        }
        assert_int_equal(strlen(got), rows[i].length);
        assert_int_equal(
            strspn(got, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            rows[i].length);
        assert_string_equal(got, sl_call_id(&arena, rows[i].id, rows[i].rule));
        assert_string_equal(got, sl_call_id(&arena, got, rows[i].rule));
    }
    sl_arena_fini(&arena);
}

static void different_ids_stay_different(void **state)
{
    struct sl_arena arena;

    (void)state;
    sl_arena_init(&arena, 1024 * 1024);
    const char *before = "";
    for (int i = 0; i < 1000; i++) {
        const char *got = sl_call_id(&arena, sl_arena_printf(&arena, "call_%d", i), &mistral);
        assert_string_not_equal(got, before);
        before = got;
    }
    assert_string_not_equal(sl_call_id(&arena, LONG "1", &openai),
                            sl_call_id(&arena, LONG "2", &openai));
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_fit),
        cmocka_unit_test(different_ids_stay_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
