/* Bringing a PostgreSQL database to this binary's schema: roles, then numbered migrations, all that
 * are missing in one transaction, under an advisory lock. Everything lives in the schema `sluice`,
 * whose version is in sluice.schema_version. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "store/postgres.h"

/* Fits for a server of this version, and later ones. */
enum { OLDEST_SERVER = 150000 };

/* A user without these rights is told what an administrator of the database has to do. Two
 * databases of one server may come here at a time. */
static const char make_roles[] =
    "DO $$ DECLARE r text; BEGIN "
    "FOREACH r IN ARRAY ARRAY['sluice_app', 'sluice_sync'] LOOP "
    "IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN "
    "BEGIN EXECUTE format('CREATE ROLE %I NOLOGIN', r); "
    "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END IF; "
    "IF NOT pg_has_role(current_user, r, 'MEMBER') THEN "
    "EXECUTE format('GRANT %I TO current_user', r); END IF; "
    "END LOOP; END $$";

static const char make_schema[] =
    "CREATE SCHEMA IF NOT EXISTS sluice; SET LOCAL search_path = sluice; "
    "CREATE TABLE IF NOT EXISTS schema_version "
    "(only_row smallint PRIMARY KEY CHECK (only_row = 1), version integer NOT NULL); "
    "INSERT INTO schema_version VALUES (1, 0) ON CONFLICT DO NOTHING";

/* A server whose client was killed notices within a second, and lets the lock go. */
static const char lock[] =
    "SET client_connection_check_interval = '1s'; SET lock_timeout = '120s'; "
    "SELECT pg_advisory_lock(" SL_POSTGRES_LOCK ")";

static enum sl_code refuse(struct sl_err *err, const char *what, const struct sl_err *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE, "%s: %s", what, why->text);
}

static enum sl_code apply_roles(struct sl_postgres_conn *c, struct sl_err *err)
{
    struct sl_err why = {0};
    if (!sl_postgres_exec(c, make_roles, NULL, &why))
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                      "the database user '%.60s' may not make the roles; let an administrator of "
                      "the database run: CREATE ROLE sluice_app NOLOGIN; CREATE ROLE sluice_sync "
                      "NOLOGIN; GRANT sluice_app, sluice_sync TO \"%.60s\" (%.160s)",
                      PQuser(c->pg), PQuser(c->pg), why.text);
}

static enum sl_code apply(struct sl_postgres_conn *c, const struct sl_store_migration *m,
                          struct sl_err *err)
{
    char what[120], sql[80];
    struct sl_err why = {0};
    snprintf(what, sizeof(what), "the store's migration %s failed", m->name);
    snprintf(sql, sizeof(sql), "UPDATE sluice.schema_version SET version = %d", m->number);
    if (sl_postgres_exec(c, m->sql, NULL, &why) || sl_postgres_exec(c, sql, NULL, &why))
        return refuse(err, what, &why);
    return SL_OK;
}

/* Under the lock: the version is read anew. */
static enum sl_code migrate_locked(struct sl_postgres_conn *c,
                                   const struct sl_store_migration *migrations, struct sl_err *err)
{
    struct sl_err why = {0};
    int64_t version = 0;
    enum sl_code code = apply_roles(c, err);
    if (code)
        return code;
    if (sl_postgres_exec(c, make_schema, NULL, &why))
        return refuse(err, "the schema 'sluice' cannot be made", &why);
    code = sl_postgres_exec(c, "SELECT version FROM schema_version", &version, err);
    if (!code)
        code = sl_store_check_schema("the store's database", (int)version,
                                     sl_store_newest(migrations), false, err);
    for (; !code && migrations->number; migrations++) {
        if (migrations->number > version)
            code = apply(c, migrations, err);
    }
    return code;
}

static enum sl_code migrate(struct sl_postgres_conn *c, const struct sl_store_migration *migrations,
                            struct sl_err *err)
{
    struct sl_err ignored = {0};
    enum sl_code code = sl_postgres_exec(c, lock, NULL, err);
    if (!code)
        code = sl_postgres_exec(c, "BEGIN", NULL, err);
    if (!code)
        code = migrate_locked(c, migrations, err);
    if (!code)
        code = sl_postgres_exec(c, "COMMIT", NULL, err);
    /* the connection is closed next, which ends all there is */
    if (code && sl_postgres_exec(c, "ROLLBACK", NULL, &ignored))
        return code;
    return code;
}

/* 0 where there is no schema yet. */
static enum sl_code read_version(struct sl_postgres_conn *c, int64_t *out, struct sl_err *err)
{
    int64_t there = 0;
    enum sl_code code = sl_postgres_exec(
        c, "SELECT CASE WHEN to_regclass('sluice.schema_version') IS NULL THEN 0 ELSE 1 END",
        &there, err);
    if (!code && there)
        code = sl_postgres_exec(c, "SELECT version FROM sluice.schema_version", out, err);
    return code;
}

static enum sl_code check_server(struct sl_postgres_conn *c, struct sl_err *err)
{
    int version = PQserverVersion(c->pg);
    if (version >= OLDEST_SERVER)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE,
                      "the database is PostgreSQL %d; 15 or later is needed", version / 10000);
}

enum sl_code sl_postgres_migrate(struct sl_postgres *p, const struct sl_store_migration *migrations,
                                 bool no_migration, struct sl_err *err)
{
    struct sl_postgres_conn *c = NULL;
    int newest = sl_store_newest(migrations);
    int64_t version = 0;
    enum sl_code code = sl_postgres_connect(p, 0, &c, err);
    if (code)
        return code;
    code = check_server(c, err);
    if (!code)
        code = read_version(c, &version, err);
    if (!code)
        code =
            sl_store_check_schema("the store's database", (int)version, newest, no_migration, err);
    if (!code && version < newest)
        code = migrate(c, migrations, err);
    p->store.schema = (struct sl_store_schema){(int)version, newest};
    sl_postgres_disconnect(&c->conn);
    return code;
}
