/* Deleting: first out of sight, then for good; names are free at once. */
#include "unit/store/scene.h"

#include <string.h>

static void delete_row(struct scene *s, enum sl_table table, const char *id)
{
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_delete(tx, (struct sl_row_key){table, id}, 0, &s->err));
    scene_commit(tx);
}

static void frees_the_name(void **state)
{
    struct scene *s = *state;
    const char *first = scene_add(s, SL_TABLE_MODELS, NULL, "m");
    struct sl_row *row = NULL;
    struct sl_tx *tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_insert(tx, scene_row(s, SL_TABLE_MODELS, NULL, "m"), &s->err),
                 SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN);
    sl_tx_rollback(tx);
    scene_add(s, SL_TABLE_MODELS, "u1", "m"); /* another owner's */
    delete_row(s, SL_TABLE_MODELS, first);
    const char *second = scene_add(s, SL_TABLE_MODELS, NULL, "m");
    tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_restore(tx, (struct sl_row_key){SL_TABLE_MODELS, first}, &s->err),
                 SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN);
    sl_tx_rollback(tx);
    delete_row(s, SL_TABLE_MODELS, second);
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_restore(tx, (struct sl_row_key){SL_TABLE_MODELS, first}, &s->err));
    EXPECT_OK(
        sl_tx_find(tx, (struct sl_row_name){SL_TABLE_MODELS, NULL, "m"}, &s->arena, &row, &s->err));
    assert_string_equal(sl_row_text(row, SL_COL_ID), first);
    scene_commit(tx);
}

/* In every table where names are unique. */
static void keeps_names_unique_per_owner(void **state)
{
    static const enum sl_table tables[] = {SL_TABLE_PROVIDERS, SL_TABLE_CREDENTIALS, SL_TABLE_USERS,
                                           SL_TABLE_TIERS};
    struct scene *s = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(tables); i++) {
        const char *id = scene_add(s, tables[i], NULL, "n");
        struct sl_tx *tx = scene_admin(s);
        EXPECT_ERROR(sl_tx_insert(tx, scene_row(s, tables[i], NULL, "n"), &s->err),
                     SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN);
        EXPECT_ERROR(sl_tx_commit(tx, NULL, &s->err), SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN);
        delete_row(s, tables[i], id);
        scene_add(s, tables[i], NULL, "n");
    }
}

static void purges_what_is_old_enough(void **state)
{
    struct scene *s = *state;
    size_t count = 9;
    const char *global = scene_add(s, SL_TABLE_MODELS, NULL, "a");
    const char *own = scene_add(s, SL_TABLE_MODELS, "u1", "b");
    scene_add(s, SL_TABLE_MODELS, NULL, "stays");
    delete_row(s, SL_TABLE_MODELS, global);
    struct sl_tx *tx = scene_user(s, "u1");
    EXPECT_OK(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, own}, 0, &s->err));
    scene_commit(tx);
    EXPECT_OK(sl_store_purge(s->store, 60000, "housekeeping", &count, &s->err));
    assert_int_equal(count, 0);
    EXPECT_OK(sl_store_purge(s->store, -1000, "housekeeping", &count, &s->err));
    assert_int_equal(count, 2);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM models"), 1);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM model_names"), 1);
}

/* In several transactions, so that other writers need not wait for all of it. */
static void purges_many(void **state)
{
    enum { MANY = 1201 };
    struct scene *s = *state;
    size_t count = 0;
    struct sl_tx *tx = scene_admin(s);
    for (int i = 0; i < MANY; i++) {
        struct sl_row *row =
            scene_row(s, SL_TABLE_TIERS, NULL, sl_arena_printf(&s->arena, "t%d", i));
        EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    }
    scene_commit(tx);
    scene_sql(s, "UPDATE tiers SET deleted_ms = 5");
    EXPECT_OK(sl_store_purge(s->store, 60000, "housekeeping", &count, &s->err));
    assert_int_equal(count, MANY);
    int64_t revision = 0;
    EXPECT_OK(sl_store_revision(s->store, &revision, &s->err));
    assert_int_equal(revision, 1 + 3);
}

static int64_t rows_of(struct scene *s, const char *owner)
{
    int64_t n = 0;
    for (int t = 0; t < SL_TABLE_COUNT; t++) {
        char *sql = sl_arena_printf(&s->arena, "SELECT count(*) FROM %s WHERE owner = '%s'",
                                    sl_table_info((enum sl_table)t)->name, owner);
        n += scene_sql(s, sql);
    }
    return n;
}

static void wipes_what_a_deleted_user_owned(void **state)
{
    static const enum sl_table tables[] = {SL_TABLE_PROVIDERS,      SL_TABLE_CREDENTIALS,
                                           SL_TABLE_MODELS,         SL_TABLE_API_KEYS,
                                           SL_TABLE_MODEL_DEFAULTS, SL_TABLE_CONVERSATIONS,
                                           SL_TABLE_PREFERENCES,    SL_TABLE_IMPORT_RUNS};
    struct scene *s = *state;
    const char *user = scene_add(s, SL_TABLE_USERS, NULL, "alice");
    for (size_t i = 0; i < SL_ARRAY_LEN(tables); i++) {
        scene_add(s, tables[i], user, "hers");
        scene_add(s, tables[i], "u2", "his");
    }
    scene_add(s, SL_TABLE_MODELS, NULL, "global");
    struct sl_tx *tx = scene_user(s, user);
    EXPECT_ERROR(sl_tx_delete_user(tx, user, 0, &s->err), SL_PERMISSION_DENIED,
                 SL_REASON_NOT_PERMITTED);
    sl_tx_rollback(tx);
    int64_t before = 0;
    EXPECT_OK(sl_store_revision(s->store, &before, &s->err));
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_delete_user(tx, user, 0, &s->err));
    /* the session is an administrator's again */
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, SL_TABLE_TIERS, NULL, "t"), &s->err));
    assert_int_equal(scene_commit(tx), before + 1);
    assert_int_equal(rows_of(s, user), 0);
    assert_int_equal(rows_of(s, "u2"), (int)SL_ARRAY_LEN(tables));
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM model_names"), 2);
    assert_string_equal(scene_names(s, scene_admin(s), SL_TABLE_USERS), "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(frees_the_name),
        SCENE_TEST(keeps_names_unique_per_owner),
        SCENE_TEST(purges_what_is_old_enough),
        SCENE_TEST(purges_many),
        SCENE_TEST(wipes_what_a_deleted_user_owned),
    };
    return SCENE_MAIN(tests, argc, argv);
}
