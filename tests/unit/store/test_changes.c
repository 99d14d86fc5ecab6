/* What changed after a revision, deletions of both kinds included. */
#include "unit/store/scene.h"

#include <string.h>

static void delete_row(struct scene *s, enum sl_table table, const char *id)
{
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_delete(tx, (struct sl_row_key){table, id}, 0, &s->err));
    scene_commit(tx);
}

/* "table id" of what changed, "-" where it is gone. */
struct hearing {
    struct scene *s;
    char *text;
};

static enum sl_code on_change(void *owner, const struct sl_change *c, struct sl_err *err)
{
    struct hearing *h = owner;
    (void)err;
    h->text =
        sl_arena_printf(&h->s->arena, "%s%s:%s%d,", h->text, sl_table_info(c->table)->name,
                        !c->row                                 ? "-"
                        : sl_row_int(c->row, SL_COL_DELETED_MS) ? "deleted"
                                                                : sl_row_text(c->row, SL_COL_NAME),
                        (int)c->revision);
    return SL_OK;
}

static const char *changes_since(struct scene *s, int64_t revision)
{
    struct hearing h = {s, sl_arena_strdup(&s->arena, "")};
    struct sl_tx *tx = scene_sync(s);
    EXPECT_OK(sl_tx_changes(tx, revision, on_change, &h, &s->err));
    scene_commit(tx);
    return h.text;
}

static void tells_what_changed(void **state)
{
    struct scene *s = *state;
    size_t count = 0;
    const char *id = scene_add(s, SL_TABLE_MODELS, NULL, "a"); /* 1 */
    scene_add(s, SL_TABLE_TIERS, NULL, "t");                   /* 2 */
    scene_add(s, SL_TABLE_MODELS, "u1", "b");                  /* 3 */
    assert_string_equal(changes_since(s, 0), "models:a1,models:b3,tiers:t2,");
    assert_string_equal(changes_since(s, 2), "models:b3,");
    assert_string_equal(changes_since(s, 3), "");
    delete_row(s, SL_TABLE_MODELS, id); /* 4 */
    assert_string_equal(changes_since(s, 2), "models:b3,models:deleted4,");
    EXPECT_OK(sl_store_purge(s->store, -1000, "housekeeping", &count, &s->err));
    assert_int_equal(count, 1);
    assert_string_equal(changes_since(s, 2), "models:b3,models:-5,");
    scene_sql(s, "UPDATE registry_revision SET purges_from = 3");
    struct sl_tx *tx = scene_sync(s);
    EXPECT_ERROR(sl_tx_changes(tx, 2, on_change, NULL, &s->err), SL_FAILED_PRECONDITION,
                 SL_REASON_STORE);
    sl_tx_rollback(tx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(tells_what_changed),
    };
    return SCENE_MAIN(tests, argc, argv);
}
