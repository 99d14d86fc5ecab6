/* For those who write a back end: what a database has to do. The contracts of the calls are in
 * store/store.h; the checks of arguments are done before. Everything runs on the store's one
 * thread at a time. */
#ifndef SL_STORE_BACKEND_H
#define SL_STORE_BACKEND_H

#include "store/store.h"

struct sl_store_ops {
    const char *name; /* "sqlite" */
    void (*close)(struct sl_store *s);
    enum sl_code (*revision)(struct sl_store *s, int64_t *out, struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*put_api_key)(struct sl_store *s, const struct sl_store_api_key *key,
                                struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*revoke_api_key)(struct sl_store *s, const char *id, int64_t revoked_ms,
                                   struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*each_api_key)(struct sl_store *s,
                                 enum sl_code (*on_key)(void *owner,
                                                        const struct sl_store_api_key *key,
                                                        struct sl_err *err),
                                 void *owner, struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*get_meta)(struct sl_store *s, const char *name, char *value, size_t size,
                             struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*put_meta)(struct sl_store *s, const char *name, const char *value,
                             struct sl_err *err) SL_MUST_CHECK;
};

/* First member of every back end's own struct. */
struct sl_store {
    const struct sl_store_ops *ops;
};

/* A numbered file of store/migrations/<back end>/, embedded when the binary is built. */
struct sl_store_migration {
    int number; /* from 1, without gaps */
    const char *name;
    const char *sql;
};

extern const struct sl_store_migration sl_store_sqlite_migrations[]; /* ended by number 0 */

/* Opens PATH, which need not exist, and applies migrations (ended by number 0). */
enum sl_code sl_store_sqlite_open(const char *path, const struct sl_store_migration *migrations,
                                  struct sl_store **out, struct sl_err *err) SL_MUST_CHECK;

#endif
