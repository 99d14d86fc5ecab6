/* What has no revision: facts about the store itself, and when rows were last used. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/sql.h"

/* Rows of one statement: two parameters each. */
enum { BATCH = SL_SQL_PARAMS / 2 };

enum sl_code sl_store_revision(struct sl_store *s, int64_t *out, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    enum sl_code code =
        sl_store_begin(s, &(struct sl_store_session){.role = SL_STORE_APP}, false, &tx, err);
    return code ? code : sl_tx_commit(tx, out, err);
}

static enum sl_code on_clock(void *owner, const struct sl_value *v, struct sl_err *err)
{
    (void)err;
    *(int64_t *)owner = v[0].as.i;
    return SL_OK;
}

/* Against the middle of the time that the question took. */
enum sl_code sl_store_clock_ahead(struct sl_store *s, int64_t *out, struct sl_err *err)
{
    static const enum sl_value_type type = SL_VALUE_INT;
    int64_t there = 0;
    struct sl_statement st = {.types = &type, .n_types = 1, .on_row = on_clock, .owner = &there};
    struct sl_tx *tx = NULL;
    struct sl_sql q;
    *out = 0;
    if (!s->ops->clock)
        return SL_OK;
    enum sl_code code =
        sl_store_begin(s, &(struct sl_store_session){.role = SL_STORE_APP}, false, &tx, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_addf(&q, "SELECT %s", s->ops->clock);
    int64_t before = sl_wall_ms();
    code = sl_sql_run(&q, &st, err);
    int64_t after = sl_wall_ms();
    code = sl_tx_end(tx, code, NULL, err);
    if (!code)
        *out = there - (before + after) / 2;
    return code;
}

struct target {
    char *value;
    size_t size;
};

static enum sl_code on_value(void *owner, const struct sl_value *v, struct sl_err *err)
{
    const struct target *t = owner;
    (void)err;
    sl_copy(t->value, t->size, v[0].as.s.p);
    return SL_OK;
}

enum sl_code sl_store_get_meta(struct sl_store *s, const char *name, char *value, size_t size,
                               struct sl_err *err)
{
    static const enum sl_value_type type = SL_VALUE_TEXT;
    struct target t = {value, size};
    struct sl_statement st = {.types = &type, .n_types = 1, .on_row = on_value, .owner = &t};
    struct sl_tx *tx = NULL;
    struct sl_sql q;
    enum sl_code code =
        sl_store_begin(s, &(struct sl_store_session){.role = SL_STORE_APP}, false, &tx, err);
    if (code)
        return code;
    sl_copy(value, size, "");
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "SELECT value FROM meta WHERE name = ");
    sl_sql_param(&q, sl_value_text(name));
    code = sl_sql_run(&q, &st, err);
    return sl_tx_end(tx, code, NULL, err);
}

static enum sl_code write_meta(struct sl_tx *tx, const struct sl_value values[2],
                               const char *conflict, bool *written, struct sl_err *err)
{
    struct sl_statement st = {.sql = NULL};
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "INSERT INTO meta (name, value) VALUES (");
    sl_sql_param(&q, values[0]);
    sl_sql_add(&q, ", ");
    sl_sql_param(&q, values[1]);
    sl_sql_addf(&q, ") ON CONFLICT (name) %s", conflict);
    enum sl_code code = sl_sql_run(&q, &st, err);
    if (!code)
        *written = st.changed > 0;
    return code;
}

static enum sl_code write_alone(struct sl_store *s, const struct sl_value values[2],
                                const char *conflict, bool *written, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    bool done = false;
    enum sl_code code = sl_store_begin_quiet(s, &tx, err);
    if (code)
        return code;
    code = write_meta(tx, values, conflict, &done, err);
    code = sl_tx_end(tx, code, NULL, err);
    if (!code)
        *written = done;
    return code;
}

static const char keep[] = "DO NOTHING";

enum sl_code sl_tx_add_meta(struct sl_tx *tx, const char *name, const char *value, bool *added,
                            struct sl_err *err)
{
    const struct sl_value values[] = {sl_value_text(name), sl_value_text(value)};
    return write_meta(tx, values, keep, added, err);
}

enum sl_code sl_store_put_meta(struct sl_store *s, const char *name, const char *value,
                               struct sl_err *err)
{
    const struct sl_value values[] = {sl_value_text(name), sl_value_text(value)};
    bool written = false;
    return write_alone(s, values, "DO UPDATE SET value = excluded.value", &written, err);
}

enum sl_code sl_store_add_meta(struct sl_store *s, const char *name, const char *value, bool *added,
                               struct sl_err *err)
{
    const struct sl_value values[] = {sl_value_text(name), sl_value_text(value)};
    return write_alone(s, values, keep, added, err);
}

enum sl_code sl_store_swap_meta(struct sl_store *s, const struct sl_meta_swap *swap, bool *done,
                                struct sl_err *err)
{
    struct sl_statement st = {.sql = NULL};
    struct sl_tx *tx = NULL;
    struct sl_sql q;
    enum sl_code code = sl_store_begin_quiet(s, &tx, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "UPDATE meta SET value = ");
    sl_sql_param(&q, sl_value_text(swap->to));
    sl_sql_add(&q, " WHERE name = ");
    sl_sql_param(&q, sl_value_text(swap->name));
    sl_sql_add(&q, " AND value = ");
    sl_sql_param(&q, sl_value_text(swap->from));
    code = sl_sql_run(&q, &st, err);
    code = sl_tx_end(tx, code, NULL, err);
    if (!code)
        *done = st.changed > 0;
    return code;
}

static enum sl_code touch_batch(struct sl_tx *tx, const struct sl_store_use *uses, size_t n,
                                struct sl_err *err)
{
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "INSERT INTO last_used (row_id, ms) VALUES ");
    for (size_t i = 0; i < n; i++) {
        sl_sql_add(&q, i ? ", (" : "(");
        sl_sql_param(&q, sl_value_text(uses[i].id));
        sl_sql_add(&q, ", ");
        sl_sql_param(&q, sl_value_int(uses[i].ms < tx->now_ms ? uses[i].ms : tx->now_ms));
        sl_sql_add(&q, ")");
    }
    sl_sql_add(&q, " ON CONFLICT (row_id) DO UPDATE SET ms = excluded.ms "
                   "WHERE excluded.ms > last_used.ms");
    return sl_sql_run(&q, NULL, err);
}

enum sl_code sl_store_touch(struct sl_store *s, const struct sl_store_use *uses, size_t n,
                            struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin_quiet(s, &tx, err);
    if (code)
        return code;
    for (size_t i = 0; !code && i < n; i += BATCH)
        code = touch_batch(tx, uses + i, n - i < BATCH ? n - i : BATCH, err);
    return sl_tx_end(tx, code, NULL, err);
}

struct uses {
    void (*on_use)(void *owner, const struct sl_store_use *use);
    void *owner;
};

static enum sl_code on_use_row(void *owner, const struct sl_value *v, struct sl_err *err)
{
    const struct uses *u = owner;
    (void)err;
    u->on_use(u->owner, &(struct sl_store_use){v[0].as.s.p, v[1].as.i});
    return SL_OK;
}

static enum sl_code read_uses(struct sl_tx *tx, const struct sl_store_uses_query *q, struct uses *u,
                              struct sl_err *err)
{
    static const enum sl_value_type types[] = {SL_VALUE_TEXT, SL_VALUE_INT};
    struct sl_statement st = {.types = types,
                              .n_types = SL_ARRAY_LEN(types),
                              .on_row = on_use_row,
                              .owner = u,
                              .stream = true};
    char *behind = sl_arena_strdup(&tx->arena, q->prefix);
    struct sl_sql sql;
    behind[strlen(behind) - 1]++;
    sl_sql_init(&sql, tx);
    sl_sql_add(&sql, "SELECT row_id, ms FROM last_used WHERE ms > ");
    sl_sql_param(&sql, sl_value_int(q->since_ms));
    sl_sql_add(&sql, " AND (row_id >= ");
    sl_sql_param(&sql, sl_value_text(q->prefix));
    sl_sql_add(&sql, " AND row_id < ");
    sl_sql_param(&sql, sl_value_text(behind));
    sl_sql_add(&sql, q->rows ? " OR row_id IN (SELECT id FROM models))" : ")");
    return sl_sql_run(&sql, &st, err);
}

enum sl_code sl_store_uses(struct sl_store *s, const struct sl_store_uses_query *q,
                           void (*on_use)(void *owner, const struct sl_store_use *use), void *owner,
                           struct sl_err *err)
{
    static const struct sl_store_session reader = {.role = SL_STORE_SYNC};
    struct uses u = {on_use, owner};
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(s, &reader, false, &tx, err);
    return code ? code : sl_tx_end(tx, read_uses(tx, q, &u, err), NULL, err);
}
