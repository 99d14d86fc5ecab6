/* What users prefer: one row each, written by the user or an administrator. */
#include <string.h>

#include "access/rights.h"
#include "api/access/common.h"
#include "api/access/preferences_json.h"
#include "api/access/service.h"
#include "api/checks.h"

enum { LIST_MAX = 1000 };

/* ---- whose ---- */

struct whose {
    const char *user; /* name; "" : the caller */
    bool write;
    const char *id; /* found */
};

/* Another's user id is looked up first: rows are seen by their owner's session only. */
static enum sl_code find_user(struct sl_work *w, struct whose *whose, struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    if (!*whose->user || !strcmp(whose->user, p->name)) {
        whose->id = p->id;
        return sl_need_stored(w, err);
    }
    if (!sl_rights_have_role(p, SL_ROLE_ADMIN))
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "preferences of other users are for administrators");
    if (sl_store_begin(w->backend->store, &session, false, &tx, err) ||
        sl_tx_end(tx, sl_find_user(tx, w->arena, whose->user, &row, err), NULL, err))
        return err->code;
    whose->id = sl_row_text(row, SL_COL_ID);
    return SL_OK;
}

/* After find_user. */
static enum sl_code begin(struct sl_work *w, const struct whose *whose, struct sl_tx **tx,
                          struct sl_err *err)
{
    const struct sl_store_session session = sl_caller_session(w, whose->id);
    return sl_store_begin(w->backend->store, &session, whose->write, tx, err);
}

/* NULL where there is none. */
static enum sl_code find_row(struct sl_work *w, struct sl_tx *tx, const char *id,
                             struct sl_row **out, struct sl_err *err)
{
    const struct sl_row_name name = {SL_TABLE_PREFERENCES, id, ""};
    return sl_tx_find(tx, name, w->arena, out, err);
}

static enum sl_code reply_with(struct sl_work *w, const struct sl_row *row, struct sl_err *err)
{
    Sluice__V1__Preferences *p = NULL;
    const char *json = row ? sl_row_text(row, SL_PREFERENCES_SETTINGS) : "";
    if (sl_preferences_parse(json, w->arena, &p, err))
        return err->code;
    if (row)
        p->etag = sl_etag_of(w->arena, row);
    w->reply = &p->base;
    return SL_OK;
}

enum sl_code sl_get_preferences(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__GetPreferencesRequest *r =
        (const Sluice__V1__GetPreferencesRequest *)w->request;
    struct whose whose = {.user = sl_bare_name(r->user, "users/")};
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    if (find_user(w, &whose, err) || begin(w, &whose, &tx, err) ||
        sl_tx_end(tx, find_row(w, tx, whose.id, &row, err), NULL, err))
        return err->code;
    return reply_with(w, row, err);
}

/* ---- checking ---- */

/* A model that all have ("NAME", "global/NAME"), or one of the user's own. */
static void check_model(struct sl_work *w, const struct whose *whose, const char *field,
                        const char *name)
{
    const char *bare = sl_bare_name(name, "models/");
    if (!*bare || strlen(bare) > SL_TITLE_MAX)
        sl_violate(&w->violations, field, "has a model's name that is empty or too long");
    else if (!sl_registry_find(w->registry, sl_bare_name(bare, "global/"), NULL) &&
             !sl_registry_find_personal(w->registry, whose->id, bare, NULL))
        sl_violate(&w->violations, field, "names a model that is not there: '%.128s'", bare);
}

static void check_models(struct sl_work *w, const struct whose *whose, const char *field,
                         struct sl_words list)
{
    if (list.n > LIST_MAX)
        sl_violate(&w->violations, field, "has more than %d entries", LIST_MAX);
    for (size_t i = 0; i < list.n && i < LIST_MAX; i++)
        check_model(w, whose, field, list.list[i]);
}

static void check(struct sl_work *w, const struct whose *whose, const Sluice__V1__Preferences *p)
{
    static const char *const priorities[] = {"", "cost", "speed", "quality"};
    struct sl_violations *v = &w->violations;
    bool known = false;
    for (size_t i = 0; i < SL_ARRAY_LEN(priorities); i++)
        known |= !strcmp(priorities[i], p->priority);
    if (!known)
        sl_violate(v, "preferences.priority", "has to be cost, speed, quality or empty");
    if (p->cost_ceiling_nanos < 0)
        sl_violate(v, "preferences.cost_ceiling_nanos", "may not be negative; 0 is no ceiling");
    if (p->n_task_models > LIST_MAX)
        sl_violate(v, "preferences.task_models", "has more than %d entries", LIST_MAX);
    for (size_t i = 0; i < p->n_task_models && i < LIST_MAX; i++) {
        if (!*p->task_models[i]->key)
            sl_violate(v, "preferences.task_models", "has a task without a name");
        sl_check_task(v, "preferences.task_models", p->task_models[i]->key);
        check_model(w, whose, "preferences.task_models", p->task_models[i]->value);
    }
    check_models(w, whose, "preferences.hidden_models",
                 (struct sl_words){p->hidden_models, p->n_hidden_models});
    check_models(w, whose, "preferences.favourite_models",
                 (struct sl_words){p->favourite_models, p->n_favourite_models});
}

/* ---- writing ---- */

static void merge(const Sluice__V1__Preferences *from, const char *mask,
                  Sluice__V1__Preferences *to)
{
    if (sl_mask_has(mask, "task_models", from->n_task_models != 0)) {
        to->task_models = from->task_models;
        to->n_task_models = from->n_task_models;
    }
    if (sl_mask_has(mask, "hidden_models", from->n_hidden_models != 0)) {
        to->hidden_models = from->hidden_models;
        to->n_hidden_models = from->n_hidden_models;
    }
    if (sl_mask_has(mask, "favourite_models", from->n_favourite_models != 0)) {
        to->favourite_models = from->favourite_models;
        to->n_favourite_models = from->n_favourite_models;
    }
    if (sl_mask_has(mask, "priority", *from->priority))
        to->priority = from->priority;
    if (sl_mask_has(mask, "cost_ceiling_nanos", from->cost_ceiling_nanos != 0))
        to->cost_ceiling_nanos = from->cost_ceiling_nanos;
}

struct change {
    const Sluice__V1__Preferences *from;
    const char *mask, *user_id;
    int64_t etag;
    struct sl_row *row; /* as it is stored */
};

static enum sl_code write_row(struct sl_work *w, struct sl_tx *tx, struct change *c,
                              struct sl_err *err)
{
    struct sl_row *old = NULL;
    Sluice__V1__Preferences *p = NULL;
    if (find_row(w, tx, c->user_id, &old, err) ||
        sl_preferences_parse(old ? sl_row_text(old, SL_PREFERENCES_SETTINGS) : "", w->arena, &p,
                             err))
        return err->code;
    merge(c->from, c->mask, p);
    c->row = sl_row_create(w->arena, SL_TABLE_PREFERENCES);
    sl_row_set_text(c->row, SL_PREFERENCES_SETTINGS, sl_preferences_json(w->arena, p));
    if (!old && c->etag)
        return sl_err_field(err, SL_ABORTED, SL_REASON_ETAG_STALE, "preferences.etag",
                            "nothing is stored of that etag");
    if (!old) {
        sl_row_set_text(c->row, SL_COL_OWNER, c->user_id);
        return sl_tx_insert(tx, c->row, err);
    }
    sl_row_set_text(c->row, SL_COL_ID, sl_row_text(old, SL_COL_ID));
    return sl_tx_update(tx, c->row, c->etag, err);
}

enum sl_code sl_update_preferences(struct sl_work *w, struct sl_err *err)
{
    static const char *const fields[] = {"task_models", "hidden_models",      "favourite_models",
                                         "priority",    "cost_ceiling_nanos", NULL};
    static const Sluice__V1__Preferences nothing = SLUICE__V1__PREFERENCES__INIT;
    const Sluice__V1__UpdatePreferencesRequest *r =
        (const Sluice__V1__UpdatePreferencesRequest *)w->request;
    struct change c = {.from = r->preferences ? r->preferences : &nothing, .mask = r->update_mask};
    struct whose whose = {.user = sl_bare_name(r->user, "users/"), .write = true};
    struct sl_tx *tx = NULL;
    if (find_user(w, &whose, err))
        return err->code;
    check(w, &whose, c.from);
    sl_check_mask(&w->violations, r->update_mask, fields);
    c.etag = sl_check_etag(&w->violations, "preferences.etag", c.from->etag);
    if (sl_violations_err(&w->violations, err) || begin(w, &whose, &tx, err))
        return err->code;
    c.user_id = whose.id;
    if (sl_tx_end(tx, write_row(w, tx, &c, err), &w->revision, err))
        return err->code;
    return reply_with(w, c.row, err);
}
