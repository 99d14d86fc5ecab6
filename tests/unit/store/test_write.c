/* Rows of a store: what is written is there, for those who may see it, and nobody else. */
#include "unit/store/scene.h"

#include <stdlib.h>
#include <string.h>

static void begins_empty(void **state)
{
    struct scene *s = *state;
    int64_t revision = -1;
    EXPECT_OK(sl_store_revision(s->store, &revision, &s->err));
    assert_int_equal(revision, 0);
    for (int t = 0; t < SL_TABLE_COUNT; t++)
        assert_string_equal(scene_names(s, scene_sync(s), (enum sl_table)t), "");
}

/* Sets every column that a caller may set to something of its own. */
static void fill(struct sl_row *row)
{
    const struct sl_table_info *t = sl_table_info(row->table);
    for (unsigned c = SL_COL_NAME; c < t->n_columns; c++) {
        if (t->columns[c].flags & (SL_COLUMN_STORE | SL_COLUMN_VOLATILE))
            continue;
        switch (t->columns[c].type) {
        case SL_TYPE_TEXT:
            sl_row_set_text(row, c, t->columns[c].name);
            break;
        case SL_TYPE_JSON:
            sl_row_set_text(row, c, "[\"\xc3\xa9\", {\"a\": 1}]");
            break;
        case SL_TYPE_INT64:
            sl_row_set_int(row, c, INT64_C(1) << 53 | c);
            break;
        case SL_TYPE_REAL:
            sl_row_set_real(row, c, 0.1 * c);
            break;
        case SL_TYPE_BOOL:
            sl_row_set_bool(row, c, c % 2);
            break;
        case SL_TYPE_BYTES:
            sl_row_set_bytes(row, c, "0123456789\0abcdefghij\xff\xfe 012345678", 32);
            break;
        }
    }
    if (row->table == SL_TABLE_MODELS)
        sl_row_set_text(row, SL_MODELS_ALIASES, "[\"one\", \"two\"]");
    if (row->table == SL_TABLE_MODEL_DEFAULTS)
        sl_row_set_text(row, SL_MODEL_DEFAULTS_SCOPE, "tier");
}

static void keeps_every_column(void **state)
{
    struct scene *s = *state;
    for (int t = 0; t < SL_TABLE_COUNT; t++) {
        enum sl_table table = (enum sl_table)t;
        bool global = table == SL_TABLE_USERS || table == SL_TABLE_TIERS;
        struct sl_row *row = scene_row(s, table, global ? NULL : "u1", "name");
        fill(row);
        struct sl_tx *tx = global ? scene_admin(s) : scene_user(s, "u1");
        EXPECT_OK(sl_tx_insert(tx, row, &s->err));
        int64_t revision = scene_commit(tx);
        assert_int_equal(revision, t + 1);
        assert_int_equal(sl_row_int(row, SL_COL_REVISION), revision);
        scene_reopen(s);
        tx = scene_sync(s);
        struct sl_row *got = scene_get(s, tx, table, sl_row_text(row, SL_COL_ID));
        for (size_t c = 0; c < sl_table_info(table)->n_columns; c++) {
            if (!sl_value_equal(&got->v[c], &row->v[c]))
                fail_msg("%s.%s differs", sl_table_info(table)->name,
                         sl_table_info(table)->columns[c].name);
        }
        scene_commit(tx);
    }
}

static void fills_in_what_is_not_set(void **state)
{
    struct scene *s = *state;
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_MODELS);
    struct sl_tx *tx = scene_user(s, "u1");
    sl_row_set_text(row, SL_COL_NAME, "m");
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    tx = scene_reads(s, "u1");
    row = scene_get(s, tx, SL_TABLE_MODELS, sl_row_text(row, SL_COL_ID));
    scene_commit(tx);
    assert_int_equal(strlen(sl_row_text(row, SL_COL_ID)), 36);
    assert_string_equal(sl_row_text(row, SL_COL_OWNER), "u1");
    assert_true(sl_row_bool(row, SL_MODELS_ENABLED));
    assert_true(sl_row_is_null(row, SL_MODELS_TEMPERATURE));
    assert_string_equal(sl_row_text(row, SL_MODELS_TIERS), "");
    assert_true(sl_row_int(row, SL_COL_CREATED_MS) > 1700000000000);
    assert_int_equal(sl_row_int(row, SL_COL_CREATED_MS), sl_row_int(row, SL_COL_UPDATED_MS));
}

static void updates_what_is_set(void **state)
{
    struct scene *s = *state;
    const char *id = scene_add(s, SL_TABLE_MODELS, NULL, "m");
    struct sl_row *patch = sl_row_create(&s->arena, SL_TABLE_MODELS);
    struct sl_tx *tx = scene_admin(s);
    sl_row_set_text(patch, SL_COL_ID, id);
    sl_row_set_real(patch, SL_MODELS_TOP_P, 0.5);
    EXPECT_OK(sl_tx_update(tx, patch, 1, &s->err));
    assert_int_equal(scene_commit(tx), 2);
    assert_string_equal(sl_row_text(patch, SL_COL_NAME), "m");
    assert_int_equal(sl_row_int(patch, SL_COL_REVISION), 2);
    /* nothing new is no write */
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_update(tx, patch, 2, &s->err));
    assert_int_equal(scene_commit(tx), 2);
    tx = scene_admin(s);
    sl_row_set_text(patch, SL_MODELS_REGION, "eu");
    EXPECT_ERROR(sl_tx_update(tx, patch, 1, &s->err), SL_ABORTED, SL_REASON_ETAG_STALE);
    EXPECT_OK(sl_tx_update(tx, patch, 2, &s->err)); /* the transaction goes on */
    assert_int_equal(scene_commit(tx), 3);
}

struct refusal {
    enum sl_table table;
    unsigned column;
    const char *text, *field;
};

static void refuses_what_does_not_fit(void **state)
{
    static const struct refusal rows[] = {
        {SL_TABLE_MODELS, SL_MODELS_REGION, "\xff", "region"},
        {SL_TABLE_MODELS, SL_MODELS_LABELS, "{", "labels"},
        {SL_TABLE_MODELS, SL_MODELS_ALIASES, "{}", "aliases"},
        {SL_TABLE_MODELS, SL_MODELS_ALIASES, "[1]", "aliases"},
        {SL_TABLE_MODELS, SL_MODELS_ALIASES, "[\"\"]", "aliases"},
        {SL_TABLE_MODEL_DEFAULTS, SL_MODEL_DEFAULTS_SCOPE, "", "scope"},
    };
    struct scene *s = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_row *row = scene_row(s, rows[i].table, "u1", "m");
        struct sl_tx *tx = scene_user(s, "u1");
        struct sl_err err = {0};
        sl_row_set_text(row, rows[i].column, rows[i].text);
        assert_int_equal(sl_tx_insert(tx, row, &err), SL_INVALID_ARGUMENT);
        assert_string_equal(err.field, rows[i].field);
        sl_tx_rollback(tx);
    }
    const char *id = scene_add(s, SL_TABLE_MODELS, NULL, "m");
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_get(s, tx, SL_TABLE_MODELS, id);
    sl_row_set_real(row, SL_MODELS_TOP_P, strtod("nan", NULL));
    EXPECT_ERROR(sl_tx_update(tx, row, 0, &s->err), SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST);
    sl_row_set_null(row, SL_MODELS_TOP_P);
    sl_row_set_text(row, SL_COL_OWNER, "u1");
    EXPECT_ERROR(sl_tx_update(tx, row, 0, &s->err), SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST);
    sl_tx_rollback(tx);
}

/* Who revokes a key need not know whose it is. */
static void lets_administrators_at_keys(void **state)
{
    struct scene *s = *state;
    const char *id = scene_add(s, SL_TABLE_API_KEYS, "ann", "a");
    scene_add(s, SL_TABLE_API_KEYS, "bob", "b");
    const struct sl_store_session admin = {.user = "root", .admin = true};
    assert_string_equal(scene_names(s, scene_reads(s, "ann"), SL_TABLE_API_KEYS), "a,");
    assert_string_equal(scene_names(s, scene_reads(s, NULL), SL_TABLE_API_KEYS), "");
    assert_string_equal(scene_names(s, scene_begin(s, &admin, false), SL_TABLE_API_KEYS), "a,b,");
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_API_KEYS);
    sl_row_set_text(row, SL_COL_ID, id);
    sl_row_set_int(row, SL_API_KEYS_REVOKED_MS, 5);
    struct sl_tx *tx = scene_user(s, "bob");
    EXPECT_ERROR(sl_tx_update(tx, row, 0, &s->err), SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    sl_tx_rollback(tx);
    tx = scene_begin(s, &admin, true);
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
    tx = scene_reads(s, "ann");
    assert_int_equal(sl_row_int(scene_get(s, tx, SL_TABLE_API_KEYS, id), SL_API_KEYS_REVOKED_MS),
                     5);
    sl_tx_rollback(tx);
}

static void rolls_back(void **state)
{
    struct scene *s = *state;
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, SL_TABLE_TIERS, NULL, "free"), &s->err));
    sl_tx_rollback(tx);
    sl_tx_rollback(NULL);
    assert_string_equal(scene_names(s, scene_sync(s), SL_TABLE_TIERS), "");
    int64_t revision = -1;
    EXPECT_OK(sl_store_revision(s->store, &revision, &s->err));
    assert_int_equal(revision, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(begins_empty),
        SCENE_TEST(keeps_every_column),
        SCENE_TEST(fills_in_what_is_not_set),
        SCENE_TEST(updates_what_is_set),
        SCENE_TEST(refuses_what_does_not_fit),
        SCENE_TEST(lets_administrators_at_keys),
        SCENE_TEST(rolls_back),
    };
    return SCENE_MAIN(tests, argc, argv);
}
