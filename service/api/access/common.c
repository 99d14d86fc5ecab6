/* What the RPCs of Access share. */
#include "api/access/common.h"

#include <string.h>

#include "access/names.h"
#include "access/rights.h"
#include "api/request_ids.h"
#include "base/utf8.h"

enum { UUID_LENGTH = 36 };

/* ---- who ---- */

struct sl_store_session sl_caller_session(const struct sl_work *w, const char *user)
{
    const struct sl_principal *p = w->call->principal;
    return (struct sl_store_session){
        .role = SL_STORE_APP,
        .user = user        ? user
                : p->stored ? p->id
                            : NULL,
        .admin = sl_rights_have_role(p, SL_ROLE_ADMIN),
        .auditor = sl_rights_have_role(p, SL_ROLE_AUDITOR),
        .actor = p->actor ? p->actor->name : p->name,
        .peer = w->call->peer,
    };
}

enum sl_code sl_refuse_acting(const struct sl_work *w, struct sl_err *err)
{
    if (!w->call->principal->actor)
        return SL_OK;
    return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ACT_AS_FORBIDDEN,
                      "who acts for a user may not administer: leave sluice-user out");
}

enum sl_code sl_need_stored(const struct sl_work *w, struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    if (p->stored)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_NOT_FOUND,
                      "the caller '%.128s' is no user of the store: create one of that name",
                      p->name);
}

/* ---- fields ---- */

const char *sl_bare_name(const char *name, const char *collection)
{
    return sl_starts_with(name, collection) ? name + strlen(collection) : name;
}

const char *sl_full_name(struct sl_arena *arena, const char *collection, const char *name)
{
    return *name ? sl_arena_printf(arena, "%s%s", collection, name) : "";
}

void sl_check_name(struct sl_violations *v, const char *field, const char *name)
{
    const char *wrong = sl_name_problem(name, strlen(name));
    if (wrong)
        sl_violate(v, field, "%s", wrong);
}

void sl_check_title(struct sl_violations *v, const char *field, const char *title)
{
    if (strlen(title) > SL_TITLE_MAX)
        sl_violate(v, field, "is longer than %d bytes", SL_TITLE_MAX);
}

unsigned sl_check_words(struct sl_violations *v, const char *field, struct sl_words words,
                        unsigned (*find)(const char *name))
{
    unsigned bits = 0;
    for (size_t i = 0; i < words.n; i++) {
        unsigned bit = find(words.list[i]);
        if (!bit)
            sl_violate(v, field, "has a value that is not known: '%.64s'", words.list[i]);
        bits |= bit;
    }
    return bits;
}

/* ---- masks, etags, pages, request ids ---- */

/* Walks the names of a mask; false at its end. */
static bool next_name(const char **at, struct sl_str *out)
{
    const char *p = *at + strspn(*at, ", ");
    size_t n = strcspn(p, ", ");
    *out = (struct sl_str){p, n};
    *at = p + n;
    return n != 0;
}

bool sl_mask_has(const char *mask, const char *field, bool is_set)
{
    struct sl_str name;
    if (!*mask)
        return is_set;
    while (next_name(&mask, &name)) {
        if (sl_str_eq(name, field))
            return true;
    }
    return false;
}

void sl_check_mask(struct sl_violations *v, const char *mask, const char *const *fields)
{
    struct sl_str name;
    while (next_name(&mask, &name)) {
        const char *const *f = fields;
        while (*f && !sl_str_eq(name, *f))
            f++;
        if (!*f)
            sl_violate(v, "update_mask", "names a field that cannot be written: '%.*s'",
                       name.n < 64 ? (int)name.n : 64, name.p);
    }
}

char *sl_etag_of(struct sl_arena *arena, const struct sl_row *row)
{
    return sl_arena_printf(arena, "%lld", (long long)sl_row_int(row, SL_COL_REVISION));
}

int64_t sl_check_etag(struct sl_violations *v, const char *field, const char *etag)
{
    int64_t revision = 0;
    if (*etag && (!sl_parse_i64(sl_str(etag), &revision) || revision < 1))
        sl_violate(v, field, "is none that was given out");
    return revision;
}

size_t sl_check_page_size(struct sl_violations *v, int32_t page_size)
{
    if (page_size < 0 || page_size > SL_PAGE_MAX)
        sl_violate(v, "page_size", "must be between 0 and %d", SL_PAGE_MAX);
    return page_size > 0 ? (size_t)page_size : SL_PAGE_DEFAULT;
}

void sl_check_page_token(struct sl_violations *v, const char *token, struct sl_query *q)
{
    if (!*token)
        return;
    if (strlen(token) <= UUID_LENGTH) {
        sl_violate(v, "page_token", "is none that was given out");
        return;
    }
    q->after_id = sl_arena_strndup(v->arena, token, UUID_LENGTH);
    q->after = sl_value_text(token + UUID_LENGTH);
}

char *sl_page_token_of(struct sl_arena *arena, const struct sl_row *row)
{
    return sl_arena_printf(arena, "%s%s", sl_row_text(row, SL_COL_ID),
                           sl_row_text(row, SL_COL_NAME));
}

enum sl_code sl_claim_request_id(const struct sl_work *w, const char *request_id,
                                 struct sl_err *err)
{
    const struct sl_call *call = w->call;
    if (!*request_id)
        return SL_OK;
    if (strlen(request_id) > SL_REQUEST_ID_MAX)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "request_id",
                            "request_id is longer than %d bytes", SL_REQUEST_ID_MAX);
    if (sl_request_ids_claim(call->service->request_ids, call->principal->id, request_id,
                             call->arrived_us))
        return SL_OK;
    return sl_err_field(err, SL_ALREADY_EXISTS, SL_REASON_REQUEST_ID_USED, "request_id",
                        "this request_id was used less than ten minutes ago");
}

/* ---- rows ---- */

static enum sl_code find(struct sl_tx *tx, struct sl_row_name name, struct sl_arena *arena,
                         struct sl_row **out, struct sl_err *err)
{
    struct sl_row *row = NULL;
    if (sl_tx_find(tx, name, arena, &row, err))
        return err->code;
    if (!row)
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "name",
                            "there is no %s '%.128s' that you may see",
                            name.table == SL_TABLE_USERS ? "user" : "tier", name.name);
    *out = row;
    return SL_OK;
}

enum sl_code sl_find_user(struct sl_tx *tx, struct sl_arena *arena, const char *name,
                          struct sl_row **out, struct sl_err *err)
{
    return find(tx, (struct sl_row_name){SL_TABLE_USERS, NULL, name}, arena, out, err);
}

enum sl_code sl_find_tier(struct sl_tx *tx, struct sl_arena *arena, const char *name,
                          struct sl_row **out, struct sl_err *err)
{
    return find(tx, (struct sl_row_name){SL_TABLE_TIERS, NULL, name}, arena, out, err);
}

enum sl_code sl_check_tier(struct sl_tx *tx, struct sl_arena *arena, const char *field,
                           const char *tier, struct sl_err *err)
{
    struct sl_row *row = NULL;
    const struct sl_row_name name = {SL_TABLE_TIERS, NULL, tier};
    if (!*tier)
        return SL_OK;
    if (sl_tx_find(tx, name, arena, &row, err))
        return err->code;
    if (row)
        return SL_OK;
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "there is no tier '%.64s'", tier);
}
