/* Default models of users and tiers. */
#include "api/access/defaults.h"

#include <string.h>

static const char collection[] = "models/";

static char *default_of(struct sl_work *w, const char *scope, const char *subject)
{
    const char *model = sl_registry_default_of(w->registry, scope, subject);
    return sl_pb_text(
        sl_full_name(w->arena, collection, model ? sl_bare_name(model, collection) : ""));
}

char *sl_default_of_user(struct sl_work *w, const char *user_id)
{
    return default_of(w, "user", user_id);
}

char *sl_default_of_tier(struct sl_work *w, const char *tier)
{
    return default_of(w, "tier", tier);
}

void sl_check_default(struct sl_work *w, const char *field, const struct sl_new_default *d)
{
    const char *name = sl_bare_name(d->model, collection);
    const struct sl_principal user = {.tier = d->tier,
                                      .rights = sl_access_tier(w->access, d->tier),
                                      .roles = d->roles | SL_ROLE_USER,
                                      .scopes = SL_SCOPES_DEFAULT};
    if (!*name)
        return;
    const struct sl_model *m = sl_registry_find(w->registry, name, NULL);
    if (!m)
        sl_violate(&w->violations, field, "there is no model '%.128s'", name);
    else if (!sl_registry_may_use(w->registry, m, &user))
        sl_violate(&w->violations, field, "the model '%.128s' is not for this user", name);
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
