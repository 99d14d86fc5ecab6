/* The front of every back end: picks one, hands calls on. */
#include "store/store.h"

#include <stdio.h>

#include "store/backend.h"

enum sl_code sl_store_open(const char *data_dir, struct sl_store **out, struct sl_err *err)
{
    char path[4096];
    enum sl_code code = sl_store_make_data_dir(data_dir, err);
    if (code)
        return code;
    int n = snprintf(path, sizeof(path), "%s/sluice.db", data_dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                          "the path of data_dir is too long");
    return sl_store_sqlite_open(path, sl_store_sqlite_migrations, out, err);
}

void sl_store_close(struct sl_store *s)
{
    if (s)
        s->ops->close(s);
}

enum sl_code sl_store_revision(struct sl_store *s, int64_t *out, struct sl_err *err)
{
    return s->ops->revision(s, out, err);
}

enum sl_code sl_store_put_api_key(struct sl_store *s, const struct sl_store_api_key *key,
                                  struct sl_err *err)
{
    return s->ops->put_api_key(s, key, err);
}

enum sl_code sl_store_revoke_api_key(struct sl_store *s, const char *id, int64_t revoked_ms,
                                     struct sl_err *err)
{
    return s->ops->revoke_api_key(s, id, revoked_ms, err);
}

enum sl_code sl_store_each_api_key(struct sl_store *s,
                                   enum sl_code (*on_key)(void *owner,
                                                          const struct sl_store_api_key *key,
                                                          struct sl_err *err),
                                   void *owner, struct sl_err *err)
{
    return s->ops->each_api_key(s, on_key, owner, err);
}

enum sl_code sl_store_get_meta(struct sl_store *s, const char *name, char *value, size_t size,
                               struct sl_err *err)
{
    return s->ops->get_meta(s, name, value, size, err);
}

enum sl_code sl_store_put_meta(struct sl_store *s, const char *name, const char *value,
                               struct sl_err *err)
{
    return s->ops->put_meta(s, name, value, err);
}
