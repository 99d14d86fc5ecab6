/* PostgreSQL: two pools of connections, one for requests, one for the loader and key rotation.
 * Each transaction takes its role and its principal for itself alone (SET LOCAL), so that nothing
 * of them is left on a connection, whatever happens, and a pooler between us and the server does
 * no harm. */
#include "store/postgres.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "store/conn_pool.h"

/* sync: the loader, key rotation, and one to spare */
enum { DEFAULT_POOL = 8, SYNC_POOL = 3, DEFAULT_CONNECT_MS = 5000, DEFAULT_STATEMENT_MS = 30000 };
/* Key rotation gives way to who writes the same rows, before the server finds a deadlock
 * (deadlock_timeout, 1 s) and may end the other one. */
enum { SYNC_LOCK_MS = 300 };
/* On top of the server's own statement_timeout: how long we wait for its word. */
enum { GRACE_MS = 3000 };

static void close_store(struct sl_store *s);
static enum sl_code connect_db(struct sl_store *s, unsigned pool, struct sl_conn **out,
                               struct sl_err *err);
static unsigned pool_of(const struct sl_store_session *session, bool write);
static enum sl_code begin(struct sl_conn *c, const struct sl_store_session *session, bool write,
                          struct sl_err *err);
static enum sl_code commit(struct sl_conn *c, struct sl_err *err);
static void rollback(struct sl_conn *c);
static enum sl_code set_principal(struct sl_conn *c, const struct sl_store_session *session,
                                  struct sl_err *err);
static enum sl_code lock_schema(struct sl_conn *c, struct sl_err *err);
static enum sl_code listen_db(struct sl_store *s, struct sl_conn **out, int *fd,
                              struct sl_err *err);
static bool hear(struct sl_conn *c);

const struct sl_store_ops sl_postgres_ops = {
    .name = "postgresql",
    .pools = {[SL_POSTGRES_APP] = "app", [SL_POSTGRES_SYNC] = "sync"},
    .mark = '$',
    .notices = true,
    .row_security = true,
    .now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
    .instr = "strpos",
    .clock = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
    .close = close_store,
    .connect = connect_db,
    .disconnect = sl_postgres_disconnect,
    .pool_of = pool_of,
    .begin = begin,
    .run = sl_postgres_run,
    .commit = commit,
    .rollback = rollback,
    .set_principal = set_principal,
    .lock_schema = lock_schema,
    .listen = listen_db,
    .hear = hear,
};

struct sl_postgres *sl_postgres_of(struct sl_store *s)
{
    return SL_CONTAINER_OF(s, struct sl_postgres, store);
}

static struct sl_postgres_conn *conn_of(struct sl_conn *c)
{
    return SL_CONTAINER_OF(c, struct sl_postgres_conn, conn);
}

/* ---- the store ---- */

static void wipe_text(char *text)
{
    sl_wipe(text, strlen(text));
    sl_free(text);
}

static void close_store(struct sl_store *s)
{
    struct sl_postgres *p = sl_postgres_of(s);
    sl_store_fini(s);
    wipe_text(p->url);
    wipe_text(p->password);
    sl_free(p);
}

enum sl_code sl_store_postgres_open(const struct sl_store_options *options,
                                    const struct sl_store_migration *migrations,
                                    struct sl_store **out, struct sl_err *err)
{
    struct sl_postgres *p = SL_NEW(struct sl_postgres);
    size_t size = options->pool_size ? options->pool_size : DEFAULT_POOL;
    sl_store_init(&p->store, &sl_postgres_ops);
    p->url = sl_strdup(options->url);
    p->password = sl_strdup(options->password ? options->password : "");
    p->connect_timeout_ms =
        options->connect_timeout_ms ? options->connect_timeout_ms : DEFAULT_CONNECT_MS;
    p->statement_timeout_ms =
        options->statement_timeout_ms ? options->statement_timeout_ms : DEFAULT_STATEMENT_MS;
    p->store.pools[SL_POSTGRES_APP] =
        sl_conn_pool_create(&p->store, SL_POSTGRES_APP, size, p->connect_timeout_ms);
    p->store.pools[SL_POSTGRES_SYNC] =
        sl_conn_pool_create(&p->store, SL_POSTGRES_SYNC, SYNC_POOL, p->connect_timeout_ms);
    enum sl_code code = sl_postgres_migrate(p, migrations, options->no_migration, err);
    if (code) {
        close_store(&p->store);
        return code;
    }
    *out = &p->store;
    return SL_OK;
}

static enum sl_code connect_db(struct sl_store *s, unsigned pool, struct sl_conn **out,
                               struct sl_err *err)
{
    struct sl_postgres *p = sl_postgres_of(s);
    struct sl_postgres_conn *c = NULL;
    (void)pool;
    enum sl_code code = sl_postgres_connect(p, p->statement_timeout_ms + GRACE_MS, &c, err);
    if (!code)
        *out = &c->conn;
    return code;
}

static unsigned pool_of(const struct sl_store_session *session, bool write)
{
    (void)write;
    return session->role == SL_STORE_SYNC ? SL_POSTGRES_SYNC : SL_POSTGRES_APP;
}

/* ---- transactions ---- */

/* "SELECT set_config(...), ...": whom the transaction works for. */
static bool add_principal(struct sl_postgres_conn *c, const struct sl_store_session *session,
                          struct sl_buf *sql)
{
    const char *user = session->user ? session->user : "";
    char *literal = PQescapeLiteral(c->pg, user, strlen(user));
    bool good =
        literal && sl_buf_printf(sql,
                                 "SELECT set_config('sluice.user', %s, true), "
                                 "set_config('sluice.admin', '%s', true), "
                                 "set_config('sluice.auditor', '%s', true)",
                                 literal, session->admin ? "on" : "", session->auditor ? "on" : "");
    PQfreemem(literal);
    return good;
}

/* Readers see one state of the database. Writers wait for each other at the revision's row, and
 * must see what the one before wrote: READ COMMITTED. */
static bool add_begin(struct sl_postgres_conn *c, const struct sl_store_session *session,
                      bool write, struct sl_buf *sql)
{
    long long ms = (long long)sl_postgres_of(c->conn.store)->statement_timeout_ms;
    const char *mode = write ? "READ COMMITTED READ WRITE" : "REPEATABLE READ READ ONLY";
    const char *role = session->role == SL_STORE_SYNC ? "sluice_sync" : "sluice_app";
    return sl_buf_printf(sql, "BEGIN ISOLATION LEVEL %s; ", mode) &&
           add_principal(c, session, sql) &&
           sl_buf_printf(sql,
                         ", set_config('role', '%s', true), "
                         "set_config('search_path', 'sluice', true), "
                         "set_config('statement_timeout', '%lld', true), "
                         "set_config('idle_in_transaction_session_timeout', '%lld', true)",
                         role, ms, 2 * ms) &&
           (!write || session->role != SL_STORE_SYNC ||
            sl_buf_printf(sql, ", set_config('lock_timeout', '%d', true)", SYNC_LOCK_MS));
}

static enum sl_code exec_buf(struct sl_postgres_conn *c, struct sl_buf *sql, bool good,
                             struct sl_err *err)
{
    enum sl_code code = good ? sl_postgres_exec(c, sql->p, NULL, err)
                             : sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                          "the user's id is not a text");
    sl_buf_fini(sql);
    return code;
}

static enum sl_code begin(struct sl_conn *conn, const struct sl_store_session *session, bool write,
                          struct sl_err *err)
{
    struct sl_postgres_conn *c = conn_of(conn);
    struct sl_buf sql;
    sl_buf_init(&sql, 4096);
    struct sl_err why = {0};
    bool good = add_begin(c, session, write, &sql);
    enum sl_code code = exec_buf(c, &sql, good, &why);
    if (!code)
        return SL_OK;
    rollback(conn);
    /* a role that was taken from our user is no fault of the caller's */
    return sl_err_set(err, code == SL_PERMISSION_DENIED ? SL_UNAVAILABLE : code,
                      code == SL_PERMISSION_DENIED ? SL_REASON_STORE : why.reason, "%s", why.text);
}

static enum sl_code set_principal(struct sl_conn *conn, const struct sl_store_session *session,
                                  struct sl_err *err)
{
    struct sl_postgres_conn *c = conn_of(conn);
    struct sl_buf sql;
    sl_buf_init(&sql, 4096);
    bool good = add_principal(c, session, &sql);
    return exec_buf(c, &sql, good, err);
}

static enum sl_code commit(struct sl_conn *conn, struct sl_err *err)
{
    struct sl_postgres_conn *c = conn_of(conn);
    enum sl_code code = sl_postgres_exec(c, "COMMIT", NULL, err);
    if (code && !conn->broken)
        rollback(conn);
    return code;
}

static void rollback(struct sl_conn *conn)
{
    struct sl_postgres_conn *c = conn_of(conn);
    struct sl_err ignored = {0};
    if (conn->broken || PQstatus(c->pg) != CONNECTION_OK ||
        (PQtransactionStatus(c->pg) != PQTRANS_IDLE &&
         sl_postgres_exec(c, "ROLLBACK", NULL, &ignored)))
        conn->broken = true;
}

static enum sl_code lock_schema(struct sl_conn *c, struct sl_err *err)
{
    return sl_postgres_exec(conn_of(c), "SELECT pg_advisory_xact_lock(" SL_POSTGRES_LOCK ")", NULL,
                            err);
}

/* ---- change notice ---- */

static enum sl_code listen_db(struct sl_store *s, struct sl_conn **out, int *fd, struct sl_err *err)
{
    struct sl_postgres *p = sl_postgres_of(s);
    struct sl_postgres_conn *c = NULL;
    enum sl_code code = sl_postgres_connect(p, p->statement_timeout_ms + GRACE_MS, &c, err);
    if (code)
        return code;
    c->conn.store = s;
    code = sl_postgres_exec(c, "LISTEN sluice_revision", NULL, err);
    if (code) {
        sl_postgres_disconnect(&c->conn);
        return code;
    }
    atomic_fetch_add(&s->listeners, 1);
    *out = &c->conn;
    *fd = PQsocket(c->pg);
    return SL_OK;
}

static bool hear(struct sl_conn *conn)
{
    struct sl_postgres_conn *c = conn_of(conn);
    if (!PQconsumeInput(c->pg))
        return false;
    for (PGnotify *n; (n = PQnotifies(c->pg));) {
        atomic_fetch_add(&conn->store->notices, 1);
        PQfreemem(n);
    }
    return PQstatus(c->pg) == CONNECTION_OK;
}
