/* Shared by the files that are the same for every back end: for store/ only. */
#ifndef SL_STORE_INTERNAL_H
#define SL_STORE_INTERNAL_H

#include "store/backend.h"

/* The one row that every write raises first. */
struct sl_head {
    int64_t revision, audit_seq;
    unsigned char audit_hash[SL_STORE_DIGEST];
};

struct sl_tx {
    struct sl_store *store;
    struct sl_conn *conn;
    struct sl_store_session session; /* copied into the arena */
    struct sl_arena arena;
    bool write;
    bool quiet;   /* writes what has no revision: facts, times of use */
    bool changed; /* something was written: worth a revision */
    bool audited; /* the head's audit part was changed */
    struct sl_head head;
    int64_t now_ms;
    int64_t run_seq;       /* of the run's last change; -1: not read yet */
    struct sl_err failure; /* the database failed: nothing but a rollback */
};

/* A write transaction that leaves the revision alone. */
enum sl_code sl_store_begin_quiet(struct sl_store *s, struct sl_tx **out,
                                  struct sl_err *err) SL_MUST_CHECK;
/* Runs a statement in the transaction; a failure of the database is kept in tx->failure. */
enum sl_code sl_tx_run(struct sl_tx *tx, struct sl_statement *st, struct sl_err *err) SL_MUST_CHECK;
/* A transaction of role APP may write. */
enum sl_code sl_tx_check_write(struct sl_tx *tx, struct sl_err *err) SL_MUST_CHECK;

/* Whether the session may write rows of that owner (NULL: global) in the table. */
enum sl_code sl_row_check_owner(const struct sl_tx *tx, const struct sl_row *row,
                                struct sl_err *err) SL_MUST_CHECK;
/* Texts, JSON and required columns. */
enum sl_code sl_row_check(const struct sl_row *row, struct sl_err *err) SL_MUST_CHECK;

/* The row as it is, whatever its state, for a write; SL_NOT_FOUND. */
enum sl_code sl_tx_load(struct sl_tx *tx, struct sl_row_key key, struct sl_row **out,
                        struct sl_err *err) SL_MUST_CHECK;

/* The three writes that all others are made of: the row as given, revision included; names, audit
 * log and import run are kept up. before, after: NULL where there was, will be none. */
struct sl_row_write {
    const char *action; /* for the audit log: "insert", "update", "delete", ... */
    const struct sl_row *before, *after;
};
enum sl_code sl_tx_write(struct sl_tx *tx, const struct sl_row_write *w,
                         struct sl_err *err) SL_MUST_CHECK;

/* model_names: what the model is called from now on; nothing where it is deleted or NULL. */
enum sl_code sl_names_replace(struct sl_tx *tx, const struct sl_row *before,
                              const struct sl_row *after, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_audit_append(struct sl_tx *tx, const struct sl_row_write *w,
                             struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_runs_record(struct sl_tx *tx, const struct sl_row_write *w,
                            struct sl_err *err) SL_MUST_CHECK;

/* A row as a JSON object, for people (secrets masked) or to make the row of it again (secrets left
 * out: they go beside it); columns of the mask only, volatile ones never. */
enum sl_image_kind { SL_IMAGE_MASKED, SL_IMAGE_EXACT };
char *sl_image_write(struct sl_arena *arena, const struct sl_row *row, uint64_t mask,
                     enum sl_image_kind kind) SL_MUST_CHECK;
/* The value of the table's secret column; NULL row, no such column: empty. */
struct sl_str sl_image_secret(const struct sl_row *row);
/* The row of an exact image. SL_INTERNAL where it is not one. */
struct sl_image {
    struct sl_str text, secret;
};
enum sl_code sl_image_read(struct sl_arena *arena, enum sl_table table,
                           const struct sl_image *image, struct sl_row **out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Columns that differ, volatile ones aside. */
uint64_t sl_row_differences(const struct sl_row *a, const struct sl_row *b);

#endif
