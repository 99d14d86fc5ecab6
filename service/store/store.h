/* What Sluice stores, whatever the database behind it: SQLite (embedded) or PostgreSQL (shared by
 * replicas). For those who call a store; back ends implement store/backend.h. Rows and their
 * columns: store/row.h and store/tables.h. Audit log: store/audit.h; import runs: store/runs.h;
 * change notice: store/watch.h; key rotation: store/secrets.h.
 *
 * Every call may block on the disk or the network: never from a loop. A store may be used by any
 * number of threads, a transaction by one. Several processes may share one database. A write is
 * answered once it is stored; its first statement raises the revision, so that commit order is
 * revision order.
 *
 * Errors of all calls: SL_UNAVAILABLE, STORE, where the database is away, busy or broken (it is
 * connected anew by itself: try again). After such an error, and after ALREADY_EXISTS, a
 * transaction can only be rolled back: its commit fails. After the others it goes on. */
#ifndef SL_STORE_STORE_H
#define SL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/row.h"

struct sl_store;
struct sl_tx;

enum { SL_STORE_DIGEST = 32 };

/* Borrowed while sl_store_open runs. */
struct sl_store_options {
    const char *data_dir;         /* SQLite: DATA_DIR/sluice.db */
    const char *url;              /* NULL or "": SQLite; else postgresql://..., never logged */
    const char *password;         /* instead of one in the url; NULL or "": none */
    size_t pool_size;             /* connections of callers to PostgreSQL; 0: 8 */
    int64_t connect_timeout_ms;   /* also for a free connection of the pool; 0: 5 s */
    int64_t statement_timeout_ms; /* 0: 30 s */
    bool no_migration;            /* refuse a schema that is older than the binary, too */
};

/* Opens the database and brings it to this binary's schema, one process at a time. SQLite: made
 * where it is missing, 0600 in a folder of 0700. Errors: SL_FAILED_PRECONDITION, STORE: not
 * writable, not a database, newer than this binary, rights missing; SL_UNAVAILABLE, STORE: the
 * server is not there; SL_INVALID_ARGUMENT, CONFIG_INVALID: such a url is not known. *out is set
 * on success only. */
enum sl_code sl_store_open(const struct sl_store_options *options, struct sl_store **out,
                           struct sl_err *err) SL_MUST_CHECK;
/* All transactions and watches have ended. Accepts NULL. */
void sl_store_close(struct sl_store *s);

/* "sqlite" or "postgresql". */
const char *sl_store_backend(const struct sl_store *s);
/* Of the schema: found when it was opened, and now. */
struct sl_store_schema {
    int found, now;
};
struct sl_store_schema sl_store_schema(const struct sl_store *s);

/* The number of the last write; 0 in a new store. */
enum sl_code sl_store_revision(struct sl_store *s, int64_t *out, struct sl_err *err) SL_MUST_CHECK;

/* ---- transactions ---- */

enum sl_store_role {
    SL_STORE_APP,  /* requests: sees global rows and the user's own */
    SL_STORE_SYNC, /* the loader of snapshots and key rotation, nobody else: sees all rows, writes
                      secrets only (store/secrets.h); no audit log, no new revision */
};

/* On whose behalf. Borrowed until the transaction ends. */
struct sl_store_session {
    enum sl_store_role role;
    const char *user;  /* id of the user; NULL: only global rows */
    bool admin;        /* may write global rows, and see and write all users */
    bool auditor;      /* may read the audit log without being admin */
    const char *actor; /* for the audit log: who really calls; NULL: user */
    const char *peer;  /* for the audit log: from where; NULL: "" */
    const char *run;   /* id of an import run: keeps what rows were (store/runs.h); NULL: none */
};

/* A read transaction sees one state of the database. A write transaction waits for the one before
 * it: keep it short, and call nothing slow in it. An administrator who works on a user's rows
 * names that user in session.user. */
enum sl_code sl_store_begin(struct sl_store *s, const struct sl_store_session *session, bool write,
                            struct sl_tx **out, struct sl_err *err) SL_MUST_CHECK;
/* Ends the transaction in any case. *revision (NULL allowed): of this write, or the last one
 * before it where nothing was changed. */
enum sl_code sl_tx_commit(struct sl_tx *tx, int64_t *revision, struct sl_err *err) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_tx_rollback(struct sl_tx *tx);
/* Goes on with the rows of that user (NULL: global ones only) instead of the session's: for a write
 * that is about several users' rows and has to be one revision. Who is named in the audit log as
 * the actor stays. SL_PERMISSION_DENIED, NOT_PERMITTED, but for sessions of administrators. */
enum sl_code sl_tx_turn_to(struct sl_tx *tx, const char *user, struct sl_err *err) SL_MUST_CHECK;
/* Commits where code is SL_OK, else rolls back. Returns code, or the commit's error. */
enum sl_code sl_tx_end(struct sl_tx *tx, enum sl_code code, int64_t *revision,
                       struct sl_err *err) SL_MUST_CHECK;
/* The revision a write will have; of a read: of the state it sees. */
int64_t sl_tx_revision(const struct sl_tx *tx);
/* When the transaction began, milliseconds since 1970, by the clock that all processes on this
 * store share: PostgreSQL's, or with SQLite the machine's. What is stored goes by it. */
int64_t sl_tx_now_ms(const struct sl_tx *tx);

/* ---- reading ---- */

struct sl_row_key {
    enum sl_table table;
    const char *id;
};

struct sl_row_name {
    enum sl_table table;
    const char *owner; /* NULL: global */
    const char *name;
};

/* By id; deleted rows, too (SL_COL_DELETED_MS tells). SL_NOT_FOUND, NOT_FOUND where there is none
 * that the session may see. */
enum sl_code sl_tx_get(struct sl_tx *tx, struct sl_row_key key, struct sl_arena *arena,
                       struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;
/* By name, of a model also by one of its aliases, among rows that are not deleted; *out is NULL
 * where there is none. */
enum sl_code sl_tx_find(struct sl_tx *tx, struct sl_row_name name, struct sl_arena *arena,
                        struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;

enum sl_filter_op {
    SL_EQUAL,
    SL_NOT_EQUAL,
    SL_LESS,
    SL_LESS_EQUAL,
    SL_GREATER,
    SL_GREATER_EQUAL,
    SL_PREFIX,   /* of a text, bytes compared */
    SL_CONTAINS, /* a text in a text, bytes compared */
    SL_IS_NULL,
    SL_NOT_NULL,
};

struct sl_filter {
    unsigned column; /* not a volatile one */
    enum sl_filter_op op;
    struct sl_value value; /* of the column's type */
};

enum { SL_UNORDERED = SL_MAX_COLUMNS };

enum sl_rows_kind { SL_ROWS_LIVE, SL_ROWS_DELETED, SL_ROWS_ALL };

struct sl_query {
    enum sl_table table;
    enum sl_rows_kind rows;
    const struct sl_filter *filters; /* all hold */
    size_t n_filters;
    unsigned order; /* column, not nullable, not volatile; then by id. 0 is SL_COL_ID;
                       SL_UNORDERED: as stored, the quickest for all of a table */
    bool descending;
    const char *after_id;  /* NULL: from the start; else the rows behind this one, whose */
    struct sl_value after; /* value in the order column this is (ignored for SL_COL_ID) */
    size_t limit;          /* 0: all */
};

/* Calls on_row for each row, as the database delivers them: nothing is gathered. The row is
 * borrowed during the call, which may not use the transaction. An error that on_row returns ends
 * the walk and is returned; it fills err itself. */
typedef enum sl_code sl_on_row(void *owner, const struct sl_row *row, struct sl_err *err);
enum sl_code sl_tx_each(struct sl_tx *tx, const struct sl_query *query, sl_on_row *on_row,
                        void *owner, struct sl_err *err) SL_MUST_CHECK;

struct sl_rows {
    struct sl_row **list;
    size_t count;
};
/* The same, gathered: for pages. */
enum sl_code sl_tx_list(struct sl_tx *tx, const struct sl_query *query, struct sl_arena *arena,
                        struct sl_rows *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tx_count(struct sl_tx *tx, const struct sl_query *query, int64_t *out,
                         struct sl_err *err) SL_MUST_CHECK;

/* ---- writing: a write transaction of role APP ---- */

/* Errors of all writes: SL_PERMISSION_DENIED, NOT_PERMITTED: the row is not the session's to
 * write; SL_ALREADY_EXISTS, NAME_TAKEN: the name, an alias, or another thing that has to be
 * unique; SL_INVALID_ARGUMENT with the column in err->field: not UTF-8, not JSON, immutable. */

/* Where the id is not set it is made; where the owner is not set it is the session's user. The
 * row then holds what was stored. */
enum sl_code sl_tx_insert(struct sl_tx *tx, struct sl_row *row, struct sl_err *err) SL_MUST_CHECK;
/* Writes the columns that are set, to the row of that id. etag: the revision that the row must
 * still have, else SL_ABORTED, ETAG_STALE; 0: any. Where nothing differs, nothing is written. The
 * row then holds all of what is stored. SL_NOT_FOUND for deleted rows, too. */
enum sl_code sl_tx_update(struct sl_tx *tx, struct sl_row *row, int64_t etag,
                          struct sl_err *err) SL_MUST_CHECK;
/* The row stays, out of sight, until sl_tx_purge takes it; its name is free. */
enum sl_code sl_tx_delete(struct sl_tx *tx, struct sl_row_key key, int64_t etag,
                          struct sl_err *err) SL_MUST_CHECK;
/* Of a deleted row; SL_ALREADY_EXISTS where its name was taken meanwhile. */
enum sl_code sl_tx_restore(struct sl_tx *tx, struct sl_row_key key,
                           struct sl_err *err) SL_MUST_CHECK;
struct sl_purge {
    enum sl_table table;
    int64_t before_ms; /* rows deleted before that */
    size_t limit;      /* 0: all */
};
/* Removes such rows, as far as the session may write them, for good. *count: how many went. */
enum sl_code sl_tx_purge(struct sl_tx *tx, const struct sl_purge *purge, size_t *count,
                         struct sl_err *err) SL_MUST_CHECK;
/* Deletes a user, and removes for good every row that the user owns: models, credentials, keys,
 * defaults, preferences, ... Administrators only. */
enum sl_code sl_tx_delete_user(struct sl_tx *tx, const char *id, int64_t etag,
                               struct sl_err *err) SL_MUST_CHECK;
/* Holds the lock that migrations take until the transaction ends. */
enum sl_code sl_tx_lock_schema(struct sl_tx *tx, struct sl_err *err) SL_MUST_CHECK;

/* ---- the snapshot loader: role SYNC ---- */

/* What happened to a row after a revision. */
struct sl_change {
    enum sl_table table;
    int64_t revision;
    const char *id;
    const struct sl_row *row; /* as it is now, maybe deleted; NULL: it is gone for good */
};
typedef enum sl_code sl_on_change(void *owner, const struct sl_change *change, struct sl_err *err);
/* Each row that was written after revision, once, table by table, in the order of revisions; then
 * the rows that went for good. Borrowed as in sl_tx_each. Keep sl_tx_revision for the next time.
 * SL_FAILED_PRECONDITION, STORE where that is too long ago: load everything. */
enum sl_code sl_tx_changes(struct sl_tx *tx, int64_t revision, sl_on_change *on_change, void *owner,
                           struct sl_err *err) SL_MUST_CHECK;

/* ---- outside transactions ---- */

/* sl_tx_purge of what was deleted longer ago than age_ms, for every owner, in many small
 * transactions. actor: for the audit log. Called now and then, it keeps the store small. */
enum sl_code sl_store_purge(struct sl_store *s, int64_t age_ms, const char *actor, size_t *count,
                            struct sl_err *err) SL_MUST_CHECK;

/* When a model or a key was last used. */
struct sl_store_use {
    const char *id;
    int64_t ms;
};
/* Keeps the later of what is stored and what is given, but nothing that is still to come, for many
 * rows at once, each once; neither revision nor etag change. */
enum sl_code sl_store_touch(struct sl_store *s, const struct sl_store_use *uses, size_t n,
                            struct sl_err *err) SL_MUST_CHECK;

struct sl_store_uses_query {
    const char *prefix; /* of ids of models without a row; ends in a byte below 255 */
    int64_t since_ms;   /* uses after that */
    bool rows;          /* uses of models with a row, too */
};
/* Calls on_use for each; what it gets lives during the call. */
enum sl_code sl_store_uses(struct sl_store *s, const struct sl_store_uses_query *q,
                           void (*on_use)(void *owner, const struct sl_store_use *use), void *owner,
                           struct sl_err *err) SL_MUST_CHECK;

/* How far the database's clock is ahead of this machine's, in milliseconds; negative: behind. Exact to the time that the
 * question takes. 0 where the database has no clock of its own. */
enum sl_code sl_store_clock_ahead(struct sl_store *s, int64_t *out,
                                  struct sl_err *err) SL_MUST_CHECK;

/* Small facts about the store itself; the revision does not change. Copies the value, cut to
 * size; "" where there is none. */
enum sl_code sl_store_get_meta(struct sl_store *s, const char *name, char *value, size_t size,
                               struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_store_put_meta(struct sl_store *s, const char *name, const char *value,
                               struct sl_err *err) SL_MUST_CHECK;
/* Puts it only where there is none yet; *added says whether. For what may be decided once. */
enum sl_code sl_store_add_meta(struct sl_store *s, const char *name, const char *value, bool *added,
                               struct sl_err *err) SL_MUST_CHECK;
/* Puts one value in another's place; *done false: it is another one by now. */
struct sl_meta_swap {
    const char *name, *from, *to;
};
enum sl_code sl_store_swap_meta(struct sl_store *s, const struct sl_meta_swap *swap, bool *done,
                                struct sl_err *err) SL_MUST_CHECK;

/* sl_store_add_meta in a write transaction. */
enum sl_code sl_tx_add_meta(struct sl_tx *tx, const char *name, const char *value, bool *added,
                            struct sl_err *err) SL_MUST_CHECK;

/* ---- how it is used: any thread, without asking the database ---- */

struct sl_store_pool {
    const char *name;    /* "app", "sync"; of SQLite "readers", "writer" */
    size_t size;         /* connections it may have */
    size_t in_use, idle; /* and has */
    uint64_t opened;     /* all that were ever made */
    uint64_t lost;       /* that broke, or were given up because another had broken */
    uint64_t waits;      /* who asked found none free */
    uint64_t timeouts;   /* and got none in time */
};
/* The i-th; false past the last. */
bool sl_store_pool(struct sl_store *s, size_t i, struct sl_store_pool *out);

struct sl_store_facts {
    int64_t revision;   /* the last one that this process wrote or saw */
    int64_t looked_us;  /* monotonic: when the watch last saw which revision it is; 0: never */
    uint64_t notices;   /* of commits, by word of the database; 0 where it has no such thing */
    uint64_t listeners; /* connections for them that were made */
};
void sl_store_facts(const struct sl_store *s, struct sl_store_facts *out);

/* Creates a folder, and those above it, with mode 0700 where they are missing. */
enum sl_code sl_store_make_data_dir(const char *data_dir, struct sl_err *err) SL_MUST_CHECK;

#endif
