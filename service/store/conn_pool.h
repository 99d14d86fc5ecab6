/* Connections that wait for their next transaction. Any thread. */
#ifndef SL_STORE_CONN_POOL_H
#define SL_STORE_CONN_POOL_H

#include "store/backend.h"

/* At most `size` connections, made when they are needed; who finds none free waits for wait_ms. */
struct sl_conn_pool *sl_conn_pool_create(struct sl_store *store, unsigned which, size_t size,
                                         int64_t wait_ms);
/* Closes those that wait; none is in use. Accepts NULL. */
void sl_conn_pool_destroy(struct sl_conn_pool *p);
/* fresh: a new connection, whatever waits (those that wait are closed: they are as old as the one
 * that turned out to be broken). SL_UNAVAILABLE, STORE: none became free in time, or the
 * database is away. */
enum sl_code sl_conn_pool_take(struct sl_conn_pool *p, bool fresh, struct sl_conn **out,
                               struct sl_err *err) SL_MUST_CHECK;
/* Closes it where it is broken. */
void sl_conn_pool_give(struct sl_conn_pool *p, struct sl_conn *c);
/* Fills all but the name. */
void sl_conn_pool_stats(struct sl_conn_pool *p, struct sl_store_pool *out);

#endif
