/* SQLite, embedded: one connection that writes, a few that read. Who may see what is in the
 * statements (store/sql.c). */
#include "store/sqlite.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

static void close_store(struct sl_store *s);
static enum sl_code connect_db(struct sl_store *s, unsigned pool, struct sl_conn **out,
                               struct sl_err *err);
static void disconnect(struct sl_conn *c);
static unsigned pool_of(const struct sl_store_session *session, bool write);
static enum sl_code begin(struct sl_conn *c, const struct sl_store_session *session, bool write,
                          struct sl_err *err);
static enum sl_code run(struct sl_conn *c, struct sl_statement *st, struct sl_err *err);
static enum sl_code commit(struct sl_conn *c, struct sl_err *err);
static void rollback(struct sl_conn *c);
static enum sl_code set_principal(struct sl_conn *c, const struct sl_store_session *session,
                                  struct sl_err *err);
static enum sl_code lock_schema(struct sl_conn *c, struct sl_err *err);
static enum sl_code listen_db(struct sl_store *s, struct sl_conn **out, int *fd,
                              struct sl_err *err);
static bool hear(struct sl_conn *c);

const struct sl_store_ops sl_sqlite_ops = {
    .name = "sqlite",
    .pools = {[SL_SQLITE_READERS] = "readers", [SL_SQLITE_WRITER] = "writer"},
    .mark = '?',
    .row_security = false,
    .now = "0",
    .instr = "instr",
    .close = close_store,
    .connect = connect_db,
    .disconnect = disconnect,
    .pool_of = pool_of,
    .begin = begin,
    .run = run,
    .commit = commit,
    .rollback = rollback,
    .set_principal = set_principal,
    .lock_schema = lock_schema,
    .listen = listen_db,
    .hear = hear,
};

static struct sl_sqlite_conn *conn_of(struct sl_conn *c)
{
    return SL_CONTAINER_OF(c, struct sl_sqlite_conn, conn);
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

/* ---- connections ---- */

static void close_store(struct sl_store *s)
{
    sl_store_fini(s);
    sl_free(SL_CONTAINER_OF(s, struct sl_sqlite, store));
}

static enum sl_code connect_db(struct sl_store *s, unsigned pool, struct sl_conn **out,
                               struct sl_err *err)
{
    struct sl_sqlite *q = SL_CONTAINER_OF(s, struct sl_sqlite, store);
    struct sl_sqlite_conn *c = SL_NEW(struct sl_sqlite_conn);
    enum sl_code code = sl_sqlite_open_db(q->path, &c->db, err);
    if (!code && pool == SL_SQLITE_READERS)
        code = sl_sqlite_exec(c->db, "PRAGMA query_only = ON", err);
    if (code) {
        disconnect(&c->conn);
        return code;
    }
    *out = &c->conn;
    return SL_OK;
}

static void disconnect(struct sl_conn *conn)
{
    struct sl_sqlite_conn *c = conn_of(conn);
    for (size_t i = 0; i < SL_SQLITE_CACHE; i++) {
        sqlite3_finalize(c->cache[i].stmt);
        sl_free(c->cache[i].sql);
    }
    sqlite3_close(c->db);
    sl_free(c);
}

static unsigned pool_of(const struct sl_store_session *session, bool write)
{
    (void)session;
    return write ? SL_SQLITE_WRITER : SL_SQLITE_READERS;
}

static enum sl_code listen_db(struct sl_store *s, struct sl_conn **out, int *fd, struct sl_err *err)
{
    (void)s;
    (void)out;
    (void)fd;
    (void)err;
    return SL_OK;
}

static bool hear(struct sl_conn *c)
{
    (void)c;
    return true;
}

/* ---- transactions ---- */

static enum sl_code begin(struct sl_conn *c, const struct sl_store_session *session, bool write,
                          struct sl_err *err)
{
    (void)session;
    return sl_sqlite_exec(conn_of(c)->db, write ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static enum sl_code commit(struct sl_conn *c, struct sl_err *err)
{
    enum sl_code code = sl_sqlite_exec(conn_of(c)->db, "COMMIT", err);
    if (code)
        rollback(c);
    return code;
}

static void rollback(struct sl_conn *c)
{
    sqlite3 *db = conn_of(c)->db;
    /* SQLite rolls back by itself where the disk is full, say */
    if (!sqlite3_get_autocommit(db) && sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        c->broken = true;
}

static enum sl_code set_principal(struct sl_conn *c, const struct sl_store_session *session,
                                  struct sl_err *err)
{
    (void)c;
    (void)session;
    (void)err;
    return SL_OK;
}

/* A write transaction holds the one lock there is, which migrations take, too. */
static enum sl_code lock_schema(struct sl_conn *c, struct sl_err *err)
{
    (void)c;
    (void)err;
    return SL_OK;
}

/* ---- statements ---- */

static struct sl_sqlite_cached *slot_of(struct sl_sqlite_conn *c, const char *sql)
{
    uint64_t h = UINT64_C(1469598103934665603); /* FNV-1a */
    for (const char *p = sql; *p; p++)
        h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
    return &c->cache[h % SL_SQLITE_CACHE];
}

static enum sl_code prepare(struct sl_sqlite_conn *c, const char *sql, sqlite3_stmt **out,
                            struct sl_err *err)
{
    struct sl_sqlite_cached *slot = slot_of(c, sql);
    if (!slot->sql || strcmp(slot->sql, sql) != 0) {
        sqlite3_finalize(slot->stmt);
        sl_free(slot->sql);
        *slot = (struct sl_sqlite_cached){NULL, NULL};
        if (sqlite3_prepare_v2(c->db, sql, -1, &slot->stmt, NULL) != SQLITE_OK)
            return sl_sqlite_fail(c->db, "preparing a statement", err);
        slot->sql = sl_strdup(sql);
    }
    *out = slot->stmt;
    return SL_OK;
}

static void bind(sqlite3_stmt *q, int i, const struct sl_value *v)
{
    switch (v->type) {
    case SL_VALUE_NULL:
        sqlite3_bind_null(q, i);
        break;
    case SL_VALUE_INT:
        sqlite3_bind_int64(q, i, v->as.i);
        break;
    case SL_VALUE_BOOL:
        sqlite3_bind_int(q, i, v->as.b);
        break;
    case SL_VALUE_REAL:
        sqlite3_bind_double(q, i, v->as.d);
        break;
    case SL_VALUE_TEXT:
        sqlite3_bind_text64(q, i, v->as.s.p, v->as.s.n, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case SL_VALUE_BYTES:
        sqlite3_bind_blob64(q, i, v->as.s.n ? v->as.s.p : "", v->as.s.n, SQLITE_STATIC);
        break;
    }
}

static struct sl_value column(sqlite3_stmt *q, int i, enum sl_value_type type)
{
    struct sl_value v = {.type = type};
    if (sqlite3_column_type(q, i) == SQLITE_NULL)
        return sl_value_null();
    switch (type) {
    case SL_VALUE_NULL:
        break;
    case SL_VALUE_INT:
        v.as.i = sqlite3_column_int64(q, i);
        break;
    case SL_VALUE_BOOL:
        v.as.b = sqlite3_column_int(q, i);
        break;
    case SL_VALUE_REAL:
        v.as.d = sqlite3_column_double(q, i);
        break;
    case SL_VALUE_TEXT:
    case SL_VALUE_BYTES:
        v.as.s.p = type == SL_VALUE_TEXT ? (const char *)sqlite3_column_text(q, i)
                                         : sqlite3_column_blob(q, i);
        v.as.s.n = (size_t)sqlite3_column_bytes(q, i);
        if (!v.as.s.p)
            v.as.s = SL_STR("");
        break;
    }
    return v;
}

static enum sl_code on_values(struct sl_statement *st, sqlite3_stmt *q, struct sl_err *err)
{
    struct sl_value values[SL_MAX_COLUMNS];
    if (!st->on_row)
        return SL_OK;
    for (size_t i = 0; i < st->n_types; i++)
        values[i] = column(q, (int)i, st->types[i]);
    enum sl_code code = st->on_row(st->owner, values, err);
    st->refused = code != SL_OK;
    return code;
}

static enum sl_code fail_step(sqlite3 *db, struct sl_err *err)
{
    int extended = sqlite3_extended_errcode(db);
    if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
        return sl_err_set(err, SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN, "there is one already: %s",
                          sqlite3_errmsg(db));
    if ((extended & 0xff) == SQLITE_CONSTRAINT)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          "the store does not take that: %s", sqlite3_errmsg(db));
    return sl_sqlite_fail(db, "running a statement", err);
}

static enum sl_code run(struct sl_conn *conn, struct sl_statement *st, struct sl_err *err)
{
    struct sl_sqlite_conn *c = conn_of(conn);
    sqlite3_stmt *q = NULL;
    enum sl_code code = prepare(c, st->sql, &q, err);
    int got = SQLITE_DONE;
    if (code)
        return code;
    for (size_t i = 0; i < st->n_params; i++)
        bind(q, (int)i + 1, &st->params[i]);
    while (!code && (got = sqlite3_step(q)) == SQLITE_ROW)
        code = on_values(st, q, err);
    if (!code && got != SQLITE_DONE)
        code = fail_step(c->db, err);
    st->changed = sqlite3_changes64(c->db);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return code;
}
