/* Import runs: an undo leaves every row as it was, and nothing that was changed since is lost. */
#include "unit/store/scene.h"

#include <string.h>

#include "base/str.h"
#include "store/runs.h"

static const char *start_run(struct scene *s)
{
    return scene_add(s, SL_TABLE_IMPORT_RUNS, NULL, "run");
}

static struct sl_tx *in_run(struct scene *s, const char *run)
{
    return scene_begin(s, &(struct sl_store_session){.admin = true, .run = run}, true);
}

static void insert(struct scene *s, struct sl_tx *tx, enum sl_table table, const char *name)
{
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, table, NULL, name), &s->err));
}

static void set_region(struct scene *s, struct sl_tx *tx, const char *id, const char *region)
{
    struct sl_row *patch = sl_row_create(&s->arena, SL_TABLE_MODELS);
    sl_row_set_text(patch, SL_COL_ID, id);
    sl_row_set_text(patch, SL_MODELS_REGION, region);
    EXPECT_OK(sl_tx_update(tx, patch, 0, &s->err));
}

static void rename_model(struct scene *s, struct sl_tx *tx, const char *id, const char *name)
{
    struct sl_row *patch = sl_row_create(&s->arena, SL_TABLE_MODELS);
    sl_row_set_text(patch, SL_COL_ID, id);
    sl_row_set_text(patch, SL_COL_NAME, name);
    EXPECT_OK(sl_tx_update(tx, patch, 0, &s->err));
}

static void add_conflict(void *owner, const struct sl_run_conflict *conflict)
{
    char *names = owner;
    size_t n = strlen(names);
    sl_copy(names + n, 64 - n, conflict->name);
}

static void restores_row_for_row(void **state)
{
    struct scene *s = *state;
    struct sl_row *first = scene_row(s, SL_TABLE_MODELS, NULL, "first");
    struct sl_tx *tx = scene_admin(s);
    sl_row_set_real(first, SL_MODELS_TEMPERATURE, 0.1);
    sl_row_set_bytes(first, SL_MODELS_HEADERS_SECRET, "\0cipher\xff", 8);
    EXPECT_OK(sl_tx_insert(tx, first, &s->err));
    scene_commit(tx);
    const char *second = scene_add(s, SL_TABLE_MODELS, NULL, "second");
    const char *third = scene_add(s, SL_TABLE_MODELS, NULL, "third");
    const char *run = start_run(s), *before = scene_dump(s);

    tx = in_run(s, run);
    set_region(s, tx, sl_row_text(first, SL_COL_ID), "eu");
    sl_row_set_bytes(first, SL_MODELS_HEADERS_SECRET, "other", 5);
    EXPECT_OK(sl_tx_update(tx, first, 0, &s->err));
    /* names change places: the undo has to go back the same way */
    rename_model(s, tx, second, "between");
    rename_model(s, tx, third, "second");
    rename_model(s, tx, second, "third");
    EXPECT_OK(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, third}, 0, &s->err));
    scene_commit(tx);
    tx = in_run(s, run);
    insert(s, tx, SL_TABLE_MODELS, "new");
    insert(s, tx, SL_TABLE_TIERS, "gold");
    scene_commit(tx);
    assert_string_not_equal(scene_dump(s), before);

    size_t count = 0;
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_undo_run(tx, &(struct sl_run_undo){.run = run}, &count, &s->err));
    scene_commit(tx);
    assert_int_equal(count, 5);
    assert_string_equal(scene_dump(s), before);

    tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_undo_run(tx, &(struct sl_run_undo){.run = run}, &count, &s->err),
                 SL_FAILED_PRECONDITION, SL_REASON_NOT_FOUND);
    EXPECT_ERROR(sl_tx_undo_run(tx, &(struct sl_run_undo){.run = "nothing"}, &count, &s->err),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    sl_tx_rollback(tx);
}

static void keeps_what_was_changed_since(void **state)
{
    struct scene *s = *state;
    const char *a = scene_add(s, SL_TABLE_MODELS, NULL, "a");
    const char *b = scene_add(s, SL_TABLE_MODELS, NULL, "b");
    const char *before = scene_dump(s), *run = start_run(s);
    char names[64] = "";
    struct sl_run_undo undo = {.run = run, .on_conflict = add_conflict, .owner = names};
    struct sl_tx *tx = in_run(s, run);
    set_region(s, tx, a, "eu");
    set_region(s, tx, b, "eu");
    scene_commit(tx);
    tx = scene_admin(s);
    set_region(s, tx, b, "us");
    scene_commit(tx);

    tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_undo_run(tx, &undo, NULL, &s->err), SL_ABORTED, SL_REASON_CHANGED_SINCE);
    scene_commit(tx);
    assert_string_equal(names, "b");
    tx = scene_sync(s);
    assert_string_equal(sl_row_text(scene_get(s, tx, SL_TABLE_MODELS, a), SL_MODELS_REGION), "eu");
    scene_commit(tx);

    undo.force = true;
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_undo_run(tx, &undo, NULL, &s->err));
    scene_commit(tx);
    assert_string_equal(scene_dump(s), before);
}

/* A user's run is the user's: another one cannot undo it. */
static void is_its_owners(void **state)
{
    struct scene *s = *state;
    const char *run = scene_add(s, SL_TABLE_IMPORT_RUNS, "u1", "run");
    struct sl_tx *tx = scene_begin(s, &(struct sl_store_session){.user = "u1", .run = run}, true);
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, SL_TABLE_MODELS, "u1", "mine"), &s->err));
    scene_commit(tx);
    tx = scene_user(s, "u2");
    EXPECT_ERROR(sl_tx_undo_run(tx, &(struct sl_run_undo){.run = run}, NULL, &s->err), SL_NOT_FOUND,
                 SL_REASON_NOT_FOUND);
    sl_tx_rollback(tx);
    tx = scene_user(s, "u1");
    EXPECT_OK(sl_tx_undo_run(tx, &(struct sl_run_undo){.run = run}, NULL, &s->err));
    scene_commit(tx);
    assert_string_equal(scene_names(s, scene_sync(s), SL_TABLE_MODELS), "");
}

static void pin(struct scene *s, struct sl_tx *tx, const char *id, const char *model)
{
    struct sl_row *patch = sl_row_create(&s->arena, SL_TABLE_CONVERSATIONS);
    sl_row_set_text(patch, SL_COL_ID, id);
    sl_row_set_text(patch, SL_CONVERSATIONS_MODEL, model);
    EXPECT_OK(sl_tx_update(tx, patch, 0, &s->err));
}

/* One write, and its undo, may be about rows of several users. */
static void goes_over_users(void **state)
{
    static const char *const users[] = {"u1", "u2", "u3", NULL};
    struct scene *s = *state;
    const char *model = scene_add(s, SL_TABLE_MODELS, NULL, "m");
    const char *one = scene_add(s, SL_TABLE_CONVERSATIONS, "u1", "c");
    const char *two = scene_add(s, SL_TABLE_CONVERSATIONS, "u2", "c");
    const char *run = start_run(s), *before = scene_dump(s);
    struct sl_tx *tx = in_run(s, run);
    set_region(s, tx, model, "eu");
    EXPECT_OK(sl_tx_turn_to(tx, "u1", &s->err));
    pin(s, tx, one, "m");
    EXPECT_OK(sl_tx_turn_to(tx, "u2", &s->err));
    pin(s, tx, two, "m");
    EXPECT_ERROR(sl_tx_get(tx, (struct sl_row_key){SL_TABLE_CONVERSATIONS, one}, &s->arena,
                           &(struct sl_row *){NULL}, &s->err),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    EXPECT_OK(sl_tx_turn_to(tx, NULL, &s->err));
    scene_commit(tx);
    tx = scene_user(s, "u2");
    pin(s, tx, two, "other");
    scene_commit(tx);

    char names[64] = "";
    struct sl_run_undo undo = {
        .run = run, .users = users, .on_conflict = add_conflict, .owner = names};
    size_t count = 0;
    tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_undo_run(tx, &undo, NULL, &s->err), SL_ABORTED, SL_REASON_CHANGED_SINCE);
    sl_tx_rollback(tx);
    assert_string_equal(names, "c");
    undo.force = true;
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_undo_run(tx, &undo, &count, &s->err));
    scene_commit(tx);
    assert_int_equal(count, 3);
    assert_string_equal(scene_dump(s), before);
    tx = scene_user(s, "u1");
    EXPECT_ERROR(sl_tx_turn_to(tx, "u2", &s->err), SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED);
    sl_tx_rollback(tx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(restores_row_for_row),
        SCENE_TEST(keeps_what_was_changed_since),
        SCENE_TEST(is_its_owners),
        SCENE_TEST(goes_over_users),
    };
    return SCENE_MAIN(tests, argc, argv);
}
