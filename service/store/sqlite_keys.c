/* API keys in SQLite. */
#include <string.h>

#include "store/sqlite.h"

static enum sl_code write_key(sqlite3 *db, const struct sl_store_api_key *key, struct sl_err *err)
{
    static const char sql[] =
        "INSERT INTO api_keys (id, sha256, name, roles, created_ms, revoked_ms) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET sha256 = excluded.sha256, "
        "name = excluded.name, roles = excluded.roles, created_ms = excluded.created_ms, "
        "revoked_ms = excluded.revoked_ms";
    sqlite3_stmt *q = NULL;
    enum sl_code code = sl_sqlite_prepare(db, sql, &q, err);
    if (code)
        return code;
    sqlite3_bind_text(q, 1, key->id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(q, 2, key->sha256, SL_STORE_DIGEST, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, key->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 4, key->roles);
    sqlite3_bind_int64(q, 5, key->created_ms);
    sqlite3_bind_int64(q, 6, key->revoked_ms);
    if (sqlite3_step(q) != SQLITE_DONE) {
        code = sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_UNIQUE
                   ? sl_err_set(err, SL_ALREADY_EXISTS, SL_REASON_STORE,
                                "another entry has the same API key")
                   : sl_sqlite_fail(db, "writing an API key", err);
    }
    sqlite3_finalize(q);
    return code;
}

enum sl_code sl_sqlite_put_api_key(struct sl_store *s, const struct sl_store_api_key *key,
                                   struct sl_err *err)
{
    sqlite3 *db = sl_sqlite_db(s);
    enum sl_code code = sl_sqlite_begin(db, err);
    if (code)
        return code;
    code = write_key(db, key, err);
    return sl_sqlite_end(db, code, err);
}

static enum sl_code revoke(sqlite3 *db, const char *id, int64_t revoked_ms, struct sl_err *err)
{
    static const char sql[] = "UPDATE api_keys SET revoked_ms = "
                              "CASE revoked_ms WHEN 0 THEN ?2 ELSE revoked_ms END WHERE id = ?1";
    sqlite3_stmt *q = NULL;
    enum sl_code code = sl_sqlite_prepare(db, sql, &q, err);
    if (code)
        return code;
    sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, revoked_ms);
    if (sqlite3_step(q) != SQLITE_DONE)
        code = sl_sqlite_fail(db, "revoking an API key", err);
    else if (!sqlite3_changes(db))
        code = sl_err_set(err, SL_NOT_FOUND, SL_REASON_STORE, "there is no API key '%.100s'", id);
    sqlite3_finalize(q);
    return code;
}

enum sl_code sl_sqlite_revoke_api_key(struct sl_store *s, const char *id, int64_t revoked_ms,
                                      struct sl_err *err)
{
    sqlite3 *db = sl_sqlite_db(s);
    enum sl_code code = sl_sqlite_begin(db, err);
    if (code)
        return code;
    code = revoke(db, id, revoked_ms, err);
    return sl_sqlite_end(db, code, err);
}

static const char *text_of(sqlite3_stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    return text ? (const char *)text : "";
}

static bool read_row(sqlite3_stmt *q, struct sl_store_api_key *key)
{
    const void *digest = sqlite3_column_blob(q, 1);
    if (!digest || sqlite3_column_bytes(q, 1) != SL_STORE_DIGEST)
        return false;
    memcpy(key->sha256, digest, SL_STORE_DIGEST);
    key->id = text_of(q, 0);
    key->name = text_of(q, 2);
    key->roles = (unsigned)sqlite3_column_int64(q, 3);
    key->created_ms = sqlite3_column_int64(q, 4);
    key->revoked_ms = sqlite3_column_int64(q, 5);
    return true;
}

enum sl_code sl_sqlite_each_api_key(struct sl_store *s,
                                    enum sl_code (*on_key)(void *owner,
                                                           const struct sl_store_api_key *key,
                                                           struct sl_err *err),
                                    void *owner, struct sl_err *err)
{
    sqlite3 *db = sl_sqlite_db(s);
    sqlite3_stmt *q = NULL;
    enum sl_code code = sl_sqlite_prepare(
        db, "SELECT id, sha256, name, roles, created_ms, revoked_ms FROM api_keys ORDER BY id", &q,
        err);
    int got = SQLITE_DONE;
    while (!code && (got = sqlite3_step(q)) == SQLITE_ROW) {
        struct sl_store_api_key key;
        code = read_row(q, &key) ? on_key(owner, &key, err)
                                 : sl_err_set(err, SL_UNAVAILABLE, SL_REASON_STORE,
                                              "the store holds an API key without a digest");
    }
    if (!code && got != SQLITE_DONE)
        code = sl_sqlite_fail(db, "reading API keys", err);
    sqlite3_finalize(q);
    return code;
}
