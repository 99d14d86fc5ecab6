/* Walking and replacing ciphertext. */
#include "store/secrets.h"

#include "store/sql.h"

static const struct sl_secret_column columns[] = {
    {"providers", "headers_secret", NULL, "id", {"kind", "base_url"}},
    {"credentials", "secret", "key_id", "id", {"binding", NULL}},
    {"models", "headers_secret", NULL, "id", {"provider", "base_url"}},
    {"import_changes", "before_secret", NULL, "row_id", {"table_name", "before_image"}},
    {"import_changes", "after_secret", NULL, "row_id", {"table_name", "after_image"}},
};

const struct sl_secret_column *sl_secret_columns(size_t *count)
{
    *count = SL_ARRAY_LEN(columns);
    return columns;
}

struct reader {
    sl_on_secret *on_secret;
    void *owner;
};

static enum sl_code on_values(void *owner, const struct sl_value *v, struct sl_err *err)
{
    const struct reader *r = owner;
    const struct sl_stored_secret secret = {
        v[0].as.s.p, v[1].as.s.p, v[2].as.s, {v[3].as.s.p, v[4].as.s.p}};
    return r->on_secret(r->owner, &secret, err);
}

/* Rotation runs as SYNC and nobody else does. */
static enum sl_code check_role(const struct sl_tx *tx, bool write, struct sl_err *err)
{
    if (tx->session.role == SL_STORE_SYNC && (tx->write || !write))
        return SL_OK;
    return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED,
                      "only key rotation walks through the secrets");
}

enum sl_code sl_tx_secrets(struct sl_tx *tx, const struct sl_secret_page *page,
                           sl_on_secret *on_secret, void *owner, struct sl_err *err)
{
    static const enum sl_value_type types[] = {SL_VALUE_TEXT, SL_VALUE_TEXT, SL_VALUE_BYTES,
                                               SL_VALUE_TEXT, SL_VALUE_TEXT};
    const struct sl_secret_column *c = page->column;
    struct reader r = {on_secret, owner};
    struct sl_statement st = {.types = types,
                              .n_types = SL_ARRAY_LEN(types),
                              .on_row = on_values,
                              .owner = &r,
                              .stream = !page->limit};
    struct sl_sql q;
    enum sl_code code = check_role(tx, false, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_addf(&q, "SELECT id, %s, %s, %s, %s FROM %s WHERE length(%s) > 0", c->row_column,
                c->column, c->hints[0], c->hints[1] ? c->hints[1] : "''", c->table, c->column);
    if (page->after) {
        sl_sql_add(&q, " AND id > ");
        sl_sql_param(&q, sl_value_text(page->after));
    }
    sl_sql_add(&q, " ORDER BY id");
    if (page->limit)
        sl_sql_addf(&q, " LIMIT %zu", page->limit);
    return sl_sql_run(&q, &st, err);
}

enum sl_code sl_tx_rotate(struct sl_tx *tx, const struct sl_rotation *rotation, bool *done,
                          struct sl_err *err)
{
    const struct sl_secret_column *c = rotation->column;
    struct sl_statement st = {.sql = NULL};
    struct sl_sql q;
    enum sl_code code = check_role(tx, true, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_addf(&q, "UPDATE %s SET %s = ", c->table, c->column);
    sl_sql_param(&q, sl_value_bytes(rotation->to.p, rotation->to.n));
    if (c->key_column) {
        sl_sql_addf(&q, ", %s = ", c->key_column);
        sl_sql_param(&q, sl_value_text(rotation->key_id));
    }
    sl_sql_add(&q, " WHERE id = ");
    sl_sql_param(&q, sl_value_text(rotation->place));
    sl_sql_addf(&q, " AND %s = ", c->column);
    sl_sql_param(&q, sl_value_bytes(rotation->from.p, rotation->from.n));
    code = sl_sql_run(&q, &st, err);
    if (!code)
        *done = st.changed > 0;
    return code;
}
