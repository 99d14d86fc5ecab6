/* Opening the database file, and bringing it to this binary's schema: numbered migrations, all
 * that are missing in one transaction. PRAGMA user_version is the number of the last one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "store/conn_pool.h"
#include "store/sqlite.h"

enum { READERS = 4, DEFAULT_WAIT_MS = 5000, RETRY_MS = 10 };

static enum sl_code refuse(struct sl_err *err, const char *path, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE, "the store %.300s %s", path,
                      why);
}

/* SQLite gives its -wal and -shm files the mode of the database: the file is made here, for its
 * owner only. */
static enum sl_code create_file(const char *path, struct sl_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fchmod(fd, 0600)) {
        char why[200];
        snprintf(why, sizeof(why), "cannot be opened: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return refuse(err, path, why);
    }
    close(fd);
    return SL_OK;
}

static enum sl_code get_version(sqlite3 *db, int *out, struct sl_err *err)
{
    sqlite3_stmt *q = NULL;
    enum sl_code code = SL_OK;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        *out = sqlite3_column_int(q, 0);
    else
        code = sl_sqlite_fail(db, "reading its version", err);
    sqlite3_finalize(q);
    return code;
}

static enum sl_code apply(sqlite3 *db, const struct sl_store_migration *m, struct sl_err *err)
{
    char sql[64];
    if (sqlite3_exec(db, m->sql, NULL, NULL, NULL) != SQLITE_OK)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                          "the store's migration %s failed: %s", m->name, sqlite3_errmsg(db));
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", m->number);
    return sl_sqlite_exec(db, sql, err);
}

/* The version is read under the write lock: two processes that start together migrate once. */
static enum sl_code migrate_locked(sqlite3 *db, struct sl_sqlite *q,
                                   const struct sl_store_migration *migrations, bool no_migration,
                                   struct sl_err *err)
{
    char where[400];
    int version = 0, newest = sl_store_newest(migrations);
    enum sl_code code = get_version(db, &version, err);
    snprintf(where, sizeof(where), "the store %.300s", q->path);
    if (!code)
        code = sl_store_check_schema(where, version, newest, no_migration, err);
    for (; !code && migrations->number; migrations++) {
        if (migrations->number > version)
            code = apply(db, migrations, err);
    }
    q->store.schema = (struct sl_store_schema){version, newest};
    return code;
}

static enum sl_code migrate(struct sl_sqlite *q, const struct sl_store_migration *migrations,
                            bool no_migration, struct sl_err *err)
{
    sqlite3 *db = NULL;
    enum sl_code code = sl_sqlite_open_db(q->path, &db, err);
    if (!code)
        code = sl_sqlite_exec(db, "BEGIN IMMEDIATE", err);
    if (!code) {
        code = migrate_locked(db, q, migrations, no_migration, err);
        if (!code)
            code = sl_sqlite_exec(db, "COMMIT", err);
        if (code)
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    sqlite3_close(db);
    return code;
}

/* Two processes that make the database at the same time: SQLite does not wait by itself where the
 * journal's mode changes. */
static enum sl_code set_mode(sqlite3 *db, const char *sql, struct sl_err *err)
{
    int tries = DEFAULT_WAIT_MS / RETRY_MS;
    while (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_BUSY && tries--)
        sqlite3_sleep(RETRY_MS);
    return sqlite3_errcode(db) == SQLITE_OK ? SL_OK : sl_sqlite_fail(db, sql, err);
}

/* FULL: a write that was answered survives a power cut. secure_delete: what was deleted, a user's
 * rows above all, is overwritten. */
enum sl_code sl_sqlite_open_db(const char *path, sqlite3 **out, struct sl_err *err)
{
    static const char *const settings[] = {
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
    };
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, out, flags, NULL) != SQLITE_OK) {
        char why[200];
        sl_copy(why, sizeof(why), sqlite3_errmsg(*out));
        return refuse(err, path, why);
    }
    sqlite3_busy_timeout(*out, DEFAULT_WAIT_MS);
    sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < SL_ARRAY_LEN(settings); i++)
        code = set_mode(*out, settings[i], err);
    return code;
}

enum sl_code sl_store_sqlite_open(const char *path, const struct sl_store_options *options,
                                  const struct sl_store_migration *migrations,
                                  struct sl_store **out, struct sl_err *err)
{
    int64_t wait = options->connect_timeout_ms ? options->connect_timeout_ms : DEFAULT_WAIT_MS;
    enum sl_code code = create_file(path, err);
    if (code)
        return code;
    struct sl_sqlite *q = SL_NEW(struct sl_sqlite);
    sl_store_init(&q->store, &sl_sqlite_ops);
    sl_copy(q->path, sizeof(q->path), path);
    q->store.pools[SL_SQLITE_READERS] =
        sl_conn_pool_create(&q->store, SL_SQLITE_READERS, READERS, wait);
    q->store.pools[SL_SQLITE_WRITER] = sl_conn_pool_create(&q->store, SL_SQLITE_WRITER, 1, wait);
    code = migrate(q, migrations, options->no_migration, err);
    if (code) {
        sl_store_close(&q->store);
        /* nothing runs yet: an administrator has to look */
        return err->code = SL_FAILED_PRECONDITION;
    }
    *out = &q->store;
    return SL_OK;
}
