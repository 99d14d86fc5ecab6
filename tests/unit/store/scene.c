/* A store of its own for each test. */
#include "unit/store/scene.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

int scene_skips(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

bool scene_is_postgres(void)
{
    return false;
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

void scene_sql(struct scene *s, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(s->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
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
