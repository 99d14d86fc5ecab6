/* A store of its own for each test. */
#include "unit/store/scene.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

#define LOGIN "sluice_test"

/* What all tests of the program share. */
static struct {
    bool postgres;
    char database[32];
    PGconn *server, *superuser; /* of the database `postgres`, of the tests' own */
    char url[512];              /* of that, for the store */
} program;

bool scene_skips(int argc, char **argv)
{
    const char *url = getenv("SLUICE_TEST_POSTGRES");
    program.postgres = argc > 1 && !strcmp(argv[1], "postgres");
    if (!program.postgres || (url && *url))
        return false;
    puts("skipped: SLUICE_TEST_POSTGRES names no server");
    return true;
}

bool scene_is_postgres(void)
{
    return program.postgres;
}

static int64_t run_sql(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    int64_t number = PQntuples(r) && PQnfields(r) ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
    PQclear(r);
    return number;
}

static PGconn *connect_superuser(const char *database)
{
    const char *const names[] = {"dbname", "dbname", "options", NULL};
    const char *const values[] = {getenv("SLUICE_TEST_POSTGRES"), database,
                                  "-c search_path=sluice -c client_min_messages=warning", NULL};
    PGconn *pg = PQconnectdbParams(names, values, 1);
    if (PQstatus(pg) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(pg));
    return pg;
}

/* The store logs in as a user who is no superuser; programs come here at the same time. */
static void make_database(void)
{
    char sql[256];
    program.server = connect_superuser("postgres");
    run_sql(program.server, "SELECT pg_advisory_lock(1)");
    run_sql(program.server,
            "DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['sluice_app', 'sluice_sync', "
            "'" LOGIN "'] LOOP IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE "
            "format('CREATE ROLE %I', r); END IF; END LOOP; END $$; "
            "ALTER ROLE " LOGIN " LOGIN PASSWORD 'sluice'; "
            "GRANT sluice_app, sluice_sync TO " LOGIN);
    run_sql(program.server, "SELECT pg_advisory_unlock(1)");
    snprintf(program.database, sizeof(program.database), "sluice_test_%ld", (long)getpid());
    snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s", program.database);
    run_sql(program.server, sql);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s OWNER " LOGIN, program.database);
    run_sql(program.server, sql);
    program.superuser = connect_superuser(program.database);
    snprintf(program.url, sizeof(program.url), "postgresql://" LOGIN ":sluice@/%s?host=%s&port=%s",
             program.database, PQhost(program.server), PQport(program.server));
}

int scene_end(void **state)
{
    char sql[256];
    (void)state;
    if (!program.server)
        return 0;
    PQfinish(program.superuser);
    snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", program.database);
    run_sql(program.server, sql);
    PQfinish(program.server);
    return 0;
}

struct sl_store_options scene_options(const struct scene *s)
{
    return (struct sl_store_options){.data_dir = s->folder, .url = s->url};
}

void scene_open(struct scene *s)
{
    struct sl_store_options options = scene_options(s);
    EXPECT_OK(sl_store_open(&options, &s->store, &s->err));
}

void scene_reopen(struct scene *s)
{
    sl_store_close(s->store);
    s->store = NULL;
    scene_open(s);
}

int scene_set_up(void **state)
{
    struct scene *s = SL_NEW(struct scene);
    snprintf(s->folder, sizeof(s->folder), "/tmp/sluice-store-XXXXXX");
    if (!mkdtemp(s->folder))
        return 1;
    snprintf(s->path, sizeof(s->path), "%s/sluice.db", s->folder);
    sl_arena_init(&s->arena, SIZE_MAX);
    *state = s;
    if (program.postgres && !program.server)
        make_database();
    if (program.postgres) {
        run_sql(program.superuser, "DROP SCHEMA IF EXISTS sluice CASCADE");
        snprintf(s->url, sizeof(s->url), "%s", program.url);
    }
    scene_open(s);
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *s = *state;
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    sl_store_close(s->store);
    for (size_t i = 0; i < SL_ARRAY_LEN(ends); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", s->path, ends[i]);
        unlink(path);
    }
    int failed = rmdir(s->folder);
    sl_arena_fini(&s->arena);
    sl_free(s);
    return failed;
}

struct sl_tx *scene_begin(struct scene *s, const struct sl_store_session *session, bool write)
{
    struct sl_tx *tx = NULL;
    EXPECT_OK(sl_store_begin(s->store, session, write, &tx, &s->err));
    return tx;
}

struct sl_tx *scene_admin(struct scene *s)
{
    return scene_begin(
        s, &(struct sl_store_session){.admin = true, .actor = "root", .peer = "ipv4:192.0.2.1"},
        true);
}

struct sl_tx *scene_user(struct scene *s, const char *user)
{
    return scene_begin(s, &(struct sl_store_session){.user = user}, true);
}

struct sl_tx *scene_reads(struct scene *s, const char *user)
{
    return scene_begin(s, &(struct sl_store_session){.user = user}, false);
}

struct sl_tx *scene_sync(struct scene *s)
{
    return scene_begin(s, &(struct sl_store_session){.role = SL_STORE_SYNC}, false);
}

int64_t scene_commit(struct sl_tx *tx)
{
    struct sl_err err = {0};
    int64_t revision = -1;
    if (sl_tx_commit(tx, &revision, &err))
        fail_msg("%s", err.text);
    return revision;
}

static int on_number(void *owner, int n, char **values, char **names)
{
    (void)names;
    *(int64_t *)owner = n && values[0] ? strtoll(values[0], NULL, 10) : 0;
    return 0;
}

int64_t scene_sql(struct scene *s, const char *sql)
{
    sqlite3 *db = NULL;
    int64_t number = 0;
    if (program.postgres)
        return run_sql(program.superuser, sql);
    assert_int_equal(sqlite3_open(s->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_exec(db, sql, on_number, &number, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    return number;
}

static void allow_connections(bool allowed)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "ALTER DATABASE %s ALLOW_CONNECTIONS %s", program.database,
             allowed ? "true" : "false");
    run_sql(program.server, sql);
}

void scene_close_database(struct scene *s)
{
    (void)s;
    allow_connections(false);
    run_sql(program.superuser, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                               "WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

void scene_open_database(struct scene *s)
{
    (void)s;
    allow_connections(true);
}

struct sl_row *scene_row(struct scene *s, enum sl_table table, const char *owner, const char *name)
{
    static unsigned char digest[SL_STORE_DIGEST];
    struct sl_row *row = sl_row_create(&s->arena, table);
    sl_row_set_text(row, SL_COL_OWNER, owner);
    sl_row_set_text(row, SL_COL_NAME, name);
    if (table == SL_TABLE_API_KEYS) {
        digest[0]++;
        sl_row_set_bytes(row, SL_API_KEYS_SHA256, digest, sizeof(digest));
    }
    if (table == SL_TABLE_MODEL_DEFAULTS)
        sl_row_set_text(row, SL_MODEL_DEFAULTS_SCOPE, owner ? "user" : "registry");
    return row;
}

const char *scene_add(struct scene *s, enum sl_table table, const char *owner, const char *name)
{
    struct sl_tx *tx = owner ? scene_user(s, owner) : scene_admin(s);
    struct sl_row *row = scene_row(s, table, owner, name);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    return sl_row_text(row, SL_COL_ID);
}

struct sl_row *scene_get(struct scene *s, struct sl_tx *tx, enum sl_table table, const char *id)
{
    struct sl_row *row = NULL;
    EXPECT_OK(sl_tx_get(tx, (struct sl_row_key){table, id}, &s->arena, &row, &s->err));
    return row;
}

const char *scene_names(struct scene *s, struct sl_tx *tx, enum sl_table table)
{
    struct sl_query query = {.table = table, .order = SL_COL_NAME};
    struct sl_rows rows = {NULL, 0};
    char *text = sl_arena_strdup(&s->arena, "");
    EXPECT_OK(sl_tx_list(tx, &query, &s->arena, &rows, &s->err));
    for (size_t i = 0; i < rows.count; i++)
        text = sl_arena_printf(&s->arena, "%s%s,", text, sl_row_text(rows.list[i], SL_COL_NAME));
    scene_commit(tx);
    return text;
}

static bool dump_bytes(struct sl_buf *b, struct sl_str bytes)
{
    bool ok = sl_buf_add_char(b, '|');
    for (size_t i = 0; i < bytes.n; i++)
        ok = ok && sl_buf_printf(b, "%02x", (unsigned char)bytes.p[i]);
    return ok;
}

static enum sl_code dump_row(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_buf *b = owner;
    bool ok = sl_buf_add_str(b, sl_table_info(row->table)->name);
    (void)err;
    for (size_t c = 0; c < sl_table_info(row->table)->n_columns; c++) {
        const struct sl_value *v = &row->v[c];
        if (c == SL_COL_REVISION)
            continue;
        if (v->type == SL_VALUE_TEXT)
            ok = ok && sl_buf_add_char(b, '|') && sl_buf_add(b, v->as.s.p, v->as.s.n);
        else if (v->type == SL_VALUE_BYTES)
            ok = ok && dump_bytes(b, v->as.s);
        else if (v->type == SL_VALUE_INT)
            ok = ok && sl_buf_printf(b, "|%lld", (long long)v->as.i);
        else if (v->type == SL_VALUE_REAL)
            ok = ok && sl_buf_printf(b, "|%a", v->as.d);
        else
            ok = ok && sl_buf_printf(b, "|%d%d", v->type, v->as.b);
    }
    if (!ok || !sl_buf_add_char(b, '\n'))
        fail_msg("the dump is too long");
    return SL_OK;
}

const char *scene_dump(struct scene *s)
{
    struct sl_tx *tx = scene_sync(s);
    struct sl_buf b;
    sl_buf_init(&b, 64 * 1024 * 1024);
    for (int t = 0; t < SL_TABLE_IMPORT_RUNS; t++) {
        struct sl_query query = {.table = (enum sl_table)t, .rows = SL_ROWS_ALL};
        EXPECT_OK(sl_tx_each(tx, &query, dump_row, &b, &s->err));
    }
    scene_commit(tx);
    const char *text = sl_arena_strndup(&s->arena, b.n ? b.p : "", b.n);
    sl_buf_fini(&b);
    return text;
}
