/* Default models of every level, and the models that conversations are pinned to. */
#include <string.h>

#include "base/str.h"
#include "registry/manage/internal.h"

enum { MAX_CONVERSATION = 128 };

static enum sl_code required(struct sl_err *err, const char *field)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s is required", field);
}

/* ---- users ---- */

static enum sl_code read_user(const struct sl_manage *m, struct sl_tx *tx, const char *name,
                              struct sl_manage_subject *out, struct sl_err *err)
{
    struct sl_row *row = NULL;
    const struct sl_row_name key = {SL_TABLE_USERS, NULL, name};
    enum sl_code code = sl_tx_find(tx, key, m->arena, &row, err);
    if (code != SL_OK)
        return code;
    if (!row)
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_USER_NOT_FOUND, "subject",
                            "there is no user '%.128s'", name);
    *out = (struct sl_manage_subject){
        .user = sl_row_text(row, SL_COL_ID),
        .name = sl_row_text(row, SL_COL_NAME),
        .tier = sl_row_text(row, SL_USERS_TIER),
    };
    return SL_OK;
}

enum sl_code sl_manage_find_user(const struct sl_manage *m, const char *name,
                                 struct sl_manage_subject *out, struct sl_err *err)
{
    const struct sl_principal *p = m->principal;
    if (sl_starts_with(name, "users/"))
        name += strlen("users/");
    if (!*name || !strcmp(name, p->name)) {
        *out = (struct sl_manage_subject){p->id, p->name, p->tier};
        return SL_OK;
    }
    if (!(p->roles & SL_ROLE_ADMIN))
        return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING, "subject",
                            "what belongs to other users is for administrators");
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(m->store, &session, false, &tx, err);
    if (code != SL_OK)
        return code;
    return sl_tx_end(tx, read_user(m, tx, name, out, err), NULL, err);
}

/* ---- writing ---- */

/* A row that says one thing: found by what it is about, then written, made or removed. */
struct setting {
    const struct sl_manage *m;
    struct sl_query query;
    struct sl_row *fresh; /* what to insert */
    unsigned column;      /* of the model's name */
    const char *model;    /* "" : remove */
};

static enum sl_code write_setting(const struct setting *s, struct sl_tx *tx, struct sl_err *err)
{
    struct sl_rows rows;
    enum sl_code code = sl_tx_list(tx, &s->query, s->m->arena, &rows, err);
    if (code != SL_OK)
        return code;
    if (!rows.count) {
        sl_row_set_text(s->fresh, s->column, s->model);
        return *s->model ? sl_tx_insert(tx, s->fresh, err) : SL_OK;
    }
    const struct sl_row_key key = {s->fresh->table, sl_row_text(rows.list[0], SL_COL_ID)};
    if (!*s->model)
        return sl_tx_delete(tx, key, 0, err);
    struct sl_row *row = sl_row_create(s->m->arena, s->fresh->table);
    sl_row_set_text(row, SL_COL_ID, key.id);
    sl_row_set_text(row, s->column, s->model);
    return sl_tx_update(tx, row, 0, err);
}

static enum sl_code write_as(const struct setting *s, const char *user, struct sl_managed *out,
                             struct sl_err *err)
{
    struct sl_store_session session = sl_manage_session(s->m);
    if (user)
        session.user = user;
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_manage_begin(s->m, &session, &tx, out, err);
    if (code != SL_OK)
        return code;
    return sl_manage_end(tx, write_setting(s, tx, err), false, out, err);
}

static struct sl_filter owned_by(const char *user)
{
    if (!user)
        return (struct sl_filter){.column = SL_COL_OWNER, .op = SL_IS_NULL};
    return (struct sl_filter){SL_COL_OWNER, SL_EQUAL, sl_value_text(user)};
}

static void set_owner(struct sl_row *row, const char *user)
{
    if (user)
        sl_row_set_text(row, SL_COL_OWNER, user);
    else
        sl_row_set_null(row, SL_COL_OWNER);
}

static enum sl_code pin(const struct sl_manage *m, const struct sl_manage_default *d,
                        const char *user, struct sl_managed *out, struct sl_err *err)
{
    if (!*d->subject)
        return required(err, "subject");
    if (strlen(d->subject) > MAX_CONVERSATION)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "subject",
                            "subject is longer than %d bytes", MAX_CONVERSATION);
    const struct sl_filter filters[] = {
        owned_by(user),
        {SL_COL_NAME, SL_EQUAL, sl_value_text(d->subject)},
    };
    const struct setting s = {
        .m = m,
        .query = {.table = SL_TABLE_CONVERSATIONS,
                  .filters = filters,
                  .n_filters = SL_ARRAY_LEN(filters)},
        .fresh = sl_row_create(m->arena, SL_TABLE_CONVERSATIONS),
        .column = SL_CONVERSATIONS_MODEL,
        .model = d->model,
    };
    set_owner(s.fresh, user);
    sl_row_set_text(s.fresh, SL_COL_NAME, d->subject);
    return write_as(&s, user, out, err);
}

static enum sl_code set_level(const struct sl_manage *m, const char *scope,
                              const struct sl_manage_default *d, const char *user,
                              struct sl_managed *out, struct sl_err *err)
{
    const char *subject = user ? user : d->subject;
    const struct sl_filter filters[] = {
        owned_by(user),
        {SL_MODEL_DEFAULTS_SCOPE, SL_EQUAL, sl_value_text(scope)},
        {SL_MODEL_DEFAULTS_SUBJECT, SL_EQUAL, sl_value_text(subject)},
    };
    const struct setting s = {
        .m = m,
        .query = {.table = SL_TABLE_MODEL_DEFAULTS,
                  .filters = filters,
                  .n_filters = SL_ARRAY_LEN(filters)},
        .fresh = sl_row_create(m->arena, SL_TABLE_MODEL_DEFAULTS),
        .column = SL_MODEL_DEFAULTS_MODEL,
        .model = d->model,
    };
    set_owner(s.fresh, user);
    sl_row_set_text(s.fresh, SL_MODEL_DEFAULTS_SCOPE, scope);
    sl_row_set_text(s.fresh, SL_MODEL_DEFAULTS_SUBJECT, subject);
    return write_as(&s, user, out, err);
}

enum sl_code sl_manage_set_default(const struct sl_manage *m, const struct sl_manage_default *d,
                                   const char *user, struct sl_managed *out, struct sl_err *err)
{
    switch (d->scope) {
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER:
        return set_level(m, "user", d, user, out, err);
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_CONVERSATION:
        return pin(m, d, user, out, err);
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_TIER:
        if (!*d->subject)
            return required(err, "subject");
        if (sl_manage_need_global(m, "defaults of tiers", err) != SL_OK)
            return err->code;
        return set_level(m, "tier", d, NULL, out, err);
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY:
        if (*d->subject)
            return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "subject",
                                "subject must be empty with this scope");
        if (sl_manage_need_global(m, "the registry's default", err) != SL_OK)
            return err->code;
        return set_level(m, "registry", d, NULL, out, err);
    default:
        return required(err, "scope");
    }
}

enum sl_code sl_manage_get_conversation(const struct sl_manage *m, const char *id,
                                        struct sl_managed *out, struct sl_err *err)
{
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    const struct sl_row_name key = {SL_TABLE_CONVERSATIONS, m->principal->id, id};
    if (!*id)
        return required(err, "conversation_id");
    enum sl_code code = sl_store_begin(m->store, &session, false, &tx, err);
    if (code != SL_OK)
        return code;
    out->row = NULL;
    return sl_tx_end(tx, sl_tx_find(tx, key, m->arena, &out->row, err), NULL, err);
}
