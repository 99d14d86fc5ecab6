/* Page tokens: there and back, and nothing that is not one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/page_token.h"

static void goes_there_and_back(void **state)
{
    struct sl_arena arena;
    struct sl_page_place out;
    const struct sl_page_place in = {sl_page_query("name:a", "created desc", "alice"), true, "0001",
                                     "models of mine", "0192-id"};
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    const char *token = sl_page_token_write(&arena, &in);
    assert_true(sl_page_token_read(&arena, token, in.query, &out));
    assert_true(out.personal);
    assert_string_equal(out.key, in.key);
    assert_string_equal(out.name, in.name);
    assert_string_equal(out.id, in.id);
    sl_arena_fini(&arena);
}

static void is_bound_to_its_query(void **state)
{
    struct sl_arena arena;
    struct sl_page_place out;
    const struct sl_page_place in = {sl_page_query("", "", "alice"), false, "", "a", ""};
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    const char *token = sl_page_token_write(&arena, &in);
    assert_false(sl_page_token_read(&arena, token, sl_page_query("", "", "bob"), &out));
    assert_false(sl_page_token_read(&arena, token, sl_page_query("name:a", "", "alice"), &out));
    assert_false(sl_page_token_read(&arena, token, sl_page_query("", "name", "alice"), &out));
    assert_true(sl_page_query("ab", "", "") != sl_page_query("a", "b", ""));
    sl_arena_fini(&arena);
}

/* Every shorter and every changed token is refused, or still one of that query. */
static void refuses_others(void **state)
{
    static const char *const texts[] = {"", "a", "AQ", "not base64!", "AQAAAAAAAAAAAA", "////"};
    struct sl_arena arena;
    struct sl_page_place out;
    const struct sl_page_place in = {sl_page_query("", "", "x"), false, "", "name", "id"};
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_false(sl_page_token_read(&arena, texts[i], in.query, &out));
    char *token = (char *)(uintptr_t)sl_page_token_write(&arena, &in);
    for (size_t n = strlen(token); n-- > 0;) {
        token[n] = '\0';
        assert_false(sl_page_token_read(&arena, token, in.query, &out));
    }
    char *large = malloc(8192);
    memset(large, 'A', 8191);
    large[8191] = '\0';
    assert_false(sl_page_token_read(&arena, large, in.query, &out));
    free(large);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_there_and_back),
        cmocka_unit_test(is_bound_to_its_query),
        cmocka_unit_test(refuses_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
