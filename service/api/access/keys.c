/* API keys: made, shown once, listed and revoked; by their users, and by administrators for anybody. */
#include <stdio.h>
#include <string.h>

#include "access/rights.h"
#include "access/row_json.h"
#include "api/access/keys_common.h"
#include "api/access/service.h"
#include "base/alloc.h"
#include "base/clock.h"

static const char collection[] = "apiKeys/";
/* In the place of the id: ids have no ':'. */
static const char configured[] = "config:";
/* Where access/bootstrap.c notes which key it made. */
static const char bootstrap_meta[] = "bootstrap_key_id";

/* ---- showing ---- */

/* What rows do not say of themselves. */
struct shown_with {
    char bootstrap_id[SL_API_KEY_ID_MAX + 1];
    const char *user; /* name of the user whose keys they are; NULL: looked up by id */
};

static Sluice__V1__ApiKey *make_key(struct sl_work *w, const struct sl_row *row,
                                    const struct shown_with *with)
{
    const char *names[SL_RIGHTS_NAMES];
    Sluice__V1__ApiKey *k = SL_ARENA_NEW(w->arena, Sluice__V1__ApiKey);
    const char *id = sl_row_text(row, SL_COL_ID);
    sluice__v1__api_key__init(k);
    k->name = sl_pb_text(sl_full_name(w->arena, collection, id));
    k->user = sl_pb_text(
        with->user ? with->user : sl_access_user_name(w->access, sl_row_text(row, SL_COL_OWNER)));
    k->title = sl_pb_text(sl_row_text(row, SL_COL_NAME));
    k->n_scopes = sl_scope_names(sl_row_scopes(row), names);
    k->scopes = sl_arena_alloc(w->arena, sizeof(names));
    memcpy(k->scopes, names, sizeof(names));
    k->expires_ms = sl_row_int(row, SL_API_KEYS_EXPIRES_MS);
    k->created_ms = sl_row_int(row, SL_COL_CREATED_MS);
    k->last_used_ms = sl_row_int(row, SL_API_KEYS_LAST_USED_MS);
    k->revoked_ms = sl_row_int(row, SL_API_KEYS_REVOKED_MS);
    k->source = sl_pb_text(strcmp(id, with->bootstrap_id) ? "api" : "bootstrap");
    return k;
}

/* A key of the configuration, which cannot be revoked here. */
static Sluice__V1__ApiKey *make_configured(struct sl_work *w, const struct sl_configured_key *from)
{
    const char *names[SL_RIGHTS_NAMES];
    Sluice__V1__ApiKey *k = SL_ARENA_NEW(w->arena, Sluice__V1__ApiKey);
    sluice__v1__api_key__init(k);
    k->name = sl_pb_text(
        sl_full_name(w->arena, collection, sl_full_name(w->arena, configured, from->name)));
    k->user = sl_pb_text(from->name);
    k->n_scopes = sl_scope_names(from->scopes, names);
    k->scopes = sl_arena_alloc(w->arena, sizeof(names));
    memcpy(k->scopes, names, sizeof(names));
    k->source = sl_pb_text("config");
    return k;
}

/* ---- making ---- */

enum sl_code sl_check_new_key(struct sl_work *w, const Sluice__V1__ApiKey *wanted, unsigned *scopes,
                              struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    struct sl_violations *v = &w->violations;
    sl_check_title(v, "api_key.title", wanted->title);
    *scopes = sl_check_words(v, "api_key.scopes",
                             (struct sl_words){wanted->scopes, wanted->n_scopes}, sl_scope_find);
    if (!wanted->n_scopes)
        *scopes = SL_SCOPES_DEFAULT;
    if (wanted->expires_ms && wanted->expires_ms <= sl_wall_ms())
        sl_violate(v, "api_key.expires_ms", "has to be in the future");
    if (sl_violations_err(v, err))
        return err->code;
    if (sl_rights_have_role(p, SL_ROLE_ADMIN))
        return SL_OK;
    const char *names[SL_RIGHTS_NAMES];
    if (*scopes & ~p->scopes) {
        sl_scope_names(*scopes & ~p->scopes, names);
        return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_SCOPE_MISSING, "api_key.scopes",
                            "a key may not do more than the key that makes it: %s", names[0]);
    }
    if (p->expires_ms && (!wanted->expires_ms || wanted->expires_ms > p->expires_ms))
        return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_SCOPE_MISSING,
                            "api_key.expires_ms",
                            "a key may not live longer than the key that makes it");
    return SL_OK;
}

enum sl_code sl_insert_key(struct sl_work *w, struct sl_tx *tx, const struct sl_new_key *k,
                           char **text, Sluice__V1__ApiKey **shown, struct sl_err *err)
{
    const struct shown_with with = {.user = k->user_name};
    struct sl_api_key key;
    if (!sl_api_key_make(&key))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no random numbers");
    struct sl_row *row = sl_row_create(w->arena, SL_TABLE_API_KEYS);
    sl_row_set_text(row, SL_COL_ID, key.id);
    sl_row_set_text(row, SL_COL_OWNER, k->user_id);
    sl_row_set_text(row, SL_COL_NAME, k->wanted->title);
    sl_row_set_bytes(row, SL_API_KEYS_SHA256, key.sha256, sizeof(key.sha256));
    sl_row_set_text(row, SL_API_KEYS_SCOPES, sl_json_of_scopes(w->arena, k->scopes));
    sl_row_set_int(row, SL_API_KEYS_EXPIRES_MS, k->wanted->expires_ms);
    enum sl_code code = sl_tx_insert(tx, row, err);
    if (code == SL_OK) {
        *text = sl_arena_strdup(w->arena, key.text);
        *shown = make_key(w, row, &with);
    }
    sl_wipe(&key, sizeof(key));
    return code;
}

/* Whose keys: the caller's ("" and its own name), or another's, for those with one of the roles. */
static enum sl_code find_owner(struct sl_work *w, struct sl_tx *tx, const char *user,
                               unsigned roles, struct sl_new_key *out, struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    struct sl_row *row = NULL;
    if (!*user || !strcmp(user, p->name)) {
        out->user_id = p->id;
        out->user_name = p->name;
        return sl_need_stored(w, err);
    }
    if (!sl_rights_have_role(p, roles))
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "keys of other users are for administrators");
    if (sl_find_user(tx, w->arena, user, &row, err))
        return err->code;
    out->user_id = sl_row_text(row, SL_COL_ID);
    out->user_name = sl_row_text(row, SL_COL_NAME);
    return SL_OK;
}

enum sl_code sl_create_api_key(struct sl_work *w, struct sl_err *err)
{
    static const Sluice__V1__ApiKey plain = SLUICE__V1__API_KEY__INIT;
    const Sluice__V1__CreateApiKeyRequest *r = (const Sluice__V1__CreateApiKeyRequest *)w->request;
    struct sl_new_key k = {.wanted = r->api_key ? r->api_key : &plain};
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    if (sl_check_new_key(w, k.wanted, &k.scopes, err) || sl_refuse_acting(w, err) ||
        sl_claim_request_id(w, r->request_id, err) ||
        sl_store_begin(w->backend->store, &session, true, &tx, err))
        return err->code;
    Sluice__V1__CreateApiKeyResponse *reply =
        SL_ARENA_NEW(w->arena, Sluice__V1__CreateApiKeyResponse);
    sluice__v1__create_api_key_response__init(reply);
    enum sl_code code =
        find_owner(w, tx, sl_bare_name(k.wanted->user, "users/"), SL_ROLE_ADMIN, &k, err);
    if (code == SL_OK)
        code = sl_insert_key(w, tx, &k, &reply->key, &reply->api_key, err);
    if (sl_tx_end(tx, code, &w->revision, err))
        return err->code;
    w->reply = &reply->base;
    return SL_OK;
}

/* ---- listing ---- */

struct listing {
    struct sl_query q;
    struct sl_filter own;
    struct shown_with with;
    size_t page;
    struct sl_rows rows;
};

static enum sl_code list(struct sl_work *w, struct sl_tx *tx, const char *user, struct listing *l,
                         struct sl_err *err)
{
    enum { READERS = SL_ROLE_ADMIN | SL_ROLE_AUDITOR };
    struct sl_new_key whose = {0};
    if (strcmp(user, "*") != 0) {
        if (find_owner(w, tx, user, READERS, &whose, err))
            return err->code;
        l->with.user = whose.user_name;
        l->own = (struct sl_filter){SL_COL_OWNER, SL_EQUAL, sl_value_text(whose.user_id)};
        l->q.filters = &l->own;
        l->q.n_filters = 1;
    } else if (!sl_rights_have_role(w->call->principal, READERS)) {
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "keys of other users are for administrators");
    }
    return sl_tx_list(tx, &l->q, w->arena, &l->rows, err);
}

/* Those of the configuration come last, all on one page. user: "*", or a name. */
static void add_configured(struct sl_work *w, const char *user, Sluice__V1__ListApiKeysResponse *to)
{
    struct sl_configured_key key;
    size_t n = 0;
    while (sl_access_configured_key(w->access, n, &key))
        n++;
    Sluice__V1__ApiKey **all = sl_arena_zalloc(w->arena, (to->n_api_keys + n + 1) * sizeof(*all));
    memcpy(all, to->api_keys, to->n_api_keys * sizeof(*all));
    to->api_keys = all;
    for (size_t i = 0; i < n && sl_access_configured_key(w->access, i, &key); i++) {
        if (!strcmp(user, "*") || !strcmp(user, key.name))
            all[to->n_api_keys++] = make_configured(w, &key);
    }
}

enum sl_code sl_list_api_keys(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__ListApiKeysRequest *r = (const Sluice__V1__ListApiKeysRequest *)w->request;
    struct listing l = {.q = {.table = SL_TABLE_API_KEYS, .order = SL_COL_ID}};
    struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    l.page = sl_check_page_size(&w->violations, r->page_size);
    l.q.limit = l.page + 1;
    l.q.after_id = *r->page_token ? r->page_token : NULL;
    session.admin |= session.auditor; /* an auditor reads them all, too */
    if (sl_violations_err(&w->violations, err) ||
        sl_store_get_meta(w->backend->store, bootstrap_meta, l.with.bootstrap_id,
                          sizeof(l.with.bootstrap_id), err) ||
        sl_store_begin(w->backend->store, &session, false, &tx, err) ||
        sl_tx_end(tx, list(w, tx, sl_bare_name(r->user, "users/"), &l, err), NULL, err))
        return err->code;
    Sluice__V1__ListApiKeysResponse *reply =
        SL_ARENA_NEW(w->arena, Sluice__V1__ListApiKeysResponse);
    sluice__v1__list_api_keys_response__init(reply);
    reply->n_api_keys = l.rows.count > l.page ? l.page : l.rows.count;
    reply->api_keys = sl_arena_zalloc(w->arena, (reply->n_api_keys + 1) * sizeof(*reply->api_keys));
    for (size_t i = 0; i < reply->n_api_keys; i++)
        reply->api_keys[i] = make_key(w, l.rows.list[i], &l.with);
    if (l.rows.count > l.page)
        reply->next_page_token = sl_pb_text(sl_row_text(l.rows.list[l.page - 1], SL_COL_ID));
    else
        add_configured(w, l.with.user ? l.with.user : "*", reply);
    w->reply = &reply->base;
    return SL_OK;
}

/* ---- revoking ---- */

/* Whether another key than this one is one of an administrator's, and valid. */
struct other_key {
    const struct sl_work *w;
    const char *id;
    int64_t now_ms;
    bool found;
};

static enum sl_code look_at(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct other_key *o = owner;
    int64_t expires = sl_row_int(row, SL_API_KEYS_EXPIRES_MS);
    (void)err;
    o->found |= strcmp(sl_row_text(row, SL_COL_ID), o->id) != 0 &&
                !sl_row_int(row, SL_API_KEYS_REVOKED_MS) && (!expires || expires > o->now_ms) &&
                sl_row_scopes(row) & SL_SCOPE_ADMIN;
    return SL_OK;
}

struct admins {
    char **ids;
    size_t n;
    struct sl_arena *arena;
};

static enum sl_code add_admin(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct admins *a = owner;
    (void)err;
    char **more = sl_arena_alloc(a->arena, (a->n + 1) * sizeof(char *));
    if (a->n)
        memcpy(more, a->ids, a->n * sizeof(char *));
    more[a->n++] = sl_arena_strdup(a->arena, sl_row_text(row, SL_COL_ID));
    a->ids = more;
    return SL_OK;
}

/* An administrator who revokes the key of this very call may be the last to get in. */
static enum sl_code need_other_key(struct sl_work *w, struct sl_tx *tx, const char *id,
                                   struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    const struct sl_filter filters[] = {
        {SL_USERS_ROLES, SL_CONTAINS, sl_value_text("\"admin\"")},
        {SL_USERS_DISABLED, SL_EQUAL, sl_value_bool(false)},
    };
    struct sl_query q = {
        .table = SL_TABLE_USERS, .filters = filters, .n_filters = SL_ARRAY_LEN(filters)};
    struct admins admins = {.arena = w->arena};
    struct other_key other = {w, id, sl_wall_ms(), false};
    if (strcmp(p->key_id, id) != 0 || !sl_rights_have_role(p, SL_ROLE_ADMIN))
        return SL_OK;
    if (sl_tx_each(tx, &q, add_admin, &admins, err))
        return err->code;
    for (size_t i = 0; i < admins.n && !other.found; i++) {
        const struct sl_filter own = {SL_COL_OWNER, SL_EQUAL, sl_value_text(admins.ids[i])};
        q = (struct sl_query){.table = SL_TABLE_API_KEYS, .filters = &own, .n_filters = 1};
        if (sl_tx_each(tx, &q, look_at, &other, err))
            return err->code;
    }
    if (other.found)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_LAST_ADMIN,
                      "this is the last key of an administrator: make another one first");
}

static enum sl_code revoke_row(struct sl_work *w, struct sl_tx *tx, const char *id,
                               struct sl_row **out, struct sl_err *err)
{
    const struct sl_row_key key = {SL_TABLE_API_KEYS, id};
    struct sl_row *row = NULL;
    if (sl_tx_get(tx, key, w->arena, &row, err))
        return err->code;
    *out = row;
    if (sl_row_int(row, SL_COL_DELETED_MS))
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "name", "there is no such key");
    if (sl_row_int(row, SL_API_KEYS_REVOKED_MS))
        return SL_OK;
    if (need_other_key(w, tx, id, err))
        return err->code;
    struct sl_row *change = sl_row_create(w->arena, SL_TABLE_API_KEYS);
    sl_row_set_text(change, SL_COL_ID, id);
    sl_row_set_int(change, SL_API_KEYS_REVOKED_MS, sl_tx_now_ms(tx));
    *out = change;
    return sl_tx_update(tx, change, 0, err);
}

enum sl_code sl_revoke_api_key(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__RevokeApiKeyRequest *r = (const Sluice__V1__RevokeApiKeyRequest *)w->request;
    const char *id = sl_bare_name(r->name, collection);
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct shown_with with = {.user = NULL};
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    if (sl_starts_with(id, configured))
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_NOT_PERMITTED, "name",
                            "this key is written in the configuration: take it out there");
    if (!*id || strlen(id) > SL_API_KEY_ID_MAX)
        sl_violate(&w->violations, "name", "has to be apiKeys/ID");
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_store_get_meta(w->backend->store, bootstrap_meta, with.bootstrap_id,
                          sizeof(with.bootstrap_id), err) ||
        sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, revoke_row(w, tx, id, &row, err), &w->revision, err))
        return err->code;
    w->reply = &make_key(w, row, &with)->base;
    return SL_OK;
}
