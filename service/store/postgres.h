/* Shared by the files of the PostgreSQL back end. */
#ifndef SL_STORE_POSTGRES_H
#define SL_STORE_POSTGRES_H

#include "store/backend.h"

struct pg_conn; /* libpq's PGconn */

enum { SL_POSTGRES_APP, SL_POSTGRES_SYNC };

struct sl_postgres {
    struct sl_store store;
    char *url, *password; /* wiped at the end */
    int64_t connect_timeout_ms, statement_timeout_ms;
};

struct sl_postgres_conn {
    struct sl_conn conn;
    struct pg_conn *pg;
    int64_t patience_ms; /* for each answer of the server; 0: for ever */
};

extern const struct sl_store_ops sl_postgres_ops;

struct sl_postgres *sl_postgres_of(struct sl_store *s);

/* A new connection, with the rights of the url's user. patience_ms as above. */
enum sl_code sl_postgres_connect(struct sl_postgres *p, int64_t patience_ms,
                                 struct sl_postgres_conn **out, struct sl_err *err) SL_MUST_CHECK;
/* Statements without parameters, separated by semicolons; the first column of the last row of the
 * last one that gives rows goes into *number (NULL: nowhere; it stays as it is where there is no
 * row). */
enum sl_code sl_postgres_exec(struct sl_postgres_conn *c, const char *sql, int64_t *number,
                              struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_postgres_run(struct sl_conn *c, struct sl_statement *st,
                             struct sl_err *err) SL_MUST_CHECK;
void sl_postgres_disconnect(struct sl_conn *c);

/* Applies what is missing, under an advisory lock. */
enum sl_code sl_postgres_migrate(struct sl_postgres *p, const struct sl_store_migration *migrations,
                                 bool no_migration, struct sl_err *err) SL_MUST_CHECK;

/* The number of that lock. */
#define SL_POSTGRES_LOCK "7523094288207667041"

#endif
