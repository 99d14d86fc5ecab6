/* The front of every back end: picks one, and checks schemas. */
#include "store/store.h"

#include <stdio.h>

#include "base/str.h"
#include "store/backend.h"
#include "store/conn_pool.h"

void sl_store_init(struct sl_store *s, const struct sl_store_ops *ops)
{
    s->ops = ops;
    atomic_init(&s->revision, 0);
    atomic_init(&s->looked_us, 0);
    atomic_init(&s->notices, 0);
    atomic_init(&s->listeners, 0);
    pthread_mutex_init(&s->watch_lock, NULL);
}

void sl_store_fini(struct sl_store *s)
{
    for (size_t i = 0; i < SL_STORE_POOLS; i++)
        sl_conn_pool_destroy(s->pools[i]);
    pthread_mutex_destroy(&s->watch_lock);
}

bool sl_store_pool(struct sl_store *s, size_t i, struct sl_store_pool *out)
{
    if (i >= SL_STORE_POOLS)
        return false;
    sl_conn_pool_stats(s->pools[i], out);
    out->name = s->ops->pools[i];
    return true;
}

void sl_store_facts(const struct sl_store *s, struct sl_store_facts *out)
{
    *out = (struct sl_store_facts){
        .revision = atomic_load(&s->revision),
        .looked_us = atomic_load(&s->looked_us),
        .notices = atomic_load(&s->notices),
        .listeners = atomic_load(&s->listeners),
    };
}

int sl_store_newest(const struct sl_store_migration *migrations)
{
    int n = 0;
    for (; migrations->number; migrations++)
        n = migrations->number;
    return n;
}

enum sl_code sl_store_check_schema(const char *where, int found, int newest, bool no_migration,
                                   struct sl_err *err)
{
    if (found > newest)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                          "%s is of a newer Sluice (schema %d, this binary knows %d)", where, found,
                          newest);
    if (found < newest && no_migration)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                          "%s is of an older Sluice (schema %d, this binary needs %d): run "
                          "`sluiced migrate`",
                          where, found, newest);
    return SL_OK;
}

static enum sl_code open_sqlite(const struct sl_store_options *options, struct sl_store **out,
                                struct sl_err *err)
{
    char path[4096];
    enum sl_code code = sl_store_make_data_dir(options->data_dir, err);
    if (code)
        return code;
    int n = snprintf(path, sizeof(path), "%s/sluice.db", options->data_dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                          "the path of data_dir is too long");
    return sl_store_sqlite_open(path, options, sl_store_sqlite_migrations, out, err);
}

enum sl_code sl_store_open(const struct sl_store_options *options, struct sl_store **out,
                           struct sl_err *err)
{
    const char *url = options->url ? options->url : "";
    if (!*url)
        return open_sqlite(options, out, err);
    if (!sl_starts_with(url, "postgresql://") && !sl_starts_with(url, "postgres://"))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "store.url",
                            "store.url has to begin with postgresql://");
    return sl_store_postgres_open(options, sl_store_postgres_migrations, out, err);
}

void sl_store_close(struct sl_store *s)
{
    if (s)
        s->ops->close(s);
}

const char *sl_store_backend(const struct sl_store *s)
{
    return s->ops->name;
}

struct sl_store_schema sl_store_schema(const struct sl_store *s)
{
    return s->schema;
}
