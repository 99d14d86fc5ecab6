/* Opening the database file, and bringing it to this binary's schema: numbered migrations, all
 * that are missing in one transaction. PRAGMA user_version is the number of the last one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/sqlite.h"

enum { BUSY_MS = 5000 };

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
    enum sl_code code = sl_sqlite_prepare(db, "PRAGMA user_version", &q, err);
    if (!code) {
        if (sqlite3_step(q) == SQLITE_ROW)
            *out = sqlite3_column_int(q, 0);
        else
            code = sl_sqlite_fail(db, "reading its version", err);
    }
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

static int newest(const struct sl_store_migration *migrations)
{
    int n = 0;
    for (; migrations->number; migrations++)
        n = migrations->number;
    return n;
}

/* The version is read under the write lock: two processes that start together migrate once. */
static enum sl_code migrate_locked(sqlite3 *db, const char *path,
                                   const struct sl_store_migration *migrations, struct sl_err *err)
{
    int version = 0;
    char why[120];
    enum sl_code code = get_version(db, &version, err);
    if (!code && version > newest(migrations)) {
        snprintf(why, sizeof(why), "is of a newer Sluice (schema %d, this binary knows %d)",
                 version, newest(migrations));
        code = refuse(err, path, why);
    }
    for (; !code && migrations->number; migrations++) {
        if (migrations->number > version)
            code = apply(db, migrations, err);
    }
    return code;
}

static enum sl_code migrate(sqlite3 *db, const char *path,
                            const struct sl_store_migration *migrations, struct sl_err *err)
{
    enum sl_code code = sl_sqlite_exec(db, "BEGIN IMMEDIATE", err);
    if (code)
        return code;
    code = migrate_locked(db, path, migrations, err);
    return sl_sqlite_end(db, code, err);
}

/* FULL: a write that was answered survives a power cut. */
static enum sl_code set_up(sqlite3 *db, struct sl_err *err)
{
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    enum sl_code code = sl_sqlite_exec(db, "PRAGMA journal_mode = WAL", err);
    if (!code)
        code = sl_sqlite_exec(db, "PRAGMA synchronous = FULL", err);
    if (!code)
        code = sl_sqlite_exec(db, "PRAGMA foreign_keys = ON", err);
    return code;
}

enum sl_code sl_store_sqlite_open(const char *path, const struct sl_store_migration *migrations,
                                  struct sl_store **out, struct sl_err *err)
{
    enum sl_code code = create_file(path, err);
    if (code)
        return code;
    struct sl_sqlite *q = SL_NEW(struct sl_sqlite);
    q->store.ops = &sl_sqlite_ops;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &q->db, flags, NULL) != SQLITE_OK)
        code = refuse(err, path, sqlite3_errmsg(q->db));
    if (!code)
        code = set_up(q->db, err);
    if (!code)
        code = migrate(q->db, path, migrations, err);
    if (code) {
        q->store.ops->close(&q->store);
        /* nothing runs yet: an administrator has to look */
        return err->code = SL_FAILED_PRECONDITION;
    }
    *out = &q->store;
    return SL_OK;
}
