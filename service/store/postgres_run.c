/* Connections to PostgreSQL, and statements on them: in binary, and never waiting for a server
 * that went away without a word. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/postgres.h"

/* Parameters of a statement: more than store/sql.h ever makes. */
enum { MAX_PARAMS = 256 };

/* Types by their numbers in pg_type.dat of PostgreSQL's source: fixed for ever. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_FLOAT8 = 701 };

static struct sl_postgres_conn *conn_of(struct sl_conn *c)
{
    return SL_CONTAINER_OF(c, struct sl_postgres_conn, conn);
}

/* ---- errors ---- */

/* The first line of libpq's words, which never hold the password. */
static void first_line(char *dst, size_t size, const char *text)
{
    sl_copy_n(dst, size, text, strcspn(text, "\n"));
}

static enum sl_code lost(struct sl_postgres_conn *c, const char *why, struct sl_err *err)
{
    char line[300];
    first_line(line, sizeof(line), why);
    c->conn.broken = true;
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_STORE, "the store's database is away: %s",
                      line);
}

struct state_code {
    const char *state; /* SQLSTATE, or its class */
    enum sl_code code;
    enum sl_reason reason;
    const char *words;
};

/* PostgreSQL's appendix A, Error Codes. */
static const struct state_code states[] = {
    {"23505", SL_ALREADY_EXISTS, SL_REASON_NAME_TAKEN, "there is one already"},
    {"23", SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "the store does not take that"},
    {"22", SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "the store does not take that"},
    {"55P03", SL_ABORTED, SL_REASON_STORE, "somebody else holds that"},
    {"42501", SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED, "the store refuses"},
    {"", SL_UNAVAILABLE, SL_REASON_STORE, "the store's database failed"},
};

/* The server ends the connection with these: it shuts down, starts, or an administrator says so. */
static bool ends_connection(const char *state)
{
    return !strncmp(state, "57P", 3) || !strncmp(state, "08", 2);
}

static enum sl_code fail(struct sl_postgres_conn *c, const PGresult *r, struct sl_err *err)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    const struct state_code *s = states;
    if (!state || PQstatus(c->pg) != CONNECTION_OK || ends_connection(state))
        return lost(c, text ? text : PQerrorMessage(c->pg), err);
    while (strncmp(s->state, state, strlen(s->state)) != 0)
        s++;
    return sl_err_set(err, s->code, s->reason, "%s: %.300s (%s)", s->words, text ? text : "",
                      state);
}

/* ---- connections ---- */

/* What the server says besides is in the errors, where it matters. */
static void ignore_notice(void *owner, const char *text)
{
    (void)owner;
    (void)text;
}

enum sl_code sl_postgres_connect(struct sl_postgres *p, int64_t patience_ms,
                                 struct sl_postgres_conn **out, struct sl_err *err)
{
    char seconds[24], tcp_ms[24];
    snprintf(seconds, sizeof(seconds), "%" PRId64, (p->connect_timeout_ms + 999) / 1000);
    snprintf(tcp_ms, sizeof(tcp_ms), "%" PRId64, p->statement_timeout_ms + p->connect_timeout_ms);
    /* later ones go before what the url says */
    const char *const names[] = {"dbname",
                                 "connect_timeout",
                                 "application_name",
                                 "client_encoding",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 "gssencmode",
                                 *p->password ? "password" : NULL,
                                 NULL};
    const char *const values[] = {p->url, seconds,   "sluiced",   "UTF8", tcp_ms,
                                  "30",   "disable", p->password, NULL};
    struct sl_postgres_conn *c = SL_NEW(struct sl_postgres_conn);
    c->patience_ms = patience_ms;
    c->pg = PQconnectdbParams(names, values, 1);
    if (!c->pg || PQstatus(c->pg) != CONNECTION_OK) {
        enum sl_code code = lost(c, c->pg ? PQerrorMessage(c->pg) : "out of memory", err);
        sl_postgres_disconnect(&c->conn);
        return code;
    }
    PQsetNoticeProcessor(c->pg, ignore_notice, NULL);
    *out = c;
    return SL_OK;
}

void sl_postgres_disconnect(struct sl_conn *conn)
{
    struct sl_postgres_conn *c = conn_of(conn);
    PQfinish(c->pg);
    sl_free(c);
}

/* ---- waiting ---- */

/* Until a result is there; false: the connection is lost, or the server does not answer. */
static bool wait_for_result(struct sl_postgres_conn *c)
{
    int64_t until = sl_now_us() + c->patience_ms * 1000;
    while (PQisBusy(c->pg)) {
        struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN};
        int64_t left = c->patience_ms ? (until - sl_now_us()) / 1000 : INT32_MAX;
        int n = left > 0 ? poll(&fd, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !PQconsumeInput(c->pg))
            return false;
    }
    return true;
}

/* Takes what the server still says to a statement that nobody reads any more. */
static void drain(struct sl_postgres_conn *c)
{
    char ignored[256];
    PGcancel *cancel = PQgetCancel(c->pg);
    if (cancel) {
        PQcancel(cancel, ignored, sizeof(ignored));
        PQfreeCancel(cancel);
    }
    for (;;) {
        if (!wait_for_result(c)) {
            c->conn.broken = true;
            return;
        }
        PGresult *r = PQgetResult(c->pg);
        if (!r)
            return;
        PQclear(r);
    }
}

/* ---- results ---- */

static int64_t number_of(const char *p, int n)
{
    uint64_t big;
    uint32_t small;
    if (n == 8) {
        memcpy(&big, p, 8);
        return (int64_t)be64toh(big);
    }
    memcpy(&small, p, 4);
    return n == 4 ? (int32_t)be32toh(small) : 0;
}

static struct sl_value value_of(const PGresult *r, int row, int i, enum sl_value_type type)
{
    struct sl_value v = {.type = type};
    const char *p = PQgetvalue(r, row, i);
    int n = PQgetlength(r, row, i);
    if (PQgetisnull(r, row, i))
        return sl_value_null();
    switch (type) {
    case SL_VALUE_NULL:
        break;
    case SL_VALUE_INT:
        v.as.i = number_of(p, n);
        break;
    case SL_VALUE_REAL: {
        int64_t bits = number_of(p, n);
        memcpy(&v.as.d, &bits, sizeof(v.as.d));
        break;
    }
    case SL_VALUE_BOOL:
        v.as.b = n == 1 && *p;
        break;
    case SL_VALUE_TEXT:
    case SL_VALUE_BYTES:
        v.as.s = (struct sl_str){p, (size_t)n};
        break;
    }
    return v;
}

static enum sl_code on_rows(struct sl_statement *st, const PGresult *r, struct sl_err *err)
{
    struct sl_value values[SL_MAX_COLUMNS];
    for (int row = 0; st->on_row && row < PQntuples(r); row++) {
        for (size_t i = 0; i < st->n_types; i++)
            values[i] = value_of(r, row, (int)i, st->types[i]);
        if (st->on_row(st->owner, values, err)) {
            st->refused = true;
            return err->code;
        }
    }
    return SL_OK;
}

static enum sl_code on_result(struct sl_postgres_conn *c, struct sl_statement *st,
                              const PGresult *r, struct sl_err *err)
{
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_SINGLE_TUPLE && status != PGRES_COMMAND_OK)
        return fail(c, r, err);
    const char *changed = PQcmdTuples((PGresult *)(uintptr_t)r);
    if (*changed)
        st->changed = strtoll(changed, NULL, 10);
    return on_rows(st, r, err);
}

/* All results of what was sent. */
static enum sl_code take_results(struct sl_postgres_conn *c, struct sl_statement *st,
                                 struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (;;) {
        if (!wait_for_result(c))
            return lost(c, *PQerrorMessage(c->pg) ? PQerrorMessage(c->pg) : "no answer", err);
        PGresult *r = PQgetResult(c->pg);
        if (!r)
            return code;
        if (!code)
            code = on_result(c, st, r, err);
        PQclear(r);
        if (code && st->refused) {
            drain(c);
            return code;
        }
    }
}

/* ---- statements ---- */

struct params {
    Oid types[MAX_PARAMS];
    const char *values[MAX_PARAMS];
    int lengths[MAX_PARAMS], formats[MAX_PARAMS];
    uint64_t numbers[MAX_PARAMS]; /* big-endian */
};

static void put_number(struct params *p, size_t i, Oid type, const void *bits)
{
    uint64_t host;
    memcpy(&host, bits, sizeof(host));
    p->types[i] = type;
    p->numbers[i] = htobe64(host);
    p->values[i] = (const char *)&p->numbers[i];
    p->lengths[i] = 8;
}

static void put_param(struct params *p, size_t i, const struct sl_value *v)
{
    static const char truth[] = {0, 1};
    p->formats[i] = 1;
    switch (v->type) {
    case SL_VALUE_NULL: /* of the type that its place has */
        p->types[i] = 0;
        p->values[i] = NULL;
        p->lengths[i] = 0;
        break;
    case SL_VALUE_INT:
        put_number(p, i, OID_INT8, &v->as.i);
        break;
    case SL_VALUE_REAL:
        put_number(p, i, OID_FLOAT8, &v->as.d);
        break;
    case SL_VALUE_BOOL:
        p->types[i] = OID_BOOL;
        p->values[i] = &truth[v->as.b];
        p->lengths[i] = 1;
        break;
    case SL_VALUE_TEXT:
    case SL_VALUE_BYTES:
        p->types[i] = v->type == SL_VALUE_TEXT ? OID_TEXT : OID_BYTEA;
        p->values[i] = v->as.s.p ? v->as.s.p : "";
        p->lengths[i] = (int)v->as.s.n;
        break;
    }
}

enum sl_code sl_postgres_run(struct sl_conn *conn, struct sl_statement *st, struct sl_err *err)
{
    struct sl_postgres_conn *c = conn_of(conn);
    struct params p;
    if (st->n_params > MAX_PARAMS)
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "too many parameters");
    for (size_t i = 0; i < st->n_params; i++)
        put_param(&p, i, &st->params[i]);
    st->changed = 0;
    if (!PQsendQueryParams(c->pg, st->sql, (int)st->n_params, p.types, p.values, p.lengths,
                           p.formats, 1))
        return lost(c, PQerrorMessage(c->pg), err);
    if (st->stream)
        PQsetSingleRowMode(c->pg);
    return take_results(c, st, err);
}

/* Texts, as a simple query gives. */
static enum sl_code on_simple(struct sl_postgres_conn *c, const PGresult *r, int64_t *number,
                              struct sl_err *err)
{
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return fail(c, r, err);
    int rows = PQntuples(r);
    if (number && rows && PQnfields(r))
        *number = strtoll(PQgetvalue(r, rows - 1, 0), NULL, 10);
    return SL_OK;
}

enum sl_code sl_postgres_exec(struct sl_postgres_conn *c, const char *sql, int64_t *number,
                              struct sl_err *err)
{
    enum sl_code code = SL_OK;
    if (!PQsendQuery(c->pg, sql))
        return lost(c, PQerrorMessage(c->pg), err);
    for (;;) {
        if (!wait_for_result(c))
            return lost(c, *PQerrorMessage(c->pg) ? PQerrorMessage(c->pg) : "no answer", err);
        PGresult *r = PQgetResult(c->pg);
        if (!r)
            return code;
        if (!code)
            code = on_simple(c, r, number, err);
        PQclear(r);
    }
}
