/* Tiers: everybody may see their own, and administrators, operators and auditors all of them; administrators write. */
#include <stdlib.h>
#include <string.h>

#include "access/rights.h"
#include "access/row_json.h"
#include "api/access/defaults.h"
#include "api/access/service.h"

enum { LIST_MAX = 1000, PATTERN_MAX = 256 };

static const char collection[] = "tiers/";

/* ---- showing ---- */

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    return n;
}

static char **pb_list(const char *const *list)
{
    return (char **)(uintptr_t)list;
}

static enum sl_code make_tier(struct sl_work *w, const struct sl_row *row, Sluice__V1__Tier **out,
                              struct sl_err *err)
{
    struct sl_tier from;
    if (sl_row_tier(row, w->arena, &from, err))
        return err->code;
    Sluice__V1__Tier *t = SL_ARENA_NEW(w->arena, Sluice__V1__Tier);
    sluice__v1__tier__init(t);
    t->name = sl_pb_text(sl_full_name(w->arena, collection, from.name));
    t->title = sl_pb_text(from.title);
    t->n_models = count(from.models);
    t->models = pb_list(from.models);
    t->n_tasks = count(from.tasks);
    t->tasks = pb_list(from.tasks);
    t->n_rpcs = count(from.rpcs);
    t->rpcs = pb_list(from.rpcs);
    t->limits = sl_make_limits(w->arena, &from.limits);
    t->rank = from.rank;
    t->etag = sl_etag_of(w->arena, row);
    t->default_model = sl_default_of_tier(w, from.name);
    *out = t;
    return SL_OK;
}

static enum sl_code reply_with(struct sl_work *w, const struct sl_row *row, struct sl_err *err)
{
    Sluice__V1__Tier *t = NULL;
    if (make_tier(w, row, &t, err))
        return err->code;
    w->reply = &t->base;
    return SL_OK;
}

static int by_rank(const void *x, const void *y)
{
    const Sluice__V1__Tier *const *a = x, *const *b = y;
    if ((*a)->rank != (*b)->rank)
        return (*a)->rank < (*b)->rank ? -1 : 1;
    return strcmp((*a)->name, (*b)->name);
}

enum sl_code sl_list_tiers(struct sl_work *w, struct sl_err *err)
{
    const struct sl_query q = {.table = SL_TABLE_TIERS, .order = SL_COL_NAME};
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    struct sl_rows rows = {0};
    if (sl_store_begin(w->backend->store, &session, false, &tx, err) ||
        sl_tx_end(tx, sl_tx_list(tx, &q, w->arena, &rows, err), NULL, err))
        return err->code;
    Sluice__V1__ListTiersResponse *reply = SL_ARENA_NEW(w->arena, Sluice__V1__ListTiersResponse);
    sluice__v1__list_tiers_response__init(reply);
    reply->tiers = sl_arena_zalloc(w->arena, (rows.count + 1) * sizeof(*reply->tiers));
    for (size_t i = 0; i < rows.count; i++) {
        if (make_tier(w, rows.list[i], &reply->tiers[reply->n_tiers++], err))
            return err->code;
    }
    if (reply->n_tiers)
        qsort(reply->tiers, reply->n_tiers, sizeof(*reply->tiers), by_rank);
    w->reply = &reply->base;
    return SL_OK;
}

enum sl_code sl_get_tier(struct sl_work *w, struct sl_err *err)
{
    enum { READERS = SL_ROLE_ADMIN | SL_ROLE_OPERATOR | SL_ROLE_AUDITOR };
    const Sluice__V1__GetTierRequest *r = (const Sluice__V1__GetTierRequest *)w->request;
    const struct sl_principal *p = w->call->principal;
    const char *name = sl_bare_name(r->name, collection);
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    sl_check_name(&w->violations, "name", name);
    if (sl_violations_err(&w->violations, err))
        return err->code;
    if (!sl_rights_have_role(p, READERS) && strcmp(name, p->tier) != 0)
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "other tiers than one's own are for administrators");
    if (sl_store_begin(w->backend->store, &session, false, &tx, err) ||
        sl_tx_end(tx, sl_find_tier(tx, w->arena, name, &row, err), NULL, err))
        return err->code;
    return reply_with(w, row, err);
}

/* ---- checking ---- */

static void check_list(struct sl_violations *v, const char *field, struct sl_words list)
{
    if (list.n > LIST_MAX)
        sl_violate(v, field, "has more than %d entries", LIST_MAX);
    for (size_t i = 0; i < list.n && i < LIST_MAX; i++) {
        if (!*list.list[i] || strlen(list.list[i]) > PATTERN_MAX)
            sl_violate(v, field, "has an entry that is empty or longer than %d bytes", PATTERN_MAX);
    }
}

/* A pattern that fits no method is a slip of the pen, which would lock people out. */
static void check_rpcs(struct sl_violations *v, struct sl_words list)
{
    static const char prefix[] = "/sluice.v1.";
    check_list(v, "tier.rpcs", list);
    for (size_t i = 0; i < list.n && i < LIST_MAX; i++) {
        const struct sl_method *m = sl_methods;
        while (m->path && !(sl_starts_with(m->path, prefix) &&
                            sl_glob_match(list.list[i], m->path + sizeof(prefix) - 1)))
            m++;
        if (!m->path)
            sl_violate(v, "tier.rpcs", "has '%.64s', which fits no RPC (as in Completion/*)",
                       list.list[i]);
    }
}

static void check_limit(struct sl_violations *v, const char *field, int64_t value)
{
    if (value < 0)
        sl_violate(v, field, "may not be negative; 0 is no limit");
}

static void check_tier(struct sl_violations *v, const Sluice__V1__Tier *t)
{
    const Sluice__V1__TierLimits *l = t->limits;
    sl_check_name(v, "tier.name", sl_bare_name(t->name, collection));
    sl_check_title(v, "tier.title", t->title);
    check_list(v, "tier.models", (struct sl_words){t->models, t->n_models});
    check_list(v, "tier.tasks", (struct sl_words){t->tasks, t->n_tasks});
    check_rpcs(v, (struct sl_words){t->rpcs, t->n_rpcs});
    if (!l)
        return;
    check_limit(v, "tier.limits.requests_per_minute", l->requests_per_minute);
    check_limit(v, "tier.limits.tokens_per_minute", l->tokens_per_minute);
    check_limit(v, "tier.limits.concurrent_requests", l->concurrent_requests);
    check_limit(v, "tier.limits.monthly_cost_nanos", l->monthly_cost_nanos);
}

/* ---- writing ---- */

static const char *const *own_list(struct sl_arena *arena, size_t n, char *const *list)
{
    const char **out = sl_arena_zalloc(arena, (n + 1) * sizeof(*out));
    for (size_t i = 0; i < n; i++)
        out[i] = list[i];
    return out;
}

/* base: what the row holds now. */
static void set_row(struct sl_work *w, const Sluice__V1__Tier *t, const char *mask,
                    const struct sl_tier *base, struct sl_row *row)
{
    struct sl_tier to = *base;
    if (sl_mask_has(mask, "models", t->n_models != 0))
        to.models = own_list(w->arena, t->n_models, t->models);
    if (sl_mask_has(mask, "tasks", t->n_tasks != 0))
        to.tasks = own_list(w->arena, t->n_tasks, t->tasks);
    if (sl_mask_has(mask, "rpcs", t->n_rpcs != 0))
        to.rpcs = own_list(w->arena, t->n_rpcs, t->rpcs);
    if (sl_mask_has(mask, "limits", t->limits != NULL)) {
        to.limits = (struct sl_tier_limits){0};
        if (t->limits)
            to.limits = (struct sl_tier_limits){
                t->limits->requests_per_minute, t->limits->tokens_per_minute,
                t->limits->concurrent_requests, t->limits->monthly_cost_nanos};
    }
    sl_row_set_text(row, SL_TIERS_RIGHTS, sl_json_of_rights(w->arena, &to));
    sl_row_set_text(row, SL_TIERS_LIMITS, sl_json_of_limits(w->arena, &to.limits));
    if (sl_mask_has(mask, "title", *t->title))
        sl_row_set_text(row, SL_TIERS_DESCRIPTION, t->title);
    if (sl_mask_has(mask, "rank", t->rank != 0))
        sl_row_set_int(row, SL_TIERS_RANK, t->rank);
}

enum sl_code sl_create_tier(struct sl_work *w, struct sl_err *err)
{
    static const Sluice__V1__Tier nothing = SLUICE__V1__TIER__INIT;
    static const struct sl_tier open = {.name = NULL};
    const Sluice__V1__CreateTierRequest *r = (const Sluice__V1__CreateTierRequest *)w->request;
    const Sluice__V1__Tier *t = r->tier ? r->tier : &nothing;
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    check_tier(&w->violations, t);
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_claim_request_id(w, r->request_id, err))
        return err->code;
    struct sl_row *row = sl_row_create(w->arena, SL_TABLE_TIERS);
    sl_row_set_null(row, SL_COL_OWNER);
    sl_row_set_text(row, SL_COL_NAME, sl_bare_name(t->name, collection));
    set_row(w, t, "", &open, row);
    if (sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, sl_tx_insert(tx, row, err), &w->revision, err))
        return err->code;
    return reply_with(w, row, err);
}

static enum sl_code update(struct sl_work *w, struct sl_tx *tx, struct sl_row **out,
                           struct sl_err *err)
{
    const Sluice__V1__UpdateTierRequest *r = (const Sluice__V1__UpdateTierRequest *)w->request;
    struct sl_row *old = NULL;
    struct sl_tier base;
    if (sl_find_tier(tx, w->arena, sl_bare_name(r->tier->name, collection), &old, err) ||
        sl_row_tier(old, w->arena, &base, err))
        return err->code;
    struct sl_row *row = sl_row_create(w->arena, SL_TABLE_TIERS);
    sl_row_set_text(row, SL_COL_ID, sl_row_text(old, SL_COL_ID));
    set_row(w, r->tier, r->update_mask, &base, row);
    *out = row;
    return sl_tx_update(tx, row, sl_check_etag(&w->violations, "tier.etag", r->tier->etag), err);
}

enum sl_code sl_update_tier(struct sl_work *w, struct sl_err *err)
{
    static const char *const fields[] = {"title",  "models", "tasks", "rpcs",
                                         "limits", "rank",   NULL};
    static const Sluice__V1__Tier nothing = SLUICE__V1__TIER__INIT;
    const Sluice__V1__UpdateTierRequest *r = (const Sluice__V1__UpdateTierRequest *)w->request;
    const Sluice__V1__Tier *t = r->tier ? r->tier : &nothing;
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    struct sl_row *row = NULL;
    check_tier(&w->violations, t);
    sl_check_mask(&w->violations, r->update_mask, fields);
    (void)sl_check_etag(&w->violations, "tier.etag", t->etag);
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, update(w, tx, &row, err), &w->revision, err))
        return err->code;
    return reply_with(w, row, err);
}

static enum sl_code remove_tier(struct sl_work *w, struct sl_tx *tx, const char *name,
                                struct sl_err *err)
{
    const struct sl_filter has_it = {SL_USERS_TIER, SL_EQUAL, sl_value_text(name)};
    const struct sl_query q = {.table = SL_TABLE_USERS, .filters = &has_it, .n_filters = 1};
    struct sl_row *row = NULL;
    int64_t users = 0;
    if (sl_find_tier(tx, w->arena, name, &row, err) || sl_tx_count(tx, &q, &users, err))
        return err->code;
    if (users)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_TIER_IN_USE,
                          "%lld user%s the tier '%.64s': give them another one first",
                          (long long)users, users == 1 ? " has" : "s have", name);
    if (sl_access_configures_tier(w->access, name))
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_TIER_IN_USE,
                          "access.keys of the configuration has the tier '%.64s'", name);
    return sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_TIERS, sl_row_text(row, SL_COL_ID)}, 0,
                        err);
}

enum sl_code sl_delete_tier(struct sl_work *w, struct sl_err *err)
{
    static const Sluice__V1__DeleteTierResponse reply = SLUICE__V1__DELETE_TIER_RESPONSE__INIT;
    const Sluice__V1__DeleteTierRequest *r = (const Sluice__V1__DeleteTierRequest *)w->request;
    const char *name = sl_bare_name(r->name, collection);
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_tx *tx = NULL;
    sl_check_name(&w->violations, "name", name);
    if (sl_violations_err(&w->violations, err) || sl_refuse_acting(w, err) ||
        sl_store_begin(w->backend->store, &session, true, &tx, err) ||
        sl_tx_end(tx, remove_tier(w, tx, name, err), &w->revision, err))
        return err->code;
    w->reply = &reply.base;
    return SL_OK;
}
