/* Removing rows for good: what was deleted long enough ago, and all that a deleted user owned. */
#include <string.h>

#include "base/alloc.h"
#include "store/sql.h"

/* KEPT_PURGES: of revisions; replicas that were away for longer load everything. BATCH: rows of one
 * transaction, for which all other writers wait. */
enum { KEPT_PURGES = 100000, BATCH = 500 };

static enum sl_code purge_rows(struct sl_tx *tx, const struct sl_rows *rows, size_t *count,
                               struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (size_t i = 0; !code && i < rows->count; i++) {
        struct sl_err not_mine = {0};
        if (sl_row_check_owner(tx, rows->list[i], &not_mine))
            continue;
        code = sl_tx_write(tx, &(struct sl_row_write){"purge", rows->list[i], NULL}, err);
        (*count)++;
    }
    return code;
}

static enum sl_code trim_purges(struct sl_tx *tx, struct sl_err *err)
{
    int64_t from = tx->head.revision - KEPT_PURGES;
    struct sl_sql q;
    if (from <= 0)
        return SL_OK;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "DELETE FROM purges WHERE revision <= ");
    sl_sql_param(&q, sl_value_int(from));
    enum sl_code code = sl_sql_run(&q, NULL, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "UPDATE registry_revision SET purges_from = ");
    sl_sql_param(&q, sl_value_int(from));
    return sl_sql_run(&q, NULL, err);
}

enum sl_code sl_tx_purge(struct sl_tx *tx, const struct sl_purge *purge, size_t *count,
                         struct sl_err *err)
{
    struct sl_filter before = {SL_COL_DELETED_MS, SL_LESS, sl_value_int(purge->before_ms)};
    struct sl_query query = {.table = purge->table,
                             .rows = SL_ROWS_DELETED,
                             .filters = &before,
                             .n_filters = 1,
                             .limit = purge->limit};
    struct sl_rows rows = {NULL, 0};
    size_t n = 0;
    enum sl_code code = sl_tx_check_write(tx, err);
    if (!code)
        code = sl_tx_list(tx, &query, &tx->arena, &rows, err);
    if (!code)
        code = purge_rows(tx, &rows, &n, err);
    if (!code && n)
        code = trim_purges(tx, err);
    if (!code)
        *count = n;
    return code;
}

/* All rows of one table that the session's user owns. */
static enum sl_code wipe_table(struct sl_tx *tx, enum sl_table table, struct sl_err *err)
{
    struct sl_filter own = {SL_COL_OWNER, SL_EQUAL, sl_value_text(tx->session.user)};
    struct sl_query query = {.table = table, .rows = SL_ROWS_ALL, .filters = &own, .n_filters = 1};
    struct sl_rows rows = {NULL, 0};
    size_t n = 0;
    enum sl_code code = sl_tx_list(tx, &query, &tx->arena, &rows, err);
    return code ? code : purge_rows(tx, &rows, &n, err);
}

static enum sl_code wipe_images(struct sl_tx *tx, struct sl_err *err)
{
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "DELETE FROM import_changes WHERE owner = ");
    sl_sql_param(&q, sl_value_text(tx->session.user));
    return sl_sql_run(&q, NULL, err);
}

static enum sl_code wipe(struct sl_tx *tx, struct sl_err *err)
{
    const struct sl_store_ops *ops = tx->store->ops;
    enum sl_code code = ops->set_principal(tx->conn, &tx->session, err);
    for (int t = 0; !code && t < SL_TABLE_COUNT; t++) {
        if (sl_table_info((enum sl_table)t)->rule != SL_RULE_USERS)
            code = wipe_table(tx, (enum sl_table)t, err);
    }
    return code ? code : wipe_images(tx, err);
}

enum sl_code sl_tx_delete_user(struct sl_tx *tx, const char *id, int64_t etag, struct sl_err *err)
{
    const char *self = tx->session.user, *run = tx->session.run;
    enum sl_code code = sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_USERS, id}, etag, err);
    if (code)
        return code;
    tx->session.user = sl_arena_strdup(&tx->arena, id);
    tx->session.run = NULL; /* a user that was deleted does not come back */
    code = wipe(tx, err);
    tx->session.user = self;
    tx->session.run = run;
    return code ? code : tx->store->ops->set_principal(tx->conn, &tx->session, err);
}

/* ---- for every owner ---- */

struct owners {
    struct sl_arena arena;
    const char **list; /* NULL: global rows */
    size_t count, room;
};

static enum sl_code on_owner(void *to, const struct sl_value *v, struct sl_err *err)
{
    struct owners *o = to;
    (void)err;
    if (o->count == o->room) {
        o->room = o->room ? 2 * o->room : 16;
        o->list = sl_realloc(o->list, o->room * sizeof(*o->list));
    }
    bool global = v[0].type == SL_VALUE_NULL;
    o->list[o->count++] = global ? NULL : sl_arena_strdup(&o->arena, v[0].as.s.p);
    return SL_OK;
}

/* Of the purge's table; sets its before_ms. */
static enum sl_code find_owners(struct sl_store *s, struct sl_purge *purge, int64_t age_ms,
                                struct owners *owners, struct sl_err *err)
{
    static const enum sl_value_type type = SL_VALUE_TEXT;
    const struct sl_store_session sync = {.role = SL_STORE_SYNC};
    struct sl_statement st = {.types = &type, .n_types = 1, .on_row = on_owner, .owner = owners};
    struct sl_tx *tx = NULL;
    struct sl_sql q;
    enum sl_code code = sl_store_begin(s, &sync, false, &tx, err);
    if (code)
        return code;
    purge->before_ms = sl_tx_now_ms(tx) - age_ms;
    sl_sql_init(&q, tx);
    sl_sql_addf(&q, "SELECT DISTINCT owner FROM %s WHERE deleted_ms > 0 AND deleted_ms < ",
                sl_table_info(purge->table)->name);
    sl_sql_param(&q, sl_value_int(purge->before_ms));
    code = sl_sql_run(&q, &st, err);
    return sl_tx_end(tx, code, NULL, err);
}

/* *count: what one transaction took. */
static enum sl_code purge_batch(struct sl_store *s, const struct sl_store_session *session,
                                const struct sl_purge *purge, size_t *count, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(s, session, true, &tx, err);
    if (code)
        return code;
    code = sl_tx_purge(tx, purge, count, err);
    return sl_tx_end(tx, code, NULL, err);
}

static enum sl_code purge_owner(struct sl_store *s, const struct sl_store_session *session,
                                const struct sl_purge *purge, size_t *count, struct sl_err *err)
{
    enum sl_code code;
    size_t n = 0;
    do {
        code = purge_batch(s, session, purge, &n, err);
        *count += code ? 0 : n;
    } while (!code && n == purge->limit);
    return code;
}

enum sl_code sl_store_purge(struct sl_store *s, int64_t age_ms, const char *actor, size_t *count,
                            struct sl_err *err)
{
    enum sl_code code = SL_OK;
    size_t n = 0;
    for (int t = 0; !code && t < SL_TABLE_COUNT; t++) {
        struct sl_purge purge = {.table = (enum sl_table)t, .limit = BATCH};
        struct owners owners = {.count = 0};
        sl_arena_init(&owners.arena, SIZE_MAX);
        code = find_owners(s, &purge, age_ms, &owners, err);
        for (size_t i = 0; !code && i < owners.count; i++) {
            const struct sl_store_session session = {
                .user = owners.list[i], .admin = true, .actor = actor};
            code = purge_owner(s, &session, &purge, &n, err);
        }
        sl_free(owners.list);
        sl_arena_fini(&owners.arena);
    }
    if (!code)
        *count = n;
    return code;
}
