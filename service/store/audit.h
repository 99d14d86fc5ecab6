/* The audit log: a row for every row that a transaction of role APP wrote, in the same
 * transaction; append-only, and chained: each row's hash covers the one before. */
#ifndef SL_STORE_AUDIT_H
#define SL_STORE_AUDIT_H

#include "store/store.h"

/* An entry; borrowed during the call. Images are JSON objects, secrets masked: after an insert and
 * before a removal the whole row, else the columns that changed; "" where there is none. */
struct sl_audit_entry {
    int64_t seq; /* from 1, without gaps */
    int64_t revision, at_ms;
    const char *actor, *user, *peer;
    const char *action; /* insert, update, delete (soft), restore, purge, undo */
    const char *table, *row_id, *row_name;
    const char *row_owner; /* "": global */
    const char *before, *after;
    unsigned char hash[SL_STORE_DIGEST];
};

/* "" and 0: any. */
struct sl_audit_query {
    const char *actor, *table, *row_id, *action;
    int64_t from_ms, to_ms; /* from <= at < to */
    int64_t before_seq;     /* newest first, starting behind this one; 0: the newest */
    size_t limit;           /* 0: all */
};

typedef enum sl_code sl_on_audit(void *owner, const struct sl_audit_entry *entry,
                                 struct sl_err *err);
/* Newest first. SL_PERMISSION_DENIED, NOT_PERMITTED unless the session is admin or auditor. */
enum sl_code sl_tx_audit(struct sl_tx *tx, const struct sl_audit_query *query,
                         sl_on_audit *on_entry, void *owner, struct sl_err *err) SL_MUST_CHECK;

/* What sl_tx_audit_verify found. */
struct sl_audit_report {
    int64_t entries;    /* that hold */
    int64_t broken_seq; /* the first that does not; 0: all hold */
    char why[128];
};
/* Walks the whole chain. The same right as sl_tx_audit. */
enum sl_code sl_tx_audit_verify(struct sl_tx *tx, struct sl_audit_report *out,
                                struct sl_err *err) SL_MUST_CHECK;

#endif
