/* Whose rows: on PostgreSQL the database itself keeps them apart, on SQLite the statements do. The
 * properties are the same. */
#include "unit/store/scene.h"

#include <stdio.h>
#include <string.h>

/* Tables with rows of several owners. */
static const enum sl_table owned[] = {
    SL_TABLE_PROVIDERS,      SL_TABLE_CREDENTIALS,   SL_TABLE_MODELS,      SL_TABLE_API_KEYS,
    SL_TABLE_MODEL_DEFAULTS, SL_TABLE_CONVERSATIONS, SL_TABLE_PREFERENCES, SL_TABLE_IMPORT_RUNS,
};

/* These have no global rows. */
static bool is_personal(enum sl_table table)
{
    return table == SL_TABLE_API_KEYS || table == SL_TABLE_CONVERSATIONS ||
           table == SL_TABLE_PREFERENCES;
}

static void fill(struct scene *s)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++) {
        if (!is_personal(owned[i]))
            scene_add(s, owned[i], NULL, "global");
        scene_add(s, owned[i], "u1", "of u1");
        scene_add(s, owned[i], "u2", "of u2");
    }
    scene_add(s, SL_TABLE_USERS, NULL, "somebody");
}

static void expect(struct scene *s, const struct sl_store_session *session, const char *own)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++) {
        char wanted[64];
        bool global = !is_personal(owned[i]);
        snprintf(wanted, sizeof(wanted), "%s%s", global ? "global," : "", own);
        const char *names = scene_names(s, scene_begin(s, session, false), owned[i]);
        if (strcmp(names, wanted) != 0)
            fail_msg("%s: '%s' instead of '%s'", sl_table_info(owned[i])->name, names, wanted);
    }
}

static void shows_global_rows_and_ones_own(void **state)
{
    struct scene *s = *state;
    fill(s);
    expect(s, &(struct sl_store_session){.user = NULL}, "");
    expect(s, &(struct sl_store_session){.user = ""}, "");
    expect(s, &(struct sl_store_session){.user = "u1"}, "of u1,");
    expect(s, &(struct sl_store_session){.user = "u2"}, "of u2,");
    expect(s, &(struct sl_store_session){.user = "u3"}, "");
    expect(s, &(struct sl_store_session){.user = "u1' OR true OR owner = '"}, "");
    expect(s, &(struct sl_store_session){.role = SL_STORE_SYNC}, "of u1,of u2,");
}

/* What one transaction was allowed is nothing to the next one on the same connection. */
static void leaks_nothing_into_the_next_transaction(void **state)
{
    struct scene *s = *state;
    fill(s);
    for (int i = 0; i < 30; i++) {
        struct sl_tx *tx = scene_begin(
            s, &(struct sl_store_session){.user = "u1", .admin = true, .auditor = true}, i % 2);
        if (i % 3 == 0)
            scene_commit(tx);
        else
            sl_tx_rollback(tx);
        tx = scene_sync(s);
        scene_commit(tx);
        const char *names = scene_names(s, scene_reads(s, NULL), SL_TABLE_MODELS);
        assert_string_equal(names, "global,");
        assert_string_equal(scene_names(s, scene_reads(s, "u2"), SL_TABLE_MODELS), "global,of u2,");
        assert_string_equal(scene_names(s, scene_reads(s, NULL), SL_TABLE_USERS), "");
        tx = scene_user(s, "u2");
        EXPECT_ERROR(sl_tx_insert(tx, scene_row(s, SL_TABLE_TIERS, NULL, "t"), &s->err),
                     SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED);
        sl_tx_rollback(tx);
    }
}

static void names_no_foreign_row(void **state)
{
    struct scene *s = *state;
    const char *id = scene_add(s, SL_TABLE_MODELS, "u1", "mine");
    struct sl_row *row = NULL;
    struct sl_tx *tx = scene_user(s, "u2");
    EXPECT_ERROR(sl_tx_get(tx, (struct sl_row_key){SL_TABLE_MODELS, id}, &s->arena, &row, &s->err),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    EXPECT_OK(sl_tx_find(tx, (struct sl_row_name){SL_TABLE_MODELS, "u1", "mine"}, &s->arena, &row,
                         &s->err));
    assert_null(row);
    EXPECT_ERROR(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, id}, 0, &s->err),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    row = scene_row(s, SL_TABLE_MODELS, "u1", "smuggled");
    EXPECT_ERROR(sl_tx_insert(tx, row, &s->err), SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED);
    sl_tx_rollback(tx);
    assert_string_equal(scene_names(s, scene_sync(s), SL_TABLE_MODELS), "mine,");
}

static void lets_administrators_write_global_rows(void **state)
{
    struct scene *s = *state;
    const char *id = scene_add(s, SL_TABLE_MODELS, NULL, "m");
    struct sl_tx *tx = scene_user(s, "u1");
    struct sl_row *row = scene_get(s, tx, SL_TABLE_MODELS, id);
    sl_row_set_text(row, SL_MODELS_REGION, "eu");
    EXPECT_ERROR(sl_tx_update(tx, row, 0, &s->err), SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED);
    EXPECT_ERROR(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, id}, 0, &s->err),
                 SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED);
    scene_commit(tx);
    tx = scene_admin(s);
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
    /* a personal row is nobody else's, administrators included, unless they act for its owner */
    id = scene_add(s, SL_TABLE_MODELS, "u1", "mine");
    tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, id}, 0, &s->err),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    sl_tx_rollback(tx);
    tx = scene_begin(s, &(struct sl_store_session){.user = "u1", .admin = true}, true);
    EXPECT_OK(sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_MODELS, id}, 0, &s->err));
    scene_commit(tx);
}

static void shows_users_themselves(void **state)
{
    struct scene *s = *state;
    const char *one = scene_add(s, SL_TABLE_USERS, NULL, "one");
    scene_add(s, SL_TABLE_USERS, NULL, "two");
    assert_string_equal(scene_names(s, scene_reads(s, NULL), SL_TABLE_USERS), "");
    assert_string_equal(scene_names(s, scene_reads(s, one), SL_TABLE_USERS), "one,");
    assert_string_equal(scene_names(s, scene_admin(s), SL_TABLE_USERS), "one,two,");
    struct sl_tx *tx = scene_user(s, one);
    struct sl_row *row = scene_get(s, tx, SL_TABLE_USERS, one);
    sl_row_set_text(row, SL_USERS_ROLES, "[\"admin\"]");
    EXPECT_ERROR(sl_tx_update(tx, row, 0, &s->err), SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED);
    sl_tx_rollback(tx);
}

static int64_t count_as(struct scene *s, const char *settings, const char *sql)
{
    char text[512];
    snprintf(text, sizeof(text), "BEGIN; %s; SELECT count(*) FROM (%s) q", settings, sql);
    int64_t n = scene_sql(s, text);
    scene_sql(s, "ROLLBACK");
    return n;
}

/* Without any help from the statements: SELECT * FROM table, as the role of requests. */
static void is_the_databases_own_rule(void **state)
{
    static const char app[] = "SET LOCAL ROLE sluice_app";
    static const char u1[] = "SET LOCAL ROLE sluice_app; SET LOCAL sluice.\"user\" = 'u1'";
    struct scene *s = *state;
    if (!scene_is_postgres())
        skip();
    fill(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++) {
        char all[64];
        int global = !is_personal(owned[i]);
        snprintf(all, sizeof(all), "SELECT * FROM %s", sl_table_info(owned[i])->name);
        assert_int_equal(count_as(s, app, all), global);
        assert_int_equal(count_as(s, u1, all), global + 1);
        assert_int_equal(count_as(s, "SET LOCAL ROLE sluice_sync", all), global + 2);
        /* the owner of the tables, who may change everything, is held to it, too */
        assert_int_equal(count_as(s, "SET LOCAL ROLE sluice_test", all), global);
    }
    assert_int_equal(count_as(s, u1, "SELECT * FROM model_names"), 2);
    assert_int_equal(count_as(s, u1, "SELECT * FROM users"), 0);
    assert_int_equal(count_as(s, u1, "SELECT * FROM audit_log"), 0);
    assert_int_equal(count_as(s, u1, "SELECT * FROM import_changes"), 0);
}

/* What the two roles may not do at all. */
static void gives_roles_no_more_than_they_need(void **state)
{
    static const struct {
        const char *role, *table, *right;
    } rows[] = {
        {"sluice_sync", "models", "INSERT"},        {"sluice_sync", "models", "DELETE"},
        {"sluice_sync", "models", "UPDATE"},        {"sluice_sync", "api_keys", "UPDATE"},
        {"sluice_sync", "audit_log", "SELECT"},     {"sluice_sync", "registry_revision", "UPDATE"},
        {"sluice_app", "audit_log", "UPDATE"},      {"sluice_app", "audit_log", "DELETE"},
        {"sluice_app", "audit_log", "TRUNCATE"},    {"sluice_app", "purges", "SELECT"},
        {"sluice_app", "schema_version", "UPDATE"},
    };
    struct scene *s = *state;
    if (!scene_is_postgres())
        skip();
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char sql[160];
        snprintf(sql, sizeof(sql), "SELECT has_table_privilege('%s', '%s', '%s')::int",
                 rows[i].role, rows[i].table, rows[i].right);
        if (scene_sql(s, sql))
            fail_msg("%s", sql);
    }
    assert_int_equal(scene_sql(s, "SELECT has_column_privilege('sluice_sync', 'credentials', "
                                  "'secret', 'UPDATE')::int"),
                     1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(shows_global_rows_and_ones_own),
        SCENE_TEST(leaks_nothing_into_the_next_transaction),
        SCENE_TEST(names_no_foreign_row),
        SCENE_TEST(lets_administrators_write_global_rows),
        SCENE_TEST(shows_users_themselves),
        SCENE_TEST(is_the_databases_own_rule),
        SCENE_TEST(gives_roles_no_more_than_they_need),
    };
    return SCENE_MAIN(tests, argc, argv);
}
