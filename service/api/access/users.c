/* Users: the caller's own row, or for administrators everybody's. A user and what begins with it (key, default model) are
 * one transaction. */
#include <string.h>

#include "access/rights.h"
#include "access/row_json.h"
#include "api/access/defaults.h"
#include "api/access/keys_common.h"
#include "api/access/service.h"
#include "base/clock.h"

static const char collection[] = "users/";

/* ---- showing ---- */

static Sluice__V1__User *make_user(struct sl_work *w, const struct sl_row *row)
{
    const char *names[SL_RIGHTS_NAMES];
    Sluice__V1__User *u = SL_ARENA_NEW(w->arena, Sluice__V1__User);
    sluice__v1__user__init(u);
    u->name = sl_pb_text(sl_full_name(w->arena, collection, sl_row_text(row, SL_COL_NAME)));
    u->id = sl_pb_text(sl_row_text(row, SL_COL_ID));
    u->tier = sl_pb_text(sl_row_text(row, SL_USERS_TIER));
    u->n_roles = sl_role_names(sl_row_roles(row) | SL_ROLE_USER, names);
    u->roles = sl_arena_alloc(w->arena, sizeof(names));
    memcpy(u->roles, names, sizeof(names));
    u->subject = sl_pb_text(sl_row_text(row, SL_USERS_SUBJECT));
    u->disabled = sl_row_bool(row, SL_USERS_DISABLED);
    u->title = sl_pb_text(sl_row_text(row, SL_USERS_DISPLAY_NAME));
    u->etag = sl_etag_of(w->arena, row);
    u->created_ms = sl_row_int(row, SL_COL_CREATED_MS);
    u->default_model = sl_default_of_user(w, u->id);
    return u;
}

/* Auditors see all users, too; the store knows administrators only. */
static struct sl_store_session reading(const struct sl_work *w)
{
    struct sl_store_session s = sl_caller_session(w, NULL);
    s.admin |= s.auditor;
    return s;
}

enum sl_code sl_list_users(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__ListUsersRequest *r = (const Sluice__V1__ListUsersRequest *)w->request;
    struct sl_query q = {.table = SL_TABLE_USERS, .order = SL_COL_NAME};
    const struct sl_store_session session = reading(w);
    struct sl_tx *tx = NULL;
    struct sl_rows rows = {0};
    size_t page = sl_check_page_size(&w->violations, r->page_size);
    sl_check_page_token(&w->violations, r->page_token, &q);
    if (sl_violations_err(&w->violations, err))
        return err->code;
    q.limit = page + 1;
    if (sl_store_begin(w->backend->store, &session, false, &tx, err))
        return err->code;
    Sluice__V1__ListUsersResponse *reply = SL_ARENA_NEW(w->arena, Sluice__V1__ListUsersResponse);
    sluice__v1__list_users_response__init(reply);
    if (sl_tx_end(tx, sl_tx_list(tx, &q, w->arena, &rows, err), NULL, err))
        return err->code;
    reply->n_users = rows.count > page ? page : rows.count;
    reply->users = sl_arena_zalloc(w->arena, (reply->n_users + 1) * sizeof(*reply->users));
    for (size_t i = 0; i < reply->n_users; i++)
        reply->users[i] = make_user(w, rows.list[i]);
    if (rows.count > page)
        reply->next_page_token = sl_page_token_of(w->arena, rows.list[page - 1]);
    w->reply = &reply->base;
    return SL_OK;
}

enum sl_code sl_get_user(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__GetUserRequest *r = (const Sluice__V1__GetUserRequest *)w->request;
    const struct sl_store_session session = reading(w);
    const char *name = sl_bare_name(r->name, collection);
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    sl_check_name(&w->violations, "name", name);
    if (sl_violations_err(&w->violations, err) ||
        sl_store_begin(w->backend->store, &session, false, &tx, err))
        return err->code;
    if (sl_tx_end(tx, sl_find_user(tx, w->arena, name, &row, err), NULL, err))
        return err->code;
    w->reply = &make_user(w, row)->base;
    return SL_OK;
}

/* ---- checking ---- */

struct wanted {
    const Sluice__V1__User *user;
    const char *mask;
    unsigned roles;
};

static void check_user(struct sl_work *w, struct wanted *out)
{
    const Sluice__V1__User *u = out->user;
    struct sl_violations *v = &w->violations;
    sl_check_name(v, "user.name", sl_bare_name(u->name, collection));
    out->roles =
        sl_check_words(v, "user.roles", (struct sl_words){u->roles, u->n_roles}, sl_role_find);
    sl_check_title(v, "user.title", u->title);
    sl_check_title(v, "user.subject", u->subject);
}

static void set_row(struct sl_work *w, const struct wanted *from, struct sl_row *row)
{
    const Sluice__V1__User *u = from->user;
    const char *m = from->mask;
    if (sl_mask_has(m, "tier", *u->tier))
        sl_row_set_text(row, SL_USERS_TIER, sl_bare_name(u->tier, "tiers/"));
    if (sl_mask_has(m, "roles", u->n_roles != 0))
        sl_row_set_text(row, SL_USERS_ROLES,
                        sl_json_of_roles(w->arena, from->roles | SL_ROLE_USER));
    if (sl_mask_has(m, "subject", *u->subject))
        sl_row_set_text(row, SL_USERS_SUBJECT, u->subject);
    if (sl_mask_has(m, "disabled", u->disabled))
        sl_row_set_bool(row, SL_USERS_DISABLED, u->disabled);
    if (sl_mask_has(m, "title", *u->title))
        sl_row_set_text(row, SL_USERS_DISPLAY_NAME, u->title);
}

/* ---- creating ---- */

struct creation {
    const Sluice__V1__CreateUserRequest *r;
    struct wanted wanted;
    const char *id;
    struct sl_row *row;
    Sluice__V1__CreateUserResponse *reply;
};

static enum sl_code insert(struct sl_work *w, struct sl_tx *tx, struct creation *c,
                           struct sl_err *err)
{
    static const Sluice__V1__ApiKey plain = SLUICE__V1__API_KEY__INIT;
    const char *tier = sl_bare_name(c->wanted.user->tier, "tiers/");
    enum sl_code code = sl_check_tier(tx, w->arena, "user.tier", tier, err);
    if (code == SL_OK)
        code = sl_tx_insert(tx, c->row, err);
    if (code == SL_OK && c->r->with_key) {
        const struct sl_new_key k = {&plain, SL_SCOPES_DEFAULT, c->id,
                                     sl_row_text(c->row, SL_COL_NAME)};
        code = sl_insert_key(w, tx, &k, &c->reply->key, &c->reply->api_key, err);
    }
    if (code == SL_OK && *c->r->default_model)
        code = sl_set_default_of_user(w, tx, c->id, c->r->default_model, err);
    return code;
}

enum sl_code sl_create_user(struct sl_work *w, struct sl_err *err)
{
    static const Sluice__V1__User nobody = SLUICE__V1__USER__INIT;
    struct creation c = {.r = (const Sluice__V1__CreateUserRequest *)w->request};
    char id[37];
    struct sl_tx *tx = NULL;
    c.wanted = (struct wanted){.user = c.r->user ? c.r->user : &nobody, .mask = ""};
    check_user(w, &c.wanted);
    const struct sl_new_default model = {
        c.r->default_model, sl_bare_name(c.wanted.user->tier, "tiers/"), c.wanted.roles};
    sl_check_default(w, "default_model", &model);
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_claim_request_id(w, c.r->request_id, err))
        return err->code;
    sl_uuid7(id);
    c.id = id;
    const struct sl_store_session session = sl_caller_session(w, id);
    c.row = sl_row_create(w->arena, SL_TABLE_USERS);
    sl_row_set_text(c.row, SL_COL_ID, id);
    sl_row_set_text(c.row, SL_COL_NAME, sl_bare_name(c.wanted.user->name, collection));
    set_row(w, &c.wanted, c.row);
    c.reply = SL_ARENA_NEW(w->arena, Sluice__V1__CreateUserResponse);
    sluice__v1__create_user_response__init(c.reply);
    if (sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, insert(w, tx, &c, err), &w->revision, err))
        return err->code;
    c.reply->user = make_user(w, c.row);
    c.reply->user->default_model =
        sl_pb_text(sl_full_name(w->arena, "models/", sl_bare_name(c.r->default_model, "models/")));
    w->reply = &c.reply->base;
    return SL_OK;
}

/* ---- the last administrator ---- */

static bool is_admin(const struct sl_row *row)
{
    return sl_row_roles(row) & SL_ROLE_ADMIN && !sl_row_bool(row, SL_USERS_DISABLED);
}

/* Fails where nobody but the user `row` is an administrator. */
static enum sl_code need_other_admin(struct sl_tx *tx, const struct sl_row *row, struct sl_err *err)
{
    int64_t n = 0;
    const struct sl_filter filters[] = {
        {SL_USERS_ROLES, SL_CONTAINS, sl_value_text("\"admin\"")},
        {SL_USERS_DISABLED, SL_EQUAL, sl_value_bool(false)},
        {SL_COL_ID, SL_NOT_EQUAL, sl_value_text(sl_row_text(row, SL_COL_ID))},
    };
    const struct sl_query q = {
        .table = SL_TABLE_USERS, .filters = filters, .n_filters = SL_ARRAY_LEN(filters)};
    if (sl_tx_count(tx, &q, &n, err))
        return err->code;
    if (n)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_LAST_ADMIN,
                      "'%.128s' is the last administrator: make another one first",
                      sl_row_text(row, SL_COL_NAME));
}

/* ---- changing ---- */

static enum sl_code update(struct sl_work *w, struct sl_tx *tx, const struct wanted *wanted,
                           struct sl_row **out, struct sl_err *err)
{
    const Sluice__V1__User *u = wanted->user;
    struct sl_row *old = NULL;
    const char *tier = sl_bare_name(u->tier, "tiers/");
    if (sl_find_user(tx, w->arena, sl_bare_name(u->name, collection), &old, err) ||
        (sl_mask_has(wanted->mask, "tier", *u->tier) &&
         sl_check_tier(tx, w->arena, "user.tier", tier, err)))
        return err->code;
    bool was_admin = is_admin(old);
    struct sl_row *row = sl_row_create(w->arena, SL_TABLE_USERS);
    sl_row_set_text(row, SL_COL_ID, sl_row_text(old, SL_COL_ID));
    set_row(w, wanted, row);
    int64_t etag = sl_check_etag(&w->violations, "user.etag", u->etag);
    if (sl_tx_update(tx, row, etag, err))
        return err->code;
    *out = row;
    return was_admin && !is_admin(row) ? need_other_admin(tx, row, err) : SL_OK;
}

enum sl_code sl_update_user(struct sl_work *w, struct sl_err *err)
{
    static const char *const fields[] = {"tier", "roles", "subject", "disabled", "title", NULL};
    static const Sluice__V1__User nobody = SLUICE__V1__USER__INIT;
    const Sluice__V1__UpdateUserRequest *r = (const Sluice__V1__UpdateUserRequest *)w->request;
    struct wanted wanted = {.user = r->user ? r->user : &nobody, .mask = r->update_mask};
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    check_user(w, &wanted);
    sl_check_mask(&w->violations, r->update_mask, fields);
    (void)sl_check_etag(&w->violations, "user.etag", wanted.user->etag);
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, update(w, tx, &wanted, &row, err), &w->revision, err))
        return err->code;
    w->reply = &make_user(w, row)->base;
    return SL_OK;
}

/* ---- deleting ---- */

static enum sl_code remove_user(struct sl_work *w, struct sl_tx *tx, const char *name,
                                struct sl_err *err)
{
    struct sl_row *row = NULL;
    if (sl_find_user(tx, w->arena, name, &row, err) ||
        (is_admin(row) && need_other_admin(tx, row, err)))
        return err->code;
    return sl_tx_delete_user(tx, sl_row_text(row, SL_COL_ID), 0, err);
}

enum sl_code sl_delete_user(struct sl_work *w, struct sl_err *err)
{
    static const Sluice__V1__DeleteUserResponse reply = SLUICE__V1__DELETE_USER_RESPONSE__INIT;
    const Sluice__V1__DeleteUserRequest *r = (const Sluice__V1__DeleteUserRequest *)w->request;
    const char *name = sl_bare_name(r->name, collection);
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    sl_check_name(&w->violations, "name", name);
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, remove_user(w, tx, name, err), &w->revision, err))
        return err->code;
    w->reply = &reply.base;
    return SL_OK;
}
