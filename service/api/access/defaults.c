/* Default models of users and tiers. */
#include "api/access/defaults.h"

#include <string.h>

static const char collection[] = "models/";

struct which {
    const char *owner, *scope, *subject;
};

static enum sl_code find(struct sl_work *w, struct sl_tx *tx, const struct which *which,
                         const char **out, struct sl_err *err)
{
    const struct sl_filter filters[] = {
        {SL_MODEL_DEFAULTS_SCOPE, SL_EQUAL, sl_value_text(which->scope)},
        {SL_MODEL_DEFAULTS_SUBJECT, SL_EQUAL, sl_value_text(which->subject)},
    };
    const struct sl_query q = {.table = SL_TABLE_MODEL_DEFAULTS,
                               .filters = filters,
                               .n_filters = SL_ARRAY_LEN(filters),
                               .limit = 1};
    struct sl_rows rows = {0};
    if (sl_tx_list(tx, &q, w->arena, &rows, err))
        return err->code;
    *out = rows.count ? sl_row_text(rows.list[0], SL_MODEL_DEFAULTS_MODEL) : "";
    return SL_OK;
}

static char *default_of(struct sl_work *w, const struct which *which)
{
    struct sl_store_session session = sl_caller_session(w, which->owner);
    struct sl_tx *tx = NULL;
    struct sl_err err = {0};
    const char *model = "";
    session.user = which->owner;
    if (sl_store_begin(w->backend->store, &session, false, &tx, &err) == SL_OK &&
        sl_tx_end(tx, find(w, tx, which, &model, &err), NULL, &err) != SL_OK)
        model = "";
    return sl_pb_text(sl_full_name(w->arena, collection, sl_bare_name(model, collection)));
}

char *sl_default_of_user(struct sl_work *w, const char *user_id)
{
    return default_of(w, &(struct which){user_id, "user", user_id});
}

char *sl_default_of_tier(struct sl_work *w, const char *tier)
{
    return default_of(w, &(struct which){NULL, "tier", tier});
}

void sl_check_default(struct sl_work *w, const char *field, const char *model)
{
    const char *name = sl_bare_name(model, collection);
    if (*name && !sl_registry_find(w->registry, name, NULL))
        sl_violate(&w->violations, field, "there is no model '%.128s'", name);
}

enum sl_code sl_set_default_of_user(struct sl_work *w, struct sl_tx *tx, const char *user_id,
                                    const char *model, struct sl_err *err)
{
    struct sl_row *row = sl_row_create(w->arena, SL_TABLE_MODEL_DEFAULTS);
    sl_row_set_text(row, SL_COL_OWNER, user_id);
    sl_row_set_text(row, SL_MODEL_DEFAULTS_SCOPE, "user");
    sl_row_set_text(row, SL_MODEL_DEFAULTS_SUBJECT, user_id);
    sl_row_set_text(row, SL_MODEL_DEFAULTS_MODEL, sl_bare_name(model, collection));
    return sl_tx_insert(tx, row, err);
}
