/* The audit log: pages of it, newest first, and whether its chain holds. */
#include <string.h>

#include "api/access/audit_filter.h"
#include "api/access/common.h"
#include "api/access/service.h"
#include "base/clock.h"
#include "store/audit.h"

/* Entries are read one by one until a page is full, so that every filter works. */
struct reading {
    struct sl_work *w;
    const struct sl_audit_filter *filter;
    Sluice__V1__AuditEvent **events;
    size_t n, page;
    size_t bytes; /* of the events' JSON */
    bool more;
    int walked;
};

enum {
    LOOK_EVERY = 1024,           /* entries between two looks at whether the caller still waits */
    PAGE_BYTES = 2 * 1024 * 1024 /* a reply has 3 MiB */
};

static char *hex(struct sl_arena *arena, const unsigned char hash[SL_STORE_DIGEST])
{
    static const char digits[] = "0123456789abcdef";
    char *out = sl_arena_alloc(arena, 2 * SL_STORE_DIGEST + 1);
    for (size_t i = 0; i < SL_STORE_DIGEST; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * SL_STORE_DIGEST] = '\0';
    return out;
}

static Sluice__V1__AuditEvent *make_event(struct sl_arena *arena, const struct sl_audit_entry *e)
{
    Sluice__V1__AuditEvent *m = SL_ARENA_NEW(arena, Sluice__V1__AuditEvent);
    sluice__v1__audit_event__init(m);
    m->sequence = e->seq;
    m->time_ms = e->at_ms;
    m->actor = sl_arena_strdup(arena, e->actor);
    m->peer = sl_arena_strdup(arena, e->peer);
    m->action = sl_arena_strdup(arena, e->action);
    m->resource = sl_arena_strdup(arena, e->table);
    m->resource_id = sl_arena_strdup(arena, e->row_id);
    m->resource_name = sl_arena_strdup(arena, e->row_name);
    m->before_json = sl_arena_strdup(arena, e->before);
    m->after_json = sl_arena_strdup(arena, e->after);
    m->hash = hex(arena, e->hash);
    return m;
}

static enum sl_code on_entry(void *owner, const struct sl_audit_entry *e, struct sl_err *err)
{
    struct reading *r = owner;
    const char *const fields[SL_AUDIT_TIME] = {
        [SL_AUDIT_ACTOR] = e->actor,
        [SL_AUDIT_ACTION] = e->action,
        [SL_AUDIT_RESOURCE] = e->table,
        [SL_AUDIT_RESOURCE_ID] = e->row_id,
        [SL_AUDIT_RESOURCE_NAME] = e->row_name,
    };
    if (++r->walked % LOOK_EVERY == 0 && sl_work_is_unwanted(r->w))
        return sl_err_set(err, SL_CANCELLED, SL_REASON_CALLER_CANCELLED, "the caller is gone");
    if (!sl_audit_filter_allows(r->filter, fields))
        return SL_OK;
    size_t bytes = strlen(e->before) + strlen(e->after);
    if (r->n == r->page || (r->n && r->bytes + bytes > PAGE_BYTES)) {
        r->more = true;
        return sl_err_set(err, SL_CANCELLED, SL_REASON_NONE, "the page is full");
    }
    r->bytes += bytes;
    r->events[r->n++] = make_event(r->w->arena, e);
    return SL_OK;
}

/* What the store can look for itself. */
static void narrow(const struct sl_audit_filter *f, struct sl_audit_query *q)
{
    q->from_ms = f->from_ms;
    q->to_ms = f->to_ms;
    for (size_t i = 0; i < f->n; i++) {
        const struct sl_audit_condition *c = &f->list[i];
        if (c->differs || !*c->value)
            continue;
        if (c->field == SL_AUDIT_ACTOR)
            q->actor = c->value;
        else if (c->field == SL_AUDIT_ACTION)
            q->action = c->value;
        else if (c->field == SL_AUDIT_RESOURCE)
            q->table = c->value;
        else if (c->field == SL_AUDIT_RESOURCE_ID)
            q->row_id = c->value;
    }
}

static enum sl_code read_page(struct reading *r, struct sl_tx *tx, const struct sl_audit_query *q,
                              struct sl_err *err)
{
    struct sl_err why = {0};
    enum sl_code code = sl_tx_audit(tx, q, on_entry, r, &why);
    if (code == SL_OK || r->more)
        return SL_OK;
    *err = why;
    return code;
}

enum sl_code sl_list_audit_events(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__ListAuditEventsRequest *request =
        (const Sluice__V1__ListAuditEventsRequest *)w->request;
    const struct sl_store_session session = sl_caller_session(w, NULL);
    struct sl_audit_query q = {.actor = "", .table = "", .row_id = "", .action = ""};
    struct sl_audit_filter filter;
    struct reading r = {.w = w, .filter = &filter};
    struct sl_tx *tx = NULL;
    r.page = sl_check_page_size(&w->violations, request->page_size);
    if (*request->page_token &&
        (!sl_parse_i64(sl_str(request->page_token), &q.before_seq) || q.before_seq < 1))
        sl_violate(&w->violations, "page_token", "is none that was given out");
    if (sl_violations_err(&w->violations, err) ||
        sl_audit_filter_parse(request->filter, w->arena, &filter, err))
        return err->code;
    narrow(&filter, &q);
    r.events = sl_arena_zalloc(w->arena, (r.page + 1) * sizeof(*r.events));
    if (sl_store_begin(w->backend->store, &session, false, &tx, err) ||
        sl_tx_end(tx, read_page(&r, tx, &q, err), NULL, err))
        return err->code;
    Sluice__V1__ListAuditEventsResponse *reply =
        SL_ARENA_NEW(w->arena, Sluice__V1__ListAuditEventsResponse);
    sluice__v1__list_audit_events_response__init(reply);
    reply->events = r.events;
    reply->n_events = r.n;
    if (r.more)
        reply->next_page_token =
            sl_arena_printf(w->arena, "%lld", (long long)r.events[r.n - 1]->sequence);
    w->reply = &reply->base;
    return SL_OK;
}

static enum sl_code take_last(void *owner, const struct sl_audit_entry *e, struct sl_err *err)
{
    struct reading *r = owner;
    (void)err;
    r->events[0] = make_event(r->w->arena, e);
    r->n = 1;
    return SL_OK;
}

enum sl_code sl_verify_audit(struct sl_work *w, struct sl_err *err)
{
    const struct sl_store_session session = sl_caller_session(w, NULL);
    const struct sl_audit_query newest = {
        .actor = "", .table = "", .row_id = "", .action = "", .limit = 1};
    Sluice__V1__AuditEvent *last = NULL;
    struct reading r = {.w = w, .events = &last};
    struct sl_audit_report report = {0};
    struct sl_tx *tx = NULL;
    if (sl_store_begin(w->backend->store, &session, false, &tx, err))
        return err->code;
    enum sl_code code = sl_tx_audit_verify(tx, &report, err);
    if (code == SL_OK)
        code = sl_tx_audit(tx, &newest, take_last, &r, err);
    if (sl_tx_end(tx, code, NULL, err))
        return err->code;
    Sluice__V1__VerifyAuditResponse *reply =
        SL_ARENA_NEW(w->arena, Sluice__V1__VerifyAuditResponse);
    sluice__v1__verify_audit_response__init(reply);
    reply->intact = !report.broken_seq;
    reply->events = report.entries;
    reply->first_broken = report.broken_seq;
    if (r.n)
        reply->last_hash = last->hash;
    w->reply = &reply->base;
    return SL_OK;
}
