/* The audit log. Each entry's hash is SHA-256 over the hash before it and over the entry's fields,
 * each with its length; the head of the chain is in registry_revision, so that a log that was cut
 * short shows, too. */
#include "store/audit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store/sql.h"

static void put_number(EVP_MD_CTX *md, uint64_t n)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(n >> (56 - 8 * i));
    EVP_DigestUpdate(md, bytes, sizeof(bytes));
}

static void put_text(EVP_MD_CTX *md, const char *s)
{
    size_t n = strlen(s);
    put_number(md, n);
    EVP_DigestUpdate(md, s, n);
}

/* False where OpenSSL has no SHA-256. */
static bool hash_entry(const unsigned char before[SL_STORE_DIGEST], const struct sl_audit_entry *e,
                       unsigned char out[SL_STORE_DIGEST])
{
    const char *const texts[] = {e->actor,  e->user,     e->peer,      e->action, e->table,
                                 e->row_id, e->row_name, e->row_owner, e->before, e->after};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    if (good) {
        EVP_DigestUpdate(md, before, SL_STORE_DIGEST);
        put_number(md, (uint64_t)e->seq);
        put_number(md, (uint64_t)e->revision);
        put_number(md, (uint64_t)e->at_ms);
        for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++)
            put_text(md, texts[i]);
        good = EVP_DigestFinal_ex(md, out, NULL) == 1;
    }
    EVP_MD_CTX_free(md);
    return good;
}

static enum sl_code insert(struct sl_tx *tx, const struct sl_audit_entry *e, struct sl_err *err)
{
    const struct sl_value values[] = {
        sl_value_int(e->seq),        sl_value_int(e->revision),
        sl_value_int(e->at_ms),      sl_value_text(e->actor),
        sl_value_text(e->user),      sl_value_text(e->peer),
        sl_value_text(e->action),    sl_value_text(e->table),
        sl_value_text(e->row_id),    sl_value_text(e->row_name),
        sl_value_text(e->row_owner), sl_value_text(e->before),
        sl_value_text(e->after),     sl_value_bytes(e->hash, SL_STORE_DIGEST),
    };
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "INSERT INTO audit_log (seq, revision, at_ms, actor, user_id, peer, action, "
                   "table_name, row_id, row_name, row_owner, before_image, after_image, hash) "
                   "VALUES (");
    for (size_t i = 0; i < SL_ARRAY_LEN(values); i++) {
        sl_sql_add(&q, i ? ", " : "");
        sl_sql_param(&q, values[i]);
    }
    sl_sql_add(&q, ")");
    return sl_sql_run(&q, NULL, err);
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

enum sl_code sl_audit_append(struct sl_tx *tx, const struct sl_row_write *w, struct sl_err *err)
{
    const struct sl_row *row = w->after ? w->after : w->before;
    const struct sl_store_session *s = &tx->session;
    uint64_t mask = w->before && w->after ? sl_row_differences(w->before, w->after) : UINT64_MAX;
    struct sl_arena scratch;
    sl_arena_init(&scratch, SIZE_MAX);
    struct sl_audit_entry e = {
        .seq = tx->head.audit_seq + 1,
        .revision = tx->head.revision,
        .at_ms = tx->now_ms,
        .actor = or_empty(s->actor ? s->actor : s->user),
        .user = or_empty(s->user),
        .peer = or_empty(s->peer),
        .action = w->action,
        .table = sl_table_info(row->table)->name,
        .row_id = sl_row_text(row, SL_COL_ID),
        .row_name = sl_row_text(row, SL_COL_NAME),
        .row_owner = sl_row_text(row, SL_COL_OWNER),
        .before = w->before ? sl_image_write(&scratch, w->before, mask, SL_IMAGE_MASKED) : "",
        .after = w->after ? sl_image_write(&scratch, w->after, mask, SL_IMAGE_MASKED) : "",
    };
    enum sl_code code = SL_OK;
    if (!hash_entry(tx->head.audit_hash, &e, e.hash))
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    if (!code)
        code = insert(tx, &e, err);
    if (!code) {
        tx->head.audit_seq = e.seq;
        memcpy(tx->head.audit_hash, e.hash, SL_STORE_DIGEST);
        tx->audited = true;
    }
    sl_arena_fini(&scratch);
    return code;
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
    "seq, revision, at_ms, actor, user_id, peer, action, table_name, row_id, row_name, "           \
    "row_owner, "                                                                                  \
    "before_image, after_image, hash"

static const enum sl_value_type types[] = {
    SL_VALUE_INT,  SL_VALUE_INT,  SL_VALUE_INT,  SL_VALUE_TEXT,  SL_VALUE_TEXT,
    SL_VALUE_TEXT, SL_VALUE_TEXT, SL_VALUE_TEXT, SL_VALUE_TEXT,  SL_VALUE_TEXT,
    SL_VALUE_TEXT, SL_VALUE_TEXT, SL_VALUE_TEXT, SL_VALUE_BYTES,
};

struct reader {
    sl_on_audit *on_entry;
    void *owner;
};

static enum sl_code on_values(void *owner, const struct sl_value *v, struct sl_err *err)
{
    struct reader *r = owner;
    struct sl_audit_entry e = {
        .seq = v[0].as.i,
        .revision = v[1].as.i,
        .at_ms = v[2].as.i,
        .actor = v[3].as.s.p,
        .user = v[4].as.s.p,
        .peer = v[5].as.s.p,
        .action = v[6].as.s.p,
        .table = v[7].as.s.p,
        .row_id = v[8].as.s.p,
        .row_name = v[9].as.s.p,
        .row_owner = v[10].as.s.p,
        .before = v[11].as.s.p,
        .after = v[12].as.s.p,
    };
    if (v[13].as.s.n == SL_STORE_DIGEST)
        memcpy(e.hash, v[13].as.s.p, SL_STORE_DIGEST);
    return r->on_entry(r->owner, &e, err);
}

static enum sl_code check_reader(const struct sl_tx *tx, struct sl_err *err)
{
    if (tx->session.admin || tx->session.auditor)
        return SL_OK;
    return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_NOT_PERMITTED,
                      "only administrators and auditors may read the audit log");
}

static void add_text(struct sl_sql *q, const char *column, const char *value)
{
    if (!value || !*value)
        return;
    sl_sql_addf(q, " AND %s = ", column);
    sl_sql_param(q, sl_value_text(value));
}

static void add_bound(struct sl_sql *q, const char *condition, int64_t value)
{
    if (!value)
        return;
    sl_sql_addf(q, " AND %s ", condition);
    sl_sql_param(q, sl_value_int(value));
}

enum sl_code sl_tx_audit(struct sl_tx *tx, const struct sl_audit_query *query,
                         sl_on_audit *on_entry, void *owner, struct sl_err *err)
{
    struct reader r = {on_entry, owner};
    struct sl_statement st = {.types = types,
                              .n_types = SL_ARRAY_LEN(types),
                              .on_row = on_values,
                              .owner = &r,
                              .stream = true};
    struct sl_sql q;
    enum sl_code code = check_reader(tx, err);
    if (code)
        return code;
    sl_sql_init(&q, tx);
    sl_sql_add(&q, "SELECT " COLUMNS " FROM audit_log WHERE true");
    add_text(&q, "actor", query->actor);
    add_text(&q, "table_name", query->table);
    add_text(&q, "row_id", query->row_id);
    add_text(&q, "action", query->action);
    add_bound(&q, "at_ms >=", query->from_ms);
    add_bound(&q, "at_ms <", query->to_ms);
    add_bound(&q, "seq <", query->before_seq);
    sl_sql_add(&q, " ORDER BY seq DESC");
    if (query->limit)
        sl_sql_addf(&q, " LIMIT %zu", query->limit);
    return sl_sql_run(&q, &st, err);
}

/* ---- verifying ---- */

struct verifier {
    unsigned char hash[SL_STORE_DIGEST]; /* of the entry before */
    struct sl_audit_report report;
};

static void found(struct sl_audit_report *r, int64_t seq, const char *why)
{
    if (r->broken_seq)
        return;
    r->broken_seq = seq;
    sl_copy(r->why, sizeof(r->why), why);
}

static enum sl_code verify_entry(void *owner, const struct sl_audit_entry *e, struct sl_err *err)
{
    struct verifier *v = owner;
    unsigned char hash[SL_STORE_DIGEST];
    if (v->report.broken_seq)
        return SL_OK;
    if (!hash_entry(v->hash, e, hash))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    if (e->seq != v->report.entries + 1) {
        found(&v->report, v->report.entries + 1, "the entry is missing");
    } else if (memcmp(hash, e->hash, SL_STORE_DIGEST) != 0) {
        found(&v->report, e->seq, "the entry, or one before it, was changed");
    } else {
        v->report.entries = e->seq;
        memcpy(v->hash, hash, SL_STORE_DIGEST);
    }
    return SL_OK;
}

static void verify_head(const struct sl_tx *tx, struct verifier *v)
{
    if (tx->head.audit_seq > v->report.entries)
        found(&v->report, v->report.entries + 1, "the end of the log is missing");
    else if (tx->head.audit_seq < v->report.entries)
        found(&v->report, tx->head.audit_seq + 1, "the entry was not written by Sluice");
    else if (memcmp(tx->head.audit_hash, v->hash, SL_STORE_DIGEST) != 0)
        found(&v->report, v->report.entries, "the log was made anew");
}

enum sl_code sl_tx_audit_verify(struct sl_tx *tx, struct sl_audit_report *out, struct sl_err *err)
{
    struct verifier v = {.hash = {0}};
    struct reader r = {verify_entry, &v};
    struct sl_statement st = {.sql = "SELECT " COLUMNS " FROM audit_log ORDER BY seq",
                              .types = types,
                              .n_types = SL_ARRAY_LEN(types),
                              .on_row = on_values,
                              .owner = &r,
                              .stream = true};
    enum sl_code code = check_reader(tx, err);
    if (!code)
        code = sl_tx_run(tx, &st, err);
    if (code)
        return code;
    verify_head(tx, &v);
    *out = v.report;
    return SL_OK;
}
