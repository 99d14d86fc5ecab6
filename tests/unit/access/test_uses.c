/* When keys were last used: the latest of each, and no more keys than there is room for. */
#include "unit/store/scene.h"

#include <stdio.h>
#include <string.h>

#include "access/uses.h"

static void notes_the_latest(void **state)
{
    struct scene *s = *state;
    struct sl_uses u = {0};
    const char *one = scene_add(s, SL_TABLE_API_KEYS, "ann", "a");
    const char *two = scene_add(s, SL_TABLE_API_KEYS, "ann", "b");
    sl_uses_note(&u, "", 5);
    sl_uses_note(&u, one, 10);
    sl_uses_note(&u, two, 20);
    sl_uses_note(&u, one, 30);
    sl_uses_note(&u, "of-a-key-that-is-gone", 40);
    assert_int_equal(u.n, 3);
    int64_t before, after;
    EXPECT_OK(sl_store_revision(s->store, &before, &s->err));
    struct sl_uses taken = sl_uses_take(&u);
    assert_int_equal(u.n, 0);
    EXPECT_OK(sl_uses_flush(&taken, s->store, &s->err));
    sl_uses_fini(&taken);
    EXPECT_OK(sl_uses_flush(&u, s->store, &s->err));
    EXPECT_OK(sl_store_revision(s->store, &after, &s->err));
    assert_int_equal(before, after);
    struct sl_tx *tx = scene_reads(s, "ann");
    assert_int_equal(sl_row_int(scene_get(s, tx, SL_TABLE_API_KEYS, one), SL_API_KEYS_LAST_USED_MS),
                     30);
    assert_int_equal(sl_row_int(scene_get(s, tx, SL_TABLE_API_KEYS, two), SL_API_KEYS_LAST_USED_MS),
                     20);
    sl_tx_rollback(tx);
}

static void has_an_end(void **state)
{
    struct sl_uses u = {0};
    char id[32];
    (void)state;
    for (int i = 0; i < SL_USES_MAX + 100; i++) {
        snprintf(id, sizeof(id), "key-%d", i);
        sl_uses_note(&u, id, i);
    }
    assert_int_equal(u.n, SL_USES_MAX);
    assert_true(u.n_slots >= 2 * u.n);
    sl_uses_note(&u, "key-5", 9999999);
    sl_uses_note(&u, "an-id-that-is-longer-than-ids-of-keys-ever-are-in-this-world", 1);
    assert_int_equal(u.n, SL_USES_MAX);
    sl_uses_fini(&u);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(notes_the_latest),
        cmocka_unit_test(has_an_end),
    };
    return SCENE_MAIN(tests, argc, argv);
}
