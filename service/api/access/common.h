/* What the RPCs of Access share: for api/access/ only. Pure but for those that take a transaction. */
#ifndef SL_API_ACCESS_COMMON_H
#define SL_API_ACCESS_COMMON_H

#include "api/work.h"
#include "sluice/v1/access.pb-c.h"

enum {
    SL_PAGE_DEFAULT = 100,
    SL_PAGE_MAX = 1000,
    SL_TITLE_MAX = 256, /* bytes of a text for people */
};

/* protobuf-c's strings are not const. */
static inline char *sl_pb_text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

/* ---- who ---- */

/* The caller's session, as its roles allow; user: whose rows are worked on, NULL: its own. */
struct sl_store_session sl_caller_session(const struct sl_work *w, const char *user);
/* Whoever acts for an end user may not administer. Error: SL_PERMISSION_DENIED. */
enum sl_code sl_refuse_acting(const struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
/* The caller is a user of the store. Error: SL_FAILED_PRECONDITION. */
enum sl_code sl_need_stored(const struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;

/* ---- fields ---- */

/* What stands behind the collection: "ann" for "users/ann" (collection "users/"), and for "ann". */
const char *sl_bare_name(const char *name, const char *collection);
/* "models/gpt". "" for "". In the arena. */
const char *sl_full_name(struct sl_arena *arena, const char *collection, const char *name);
/* Notes what is wrong with a required name, a text for people, a list of texts. */
void sl_check_name(struct sl_violations *v, const char *field, const char *name);
void sl_check_title(struct sl_violations *v, const char *field, const char *title);
struct sl_words {
    char *const *list;
    size_t n;
};
/* The bits of words; notes those that are none. */
unsigned sl_check_words(struct sl_violations *v, const char *field, struct sl_words words,
                        unsigned (*find)(const char *name));

/* ---- masks, etags, pages, request ids ---- */

/* Whether the mask ("a,b") names the field; with an empty mask: whether the field is set. */
bool sl_mask_has(const char *mask, const char *field, bool is_set);
/* Notes names in update_mask that are none of fields, which ends with NULL. */
void sl_check_mask(struct sl_violations *v, const char *mask, const char *const *fields);

/* The revision of a row as text. */
char *sl_etag_of(struct sl_arena *arena, const struct sl_row *row);
/* 0 for ""; notes a text that is none. */
int64_t sl_check_etag(struct sl_violations *v, const char *field, const char *etag);

/* Rows a page; notes a size out of range. */
size_t sl_check_page_size(struct sl_violations *v, int32_t page_size);
/* A token of rows by name is the last row's id and name. Sets q->after_id and q->after; notes a token that is none. */
void sl_check_page_token(struct sl_violations *v, const char *token, struct sl_query *q);
char *sl_page_token_of(struct sl_arena *arena, const struct sl_row *row);

/* Refuses an id that was used. "" is none. */
enum sl_code sl_claim_request_id(const struct sl_work *w, const char *request_id,
                                 struct sl_err *err) SL_MUST_CHECK;

Sluice__V1__TierLimits *sl_make_limits(struct sl_arena *arena, const struct sl_tier_limits *from);

/* ---- rows ---- */

/* The live user of that name that the session may see. Error: SL_NOT_FOUND, NOT_FOUND, with the field. */
enum sl_code sl_find_user(struct sl_tx *tx, struct sl_arena *arena, const char *name,
                          struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_find_tier(struct sl_tx *tx, struct sl_arena *arena, const char *name,
                          struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;
/* Fails where there is no such tier; "" is none. */
enum sl_code sl_check_tier(struct sl_tx *tx, struct sl_arena *arena, const char *field,
                           const char *tier, struct sl_err *err) SL_MUST_CHECK;

#endif
