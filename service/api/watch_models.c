/* A follower is in the list of those who are ready while there is something to tell it and room to send it; they get a
 * message each, in turn, a few to a turn of the loop. A tick looks at what changes without a snapshot: days that come,
 * providers that fail, keys of the environment, callers whose time is over. */
#include "api/watch_models.h"

#include <stdatomic.h>
#include <string.h>

#include "api/model_message.h"
#include "api/service.h"
#include "api/watch_view.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "registry/difference.h"

enum {
    KEPT = 16384,  /* changes in the ring */
    MESSAGES = 32, /* to a turn of the loop */
    TICK_MS = 500, /* a key that expires ends its streams within a second */
    /* looking at the states of all models takes this part of the thread, or happens so often */
    SCAN_SHARE = 100,
    SCAN_MAX_US = 2000000,
    HEARTBEAT_S = 15,
    MAX_HEARTBEAT_S = 300,
    US_A_SECOND = 1000000,
};

struct follower {
    struct sl_watch_view view;
    struct sl_call *call;
    struct follower *next, **link; /* of all; link: what points to this one */
    struct follower *next_ready;
    bool is_ready, full;
    bool owes_one; /* a message is due, events or not */
    bool doubtful; /* who calls could not be found out when it was asked last */
    int64_t heartbeat_us, sent_us;
};

struct sl_model_watch {
    struct sl_service *service;
    struct sl_service_watch hook;
    struct sl_registry *registry; /* what the ring leads to */
    struct sl_access *access;     /* what the followers were found in */
    struct sl_change_ring ring;
    char run[37];
    struct follower *followers;
    struct follower *ready, **ready_tail;
    struct sl_mail pump, end;
    bool pumping; /* the letter is on its way */
    atomic_bool ended;
    uv_timer_t tick;
    int64_t next_scan_us;
    int64_t now_ms, now_us; /* of the scan or difference that runs */
};

static struct sl_watch_source source(const struct sl_model_watch *w)
{
    return (struct sl_watch_source){
        .registry = w->registry,
        .ring = &w->ring,
        .revision = sl_registry_store_revision(w->registry),
        .run = w->run,
        .now_ms = sl_wall_ms(),
        .now_us = sl_now_us(),
    };
}

/* ---- followers ---- */

static void take_out_of_ready(struct sl_model_watch *w, struct follower *f)
{
    struct follower **at = &w->ready;
    while (f->is_ready && *at != f)
        at = &(*at)->next_ready;
    if (!f->is_ready)
        return;
    *at = f->next_ready;
    if (w->ready_tail == &f->next_ready)
        w->ready_tail = at;
    f->is_ready = false;
}

static void let_go(struct sl_model_watch *w, struct follower *f)
{
    take_out_of_ready(w, f);
    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
    f->call->state = NULL;
    sl_watch_view_fini(&f->view);
    if (!w->followers)
        uv_timer_stop(&w->tick);
}

static void post_pump(struct sl_model_watch *w)
{
    if (w->pumping)
        return;
    w->pumping = true;
    sl_loop_post(w->service->loop, &w->pump);
}

static void make_ready(struct sl_model_watch *w, struct follower *f)
{
    if (f->is_ready || f->full)
        return;
    f->is_ready = true;
    f->next_ready = NULL;
    *w->ready_tail = f;
    w->ready_tail = &f->next_ready;
    post_pump(w);
}

static void make_waiting_ready(struct sl_model_watch *w)
{
    const struct sl_watch_source from = source(w);
    for (struct follower *f = w->followers; f; f = f->next) {
        if (sl_watch_view_waits(&f->view, &from))
            make_ready(w, f);
    }
}

static void send_one(struct sl_model_watch *w, struct follower *f)
{
    const struct sl_watch_source from = source(w);
    Sluice__V1__WatchModelsResponse out;
    struct sl_arena arena;
    sl_arena_init(&arena, SIZE_MAX);
    bool more = sl_watch_view_next(&f->view, &from, &arena, &out);
    if (out.n_events || (f->owes_one && !more)) {
        f->owes_one = false;
        f->sent_us = from.now_us;
        f->full = sl_call_emit(f->call, &out.base);
    }
    sl_arena_fini(&arena);
    if (more)
        make_ready(w, f);
}

static void on_pump(struct sl_mail *mail)
{
    struct sl_model_watch *w = SL_CONTAINER_OF(mail, struct sl_model_watch, pump);
    w->pumping = false;
    for (int left = MESSAGES; left && w->ready; left--) {
        struct follower *f = w->ready;
        take_out_of_ready(w, f);
        send_one(w, f);
    }
    if (w->ready)
        post_pump(w);
}

static void end_follower(struct sl_model_watch *w, struct follower *f, const struct sl_err *err)
{
    struct sl_call *call = f->call;
    let_go(w, f);
    sl_call_fail(call, err);
}

/* Whose key is gone hears so; who cannot be found out now (an issuer's keys are being fetched) is asked for again. */
static void renew(struct sl_model_watch *w, struct follower *f)
{
    const struct sl_watch_source from = source(w);
    struct sl_err err = {0};
    enum sl_code code = f->call->ops->renew(f->call, &err);
    f->doubtful = code == SL_UNAVAILABLE;
    if (code == SL_OK)
        sl_watch_view_rights(&f->view, &from, f->call->principal);
    else if (!f->doubtful)
        end_follower(w, f, &err);
}

/* ---- what happened ---- */

/* The state in the low bits, and enough of the rest of what a status says to see it change. Never 0. */
enum { STATE_BITS = 5, STATE_MASK = (1 << STATE_BITS) - 1 };

static uint32_t mark_of(const struct sl_model_watch *w, const struct sl_model *m)
{
    struct sl_model_state s = sl_model_state_at(w->registry, m, w->now_ms, w->now_us);
    uint64_t rest = sl_hash_text(sl_registry_key_last4(w->registry, m), 0);
    rest = (rest ^ (uint64_t)(uint32_t)s.days_left) * UINT64_C(1099511628211) ^ s.has_days;
    return (uint32_t)(rest ^ rest >> 32) << (STATE_BITS + 1) | 1U << STATE_BITS |
           ((unsigned)s.state & STATE_MASK);
}

static void note(struct sl_model_watch *w, const struct sl_model_change *change,
                 const struct sl_model *was, uint32_t was_mark)
{
    struct sl_model_change c = *change;
    c.revision = sl_registry_store_revision(w->registry);
    c.was = was ? sl_model_outline(was) : NULL;
    c.was_state = (int)(was_mark & STATE_MASK);
    sl_change_ring_add(&w->ring, &c);
}

static void note_status(struct sl_model_watch *w, const struct sl_model *m, uint32_t was_mark)
{
    note(w, &(struct sl_model_change){.key = sl_model_key(m), .only = "", .status = true}, m,
         was_mark);
}

/* One difference of two snapshots. */
struct compare {
    struct sl_model_watch *watch;
    const struct sl_registry *was;
};

/* A user's own model hides the global one of its name, which is shown under another name then. */
static void note_hidden(const struct compare *c, const char *owner, const char *name)
{
    struct sl_model_watch *w = c->watch;
    const struct sl_model *global = sl_registry_find(w->registry, name, NULL);
    bool was = sl_registry_find_personal(c->was, owner, name, NULL) != NULL;
    bool is = sl_registry_find_personal(w->registry, owner, name, NULL) != NULL;
    if (!global || strcmp(global->name, name) != 0 || was == is)
        return;
    note(w, &(struct sl_model_change){.key = sl_model_key(global), .only = owner}, global,
         sl_model_mark(global));
}

static void note_all_hidden(const struct compare *c, const struct sl_model *m)
{
    if (!m || !*m->owner)
        return;
    note_hidden(c, m->owner, m->name);
    for (const char *const *a = m->aliases; *a; a++)
        note_hidden(c, m->owner, *a);
}

static void on_difference(void *owner, const struct sl_model *was, const struct sl_model *is)
{
    const struct compare *c = owner;
    struct sl_model_watch *w = c->watch;
    uint32_t before = was ? sl_model_mark(was) : 0, now = is ? mark_of(w, is) : 0;
    if (is)
        sl_model_set_mark(is, now);
    if (!was || !is || !sl_model_is_same(was, is)) {
        note(w, &(struct sl_model_change){.key = sl_model_key(is ? is : was), .only = ""}, was,
             before);
        note_all_hidden(c, was);
        note_all_hidden(c, is);
    } else if (before != now) {
        note_status(w, is, before);
    }
}

static void on_scan(void *owner, const struct sl_model *none, const struct sl_model *m)
{
    struct sl_model_watch *w = owner;
    uint32_t was = sl_model_mark(m), is = mark_of(w, m);
    (void)none;
    if (was == is)
        return;
    sl_model_set_mark(m, is);
    if (was)
        note_status(w, m, was);
}

static void set_now(struct sl_model_watch *w)
{
    w->now_ms = sl_wall_ms();
    w->now_us = sl_now_us();
}

/* The states of all models; how long that took says how soon it is done again. */
static void scan(struct sl_model_watch *w)
{
    set_now(w);
    sl_registry_each(w->registry, on_scan, w);
    int64_t end_us = sl_now_us(), pause_us = (end_us - w->now_us) * SCAN_SHARE;
    w->next_scan_us = end_us + (pause_us < SCAN_MAX_US ? pause_us : SCAN_MAX_US);
}

static void take_registry(struct sl_model_watch *w)
{
    struct sl_registry *was = w->registry;
    struct compare c = {w, was};
    if (was == w->service->registry)
        return;
    w->registry = sl_registry_ref(w->service->registry);
    set_now(w);
    int64_t revision = sl_registry_store_revision(was);
    sl_registry_difference(was, w->registry, on_difference, &c);
    if (sl_registry_store_revision(w->registry) <
        revision) /* revisions are given out a second time */
        sl_change_ring_forget(&w->ring, revision + 1);
    sl_registry_unref(was);
}

static void take_access(struct sl_model_watch *w)
{
    struct sl_access *was = w->access;
    bool same = sl_access_is_same(was, w->service->access);
    w->access = sl_access_ref(w->service->access);
    sl_access_unref(was);
    for (struct follower *f = w->followers, *next; f && !same; f = next) {
        next = f->next;
        renew(w, f);
    }
}

static void on_snapshot(struct sl_service_watch *hook)
{
    struct sl_model_watch *w = SL_CONTAINER_OF(hook, struct sl_model_watch, hook);
    take_registry(w);
    take_access(w);
    make_waiting_ready(w);
}

/* ---- the tick ---- */

/* Tokens say when they expire to those who verify them only. */
static bool is_to_be_renewed(const struct follower *f, int64_t now_ms)
{
    const struct sl_principal *p = f->call->principal;
    return f->doubtful || !strcmp(p->proof, "jwt") || (p->expires_ms && now_ms >= p->expires_ms);
}

static void on_tick(uv_timer_t *timer)
{
    struct sl_model_watch *w = timer->data;
    int64_t now_ms = sl_wall_ms(), now_us = sl_now_us();
    for (struct follower *f = w->followers, *next; f; f = next) {
        next = f->next;
        if (is_to_be_renewed(f, now_ms))
            renew(w, f);
    }
    if (w->followers && now_us >= w->next_scan_us)
        scan(w);
    for (struct follower *f = w->followers; f; f = f->next) {
        if (now_us - f->sent_us < f->heartbeat_us)
            continue;
        f->owes_one = true;
        make_ready(w, f);
    }
    make_waiting_ready(w);
}

/* ---- the RPC ---- */

static void shut_down(struct sl_call *call)
{
    const struct sl_status status = {
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_SHUTTING_DOWN,
        .message = "the server is shutting down",
    };
    sl_call_finish(call, &status);
}

static enum sl_code check_request(const Sluice__V1__WatchModelsRequest *r, struct sl_err *err)
{
    if (r->after_revision < 0)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "after_revision",
                            "must not be negative");
    if (r->heartbeat_seconds < 0 || r->heartbeat_seconds > MAX_HEARTBEAT_S)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "heartbeat_seconds", "must be between 0 and %d", MAX_HEARTBEAT_S);
    return SL_OK;
}

static void enlist(struct sl_model_watch *w, struct follower *f)
{
    if (!w->followers)
        uv_timer_start(&w->tick, on_tick, TICK_MS, TICK_MS);
    f->next = w->followers;
    f->link = &w->followers;
    if (f->next)
        f->next->link = &f->next;
    w->followers = f;
}

void sl_watch_models(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__WatchModelsRequest *r = (const Sluice__V1__WatchModelsRequest *)message;
    struct sl_model_watch *w = call->service->model_watch;
    struct follower *f = SL_ARENA_NEW(call->arena, struct follower);
    struct sl_err err = {0};
    if (atomic_load(&w->ended)) {
        shut_down(call);
        return;
    }
    /* what happened to the caller's rights since the call began, no snapshot will tell any more */
    if (check_request(r, &err) ||
        sl_model_filter_parse(r->filter, call->arena, &f->view.filter, &err) ||
        call->ops->renew(call, &err)) {
        sl_call_fail(call, &err);
        return;
    }
    if (!w->followers) /* nobody looked meanwhile */
        scan(w);
    const struct sl_watch_source from = source(w);
    sl_watch_view_init(&f->view, call->principal, r->filter, &from);
    sl_watch_view_resume(&f->view, &from, r->after_revision, r->resume_token);
    f->call = call;
    f->owes_one = true;
    f->heartbeat_us =
        (int64_t)(r->heartbeat_seconds ? r->heartbeat_seconds : HEARTBEAT_S) * US_A_SECOND;
    call->state = f;
    enlist(w, f);
    make_ready(w, f);
}

void sl_watch_models_writable(struct sl_call *call)
{
    struct follower *f = call->state;
    const struct sl_watch_source from = source(call->service->model_watch);
    f->full = false;
    if (f->owes_one || sl_watch_view_waits(&f->view, &from))
        make_ready(call->service->model_watch, f);
}

void sl_watch_models_cancel(struct sl_call *call)
{
    if (call->state)
        let_go(call->service->model_watch, call->state);
}

/* ---- life ---- */

static void on_end(struct sl_mail *mail)
{
    struct sl_model_watch *w = SL_CONTAINER_OF(mail, struct sl_model_watch, end);
    while (w->followers) {
        struct sl_call *call = w->followers->call;
        let_go(w, w->followers);
        shut_down(call);
    }
}

struct sl_model_watch *sl_model_watch_create(struct sl_service *service)
{
    struct sl_model_watch *w = SL_NEW(struct sl_model_watch);
    w->service = service;
    w->hook.on_snapshot = on_snapshot;
    w->pump.deliver = on_pump;
    w->end.deliver = on_end;
    w->ready_tail = &w->ready;
    w->registry = sl_registry_ref(service->registry);
    w->access = sl_access_ref(service->access);
    sl_uuid7(w->run);
    sl_change_ring_init(&w->ring, KEPT, sl_registry_store_revision(w->registry));
    uv_timer_init(sl_loop_uv(service->loop), &w->tick);
    w->tick.data = w;
    sl_service_watch(service, &w->hook);
    scan(w);
    return w;
}

void sl_model_watch_end(struct sl_model_watch *w)
{
    if (!atomic_exchange(&w->ended, true))
        sl_loop_post(w->service->loop, &w->end);
}

static void on_closed(uv_handle_t *handle)
{
    sl_free(handle->data);
}

void sl_model_watch_destroy(struct sl_model_watch *w)
{
    if (!w)
        return;
    sl_service_unwatch(&w->hook);
    sl_change_ring_fini(&w->ring);
    sl_registry_unref(w->registry);
    sl_access_unref(w->access);
    uv_close((uv_handle_t *)&w->tick, on_closed);
}
