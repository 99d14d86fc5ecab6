/* Transactions: a connection of the pool, the principal, and the one row that makes commit order
 * revision order. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/conn_pool.h"
#include "store/sql.h"
#include "store/watch.h"

static const char *copy(struct sl_arena *arena, const char *s)
{
    return s ? sl_arena_strdup(arena, s) : NULL;
}

static struct sl_tx *create(struct sl_store *s, const struct sl_store_session *session, bool write)
{
    struct sl_tx *tx = SL_NEW(struct sl_tx);
    sl_arena_init(&tx->arena, SIZE_MAX);
    tx->store = s;
    tx->session = *session;
    tx->session.user = copy(&tx->arena, session->user);
    tx->session.actor = copy(&tx->arena, session->actor);
    tx->session.peer = copy(&tx->arena, session->peer);
    tx->session.run = copy(&tx->arena, session->run);
    tx->write = write;
    tx->run_seq = -1;
    tx->now_ms = sl_wall_ms();
    return tx;
}

static void destroy(struct sl_tx *tx)
{
    if (tx->conn)
        sl_conn_pool_give(tx->store->pools[tx->conn->pool], tx->conn);
    sl_arena_fini(&tx->arena);
    sl_free(tx);
}

static enum sl_code on_head(void *owner, const struct sl_value *v, struct sl_err *err)
{
    struct sl_tx *tx = owner;
    (void)err;
    tx->head.revision = v[0].as.i;
    tx->head.audit_seq = v[1].as.i;
    if (v[2].as.s.n == SL_STORE_DIGEST)
        memcpy(tx->head.audit_hash, v[2].as.s.p, SL_STORE_DIGEST);
    if (v[3].as.i)
        tx->now_ms = v[3].as.i;
    return SL_OK;
}

/* Such a write raises the revision. */
static bool is_app_write(const struct sl_tx *tx)
{
    return tx->write && !tx->quiet && tx->session.role == SL_STORE_APP;
}

static enum sl_code read_head(struct sl_tx *tx, struct sl_err *err)
{
    static const enum sl_value_type types[] = {SL_VALUE_INT, SL_VALUE_INT, SL_VALUE_BYTES,
                                               SL_VALUE_INT};
    char sql[256];
    snprintf(sql, sizeof(sql),
             is_app_write(tx) ? "UPDATE registry_revision SET revision = revision + 1 "
                                "RETURNING revision, audit_seq, audit_hash, %s"
                              : "SELECT revision, audit_seq, audit_hash, %s FROM registry_revision",
             tx->store->ops->now);
    struct sl_statement st = {
        .sql = sql,
        .types = types,
        .n_types = SL_ARRAY_LEN(types),
        .on_row = on_head,
        .owner = tx,
    };
    return tx->store->ops->run(tx->conn, &st, err);
}

/* fresh: a connection that waited in the pool turned out to be broken. */
static enum sl_code begin_on(struct sl_tx *tx, bool fresh, struct sl_err *err)
{
    const struct sl_store_ops *ops = tx->store->ops;
    struct sl_conn_pool *pool = tx->store->pools[ops->pool_of(&tx->session, tx->write)];
    enum sl_code code = sl_conn_pool_take(pool, fresh, &tx->conn, err);
    if (code)
        return code;
    code = ops->begin(tx->conn, &tx->session, tx->write, err);
    if (!code) {
        code = read_head(tx, err);
        if (code)
            ops->rollback(tx->conn);
    }
    return code;
}

static enum sl_code begin(struct sl_tx *tx, struct sl_tx **out, struct sl_err *err)
{
    struct sl_err first = {0};
    enum sl_code code = begin_on(tx, false, &first);
    if (code && tx->conn && tx->conn->broken) {
        /* nothing was done yet: once more, with a new connection */
        sl_conn_pool_give(tx->store->pools[tx->conn->pool], tx->conn);
        tx->conn = NULL;
        first = (struct sl_err){0};
        code = begin_on(tx, true, &first);
    }
    if (code) {
        destroy(tx);
        return sl_err_set(err, code, first.reason, "%s", first.text);
    }
    *out = tx;
    return SL_OK;
}

enum sl_code sl_store_begin(struct sl_store *s, const struct sl_store_session *session, bool write,
                            struct sl_tx **out, struct sl_err *err)
{
    return begin(create(s, session, write), out, err);
}

enum sl_code sl_store_begin_quiet(struct sl_store *s, struct sl_tx **out, struct sl_err *err)
{
    struct sl_tx *tx = create(s, &(struct sl_store_session){.role = SL_STORE_APP}, true);
    tx->quiet = true;
    return begin(tx, out, err);
}

enum sl_code sl_tx_run(struct sl_tx *tx, struct sl_statement *st, struct sl_err *err)
{
    if (tx->failure.code)
        return sl_err_set(err, tx->failure.code, tx->failure.reason, "%s", tx->failure.text);
    struct sl_err failure = {0};
    enum sl_code code = tx->store->ops->run(tx->conn, st, &failure);
    if (!code)
        return SL_OK;
    if (!st->refused)
        tx->failure = failure;
    if (err->code == SL_OK)
        *err = failure;
    return err->code;
}

enum sl_code sl_tx_turn_to(struct sl_tx *tx, const char *user, struct sl_err *err)
{
    if (!tx->session.admin || tx->session.role != SL_STORE_APP)
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED,
                          "rows of other users are for administrators");
    if (!tx->session.actor)
        tx->session.actor = tx->session.user;
    tx->session.user = copy(&tx->arena, user);
    return tx->store->ops->set_principal(tx->conn, &tx->session, err);
}

enum sl_code sl_tx_check_write(struct sl_tx *tx, struct sl_err *err)
{
    if (is_app_write(tx))
        return SL_OK;
    assert(!"a write needs a write transaction of role APP");
    return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL,
                      "a write outside a write transaction of role APP");
}

static enum sl_code write_head(struct sl_tx *tx, struct sl_err *err)
{
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "UPDATE registry_revision SET audit_seq = ");
    sl_sql_param(&q, sl_value_int(tx->head.audit_seq));
    sl_sql_add(&q, ", audit_hash = ");
    sl_sql_param(&q, sl_value_bytes(tx->head.audit_hash, SL_STORE_DIGEST));
    return sl_sql_run(&q, NULL, err);
}

static void note_revision(struct sl_store *s, int64_t revision)
{
    int64_t known = atomic_load(&s->revision);
    while (known < revision && !atomic_compare_exchange_weak(&s->revision, &known, revision))
        ;
}

enum sl_code sl_tx_commit(struct sl_tx *tx, int64_t *revision, struct sl_err *err)
{
    const struct sl_store_ops *ops = tx->store->ops;
    struct sl_store *store = tx->store;
    enum sl_code code = SL_OK;
    bool app_write = is_app_write(tx);
    int64_t reached = app_write && !tx->changed ? tx->head.revision - 1 : tx->head.revision;
    if (tx->failure.code)
        code = sl_err_set(err, tx->failure.code, tx->failure.reason, "%s", tx->failure.text);
    if (!code && tx->audited)
        code = write_head(tx, err);
    if (code || (app_write && !tx->changed))
        ops->rollback(tx->conn);
    else
        code = ops->commit(tx->conn, err);
    bool stored = !code && app_write && tx->changed;
    destroy(tx);
    if (code)
        return code;
    if (revision)
        *revision = reached;
    note_revision(store, reached);
    if (stored)
        sl_watch_wake(store);
    return SL_OK;
}

void sl_tx_rollback(struct sl_tx *tx)
{
    if (!tx)
        return;
    tx->store->ops->rollback(tx->conn);
    destroy(tx);
}

enum sl_code sl_tx_end(struct sl_tx *tx, enum sl_code code, int64_t *revision, struct sl_err *err)
{
    if (!code)
        return sl_tx_commit(tx, revision, err);
    sl_tx_rollback(tx);
    return code;
}

int64_t sl_tx_revision(const struct sl_tx *tx)
{
    return tx->head.revision;
}

int64_t sl_tx_now_ms(const struct sl_tx *tx)
{
    return tx->now_ms;
}

enum sl_code sl_tx_lock_schema(struct sl_tx *tx, struct sl_err *err)
{
    return tx->store->ops->lock_schema(tx->conn, err);
}
