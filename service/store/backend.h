/* For those who write a back end: what a database has to do. It runs statements; what they say,
 * who may see what, audit log and import runs are the store's own (store/internal.h).
 *
 * A connection is used by one thread at a time. */
#ifndef SL_STORE_BACKEND_H
#define SL_STORE_BACKEND_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

struct sl_conn_pool;
struct sl_watch;

/* First member of every back end's own connection. */
struct sl_conn {
    struct sl_store *store;
    struct sl_conn *next; /* in the pool */
    unsigned pool;        /* which of the store's */
    bool broken;          /* set by the back end: not to be used again */
};

/* A statement and what it gives. Everything is borrowed while it runs. */
struct sl_statement {
    const char *sql; /* parameters are ?1, ?2 or $1, $2, after the back end's mark */
    const struct sl_value *params;
    size_t n_params;
    const enum sl_value_type *types; /* of the result's columns; a value may be NULL all the same */
    size_t n_types;
    /* For each row; texts are NUL-terminated; the values live during the call only. An error that
     * it returns ends the walk and is returned. NULL: rows are passed over. */
    enum sl_code (*on_row)(void *owner, const struct sl_value *values, struct sl_err *err);
    void *owner;
    bool stream;     /* many rows: do not gather them */
    int64_t changed; /* out: rows written */
    bool refused;    /* out: the error is on_row's, and the transaction goes on */
};

enum { SL_STORE_POOLS = 2 };

/* Slots without a word on errors: SL_UNAVAILABLE, STORE. */
struct sl_store_ops {
    const char *name;
    const char *pools[SL_STORE_POOLS]; /* their names */
    char mark;                         /* of parameters */
    bool notices;      /* it tells of commits by itself: listen gives a connection */
    bool row_security; /* the database itself keeps rows from those who may not see them */
    const char *now;   /* milliseconds since 1970 of the clock that all who share the database go
                          by; "0": that of the process */
    const char *instr; /* function (text, part): where part is in text, from 1; 0: nowhere */
    const char
        *clock; /* the server's time in milliseconds since 1970; NULL: it is this machine's */

    void (*close)(struct sl_store *s);
    enum sl_code (*connect)(struct sl_store *s, unsigned pool, struct sl_conn **out,
                            struct sl_err *err) SL_MUST_CHECK;
    /* Ends what runs on it. */
    void (*disconnect)(struct sl_conn *c);
    /* Which pool serves such transactions. */
    unsigned (*pool_of)(const struct sl_store_session *session, bool write);
    /* Begins a transaction for that principal. */
    enum sl_code (*begin)(struct sl_conn *c, const struct sl_store_session *session, bool write,
                          struct sl_err *err) SL_MUST_CHECK;
    /* SL_ALREADY_EXISTS, NAME_TAKEN where something unique is there already;
     * SL_PERMISSION_DENIED, NOT_PERMITTED where the database refuses. */
    enum sl_code (*run)(struct sl_conn *c, struct sl_statement *st,
                        struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*commit)(struct sl_conn *c, struct sl_err *err) SL_MUST_CHECK;
    void (*rollback)(struct sl_conn *c);
    /* Other principal, same transaction. */
    enum sl_code (*set_principal)(struct sl_conn *c, const struct sl_store_session *session,
                                  struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*lock_schema)(struct sl_conn *c, struct sl_err *err) SL_MUST_CHECK;
    /* A connection that hears of commits: *fd becomes readable then. *out stays NULL where the
     * database has no such thing. Ended by disconnect. */
    enum sl_code (*listen)(struct sl_store *s, struct sl_conn **out, int *fd,
                           struct sl_err *err) SL_MUST_CHECK;
    /* Takes what was heard; false: the connection is gone. */
    bool (*hear)(struct sl_conn *c);
};

/* First member of every back end's own struct. */
struct sl_store {
    const struct sl_store_ops *ops;
    struct sl_conn_pool *pools[SL_STORE_POOLS];
    struct sl_store_schema schema;
    _Atomic int64_t revision; /* the last one this process wrote or saw */
    _Atomic int64_t looked_us;
    atomic_ullong notices, listeners;
    pthread_mutex_t watch_lock;
    struct sl_watch *watch; /* under the lock: told of commits of this process; NULL: none */
};

/* Of that first member. */
void sl_store_init(struct sl_store *s, const struct sl_store_ops *ops);
void sl_store_fini(struct sl_store *s);

/* A numbered file of store/migrations/<back end>/, embedded when the binary is built. */
struct sl_store_migration {
    int number; /* from 1, without gaps */
    const char *name;
    const char *sql;
};

extern const struct sl_store_migration sl_store_sqlite_migrations[]; /* ended by number 0 */
extern const struct sl_store_migration sl_store_postgres_migrations[];

/* The newest of a list. */
int sl_store_newest(const struct sl_store_migration *migrations);
/* Refuses what this binary cannot work with: newer, or (no_migration) older. where: "the store
 * /path". */
enum sl_code sl_store_check_schema(const char *where, int found, int newest, bool no_migration,
                                   struct sl_err *err) SL_MUST_CHECK;

/* Opens PATH, which need not exist, and applies migrations (ended by number 0). */
enum sl_code sl_store_sqlite_open(const char *path, const struct sl_store_options *options,
                                  const struct sl_store_migration *migrations,
                                  struct sl_store **out, struct sl_err *err) SL_MUST_CHECK;

/* The database that options->url names, in the same way. */
enum sl_code sl_store_postgres_open(const struct sl_store_options *options,
                                    const struct sl_store_migration *migrations,
                                    struct sl_store **out, struct sl_err *err) SL_MUST_CHECK;

#endif
