/* SQLite, embedded: revision, meta, and what the other files of the back end share. */
#include "store/sqlite.h"

#include "base/alloc.h"
#include "base/str.h"

static void close_store(struct sl_store *s);
static enum sl_code get_revision(struct sl_store *s, int64_t *out, struct sl_err *err);
static enum sl_code get_meta(struct sl_store *s, const char *name, char *value, size_t size,
                             struct sl_err *err);
static enum sl_code put_meta(struct sl_store *s, const char *name, const char *value,
                             struct sl_err *err);

const struct sl_store_ops sl_sqlite_ops = {
    .name = "sqlite",
    .close = close_store,
    .revision = get_revision,
    .put_api_key = sl_sqlite_put_api_key,
    .revoke_api_key = sl_sqlite_revoke_api_key,
    .each_api_key = sl_sqlite_each_api_key,
    .get_meta = get_meta,
    .put_meta = put_meta,
};

sqlite3 *sl_sqlite_db(struct sl_store *s)
{
    return SL_CONTAINER_OF(s, struct sl_sqlite, store)->db;
}

enum sl_code sl_sqlite_fail(sqlite3 *db, const char *doing, struct sl_err *err)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_STORE, "the store failed while %s: %s", doing,
                      sqlite3_errmsg(db));
}

enum sl_code sl_sqlite_exec(sqlite3 *db, const char *sql, struct sl_err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return SL_OK;
    return sl_sqlite_fail(db, sql, err);
}

enum sl_code sl_sqlite_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct sl_err *err)
{
    if (sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK)
        return SL_OK;
    return sl_sqlite_fail(db, "preparing a statement", err);
}

enum sl_code sl_sqlite_begin(sqlite3 *db, struct sl_err *err)
{
    enum sl_code code = sl_sqlite_exec(db, "BEGIN IMMEDIATE", err);
    if (code)
        return code;
    code = sl_sqlite_exec(db, "UPDATE registry_revision SET revision = revision + 1", err);
    return code ? sl_sqlite_end(db, code, err) : SL_OK;
}

enum sl_code sl_sqlite_end(sqlite3 *db, enum sl_code code, struct sl_err *err)
{
    if (!code)
        code = sl_sqlite_exec(db, "COMMIT", err);
    if (code)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

static void close_store(struct sl_store *s)
{
    struct sl_sqlite *q = SL_CONTAINER_OF(s, struct sl_sqlite, store);
    sqlite3_close(q->db);
    sl_free(q);
}

static enum sl_code get_revision(struct sl_store *s, int64_t *out, struct sl_err *err)
{
    sqlite3 *db = sl_sqlite_db(s);
    sqlite3_stmt *q = NULL;
    enum sl_code code = sl_sqlite_prepare(db, "SELECT revision FROM registry_revision", &q, err);
    if (!code) {
        if (sqlite3_step(q) == SQLITE_ROW)
            *out = sqlite3_column_int64(q, 0);
        else
            code = sl_sqlite_fail(db, "reading the revision", err);
    }
    sqlite3_finalize(q);
    return code;
}

static enum sl_code get_meta(struct sl_store *s, const char *name, char *value, size_t size,
                             struct sl_err *err)
{
    sqlite3 *db = sl_sqlite_db(s);
    sqlite3_stmt *q = NULL;
    enum sl_code code = sl_sqlite_prepare(db, "SELECT value FROM meta WHERE name = ?1", &q, err);
    if (!code) {
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        int got = sqlite3_step(q);
        if (got == SQLITE_ROW)
            sl_copy(value, size, (const char *)sqlite3_column_text(q, 0));
        else if (got == SQLITE_DONE)
            sl_copy(value, size, "");
        else
            code = sl_sqlite_fail(db, "reading a fact", err);
    }
    sqlite3_finalize(q);
    return code;
}

static enum sl_code put_meta(struct sl_store *s, const char *name, const char *value,
                             struct sl_err *err)
{
    sqlite3 *db = sl_sqlite_db(s);
    sqlite3_stmt *q = NULL;
    enum sl_code code = sl_sqlite_prepare(db,
                                          "INSERT INTO meta (name, value) VALUES (?1, ?2) "
                                          "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                          &q, err);
    if (!code) {
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 2, value, -1, SQLITE_STATIC);
        if (sqlite3_step(q) != SQLITE_DONE)
            code = sl_sqlite_fail(db, "writing a fact", err);
    }
    sqlite3_finalize(q);
    return code;
}
