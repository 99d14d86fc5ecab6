/* Which socket a connection has: curl 7.88 names a connection by its addresses when a request is about to go out, and gives
 * its socket only when it opens and closes one. One a loop, on its thread. */
#ifndef SL_UPSTREAM_SOCKET_TABLE_H
#define SL_UPSTREAM_SOCKET_TABLE_H

#include <stdint.h>

struct sl_socket_entry; /* of one descriptor */

struct sl_socket_table {
    struct sl_socket_entry *list; /* by descriptor */
    unsigned size;
    int *buckets; /* 1 + descriptor; 0: empty */
    unsigned n_buckets, count;
};

/* Of a connection; never 0. */
uint64_t sl_socket_key(const char *remote, int remote_port, int local_port);
void sl_socket_table_fini(struct sl_socket_table *s);
void sl_socket_table_put(struct sl_socket_table *s, uint64_t key, int fd);
/* -1 if there is none. */
int sl_socket_table_find(const struct sl_socket_table *s, uint64_t key);
/* The descriptor is about to be closed. */
void sl_socket_table_closed(struct sl_socket_table *s, int fd);

#endif
