/* The schema: what the descriptors say is what the database has; migrations happen whole or not at
 * all, once, and never backwards. */
#include "unit/store/scene.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/backend.h"

/* ---- descriptors ---- */

static const char *type_name(enum sl_column_type type)
{
    static const struct {
        const char *sqlite, *postgres;
    } names[] = {
        [SL_TYPE_TEXT] = {"TEXT", "text"},       [SL_TYPE_JSON] = {"TEXT", "text"},
        [SL_TYPE_INT64] = {"INTEGER", "bigint"}, [SL_TYPE_REAL] = {"REAL", "double precision"},
        [SL_TYPE_BOOL] = {"INTEGER", "boolean"}, [SL_TYPE_BYTES] = {"BLOB", "bytea"},
    };
    return scene_is_postgres() ? names[type].postgres : names[type].sqlite;
}

static int64_t count_columns(struct scene *s, const char *table, const char *condition)
{
    char sql[600];
    if (scene_is_postgres())
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM (SELECT column_name AS name, data_type AS type, "
                 "is_nullable = 'NO' AS strict, collation_name AS sorted FROM "
                 "information_schema.columns WHERE table_schema = 'sluice' AND table_name = '%s') "
                 "c WHERE %s",
                 table, condition);
    else
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM (SELECT name, type, \"notnull\" AS strict, 'C' AS sorted "
                 "FROM pragma_table_info('%s')) c WHERE %s",
                 table, condition);
    return scene_sql(s, sql);
}

static void agrees_with_the_descriptors(void **state)
{
    struct scene *s = *state;
    for (int t = 0; t < SL_TABLE_COUNT; t++) {
        const struct sl_table_info *info = sl_table_info((enum sl_table)t);
        int stored = 0;
        for (size_t i = 0; i < info->n_columns; i++) {
            const struct sl_column *c = &info->columns[i];
            char condition[200];
            bool text = c->type == SL_TYPE_TEXT || c->type == SL_TYPE_JSON;
            snprintf(condition, sizeof(condition), "name = '%s' AND type = '%s'%s%s", c->name,
                     type_name(c->type), c->flags & SL_COLUMN_NULLABLE ? "" : " AND strict",
                     text ? " AND sorted = 'C'" : "");
            if (c->flags & SL_COLUMN_VOLATILE)
                continue;
            stored++;
            if (count_columns(s, info->name, condition) != 1)
                fail_msg("%s: %s", info->name, condition);
        }
        assert_int_equal(count_columns(s, info->name, "true"), stored);
    }
}

static void finds_tables_and_columns(void **state)
{
    (void)state;
    assert_int_equal(sl_table_find("models"), SL_TABLE_MODELS);
    assert_int_equal(sl_table_find("nothing"), SL_TABLE_COUNT);
    assert_int_equal(sl_table_column(SL_TABLE_MODELS, "base_url"), SL_MODELS_BASE_URL);
    assert_int_equal(sl_table_column(SL_TABLE_MODELS, "rank"), -1);
}

/* ---- migrations ---- */

static const char base_tables[] =
    "CREATE TABLE registry_revision (revision bigint, audit_seq bigint, audit_hash %s, "
    "purges_from bigint); INSERT INTO registry_revision VALUES (0, 0, '', 0);";

/* A schema of two migrations, the second one as given. */
static enum sl_code open_with(struct scene *s, const char *second, struct sl_store **out,
                              struct sl_err *err)
{
    char first[300];
    const struct sl_store_migration migrations[] = {
        {1, "0001_first", first}, {2, "0002_second", second}, {0, NULL, NULL}};
    struct sl_store_options options = scene_options(s);
    snprintf(first, sizeof(first), base_tables, scene_is_postgres() ? "bytea" : "blob");
    return scene_is_postgres() ? sl_store_postgres_open(&options, migrations, out, err)
                               : sl_store_sqlite_open(s->path, &options, migrations, out, err);
}

static void throw_away(struct scene *s)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    sl_store_close(s->store);
    s->store = NULL;
    if (scene_is_postgres())
        scene_sql(s, "DROP SCHEMA sluice CASCADE");
    for (size_t i = 0; !scene_is_postgres() && i < SL_ARRAY_LEN(ends); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", s->path, ends[i]);
        unlink(path);
    }
}

static void migrates_all_or_nothing(void **state)
{
    struct scene *s = *state;
    throw_away(s);
    s->err = (struct sl_err){0};
    assert_int_equal(
        open_with(s, "CREATE TABLE half (a integer); CREATE NONSENSE;", &s->store, &s->err),
        SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "0002_second"));
    assert_null(s->store);
    s->err = (struct sl_err){0};
    EXPECT_OK(open_with(s, "CREATE TABLE half (a integer)", &s->store, &s->err));
    assert_int_equal(sl_store_schema(s->store).found, 0);
    assert_int_equal(sl_store_schema(s->store).now, 2);
    throw_away(s);
}

/* Something holds the database in the middle of the migration. */
static bool is_migrating(struct scene *s)
{
    if (scene_is_postgres())
        return scene_sql(s, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                            "current_database() AND wait_event = 'PgSleep'") > 0;
    sqlite3 *db = NULL;
    /* not made here: the migration begins with an empty place */
    bool busy = sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_BUSY;
    sqlite3_close(db);
    return busy;
}

static void survives_a_crash_in_the_middle(void **state)
{
    struct scene *s = *state;
    const char *endless = scene_is_postgres()
                              ? "CREATE TABLE half (a integer); SELECT pg_sleep(3600)"
                              : "CREATE TABLE half (a integer); WITH RECURSIVE c(x) AS (SELECT 1 "
                                "UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
    int status = 0;
    throw_away(s);
    pid_t child = fork();
    if (!child) {
        struct sl_store *store = NULL;
        struct sl_err err = {0};
        _exit(open_with(s, endless, &store, &err) ? 1 : 0);
    }
    while (!is_migrating(s))
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    /* the old version is there, and the next one that starts does it all */
    EXPECT_OK(open_with(s, "CREATE TABLE half (a integer)", &s->store, &s->err));
    assert_int_equal(sl_store_schema(s->store).found, 0);
    throw_away(s);
}

static void migrates_once_for_many_processes(void **state)
{
    enum { PROCESSES = 4 };
    struct scene *s = *state;
    pid_t children[PROCESSES];
    throw_away(s);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (!children[i]) {
            struct sl_store *store = NULL;
            struct sl_err err = {0};
            _exit(open_with(s, "CREATE TABLE once (a integer)", &store, &err) ? 1 : 0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    throw_away(s);
}

static void refuses_other_versions(void **state)
{
    struct scene *s = *state;
    struct sl_store_options options = scene_options(s);
    sl_store_close(s->store);
    s->store = NULL;
    scene_sql(s, scene_is_postgres() ? "UPDATE schema_version SET version = 9999"
                                     : "PRAGMA user_version = 9999");
    s->err = (struct sl_err){0};
    assert_int_equal(sl_store_open(&options, &s->store, &s->err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "is of a newer Sluice (schema 9999"));
    scene_sql(s, scene_is_postgres() ? "UPDATE schema_version SET version = 0"
                                     : "PRAGMA user_version = 0");
    options.no_migration = true;
    s->err = (struct sl_err){0};
    assert_int_equal(sl_store_open(&options, &s->store, &s->err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "sluiced migrate"));
    s->err = (struct sl_err){0};
    assert_null(s->store);
}

/* A user without rights is told what to ask for. */
static void says_what_rights_are_missing(void **state)
{
    struct scene *s = *state;
    struct sl_store_options options = scene_options(s);
    char url[600];
    if (!scene_is_postgres())
        skip();
    throw_away(s);
    scene_sql(s, "DROP ROLE IF EXISTS sluice_poor; CREATE ROLE sluice_poor LOGIN PASSWORD 'poor'");
    snprintf(url, sizeof(url), "postgresql://sluice_poor:poor@%s", strchr(s->url, '@') + 1);
    options.url = url;
    assert_int_equal(sl_store_open(&options, &s->store, &s->err), SL_FAILED_PRECONDITION);
    assert_non_null(strstr(s->err.text, "GRANT sluice_app, sluice_sync TO \"sluice_poor\""));
    assert_null(strstr(s->err.text, ":poor"));
    s->err = (struct sl_err){0};
    scene_sql(s, "DROP ROLE sluice_poor");
}

static void says_where_no_database_is(void **state)
{
    static const struct {
        const char *url;
        enum sl_code code;
    } rows[] = {
        {"postgresql://u:planted@127.0.0.1:1/db", SL_UNAVAILABLE},
        {"postgresql://u:planted@/db?host=/nowhere", SL_UNAVAILABLE},
        {"postgresql://u:planted@/db?nonsense=1", SL_UNAVAILABLE},
        {"mysql://u:planted@localhost/db", SL_INVALID_ARGUMENT},
    };
    struct scene *s = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_store *store = NULL;
        struct sl_err err = {0};
        const struct sl_store_options options = {.url = rows[i].url, .data_dir = s->folder};
        assert_int_equal(sl_store_open(&options, &store, &err), rows[i].code);
        assert_null(strstr(err.text, "planted"));
        assert_null(store);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(agrees_with_the_descriptors),      SCENE_TEST(finds_tables_and_columns),
        SCENE_TEST(migrates_all_or_nothing),          SCENE_TEST(survives_a_crash_in_the_middle),
        SCENE_TEST(migrates_once_for_many_processes), SCENE_TEST(refuses_other_versions),
        SCENE_TEST(says_what_rights_are_missing),     SCENE_TEST(says_where_no_database_is),
    };
    return SCENE_MAIN(tests, argc, argv);
}
