/* The life of a Diagnose call: checks, then addresses, then the reply. */
#include "api/diagnose.h"

#include "access/rights.h"
#include "api/diagnose/reach.h"
#include "base/clock.h"

typedef Sluice__V1__DiagnoseRequest request_t;
typedef Sluice__V1__DiagnoseResponse response_t;

enum {
    REACH_MS = 20000, /* for all addresses together */
    SPARE_MS = 500,   /* of the caller's time, for the reply's way; or a quarter of it */
};

/* What the pool found, and what is left for the loop. In the work's arena. */
struct checked {
    struct sl_findings findings;
    struct sl_reach_list targets;
    bool whole;
};

/* In the call's arena. */
struct diagnosing {
    struct sl_call *call;
    struct sl_work *work;   /* under way; NULL: none */
    struct sl_reach *reach; /* under way; NULL: none */
    struct sl_findings findings;
    struct sl_reach_list targets;
    bool whole;
};

/* ---- on the pool ---- */

/* Who acts for another sees no more than that one. */
static bool may_see_all(const struct sl_principal *p)
{
    return !p->actor && sl_rights_have_role(p, SL_ROLE_ADMIN | SL_ROLE_OPERATOR) &&
           (p->scopes & (SL_SCOPE_MODELS | SL_SCOPE_ADMIN));
}

enum sl_code sl_diagnose_work(struct sl_work *w, struct sl_err *err)
{
    const request_t *request = (const request_t *)w->request;
    struct checked *c = SL_ARENA_NEW(w->arena, struct checked);
    struct sl_diagnosis d = {
        .findings = &c->findings,
        .arena = w->arena,
        .registry = w->registry,
        .access = w->access,
        .principal = w->call->principal,
        .backend = w->backend,
        .now_ms = sl_wall_ms(),
        .whole = may_see_all(w->call->principal),
    };
    (void)err;
    sl_findings_init(&c->findings, w->arena);
    sl_diagnosis_run(&d);
    if (request->reach)
        sl_reach_gather(&d, &c->targets);
    c->whole = d.whole;
    w->result = c;
    return SL_OK;
}

/* ---- on the loop ---- */

static void reply(struct diagnosing *d)
{
    response_t *r = sl_findings_response(&d->findings);
    struct sl_call *call = d->call;
    r->whole = d->whole;
    call->state = NULL;
    sl_call_reply(call, &r->base);
}

static void on_tried(void *owner)
{
    struct diagnosing *d = owner;
    d->reach = NULL;
    reply(d);
}

/* What is to outlive the work. */
static void keep(struct diagnosing *d, const struct checked *c)
{
    struct sl_arena *arena = d->call->arena;
    sl_findings_init(&d->findings, arena);
    sl_findings_copy(&d->findings, &c->findings);
    d->whole = c->whole;
    d->targets = c->targets;
    for (size_t i = 0; i < d->targets.n; i++) {
        d->targets.list[i].origin = sl_arena_strdup(arena, d->targets.list[i].origin);
        d->targets.list[i].subject = sl_arena_strdup(arena, d->targets.list[i].subject);
    }
}

static int64_t deadline_of(const struct sl_call *call)
{
    int64_t now = sl_loop_now_us(call->loop), ours = now + (int64_t)REACH_MS * 1000;
    if (call->deadline_us == INT64_MAX)
        return ours;
    int64_t left = call->deadline_us - now, least = (int64_t)SPARE_MS * 1000;
    int64_t callers = call->deadline_us - (left / 4 > least ? left / 4 : least);
    return callers < ours ? callers : ours;
}

static void on_checked(struct sl_call *call, struct sl_work *w)
{
    struct diagnosing *d = call->state;
    d->work = NULL;
    if (w->code != SL_OK) {
        call->state = NULL;
        sl_work_fail(call, w);
        return;
    }
    keep(d, w->result);
    if (!d->targets.n && !d->targets.left_out) {
        reply(d);
        return;
    }
    d->reach = sl_reach_start(&(struct sl_reach_spec){
        .targets = &d->targets,
        .registry = (struct sl_registry *)(uintptr_t)w->registry,
        .upstream = call->service->upstream,
        .loop = call->loop,
        .arena = call->arena,
        .findings = &d->findings,
        .may_change = d->whole,
        .deadline_us = deadline_of(call),
        .on_end = on_tried,
        .owner = d,
    });
}

void sl_diagnose(struct sl_call *call, const ProtobufCMessage *message)
{
    struct diagnosing *d = SL_ARENA_NEW(call->arena, struct diagnosing);
    d->call = call;
    d->work = sl_work_submit(call, message, on_checked);
    if (d->work)
        call->state = d;
}

void sl_diagnose_cancel(struct sl_call *call)
{
    struct diagnosing *d = call->state;
    if (!d)
        return;
    call->state = NULL;
    if (d->work)
        sl_work_abandon(d->work);
    sl_reach_cancel(d->reach);
}
