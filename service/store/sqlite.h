/* Shared by the files of the SQLite back end. */
#ifndef SL_STORE_SQLITE_H
#define SL_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/backend.h"

struct sl_sqlite {
    struct sl_store store;
    sqlite3 *db;
};

extern const struct sl_store_ops sl_sqlite_ops;

sqlite3 *sl_sqlite_db(struct sl_store *s);
/* Fills err with SQLite's words: SL_UNAVAILABLE, STORE. doing: "reading API keys". */
enum sl_code sl_sqlite_fail(sqlite3 *db, const char *doing, struct sl_err *err);
enum sl_code sl_sqlite_exec(sqlite3 *db, const char *sql, struct sl_err *err) SL_MUST_CHECK;
/* The caller finalizes *out. */
enum sl_code sl_sqlite_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out,
                               struct sl_err *err) SL_MUST_CHECK;
/* BEGIN IMMEDIATE, and the revision one up. */
enum sl_code sl_sqlite_begin(sqlite3 *db, struct sl_err *err) SL_MUST_CHECK;
/* COMMIT where code is SL_OK, else ROLLBACK. Returns code, or the commit's error. */
enum sl_code sl_sqlite_end(sqlite3 *db, enum sl_code code, struct sl_err *err) SL_MUST_CHECK;

enum sl_code sl_sqlite_put_api_key(struct sl_store *s, const struct sl_store_api_key *key,
                                   struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_sqlite_revoke_api_key(struct sl_store *s, const char *id, int64_t revoked_ms,
                                      struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_sqlite_each_api_key(struct sl_store *s,
                                    enum sl_code (*on_key)(void *owner,
                                                           const struct sl_store_api_key *key,
                                                           struct sl_err *err),
                                    void *owner, struct sl_err *err) SL_MUST_CHECK;

#endif
