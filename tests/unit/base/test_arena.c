/* Arenas: pieces are aligned, apart from each other, and their sum stays below the ceiling. */
#include "base/arena.h"

#include <string.h>

#include "cm.h"

enum { PIECES = 400 };

/* Sizes across all of an arena's cases: small, half a block, a block, larger than any block. */
static size_t size_of(size_t i)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 480, 512, 1000, 1024, 5000, 40000, 70000};
    return sizes[i * 7 % SL_ARRAY_LEN(sizes)];
}

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    struct sl_arena a;
    sl_arena_init(&a, SIZE_MAX);
    unsigned char *piece[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        piece[i] = sl_arena_try(&a, size_of(i));
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % 16, 0);
        memset(piece[i], (int)(i & 255), size_of(i));
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < size_of(i); k++)
            assert_int_equal(piece[i][k], i & 255);
    }
    sl_arena_fini(&a);
    assert_int_equal(a.used, 0);
}

/* For every ceiling: what is taken from the heap never passes it, small pieces go on where large
 * ones no longer fit, and a refusal leaves the arena usable. */
static void the_ceiling_holds(void **state)
{
    (void)state;
    for (size_t max = 0; max <= 9000; max += 37) {
        struct sl_arena a;
        sl_arena_init(&a, max);
        assert_null(sl_arena_try(&a, max + 1));
        size_t sum = 0;
        for (void *p; (p = sl_arena_try(&a, 100)); sum += 112) {
            memset(p, 1, 100);
            assert_true(a.used <= max);
        }
        assert_true(sum <= max);
        assert_true(sum + 112 + 1200 > max || max < 1200);
        assert_null(sl_arena_try(&a, 4000));
        assert_null(sl_arena_try(&a, SIZE_MAX));
        /* The bounded ones go on. */
        assert_string_equal(sl_arena_strdup(&a, "still here"), "still here");
        sl_arena_fini(&a);
    }
}

static void a_large_piece_leaves_the_open_block_open(void **state)
{
    (void)state;
    struct sl_arena a;
    sl_arena_init(&a, SIZE_MAX);
    char *before = sl_arena_try(&a, 16);
    assert_non_null(sl_arena_try(&a, 100000));
    char *after = sl_arena_try(&a, 16);
    assert_ptr_equal(after, before + 16);
    sl_arena_fini(&a);
}

static void an_idle_call_is_small(void **state)
{
    (void)state;
    struct sl_arena a;
    sl_arena_init(&a, 1 << 20);
    assert_int_equal(a.used, 0);
    assert_non_null(sl_arena_try(&a, 1));
    assert_int_equal(a.used, 1024);
    sl_arena_fini(&a);
}

static void zeroed_and_copied(void **state)
{
    (void)state;
    struct sl_arena a;
    sl_arena_init(&a, 0);
    char *dirty = sl_arena_alloc(&a, 64);
    memset(dirty, 'x', 64);
    sl_arena_fini(&a);
    for (int i = 0; i < 100; i++) {
        unsigned char *p = sl_arena_zalloc(&a, 65);
        for (int k = 0; k < 65; k++)
            assert_int_equal(p[k], 0);
    }
    assert_string_equal(sl_arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(sl_arena_strndup(&a, NULL, 0), "");
    assert_string_equal(sl_arena_printf(&a, "%s/%d", "v1", 2), "v1/2");
    char *text = sl_arena_printf(&a, "%0*d", 3000, 5);
    assert_int_equal(strlen(text), 3000);
    assert_int_equal(text[2999], '5');
    struct sl_arena *made = SL_ARENA_NEW(&a, struct sl_arena);
    assert_null(made->head);
    sl_arena_fini(&a);
    sl_arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(a_large_piece_leaves_the_open_block_open),
        cmocka_unit_test(an_idle_call_is_small),
        cmocka_unit_test(zeroed_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
