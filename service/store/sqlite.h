/* Shared by the files of the SQLite back end. */
#ifndef SL_STORE_SQLITE_H
#define SL_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/backend.h"

enum { SL_SQLITE_READERS, SL_SQLITE_WRITER };

struct sl_sqlite {
    struct sl_store store;
    char path[4096];
};

/* A statement that was prepared before; SQL texts repeat. */
struct sl_sqlite_cached {
    char *sql;
    sqlite3_stmt *stmt;
};

enum { SL_SQLITE_CACHE = 64 };

struct sl_sqlite_conn {
    struct sl_conn conn;
    sqlite3 *db;
    struct sl_sqlite_cached cache[SL_SQLITE_CACHE];
};

extern const struct sl_store_ops sl_sqlite_ops;

/* Fills err with SQLite's words: SL_UNAVAILABLE, STORE. doing: "reading its version". */
enum sl_code sl_sqlite_fail(sqlite3 *db, const char *doing, struct sl_err *err);
enum sl_code sl_sqlite_exec(sqlite3 *db, const char *sql, struct sl_err *err) SL_MUST_CHECK;
/* Opens a connection and sets it up; *out is set on failure, too (for its words), and may be
 * NULL. */
enum sl_code sl_sqlite_open_db(const char *path, sqlite3 **out, struct sl_err *err) SL_MUST_CHECK;

#endif
