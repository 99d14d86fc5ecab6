/* A call's way to the control pool and back. */
#include "api/work.h"

#include "base/alloc.h"

enum {
    ARENA_MAX = 64 * 1024 * 1024,
    BUSY_RETRY_MS = 1000,
};

static void work_free(struct sl_work *w)
{
    sl_registry_unref((struct sl_registry *)(uintptr_t)w->registry);
    sl_access_unref((struct sl_access *)(uintptr_t)w->access);
    sl_arena_fini(&w->memory);
    sl_free(w);
}

static void refuse(struct sl_call *call, const struct sl_work *w)
{
    struct sl_status status = {
        .code = w->err.code,
        .reason = w->err.reason,
        .message = w->err.text,
        .violations = w->violations.list,
        .n_violations = w->violations.count,
    };
    sl_call_finish(call, &status);
}

void sl_work_fail(struct sl_call *call, const struct sl_work *w)
{
    if (w->violations.count)
        refuse(call, w);
    else
        sl_call_fail(call, &w->err);
}

static void answer(struct sl_call *call, struct sl_work *w)
{
    call->state = NULL;
    if (w->code == SL_OK)
        sl_call_reply(call, w->reply);
    else
        sl_work_fail(call, w);
}

/* On the call's thread again. */
static void deliver(struct sl_mail *mail)
{
    struct sl_work *w = SL_CONTAINER_OF(mail, struct sl_work, mail);
    struct sl_call *call = (struct sl_call *)(uintptr_t)w->call;
    if (w->answered)
        w->on_done(call, w);
    work_free(w);
    call->ops->release(call);
}

/* On the pool's thread. */
static void run(struct sl_job *job)
{
    struct sl_work *w = SL_CONTAINER_OF(job, struct sl_work, job);
    struct sl_err late = {0};
    w->code = w->call->method->work(w, &w->err);
    if (w->revision && sl_snapshots_refresh(w->backend->snapshots, w->revision, &late) != SL_OK)
        sl_snapshots_complain(&late);
    sl_loop_post(w->call->loop, &w->mail);
}

struct sl_work *sl_work_submit(struct sl_call *call, const ProtobufCMessage *message,
                               void (*on_done)(struct sl_call *call, struct sl_work *work))
{
    struct sl_service *service = call->service;
    struct sl_work *w = SL_NEW(struct sl_work);
    sl_arena_init(&w->memory, ARENA_MAX);
    w->call = w->answered = call;
    w->request = message;
    w->arena = w->violations.arena = &w->memory;
    w->backend = service->backend;
    w->registry = sl_registry_ref(service->registry);
    w->access = sl_access_ref(service->access);
    w->mail.deliver = deliver;
    w->job.run = run;
    w->on_done = on_done;
    if (sl_workers_submit(w->backend->workers, &w->job)) {
        call->ops->hold(call);
        return w;
    }
    struct sl_err err = {.has_retry_after = true, .retry_after_ms = BUSY_RETRY_MS};
    work_free(w);
    sl_err_set(&err, SL_UNAVAILABLE, SL_REASON_SERVER_BUSY, "too many calls wait for the database");
    sl_call_fail(call, &err);
    return NULL;
}

void sl_work_start(struct sl_call *call, const ProtobufCMessage *message)
{
    struct sl_work *w = sl_work_submit(call, message, answer);
    if (w)
        call->state = w;
}

void sl_work_abandon(struct sl_work *w)
{
    w->answered = NULL;
    atomic_store(&w->gone, true);
}

void sl_work_cancel(struct sl_call *call)
{
    struct sl_work *w = call->state;
    if (!w)
        return;
    call->state = NULL;
    sl_work_abandon(w);
}

bool sl_work_is_unwanted(const struct sl_work *w)
{
    return atomic_load(&w->gone);
}
