/* Names and aliases of models. */
#include "unit/store/scene.h"

#include <string.h>

static void keeps_aliases_unique_with_names(void **state)
{
    struct scene *s = *state;
    struct sl_row *row = scene_row(s, SL_TABLE_MODELS, NULL, "long"), *found = NULL;
    struct sl_tx *tx = scene_admin(s);
    sl_row_set_text(row, SL_MODELS_ALIASES, "[\"a\", \"b\", \"a\", \"long\"]");
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    tx = scene_admin(s);
    s->err = (struct sl_err){0};
    assert_int_equal(sl_tx_insert(tx, scene_row(s, SL_TABLE_MODELS, NULL, "b"), &s->err),
                     SL_ALREADY_EXISTS);
    assert_non_null(strstr(s->err.text, "'b'"));
    s->err = (struct sl_err){0};
    sl_tx_rollback(tx);
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_find(tx, (struct sl_row_name){SL_TABLE_MODELS, NULL, "b"}, &s->arena, &found,
                         &s->err));
    assert_string_equal(sl_row_text(found, SL_COL_NAME), "long");
    sl_row_set_text(row, SL_MODELS_ALIASES, "[\"c\"]");
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, SL_TABLE_MODELS, NULL, "b"), &s->err));
    scene_commit(tx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(keeps_aliases_unique_with_names),
    };
    return SCENE_MAIN(tests, argc, argv);
}
