/* The SQL of every statement, put together from the descriptors, for the back ends' dialects. */
#ifndef SL_STORE_SQL_H
#define SL_STORE_SQL_H

#include "base/buf.h"
#include "store/internal.h"

enum { SL_SQL_PARAMS = 192 };

/* A statement in the making. */
struct sl_sql {
    struct sl_tx *tx;
    struct sl_buf text;
    bool full; /* it became longer than any statement may be */
    struct sl_value params[SL_SQL_PARAMS];
    size_t n_params;
};

void sl_sql_init(struct sl_sql *q, struct sl_tx *tx);
void sl_sql_fini(struct sl_sql *q);
void sl_sql_add(struct sl_sql *q, const char *text);
void sl_sql_addf(struct sl_sql *q, const char *fmt, ...) SL_PRINTF(2, 3);
/* Adds the parameter's mark and number; the value is borrowed. */
void sl_sql_param(struct sl_sql *q, struct sl_value v);
/* Runs it, and fini. st may be NULL; its sql and params are filled here. */
enum sl_code sl_sql_run(struct sl_sql *q, struct sl_statement *st,
                        struct sl_err *err) SL_MUST_CHECK;

/* "SELECT id, ... FROM models t WHERE " and what the session may see. The columns' types go into
 * types (SL_MAX_COLUMNS). */
void sl_sql_select(struct sl_sql *q, enum sl_table table, enum sl_value_type *types);
/* " FROM models t WHERE " and what the session may see. */
void sl_sql_from(struct sl_sql *q, enum sl_table table);
/* " AND ...": which rows, and the filters. */
enum sl_code sl_sql_filter(struct sl_sql *q, const struct sl_query *query,
                           struct sl_err *err) SL_MUST_CHECK;
/* " AND ... ORDER BY ... LIMIT ..." */
enum sl_code sl_sql_page(struct sl_sql *q, const struct sl_query *query,
                         struct sl_err *err) SL_MUST_CHECK;
void sl_sql_insert(struct sl_sql *q, const struct sl_row *row);
/* "UPDATE ... WHERE id = ...": the columns of the mask. */
void sl_sql_update(struct sl_sql *q, const struct sl_row *row, uint64_t mask);

#endif
