/* Names and aliases of models in one table, so that the database itself keeps them unique. */
#include <jansson.h>
#include <string.h>

#include "store/sql.h"

static bool is_live(const struct sl_row *row)
{
    return row && !sl_row_int(row, SL_COL_DELETED_MS);
}

static bool same_names(const struct sl_row *a, const struct sl_row *b)
{
    return is_live(a) && is_live(b) && sl_value_equal(&a->v[SL_COL_NAME], &b->v[SL_COL_NAME]) &&
           sl_value_equal(&a->v[SL_MODELS_ALIASES], &b->v[SL_MODELS_ALIASES]);
}

static enum sl_code forget(struct sl_tx *tx, const struct sl_row *row, struct sl_err *err)
{
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "DELETE FROM model_names WHERE model = ");
    sl_sql_param(&q, row->v[SL_COL_ID]);
    return sl_sql_run(&q, NULL, err);
}

static enum sl_code add(struct sl_tx *tx, const struct sl_row *row, const char *name,
                        struct sl_err *err)
{
    struct sl_sql q;
    struct sl_err why = {0};
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "INSERT INTO model_names (owner, name, model) VALUES (");
    sl_sql_param(&q, row->v[SL_COL_OWNER]);
    sl_sql_add(&q, ", ");
    sl_sql_param(&q, sl_value_text(name));
    sl_sql_add(&q, ", ");
    sl_sql_param(&q, row->v[SL_COL_ID]);
    sl_sql_add(&q, ")");
    enum sl_code code = sl_sql_run(&q, NULL, &why);
    if (code == SL_ALREADY_EXISTS)
        return sl_err_field(err, code, SL_REASON_NAME_TAKEN,
                            strcmp(name, sl_row_text(row, SL_COL_NAME)) ? "aliases" : "name",
                            "a model is called '%.200s' already", name);
    return code ? sl_err_set(err, code, why.reason, "%s", why.text) : SL_OK;
}

/* Whether an alias before it in the list, or the name, is the same. */
static bool said_before(const struct sl_row *row, const json_t *list, size_t i)
{
    const char *alias = json_string_value(json_array_get(list, i));
    bool found = !strcmp(alias, sl_row_text(row, SL_COL_NAME));
    for (size_t k = 0; !found && k < i; k++)
        found = !strcmp(alias, json_string_value(json_array_get(list, k)));
    return found;
}

static enum sl_code add_aliases(struct sl_tx *tx, const struct sl_row *row, struct sl_err *err)
{
    const char *text = sl_row_text(row, SL_MODELS_ALIASES);
    enum sl_code code = SL_OK;
    if (!*text)
        return SL_OK;
    json_t *list = json_loads(text, 0, NULL);
    if (!json_is_array(list))
        code = sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "aliases",
                            "aliases have to be a list of names");
    for (size_t i = 0; !code && i < json_array_size(list); i++) {
        const char *alias = json_string_value(json_array_get(list, i));
        if (!alias || !*alias)
            code = sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "aliases",
                                "aliases have to be names");
        else if (!said_before(row, list, i))
            code = add(tx, row, alias, err);
    }
    json_decref(list);
    return code;
}

enum sl_code sl_names_replace(struct sl_tx *tx, const struct sl_row *before,
                              const struct sl_row *after, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    if (same_names(before, after))
        return SL_OK;
    if (is_live(before))
        code = forget(tx, before, err);
    if (!code && is_live(after))
        code = add(tx, after, sl_row_text(after, SL_COL_NAME), err);
    if (!code && is_live(after))
        code = add_aliases(tx, after, err);
    return code;
}
